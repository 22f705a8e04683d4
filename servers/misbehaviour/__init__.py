"""What servers do wrong on purpose: one fault a file, and the table of them all.

What may live here: pure functions from requests and responses to responses. What may not: whether
a fault happens (in `rules` and `verdict`), sockets, clocks, chance.

A new fault is a new file and a line in the table. The order of the lines is the order in which
faults that meet are applied, from the inside out: those that answer in place of the server come
first, then those that change what is asked or said, and those that change how it leaves come last.
So a drip drips whatever there is to send, be it an error.
"""

from .busy import Busy
from .drip import Drip
from .error import Error
from .etag_changes import EtagChanges
from .garbage import Garbage
from .kind import Fault
from .range_ignored import RangeIgnored
from .range_wrong import RangeWrong
from .redirect_loop import RedirectLoop
from .reset import Reset
from .stall import Stall
from .truncate import Truncate
from .wrong_length import WrongLength

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
