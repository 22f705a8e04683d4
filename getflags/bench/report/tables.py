"""The tables of the page: all cells, the knees, and the errors, as HTML.

Pure. A sortable field has its value in an attribute; an unknown value is a dash and sorts last.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from getflags.bench.analysis.figures import LATENCIES, SHARES, Figures, Section, Series, Step
from getflags.bench.analysis.knee import Knee
from getflags.bench.analysis.stats import Estimate
from getflags.bench.report.markup import Markup, joined, tag
from getflags.bench.report.number_format import Unit, between, significant, unit
from getflags.bench.report.sentences import gain, loss
from getflags.core.text import brief

_NOTHING = "-"
_MIB = 2**20


def table(
    caption: str, heads: Sequence[str], rows: Iterable[Sequence[Markup]], style: str = ""
) -> Markup:
    """Return a table in a scrollable box. The first cell of each row is its header."""
    head = tag("tr", *(tag("th", one, scope="col") for one in heads))
    body = [tag("tr", *row) for row in rows]
    parts = tag("caption", caption), tag("thead", head), tag("tbody", *body)
    return tag(
        "div",
        tag("table", *parts, class_=style or None),
        class_="scroll",
        tabindex=0,
        role="region",
        aria_label=caption,
    )


def _name(text: str) -> Markup:
    return tag("th", tag("span", brief(text)), scope="row")


def _number(value: float | None, text: str = "", note: str | Markup = "") -> Markup:
    """Return a table cell with the value to sort by."""
    if value is None:
        return tag("td", _NOTHING, class_="number")
    shown = text or significant(value)
    return tag("td", shown, note, class_="number", data_value=f"{value:.9g}")


def _estimate(value: Estimate | None) -> Markup:
    if value is None:
        return _number(None)
    interval = between(value)
    note = joined(" ", tag("span", interval, class_="faint")) if interval else ""
    return _number(value.middle, note=note)


def cells(section: Section) -> Markup:
    """Return the sortable table of all cells."""
    known = [cell for one in section.series for cell in one.cells]
    shares = LATENCIES if section.rate else SHARES
    wait = unit([cell.latency[one] for cell in known for one in shares if one in cell.latency])
    work = unit([cell.cpu for cell in known if cell.cpu])
    heads = [
        "engine/client",
        "at a time",
        *(["reached a second", "late, %"] if section.rate else []),
        "files a second",
        "makespan, s",
        *(f"{one}, {wait.name}" for one in shares),
        f"CPU a file, {work.name}",
        "peak, MiB",
        "errors",
        "in flight",
        "files",
        "rounds",
    ]
    rows = [_row(one, cell, wait, work) for one in section.series for cell in one.cells]
    return table(f"All cells on {brief(section.load)}", heads, rows, "sortable")


def _row(one: Series, cell: Figures, wait: Unit, work: Unit) -> list[Markup]:
    knee = joined(" ", tag("span", "knee", class_="badge")) if cell.level == one.marked else ""
    errors = sum(cell.errors.values())
    opened = cell.late is not None
    waits = [cell.latency.get(name) for name in (LATENCIES if opened else SHARES)]
    return [
        _name(one.name),
        _number(cell.level, f"{cell.level:,}", knee),
        *([_number(cell.reached), _number(100 * (cell.late or 0))] if opened else []),
        _estimate(cell.goodput),
        _number(cell.makespan),
        *(_number(None if value is None else value * wait.per_second) for value in waits),
        _number(None if cell.cpu is None else cell.cpu * work.per_second),
        _number(cell.rss / _MIB, f"{cell.rss / _MIB:,.0f}"),
        _number(errors, f"{errors:,}"),
        _number(cell.peak, f"{cell.peak:,}") if cell.peak is not None else _number(None),
        _number(cell.files, f"{cell.files:,}"),
        _number(cell.rounds, _rounds(cell)),
    ]


def _rounds(cell: Figures) -> str:
    return f"{cell.rounds - cell.empty} of {cell.rounds}" if cell.empty else f"{cell.rounds}"


def knees(section: Section) -> Markup:
    """Return the table of the knees."""
    lead = brief(section.lead.name) if section.lead else ""
    heads = [
        "engine/client",
        "enough",
        "as good up to",
        "files a second",
        f"beside {lead}",
        "fewer bring",
        "more bring",
    ]
    rows = [_knee(one, section) for one in section.series if one.knee]
    return table(f"Recommended levels on {brief(section.server)}", heads, rows, "sortable knees")


def _knee(one: Series, section: Section) -> list[Markup]:
    return [
        _name(one.name),
        _number(one.level, f"{one.level:,}"),
        _highest(one.knee) if one.knee else _number(None),
        _estimate(one.goodput),
        _number(1, "1") if one is section.lead else _estimate(one.against),
        _step(one.below, one.below and loss(one.below)),
        _step(one.above, one.above and gain(one.above)),
    ]


def _highest(found: Knee) -> Markup:
    note = "" if found.limited else " (may be chance)"
    return _number(found.highest, f"{found.highest:,}", note)


def _step(step: Step | None, gain: str | None) -> Markup:
    if step is None:
        return _number(None)
    interval = between(step.ratio)
    note = joined(" ", tag("span", interval, class_="faint")) if interval else ""
    return tag(
        "td",
        f"{step.level:,}: {gain}",
        note,
        class_="number",
        data_value=f"{step.ratio.middle:.9g}",
    )


def errors(section: Section) -> Markup:
    """Return the table of errors, the most frequent first; empty if there are none."""
    counts: defaultdict[str, int] = defaultdict(int)
    where: defaultdict[str, dict[str, list[int]]] = defaultdict(dict)
    for one in section.series:
        for cell in one.cells:
            for reason, count in cell.errors.items():
                counts[reason] += count
                where[reason].setdefault(brief(one.name), []).append(cell.level)
    if not counts:
        return joined()
    rows = [
        [
            _name(reason),
            _number(count, f"{count:,}"),
            tag("td", _places(where[reason], section.levels)),
        ]
        for reason, count in sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    ]
    return table(f"Errors on {brief(section.load)}", ["reason", "count", "where"], rows, "errors")


def _places(where: dict[str, list[int]], levels: Sequence[int]) -> str:
    """Return the series and levels of an error; "at all levels" if it occurred everywhere."""
    if all(len(found) == len(levels) for found in where.values()):
        return f"{', '.join(where)}: at all levels"
    return "; ".join(
        f"{name}: at {', '.join(f'{level:,}' for level in found)}" for name, found in where.items()
    )
