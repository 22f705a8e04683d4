"""The statistic behind every comparison: geometric means with simultaneous t intervals.

Two cells are compared by the ratio of their goodput in each round, because both cells of a round
were measured on the same machine and network at about the same time. Student's t interval is
computed for the logarithms of the ratios. A caller that makes several comparisons at once passes
their number: each interval then has the confidence 1 - 0.05 / number (Bonferroni), so that in 95 %
of the benches all of them contain the true values. A difference is claimed if and only if its
interval excludes 1. See docs/decisions/0015-one-statistic.md.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from functools import cache
from statistics import fmean
from typing import NamedTuple, TypeVar

#: The probability that all intervals of one family contain the true values.
CONFIDENCE = 0.95
#: The number of rounds from which a difference can be claimed.
FEWEST = 5
UNSURE = "unsure"  #: the verdict if the noise hides a difference, if there is one
_LARGEST = 700.0  # the exponential of a larger number overflows
_STEPS = 60  # steps of the bisection, enough for the precision of a float

_Round = TypeVar("_Round")


class Estimate(NamedTuple):
    """A geometric mean and its interval. ``rounds`` is the number of values.

    The interval is (0, infinity) if there are too few values for a narrower one.
    """

    middle: float
    low: float
    high: float
    rounds: int

    @property
    def bounded(self) -> bool:
        """Whether the interval has finite bounds."""
        return math.isfinite(self.high)


def estimate(values: Collection[float], comparisons: int = 1) -> Estimate:
    """Return the geometric mean of positive values and its t interval.

    ``comparisons`` is the number of intervals that must contain their true values simultaneously.
    """
    first, *others = values
    if not others:
        return Estimate(first, 0.0, math.inf, 1)
    logs = [math.log(value) for value in values]
    count, mean = len(logs), fmean(logs)
    variance = math.fsum((value - mean) ** 2 for value in logs) / (count - 1)
    half = _t_quantile((1 - CONFIDENCE) / comparisons, count - 1) * math.sqrt(variance / count)
    high = math.exp(mean + half) if mean + half < _LARGEST else math.inf
    return Estimate(math.exp(mean), math.exp(mean - half), high, count)


def ratio(
    values: Mapping[_Round, float], reference: Mapping[_Round, float], comparisons: int
) -> Estimate | None:
    """Return the ratio of two cells' goodput; None if the cells share no round with goodput.

    A ratio of fewer than ``FEWEST`` rounds has an unbounded interval and proves nothing.
    """
    found = paired(values, reference)
    if not found:
        return None
    if len(found) < FEWEST:
        return Estimate(middle(found), 0.0, math.inf, len(found))
    return estimate(found, comparisons)


def differs(found: Estimate) -> bool:
    """Return whether a ratio is proven to be more or less than 1."""
    return not found.low <= 1 <= found.high


def verdict(found: Estimate, less: str, more: str) -> str:
    """Return ``less`` or ``more`` if a ratio is proven to be so, else why it is not."""
    if differs(found):
        return less if found.middle < 1 else more
    return UNSURE if found.rounds >= FEWEST else "too few rounds"


def bounds(found: Estimate | None) -> tuple[float | None, float | None]:
    """Return the bounds of an interval; None if they are not known."""
    return (found.low, found.high) if found and found.bounded else (None, None)


def middle(values: Collection[float]) -> float:
    """Return the geometric mean of positive values."""
    return math.exp(fmean(map(math.log, values)))


def paired(values: Mapping[_Round, float], reference: Mapping[_Round, float]) -> list[float]:
    """Return value / reference for each round that has both values."""
    return [value / reference[key] for key, value in values.items() if key in reference]


def pairs(count: int) -> int:
    """Return the number of pairs among ``count`` cells, at least 1."""
    return max(1, count * (count - 1) // 2)


@cache
def _t_quantile(tail: float, degrees: int) -> float:
    """Return the absolute value of t that is exceeded with the probability ``tail``."""
    low, high = 0.0, math.pi / 2
    for _ in range(_STEPS):
        angle = (low + high) / 2
        if _beyond(angle, degrees) > tail:
            low = angle
        else:
            high = angle
    return math.tan(low) * math.sqrt(degrees)


def _beyond(angle: float, degrees: int) -> float:
    """Return the two-sided tail probability of t = tan(angle) * sqrt(degrees).

    Exact for whole degrees of freedom: Abramowitz and Stegun 26.7.3 and 26.7.4.
    """
    sine, cosine = math.sin(angle), math.cos(angle)
    odd = degrees % 2
    term, within = cosine**odd, 0.0
    for power in range(odd, degrees - 1, 2):
        within += term * sine
        term *= cosine * cosine * (power + 1) / (power + 2)
    if odd:
        within = (within + angle) * 2 / math.pi
    return 1 - within
