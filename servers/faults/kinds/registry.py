"""The table of all faults. To add a fault, write a module in a sub-package and add it here.

The order is the order in which the faults of one request are applied, from the inside out: first
faults that replace the response by another one, then faults that change the request or the response
(garbage last, because it leaves no response to change), then faults that change how the body is
sent. So a drip also slows down an error page.
"""

from .body.drip import Drip
from .body.reset import Reset
from .body.stall import Stall
from .body.truncate import Truncate
from .body.wrong_length import WrongLength
from .interface import Fault
from .resume.etag_changes import EtagChanges
from .resume.range_ignored import RangeIgnored
from .resume.range_wrong import RangeWrong
from .status.busy import Busy
from .status.error import Error
from .status.garbage import Garbage
from .status.redirect_loop import RedirectLoop

FAULTS: dict[str, type[Fault]] = {
    "error": Error,
    "busy": Busy,
    "redirect-loop": RedirectLoop,
    "etag-changes": EtagChanges,
    "range-ignored": RangeIgnored,
    "range-wrong": RangeWrong,
    "wrong-length": WrongLength,
    "garbage": Garbage,
    "truncate": Truncate,
    "reset": Reset,
    "stall": Stall,
    "drip": Drip,
}
