"""How long an answer takes: distributions of seconds.

What may live here: pure functions from a draw, evenly spread over [0, 1), to a time. What may not:
drawing (in `faults`), waiting (in `protocol`).

A server that many use is best told by a lognormal distribution: most answers take about as long
as the median, a few take many times that, and those few decide when a download is over.
"""

import math
import re
from typing import NamedTuple

from .values import LONGEST_DELAY, NUMBER, plain, wrong

_FIXED = re.compile(rf"fixed:{NUMBER}", re.ASCII)
_UNIFORM = re.compile(rf"uniform:{NUMBER}-{NUMBER}", re.ASCII)
_LOGNORMAL = re.compile(rf"lognormal:{NUMBER},{NUMBER}", re.ASCII)
_LARGEST_SIGMA = 10.0
_LEAST_DRAW = 2.0**-54  # half the finest step of a draw: stands for 0, which has no quantile


class Latency(NamedTuple):
    """Times spread `shape`-wise: from `low` to `high`, or about a median `low` with sigma `high`.

    Sigma is the standard deviation of the logarithm: with 1, a sixth of all answers take more than
    e (2.7) times the median.
    """

    shape: str
    low: float
    high: float

    def seconds(self, draw: float) -> float:
        """Return the time that stands at `draw` of the way from the least to the most."""
        if self.shape != "lognormal":
            return self.low + draw * (self.high - self.low)
        # Imported late: a server without such delays need not wait for it to load.
        from statistics import NormalDist

        deviation = self.high * NormalDist().inv_cdf(max(draw, _LEAST_DRAW))
        return min(self.low * math.exp(deviation), LONGEST_DELAY)

    def __str__(self) -> str:
        """Return what `parse` reads."""
        if self.shape == "fixed":
            return f"fixed:{plain(self.low)}"
        separator = "-" if self.shape == "uniform" else ","
        return f"{self.shape}:{plain(self.low)}{separator}{plain(self.high)}"


def parse(text: str) -> Latency:
    """Return the latency that `text` describes. Raises ValueError."""
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
    raise wrong(
        text,
        "a latency: give fixed:SECONDS, uniform:MIN-MAX or lognormal:MEDIAN,SIGMA, such as "
        f"lognormal:0.2,0.8 (at most {LONGEST_DELAY:.0f} seconds, sigma at most 10)",
    )
