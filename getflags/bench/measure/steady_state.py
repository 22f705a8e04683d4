"""The steady part of a run, told apart from its ramp and its tail.

Pure: times of ends go in, rates come out. At a level of L, the first L ends belong to the ramp
(connections are made, all begin together) and the last L to the tail (slots fall idle one by one).
What lies between, from an end to an end, is what the level can do; with waves of ends (a server of
fixed delay), it holds whole waves.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class End(NamedTuple):
    """The end of a target: when, after how many seconds, its bytes, and whether it arrived."""

    at: float
    took: float
    size: int
    arrived: bool


class Steady(NamedTuple):
    """What a run did between ramp and tail; nothing where it was too short to have a middle."""

    files: int
    bytes: int
    seconds: float

    @property
    def rate(self) -> float:
        """Files a second; 0 where nothing is known."""
        return rate(self.files, self.seconds)


def fewest(level: int) -> int:
    """Return how many targets a run needs for a steady part that is worth the name."""
    return max(6 * level, 20)


def steady(ends: Sequence[End], level: int) -> Steady:
    """Return the steady part of a run at that level. The ends come in order of time."""
    first, last = level - 1, len(ends) - level - 1
    if last <= first:
        return Steady(0, 0, 0.0)
    within = [end for end in ends[first + 1 : last + 1] if end.arrived]
    seconds = ends[last].at - ends[first].at
    return Steady(len(within), sum(end.size for end in within), seconds)


def percentiles(ends: Sequence[End], shares: Sequence[float] = (0.5, 0.9, 0.99)) -> list[float]:
    """Return percentiles of how long those took that arrived, in seconds; none without any."""
    took = sorted(end.took for end in ends if end.arrived)
    return [quantile(took, share) for share in shares] if took else []


def rate(count: float, seconds: float) -> float:
    """Return the number per second; 0 if no time is known to have passed."""
    return count / seconds if seconds > 0 else 0.0


def quantile(ordered: Sequence[float], share: float) -> float:
    """Return the value below which this share of an ordered sequence lies, interpolated."""
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)
