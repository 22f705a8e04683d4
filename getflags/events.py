"""What happens to targets, as one closed union of frozen values.

Engines say it through one function, ``Emit``; progress, report and JSON are readers of it. The
values are tuples because one is made for each file at least, and a tuple is the cheapest frozen,
picklable value there is. What an event *means to people* is the readers' business.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from getflags.model import Outcome, Target


class Started(NamedTuple):
    """Work on this target begins; whether it needs a request is not yet decided."""

    target: Target


class Progressed(NamedTuple):
    """A long body is coming: ``received`` bytes so far, of ``expected`` where announced."""

    target: Target
    received: int
    expected: int | None


class Finished(NamedTuple):
    """The end of a target; each has exactly one."""

    outcome: Outcome


Event: TypeAlias = Started | Progressed | Finished

#: Runs on the caller's thread, must not block, must not raise.
Emit: TypeAlias = Callable[[Event], None]
