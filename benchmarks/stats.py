"""Numbers from numbers: nothing here knows what was measured.

Of ratios within rounds the median is what is told, with an interval from resampling the rounds. Few
rounds make it wide, and they should. (``getflags bench`` tells geometric means; the tables that are
published here are of medians.)
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from statistics import median

from getflags.bench.measure.steady_state import quantile

SHARE = 0.95  # of intervals that hold the truth
RESAMPLES = 2_000


@dataclass(frozen=True, slots=True)
class Estimate:
    """A median with its bootstrap interval. ``count`` is how many values it rests on."""

    middle: float
    low: float
    high: float
    count: int


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
