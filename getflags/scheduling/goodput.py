"""Goodput and refusals at a level, and whether another has more: what a governor judges by.

Pure arithmetic on what began and ended in a window: the work of all that began at a level, divided
by the time they were under way, times the level (Little's law). The slow ones are waited for, too:
judging by the first to come back would favour every change.
"""

from __future__ import annotations

import math
from collections import deque

SURE = 2.0  # standard deviations between a judgement and its opposite
LONGEST = 4  # times the level: so many transfers decide, sure or not
_STEEP = 1.5  # what, if surely brought by the first half of a window, needs no second half
_CLEAR = 3.0  # standard deviations, where it is asked after each of many requests
_FULL = 0.9
_BEHIND = 16  # times the level: when so many began later, one that is under way is left out
_KNOWN = 0.12  # the standard deviation of a rate that others are compared with, as a share


class Goodput:
    """Work a second at a level, from those of the first to begin that have all ended."""

    def __init__(self, level: int) -> None:
        self.count = 0
        self._level = level
        self._work = self._time = self._work2 = self._time2 = self._both = 0.0

    def add(self, seconds: float, work: float) -> None:
        """Take one more."""
        self.count += 1
        self._work += work
        self._time += seconds
        self._work2 += work * work
        self._time2 += seconds * seconds
        self._both += seconds * work

    @property
    def rate(self) -> float:
        """Work a second."""
        return self._level * self._work / self._time if self._time else 0.0

    @property
    def mean(self) -> float:
        """Seconds that one takes."""
        return self._time / self.count if self.count else 0.0

    @property
    def variance(self) -> float:
        """Of the rate's logarithm, by the usual estimate for a ratio of two sums."""
        if self.count < 2 or not self._work or not self._time:  # noqa: PLR2004 - one has no spread
            return math.inf
        each = self._work / self._time
        errors = self._work2 - 2 * each * self._both + each * each * self._time2
        return max(0.0, errors) / self._work**2 * self.count / (self.count - 1)


class Window:
    """What began since the level is what it is.

    Where it was ``raised``, the first of them, as many as may be under way, meet a queue that is
    yet to grow. They are counted apart: they flatter.
    """

    def __init__(self, level: int, *, raised: bool = False) -> None:
        self.level = level
        self.strains = self.ended = 0
        self.first = Goodput(level)
        self._most_first = level if raised else 0
        self.rest = Goodput(level)
        self._patience = _BEHIND * level
        self.proof = self.rest  # what it was judged by
        self._ended: deque[tuple[float, float] | tuple[()] | None] = deque()  # as they began
        self._gone = 0  # how many have left it at its head
        self._seen = self._area = 0.0  # seconds, and seconds times those under way
        self._now: float | None = None

    def begin(self) -> int:
        """Return a place for one more."""
        self._ended.append(None)
        return self._gone + len(self._ended) - 1

    def end(self, place: int, seconds: float, work: float, *, strained: bool) -> None:
        """Take the end of one."""
        self.count(strained=strained)
        self._put(place, (seconds, work))

    def forget(self, place: int) -> None:
        """Take it that one had nothing to do with the server."""
        self._put(place, ())

    def _put(self, place: int, what: tuple[float, float] | tuple[()]) -> None:
        if place < self._gone:  # nobody has waited for it
            return
        self._ended[place - self._gone] = what
        while self._ended and (self._ended[0] is not None or len(self._ended) > self._patience):
            known = self._ended.popleft()
            if known:
                (self.first if self._gone < self._most_first else self.rest).add(*known)
            self._gone += 1

    def passing(self, now: float, flying: int) -> None:
        """Take it that so many were under way until now."""
        passed = 0.0 if self._now is None else now - self._now
        self._seen += passed
        self._area += flying * passed
        self._now = now

    @property
    def full(self) -> bool:
        """Whether about as many were under way as might, on the average; else it proves nothing."""
        return self._area >= _FULL * self.level * self._seen

    def count(self, *, strained: bool) -> None:
        """Count an end, and whether it was a refusal."""
        self.ended += 1
        self.strains += strained

    @property
    def angle(self) -> float:
        """The share of refusals on a scale where chance spreads it evenly (Anscombe 1948)."""
        return math.asin(math.sqrt((self.strains + 0.375) / (self.ended + 0.75)))

    @property
    def storm(self) -> bool:
        """Whether clearly more than half are refused; most of those come at once."""
        return 2 * (self.angle - math.pi / 4) * math.sqrt(self.ended) > _CLEAR

    def hurts_more(self, other: Window) -> bool:
        """Whether clearly more are refused than at another level."""
        doubt = math.sqrt(1 / self.ended + 1 / other.ended)
        return 2 * (self.angle - other.angle) > _CLEAR * doubt

    def surely_over(self, before: Goodput) -> bool:
        """Whether the first alone tell that it pays, though they flatter."""
        whole = 0 < self._most_first <= self._gone
        return whole and compare(self.first, before, _STEEP) > SURE

    @property
    def known(self) -> bool:
        """Whether enough have ended to compare others with."""
        count = self.rest.count
        return count >= self.level and (
            self.rest.variance < _KNOWN**2 or count >= LONGEST * self.level
        )

    @property
    def large(self) -> bool:
        """Whether enough have ended to judge by."""
        return self.rest.count >= self.level / 2


def compare(found: Goodput, before: Goodput, factor: float) -> float:
    """Return by how many standard deviations one exceeds the other, times a factor."""
    lead = math.log(max(found.rate, 1e-9) / max(before.rate, 1e-9) / factor)
    doubt = math.sqrt(found.variance + before.variance)
    return lead / max(doubt, 1e-9)


def more(window: Window, before: Window) -> str:
    """Say what one level brings, compared with another."""
    ratio = window.proof.rate / before.proof.rate if before.proof.rate else math.inf
    return f"{window.level} bring {ratio:.2f} times as much"
