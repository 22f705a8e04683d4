"""The format of numbers, times, shares and lists in the report's text. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from getflags.bench.analysis.stats import Estimate

_SHARES = {
    "a tenth": 1 / 10,
    "a fifth": 1 / 5,
    "a quarter": 1 / 4,
    "a third": 1 / 3,
    "half": 1 / 2,
    "two thirds": 2 / 3,
    "three quarters": 3 / 4,
}
_NEAR = 0.06  # maximum relative deviation from a share with a name, such as half
_LITTLE = 0.85  # from this ratio on, the text gives the difference instead of the share


class Unit(NamedTuple):
    """A unit of time, and its number per second."""

    name: str
    per_second: float


_UNITS = (Unit("s", 1), Unit("ms", 1e3), Unit("µs", 1e6))


def significant(value: float) -> str:
    """Return a number with three significant digits, and all digits before the point."""
    if value >= 99.95:  # noqa: PLR2004 - would be rounded to four digits
        return f"{value:,.0f}"
    places = 2 - math.floor(math.log10(value)) if value > 0 else 0
    places = min(max(places, 0), 6)
    return f"{value:.{places}f}"


def unit(seconds: Iterable[float]) -> Unit:
    """Return the unit in which the median of these times is 1 or more."""
    known = sorted(value for value in seconds if value > 0)
    if not known:
        return _UNITS[0]
    typical = known[len(known) // 2]
    return next((one for one in _UNITS if typical * one.per_second >= 1), _UNITS[-1])


def between(value: Estimate) -> str:
    """Return an interval in brackets; empty if it is unbounded."""
    if not value.bounded:
        return ""
    return f"[{significant(value.low)}, {significant(value.high)}]"


def share(ratio: float) -> str:
    """Return ``half``, ``61 % of it``, ``7 % less``, ``as much``, ``12 % more``, ``twice as much``.

    It is never ``3 times more``, which is ambiguous.
    """
    named = [name for name, value in _SHARES.items() if abs(ratio / value - 1) <= _NEAR]
    if named:
        return named[0]
    if ratio < 0.01:  # noqa: PLR2004 - digits
        return "less than 1 % of it"
    if ratio < _LITTLE:
        return f"{ratio * 100:.2g} % of it"
    change = round((ratio - 1) * 100)
    if change < 0:
        return f"{-change} % less"
    if ratio >= 1.95:  # noqa: PLR2004 - doubled, more or less
        times = f"{ratio:.2g}" if ratio < 10 else f"{ratio:,.0f}"  # noqa: PLR2004 - digits
        return "twice as much" if times in {"1.9", "2"} else f"{times} times as much"
    return f"{change} % more" if change else "as much"


def listed(names: Sequence[str]) -> str:
    """Return ``a``, ``a and b``, ``a, b and c``."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last
