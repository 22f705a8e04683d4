"""The charts of a server: their curves, units and scales, and their text alternatives.

Pure: ``plot`` draws these values, and screen readers read the text alternatives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from getflags.bench.analysis.figures import SHARES, Figures, Section
from getflags.bench.report.number_format import significant, unit
from getflags.bench.report.palette import Look
from getflags.core.text import brief

Looks: TypeAlias = Mapping[tuple[str, str], Look]
Value: TypeAlias = Callable[[Figures], float | None]
_WIDE = 10  # a larger ratio of peaks needs a logarithmic scale
_ROOM = 1.08  # factor for the space above the highest value, for its marker
_MARGIN = 0.06  # of a logarithmic scale; space at both ends, for markers
_OUTLIER = 1.5  # times the highest mean; intervals beyond this are cut off


class Point(NamedTuple):
    """A value at a level and its interval; low = high = middle if there is no interval."""

    level: int
    middle: float
    low: float
    high: float


class Curve(NamedTuple):
    """The curve of an engine and client. ``knee`` is the level to mark, or 0."""

    name: str
    look: Look
    points: Sequence[Point]
    knee: int = 0


class Chart(NamedTuple):
    """Curves over levels, from ``low`` to ``high`` of a unit; ``low`` is 0 on a linear scale."""

    title: str
    unit: str
    curves: Sequence[Curve]
    low: float
    high: float

    @property
    def caption(self) -> str:
        """The title and the unit, and the scale if it is logarithmic."""
        return f"{self.title}, {self.unit}{', logarithmic' if self.low else ''}"

    @property
    def levels(self) -> list[int]:
        """The levels that have a point."""
        return sorted({point.level for curve in self.curves for point in curve.points})


def goodput(section: Section, looks: Looks) -> Chart:
    """Return the chart of goodput, with intervals and knees."""
    curves = [
        Curve(
            brief(one.name),
            looks[one.engine, one.client],
            [_estimated(cell) for cell in one.cells if cell.goodput],
            one.marked,
        )
        for one in section.series
    ]
    peaks = [max(point.middle for point in one.points) for one in curves if one.points]
    return _chart("Goodput", "files a second", curves, wide=_spread(peaks))


def _estimated(cell: Figures) -> Point:
    assert cell.goodput  # noqa: S101 - checked by the caller
    middle, low, high, _ = cell.goodput
    known = cell.goodput.bounded
    return Point(cell.level, middle, low if known else middle, high if known else middle)


def latencies(section: Section, looks: Looks) -> list[Chart]:
    """Return the charts of latency, one for each percentile, on one scale."""
    cells = [cell for one in section.series for cell in one.cells]
    known = [cell.latency[share] for cell in cells for share in SHARES if share in cell.latency]
    name, factor = unit(known)
    curves = {share: _curves(section, looks, _latency(share), factor) for share in SHARES}
    low, high = _limits([value * factor for value in known], wide=_spread(known))
    titles = dict(zip(SHARES, ("median", "90th percentile", "99th percentile"), strict=True))
    return [
        Chart(f"Latency, {titles[share]}", name, found, low, high)
        for share, found in curves.items()
    ]


def _latency(share: str) -> Value:
    return lambda cell: cell.latency.get(share)


def cost(section: Section, looks: Looks) -> Chart:
    """Return the chart of CPU time for each file."""
    cells = [cell for one in section.series for cell in one.cells]
    name, factor = unit([cell.cpu for cell in cells if cell.cpu])
    curves = _curves(section, looks, lambda cell: cell.cpu, factor)
    values = [point.middle for one in curves for point in one.points]
    return _chart("CPU a file", name, curves, wide=_spread(values))


def _curves(section: Section, looks: Looks, value: Value, factor: float) -> list[Curve]:
    return [
        Curve(
            brief(one.name),
            looks[one.engine, one.client],
            [
                Point(cell.level, found * factor, found * factor, found * factor)
                for cell in one.cells
                if (found := value(cell)) is not None
            ],
        )
        for one in section.series
    ]


def _chart(title: str, name: str, curves: Sequence[Curve], *, wide: bool) -> Chart:
    points = [point for one in curves for point in one.points]
    highest = max((point.middle for point in points), default=1) * _OUTLIER
    values = [point.middle for point in points]
    values += [min(point.high, highest) for point in points]
    return Chart(title, name, curves, *_limits(values, wide=wide))


def _spread(values: Iterable[float]) -> bool:
    positive = [value for value in values if value > 0]
    return bool(positive) and max(positive) > _WIDE * min(positive)


def _limits(values: Iterable[float], *, wide: bool) -> tuple[float, float]:
    positive = [value for value in values if value > 0] or [1.0]
    low, high = min(positive), max(positive)
    room = (high / low) ** _MARGIN * _ROOM
    return (low / room, high * room) if wide else (0.0, high * _ROOM)


def described(chart: Chart, server: str) -> str:
    """Return the text alternative of a chart."""
    parts = [f"{chart.title} on {brief(server)}, in {chart.unit}, against requests at a time."]
    for one in chart.curves:
        if not one.points:
            parts.append(f"{one.name}: no data.")
            continue
        values = ", ".join(f"{significant(point.middle)} at {point.level}" for point in one.points)
        knee = f"; knee at {one.knee}" if one.knee else ""
        parts.append(f"{one.name}: {values}{knee}.")
    return " ".join(parts)
