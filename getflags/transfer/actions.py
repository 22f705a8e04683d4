"""The actions that a transfer may ask its shell to take, as one closed union of frozen values.

They are tuples because at least three are made for each file, and a tuple is the cheapest frozen
value.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from getflags.core.events import Progressed
from getflags.core.models import Fields, Outcome, ResumeRecord


class Request(NamedTuple):
    """Send a GET request with these header fields, in this order.

    ``url`` holds no credentials. ``time_left`` is the number of seconds in which the response must
    end; None for no limit.
    """

    url: str
    headers: Fields
    time_left: float | None = None


class Wait(NamedTuple):
    """Start another try after ``seconds``, because this one failed for ``reason``.

    ``origin`` is set if the server sent a Retry-After that applies to all targets of that origin.
    ``overloaded`` is true if the failure may be a sign of too many concurrent requests.
    """

    seconds: float
    reason: str
    origin: str = ""
    overloaded: bool = False


class Install(NamedTuple):
    """Move the part file to the final name: the file is complete and has been checked.

    ``modified`` is the file's Last-Modified in seconds since 1970, or None if unknown.
    """

    modified: int | None


class Done(NamedTuple):
    """Do nothing more for this target.

    ``keep_part`` is true if a later run may resume from the part file. ``overloaded`` is as in
    ``Wait``.
    """

    outcome: Outcome
    keep_part: bool = False
    overloaded: bool = False


Action: TypeAlias = Request | Wait | Install | Done


class ProgressStep(NamedTuple):
    """A step in a long body: the event to emit, and the validator to store with the part file."""

    event: Progressed
    record: ResumeRecord | None
