"""Latency distributions: how long a server takes before it responds.

The functions here are pure: they convert a draw, uniform over [0, 1), to seconds. The draws are in
`draws`; the waiting is in `app.connection`.

A lognormal distribution models a busy server best: most responses take about the median time, but a
few take many times as long, and those few determine when a download finishes.
"""

import math
import re
from typing import NamedTuple

from .values import LONGEST_DELAY, NUMBER, decimal_text, invalid

_FIXED = re.compile(rf"fixed:{NUMBER}", re.ASCII)
_UNIFORM = re.compile(rf"uniform:{NUMBER}-{NUMBER}", re.ASCII)
_LOGNORMAL = re.compile(rf"lognormal:{NUMBER},{NUMBER}", re.ASCII)
_LARGEST_SIGMA = 10.0
_LEAST_DRAW = 2.0**-54  # half the finest step of a draw; used for 0, which has no quantile


class Latency(NamedTuple):
    """A distribution of seconds: constant, uniform, or lognormal.

    A uniform one extends from `low` to `high`; a lognormal one has the median `low` and the sigma
    `high`. Sigma is the standard deviation of the logarithm: with a sigma of 1, a sixth of all
    responses take more than e (2.7) times the median.
    """

    shape: str
    low: float
    high: float

    def seconds(self, draw: float) -> float:
        """Return the seconds at the quantile `draw` of the distribution."""
        if self.shape != "lognormal":
            return self.low + draw * (self.high - self.low)
        # The import is deferred, because a server without such a latency does not need it.
        from statistics import NormalDist

        deviation = self.high * NormalDist().inv_cdf(max(draw, _LEAST_DRAW))
        return min(self.low * math.exp(deviation), LONGEST_DELAY)

    def __str__(self) -> str:
        """Return the text that `parse` accepts."""
        if self.shape == "fixed":
            return f"fixed:{decimal_text(self.low)}"
        separator = "-" if self.shape == "uniform" else ","
        return f"{self.shape}:{decimal_text(self.low)}{separator}{decimal_text(self.high)}"


def parse(text: str) -> Latency:
    """Parse the text of a latency distribution. Raises ValueError."""
    if match := _FIXED.fullmatch(text):
        low = high = float(match[1])
        if low <= LONGEST_DELAY:
            return Latency("fixed", low, high)
    if match := _UNIFORM.fullmatch(text):
        low, high = float(match[1]), float(match[2])
        if low <= high <= LONGEST_DELAY:
            return Latency("uniform", low, high)
    if match := _LOGNORMAL.fullmatch(text):
        median, sigma = float(match[1]), float(match[2])
        if 0 < median <= LONGEST_DELAY and sigma <= _LARGEST_SIGMA:
            return Latency("lognormal", median, sigma)
    raise invalid(
        text,
        "a latency: use fixed:SECONDS, uniform:MIN-MAX or lognormal:MEDIAN,SIGMA, such as "
        f"lognormal:0.2,0.8 (at most {LONGEST_DELAY:.0f} seconds, sigma at most 10)",
    )
