"""Numbers from numbers: intervals for few, noisy values. Nothing here knows what was measured.

Differences are taken within a round, where both sides met the same machine, as ratios, and of those
the geometric mean is told with a bootstrap interval. With five values a plain percentile interval
is too narrow (it misses one time in six, not one in twenty), so its percentiles are moved outwards
as the t distribution demands (Hesterberg 2015, "What Teachers Should Know About the Bootstrap",
section 5.3, "expanded percentile").
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Mapping, Sequence
from statistics import NormalDist, fmean
from typing import NamedTuple

SHARE = 0.95  # of intervals that hold the truth
RESAMPLES = 2_000
#: Values from which a difference may be claimed at all.
FEWEST = 5
# Student's t at 97.5 %, for 1, 2, ... degrees of freedom; beyond these, the normal's is near.
_T = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160,
    2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056,
    2.052, 2.048, 2.045, 2.042,
)  # fmt: skip


class Estimate(NamedTuple):
    """A middle with the interval around it; ``rounds`` is how many values it rests on."""

    middle: float
    low: float
    high: float
    rounds: int


def estimate(values: Sequence[float], seed: int = 0) -> Estimate:
    """Return the geometric mean of positive values and its interval; the same for the same seed.

    A single value has no interval to speak of: it is infinitely wide.
    """
    if len(values) == 1:
        return Estimate(values[0], 0.0, math.inf, 1)
    logs = [math.log(value) for value in values]
    source = random.Random(seed)  # noqa: S311 - repeatable is what is wanted
    count = len(logs)
    drawn = iter(source.choices(logs, k=count * RESAMPLES))
    means = sorted(map(fmean, zip(*[drawn] * count, strict=True)))  # so many at a time
    tail = _tail(count)
    low, high = quantile(means, tail), quantile(means, 1 - tail)
    return Estimate(middle(values), math.exp(low), math.exp(high), count)


def middle(values: Iterable[float]) -> float:
    """Return the geometric mean of positive values."""
    return math.exp(fmean(map(math.log, values)))


def _tail(count: int) -> float:
    """Return the share of resampled means to leave out at each end."""
    degrees = count - 1
    student = _T[degrees - 1] if degrees <= len(_T) else NormalDist().inv_cdf((1 + SHARE) / 2)
    return NormalDist().cdf(-student * math.sqrt(count / degrees))


def paired(values: Mapping[int, float], reference: Mapping[int, float]) -> list[float]:
    """Return value / reference for each round that has both."""
    return [values[number] / reference[number] for number in sorted(values.keys() & reference)]


def differs(ratio: Estimate) -> bool:
    """Whether a ratio may be called another than 1."""
    return ratio.rounds >= FEWEST and not ratio.low <= 1 <= ratio.high


def chance(ratios: Sequence[float]) -> float:
    """Return how probable it is that two equals differ as much as in these ratios, or more.

    Student's paired t test on their logarithms, two-sided. Where several things are compared at
    once, multiply it by the number of comparisons (Bonferroni) before you claim anything: of eight
    equals, the best and some other one differ "at 5 %" in every second bench.
    """
    logs = [math.log(ratio) for ratio in ratios]
    degrees = len(logs) - 1
    if degrees < 1:
        return 1.0
    mean = fmean(logs)
    scatter = math.sqrt(sum((value - mean) ** 2 for value in logs))
    return _beyond(abs(mean) * math.sqrt(degrees * len(logs)), scatter, degrees)


def _beyond(size: float, scatter: float, degrees: int) -> float:
    """Return the share of t's distribution beyond t = ± size / scatter.

    Exact, for whole degrees of freedom: Abramowitz and Stegun 26.7.3 and 26.7.4.
    """
    angle = math.atan2(size, scatter * math.sqrt(degrees))
    sine, cosine = math.sin(angle), math.cos(angle)
    odd = degrees % 2
    term, within = cosine**odd, 0.0
    for power in range(odd, degrees - 1, 2):
        within += term * sine
        term *= cosine * cosine * (power + 1) / (power + 2)
    if odd:
        within = (within + angle) * 2 / math.pi
    return max(0.0, 1 - within)


def rate(count: float, seconds: float) -> float:
    """Return how many a second; 0 where no time is known to have passed."""
    return count / seconds if seconds > 0 else 0.0


def quantile(ordered: Sequence[float], share: float) -> float:
    """Return the value below which that share of an ordered sequence lies, interpolated."""
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)
