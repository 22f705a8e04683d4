"""The steady state of a run, separated from the ramp-up and the tail; rates and percentiles.

Pure. At a level of L, the first L completions belong to the ramp-up (connections are opened, and
all requests start together) and the last L to the tail (slots become idle one by one). The time
between them shows what the level achieves. If completions come in waves (a server with a fixed
delay), the steady state consists of whole waves.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class End(NamedTuple):
    """The completion of a target: its time, its duration in seconds, its size, and its success."""

    at: float
    took: float
    size: int
    arrived: bool


class Steady(NamedTuple):
    """The steady state of a run, between ramp-up and tail; all zero if the run was too short."""

    files: int
    bytes: int
    seconds: float

    @property
    def rate(self) -> float:
        """Files per second; 0 if there is no steady state."""
        return rate(self.files, self.seconds)


def fewest(level: int) -> int:
    """Return the number of targets that a run needs for a meaningful steady state."""
    return max(6 * level, 20)


def steady(ends: Sequence[End], level: int) -> Steady:
    """Return the steady state of a run at this level. ``ends`` are in order of time."""
    first, last = level - 1, len(ends) - level - 1
    if last <= first:
        return Steady(0, 0, 0.0)
    within = [end for end in ends[first + 1 : last + 1] if end.arrived]
    seconds = ends[last].at - ends[first].at
    return Steady(len(within), sum(end.size for end in within), seconds)


def percentiles(ends: Sequence[End], shares: Sequence[float] = (0.5, 0.9, 0.99)) -> list[float]:
    """Return percentiles of the duration of successful targets, in seconds; empty if none."""
    took = sorted(end.took for end in ends if end.arrived)
    return [quantile(took, share) for share in shares] if took else []


def rate(count: float, seconds: float) -> float:
    """Return ``count`` per second; 0 if the duration is unknown or zero."""
    return count / seconds if seconds > 0 else 0.0


def quantile(ordered: Sequence[float], share: float) -> float:
    """Return the value below which this share of an ordered sequence lies, interpolated."""
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)
