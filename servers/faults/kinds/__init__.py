"""What servers do wrong on purpose: one fault a file, and the table of them all.

What may live here: pure functions from requests and responses to responses. What may not: whether
a fault happens (in `rules` and `verdict`), sockets, clocks, chance.

A new fault is a new file and a line in the table. The order of the lines is the order in which
faults that meet are applied, from the inside out: those that answer in place of the server come
first, then those that change what is asked or said, and those that change how it leaves come last.
So a drip drips whatever there is to send, be it an error.
"""

from .base import Fault
from .body.drip import Drip
from .body.reset import Reset
from .body.stall import Stall
from .body.truncate import Truncate
from .body.wrong_length import WrongLength
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
