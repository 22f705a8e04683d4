"""Goodput and overload at one level of concurrency, and the comparison of two levels.

Pure arithmetic on the requests that started and ended in a measurement window. The goodput is the
work of all requests that started at a level, divided by the time they were in flight, times the
level (Little's law). A window also waits for slow requests: a decision based on the first ones to
end would favour every change.
"""

from __future__ import annotations

import math
from collections import deque

CONFIDENT = 2.0  # standard deviations between two rates that count as different
MAX_SAMPLE = 4  # times the level: a window of this size decides even without confidence
_STEEP = 1.5  # a gain so large that the first requests of a window suffice to prove it
_CLEAR = 3.0  # standard deviations for a check that is repeated after each of many requests
_FULL = 0.9  # as a share of the level: the average number in flight in a full window
_MAX_BEHIND = 16  # times the level: a request is removed if more than that started after it
_PRECISE = 0.12  # largest relative standard deviation of a rate that is precise


class GoodputEstimate:
    """Work per second at a level, estimated from requests that have ended.

    The requests are added in the order in which they started.
    """

    def __init__(self, level: int) -> None:
        self.count = 0
        self._level = level
        self._work = self._time = self._work2 = self._time2 = self._both = 0.0

    def add(self, seconds: float, work: float) -> None:
        """Add a request, its duration in seconds and its work."""
        self.count += 1
        self._work += work
        self._time += seconds
        self._work2 += work * work
        self._time2 += seconds * seconds
        self._both += seconds * work

    @property
    def rate(self) -> float:
        """The work per second."""
        return self._level * self._work / self._time if self._time else 0.0

    @property
    def mean_time(self) -> float:
        """The average duration of a request, in seconds."""
        return self._time / self.count if self.count else 0.0

    @property
    def variance(self) -> float:
        """The variance of the rate's logarithm, by the usual estimate for a ratio of two sums."""
        if self.count < 2 or not self._work or not self._time:  # noqa: PLR2004 - needs two
            return math.inf
        each = self._work / self._time
        errors = self._work2 - 2 * each * self._both + each * each * self._time2
        return max(0.0, errors) / self._work**2 * self.count / (self.count - 1)


class Window:
    """The requests since the level was last changed, as one measurement of that level.

    In a window of a ``raised`` level, the first requests (as many as the level) find a short queue
    at the server. They are counted separately because they overestimate the goodput.
    """

    def __init__(self, level: int, *, raised: bool = False) -> None:
        self.level = level
        self.overloads = self.ended = 0
        self.first = GoodputEstimate(level)
        self._first_count = level if raised else 0
        self.rest = GoodputEstimate(level)
        self._max_pending = _MAX_BEHIND * level
        self.estimate = self.rest  # the estimate by which the level was judged
        # One item for each request, in the order of their starts: None while it is in flight, else
        # its seconds and work, or () if it does not count.
        self._requests: deque[tuple[float, float] | tuple[()] | None] = deque()
        self._removed = 0  # items removed from the left end
        self._duration = 0.0  # seconds
        self._area = 0.0  # seconds, multiplied by the number of requests in flight
        self._now: float | None = None

    def start(self) -> int:
        """Add a request that starts now; return its index."""
        self._requests.append(None)
        return self._removed + len(self._requests) - 1

    def end(self, index: int, seconds: float, work: float, *, overloaded: bool) -> None:
        """Record the end of a request."""
        self.count(overloaded=overloaded)
        self._set(index, (seconds, work))

    def discard(self, index: int) -> None:
        """Remove a request that was never sent to the server."""
        self._set(index, ())

    def _set(self, index: int, result: tuple[float, float] | tuple[()]) -> None:
        if index < self._removed:  # already removed, because too many requests started after it
            return
        self._requests[index - self._removed] = result
        while self._requests and (
            self._requests[0] is not None or len(self._requests) > self._max_pending
        ):
            oldest = self._requests.popleft()
            if oldest:
                (self.first if self._removed < self._first_count else self.rest).add(*oldest)
            self._removed += 1

    def advance(self, now: float, in_flight: int) -> None:
        """Move the clock; ``in_flight`` is the number of requests in flight until ``now``."""
        passed = 0.0 if self._now is None else now - self._now
        self._duration += passed
        self._area += in_flight * passed
        self._now = now

    @property
    def full(self) -> bool:
        """Whether nearly as many requests as allowed were in flight, on average.

        A window that is not full says nothing about its level.
        """
        return self._area >= _FULL * self.level * self._duration

    def count(self, *, overloaded: bool) -> None:
        """Count the end of a request, and whether the server was overloaded."""
        self.ended += 1
        self.overloads += overloaded

    @property
    def overload_angle(self) -> float:
        """The share of overloads, transformed to constant variance (Anscombe 1948)."""
        return math.asin(math.sqrt((self.overloads + 0.375) / (self.ended + 0.75)))

    @property
    def mostly_overloaded(self) -> bool:
        """Whether clearly more than half of the requests met an overload."""
        return 2 * (self.overload_angle - math.pi / 4) * math.sqrt(self.ended) > _CLEAR

    def more_overloaded(self, other: Window) -> bool:
        """Return whether the share of overloads is clearly larger than in another window."""
        deviation = math.sqrt(1 / self.ended + 1 / other.ended)
        return 2 * (self.overload_angle - other.overload_angle) > _CLEAR * deviation

    def surely_better(self, before: GoodputEstimate) -> bool:
        """Return whether the first requests suffice to show a gain, although they overestimate."""
        complete = 0 < self._first_count <= self._removed
        return complete and compare(self.first, before, _STEEP) > CONFIDENT

    @property
    def precise(self) -> bool:
        """Whether enough requests have ended to compare other levels with this one."""
        count = self.rest.count
        return count >= self.level and (
            self.rest.variance < _PRECISE**2 or count >= MAX_SAMPLE * self.level
        )

    @property
    def large(self) -> bool:
        """Whether enough requests have ended to judge the level."""
        return self.rest.count >= self.level / 2


def compare(found: GoodputEstimate, before: GoodputEstimate, factor: float) -> float:
    """Return by how many standard deviations a rate exceeds ``factor`` times another one."""
    lead = math.log(max(found.rate, 1e-9) / max(before.rate, 1e-9) / factor)
    deviation = math.sqrt(found.variance + before.variance)
    return lead / max(deviation, 1e-9)


def gain(window: Window, before: Window) -> float:
    """Return the goodput of a window as a multiple of another one's."""
    rate = before.estimate.rate
    return window.estimate.rate / rate if rate else math.inf
