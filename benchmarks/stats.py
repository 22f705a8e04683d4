"""Numbers from numbers: nothing here knows what was measured.

A ratio is taken within a round, where both sides met the same machine, and the median of those is
what is told, with an interval from resampling the rounds. Few rounds make it wide, and they should.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

SHARE = 0.95
RESAMPLES = 2_000


@dataclass(frozen=True, slots=True)
class Estimate:
    """A median with its bootstrap interval. ``count`` is how many values it rests on."""

    middle: float
    low: float
    high: float
    count: int


def paired(values: Mapping[int, float], reference: Mapping[int, float]) -> list[float]:
    """Return value / reference for each round that has both."""
    return [values[number] / reference[number] for number in sorted(values.keys() & reference)]


def quantile(ordered: list[float], share: float) -> float:
    """Return the value below which that share of an ordered list lies, interpolated."""
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def estimate(values: list[float], seed: int = 0) -> Estimate | None:
    """Return the median and where it would lie had the rounds been others; None without any."""
    if not values:
        return None
    source = random.Random(seed)  # noqa: S311 - the same rows make the same table
    medians = sorted(median(source.choices(values, k=len(values))) for _ in range(RESAMPLES))
    tail = (1 - SHARE) / 2
    return Estimate(
        median(values), quantile(medians, tail), quantile(medians, 1 - tail), len(values)
    )
