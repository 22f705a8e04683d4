"""Numbers from numbers: nothing here knows what was measured.

The published figure is the median of the ratios within rounds, with an interval from resampling the
rounds. Each interval stands for itself: with few rounds it is too narrow, and it is not corrected
for the number of comparisons, as those of ``getflags bench`` are (docs/decisions/0015). The rows
behind docs/peers.md were not kept, so its figures can't be computed anew: with another statistic
here, ``make peers`` has to measure again.
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
