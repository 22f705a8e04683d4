"""What happens to targets, as one closed union of frozen values.

Engines pass them to one function, an ``EventHandler``: progress display, report and JSON output are
handlers. The values are tuples because at least one is made for each file, and a tuple is the
cheapest frozen, picklable value. What an event *means to people* is the handlers' business.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from getflags.core.models import Outcome, Target


class Started(NamedTuple):
    """This target's turn has come; whether it needs a request is not yet decided.

    In the processes engine, it has been given to a process, which may have others to do first.
    """

    target: Target


class Progressed(NamedTuple):
    """A long body is coming: ``received`` bytes so far, of ``expected`` where announced."""

    target: Target
    received: int
    expected: int | None


class Retrying(NamedTuple):
    """A try has failed, and another one follows after so many seconds, at the earliest.

    ``origin`` is set where the server asked for a pause (429, 503): nothing is asked of that
    origin meanwhile, for any target.
    """

    target: Target
    seconds: float
    reason: str
    origin: str = ""


class Finished(NamedTuple):
    """The end of a target; each has exactly one.

    ``seconds`` is how long it took from its first request on, with all that it waited for.
    """

    outcome: Outcome
    seconds: float = 0.0


class Adjusted(NamedTuple):
    """With ``-m auto``: from now on so many requests at a time at that origin, and why."""

    origin: str
    level: int
    reason: str


Event: TypeAlias = Started | Progressed | Retrying | Finished | Adjusted

#: Runs on the caller's thread, must not block, must not raise.
EventHandler: TypeAlias = Callable[[Event], None]
