"""The schedule of an open loop: when each request is due, and how far the requests fell behind it.

Pure. Times are in seconds since the schedule began. In a closed loop, a request begins when an
earlier one has ended, so a server that stalls is asked less, and most of the waiting is in no
latency (coordinated omission). In an open loop, requests are due at a constant rate, whether or not
earlier ones have ended, and the latency of each one is measured from that time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import inf
from typing import NamedTuple

#: Seconds after which a request that was due and has not begun is late; a timer needs less.
LATE = 0.01


def due(number: int, rate: float) -> float:
    """Return when a request is due at this rate a second; the first one has the number 0."""
    return number / rate


class Timing(NamedTuple):
    """When a request was due, when it began, and when it ended."""

    due: float
    begun: float
    ended: float

    @property
    def late(self) -> bool:
        """Whether the request began late."""
        return self.begun - self.due > LATE


def reached(timings: Sequence[Timing], rate: float) -> float:
    """Return the rate at which the requests began, in requests a second."""
    last = max(each.begun for each in timings)
    return len(timings) / (last + 1 / rate)


def waited(timings: Iterable[Timing], level: int) -> int:
    """Return the number of late requests that found all slots in use when they were due or later.

    ``level`` is the number of slots.
    """
    steps = [step for each in timings for step in ((each.ended, 0, each), (each.begun, 1, each))]
    found = in_flight = 0
    full_until = -inf  # the last time at which all slots were in use
    for at, begins, each in sorted(steps):  # a slot becomes free before the next request begins
        if begins:
            found += each.late and full_until > each.due
            in_flight += 1
        else:
            full_until = at if in_flight >= level else full_until
            in_flight -= 1
    return found
