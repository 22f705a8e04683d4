"""The tables of figures for the terminal: goodput and comparison, then latency and cost.

In an open loop, the first table has the schedule in place of the comparison.

Pure. Figures, comparisons and caveats are computed elsewhere; this module only formats them.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from getflags.bench.analysis import stats
from getflags.bench.analysis.caveats import Caveat
from getflags.bench.analysis.comparison import Compared
from getflags.bench.analysis.figures import LATENCIES, SHARES, Figures, load
from getflags.bench.analysis.stats import CONFIDENCE, Estimate, differs
from getflags.core.text import brief, counted

WIDTH = 80  # columns
#: The text for a figure that is not known.
UNKNOWN = "-"
_MEGA = 1e6
_MIB = 1 << 20


class ServerTables(NamedTuple):
    """The rows of one server, at one rate in an open loop: a title, goodput, latency and cost."""

    title: str
    gains: list[list[str]]
    costs: list[list[str]]


def tables(compared: Sequence[Compared]) -> list[str]:
    """Return the tables of every server, as lines."""
    lines = []
    for each in by_server(compared):
        lines += ["", each.title, "", *columns(each.gains), "", *columns(each.costs)]
    return [*lines, "", *_legend(compared)]


def by_server(compared: Sequence[Compared]) -> Iterator[ServerTables]:
    """Yield the rows of every server and rate, each with a row of heads."""
    groups: dict[tuple[str, float | None], list[Compared]] = {}
    for each in compared:
        groups.setdefault((each.figures.cell.server, each.figures.cell.rate), []).append(each)
    for (_, rate), here in groups.items():
        figures = [each.figures for each in here]
        if rate:
            yield ServerTables(_title(figures), _schedules(figures), _waits(figures))
        else:
            yield ServerTables(_title(figures), _gains(here), _costs(figures))


def _title(figures: Sequence[Figures]) -> str:
    cell = figures[0].cell
    files = sorted({run.files for each in figures for run in each.runs.values()})
    rounds = sorted({len(each.runs) for each in figures})
    return (
        f"{brief(load(cell.server, cell.rate))}: {_range(files, 'file')} a run, "
        f"{_range(rounds, 'round')} after the warm-up"
    )


def _range(numbers: Sequence[int], noun: str) -> str:
    first, last = numbers[0], numbers[-1]
    return counted(first, noun) if first == last else f"{first:,} to {counted(last, noun)}"


def _gains(compared: Sequence[Compared]) -> list[list[str]]:
    """Return the rows of goodput and of the comparison with the best cell."""
    heads = ["engine/client", "-m", "files/s", "[95 %]", "MB/s", "all, s", "of best", "[95 %]", ""]
    return [heads, *map(_gain, compared)]


def _gain(compared: Compared) -> list[str]:
    each = compared.figures
    goodput = [UNKNOWN, "", UNKNOWN]
    if each.goodput:
        goodput = [
            digits(each.goodput.middle),
            interval(each.goodput),
            _known(each.rate, 1 / _MEGA),
        ]
    return [*_names(each), *goodput, _known(each.makespan), *_against(compared)]


def _against(compared: Compared) -> list[str]:
    """Return the comparison with the best cell, in columns; unproven differences are marked."""
    if compared.best:
        return ["1", "", "best"]
    ratio = compared.ratio
    if ratio is None:
        return [UNKNOWN, "", ""]
    return [f"{ratio.middle:.2f}", interval(ratio), verdict(compared)]


def verdict(compared: Compared) -> str:
    """Return how a cell compares with the best one; empty if that is not known."""
    ratio = compared.ratio
    if ratio is None:
        return "best" if compared.best else ""
    return stats.verdict(ratio, "less", "more")


def _known(value: float | None, factor: float = 1.0) -> str:
    return UNKNOWN if value is None else digits(value * factor)


def _costs(figures: Sequence[Figures]) -> list[list[str]]:
    """Return the rows of latency, CPU time, memory and failures."""
    heads = ["engine/client", "-m", *(f"{share}, ms" for share in SHARES)]
    return [[*heads, "CPU, µs", "peak, MiB", "failed"], *map(_cost, figures)]


def _cost(each: Figures) -> list[str]:
    return [*_names(each), *_latency(each, SHARES), *_used(each), _share(each.failed)]


def _schedules(figures: Sequence[Figures]) -> list[list[str]]:
    """Return the rows of an open loop: the rates, lateness, failures and goodput."""
    heads = ["engine/client", "-m", "asked/s", "reached/s", "late", "failed", "files/s", "[95 %]"]
    return [heads, *map(_schedule, figures)]


def _schedule(each: Figures) -> list[str]:
    goodput = each.goodput
    return [
        *_names(each),
        *(_known(rate) for rate in (each.cell.rate, each.reached)),
        *(_share(share or 0) for share in (each.late, each.failed)),
        *([digits(goodput.middle), interval(goodput)] if goodput else [UNKNOWN, ""]),
    ]


def _waits(figures: Sequence[Figures]) -> list[list[str]]:
    """Return the rows of an open loop's latency, CPU time and memory."""
    heads = ["engine/client", "-m", *(f"{share}, ms" for share in LATENCIES)]
    rows = ([*_names(each), *_latency(each, LATENCIES), *_used(each)] for each in figures)
    return [[*heads, "CPU, µs", "peak, MiB"], *rows]


def _names(each: Figures) -> list[str]:
    return [f"{each.cell.engine}/{each.cell.client}", f"{each.level:,}"]


def _latency(each: Figures, shares: Iterable[str]) -> list[str]:
    return [_known(each.latency.get(share), 1e3) for share in shares]


def _used(each: Figures) -> list[str]:
    """Return the CPU time of a file and the peak memory."""
    return [f"{(each.cpu or 0) * 1e6:,.0f}", f"{each.rss / _MIB:.0f}"]


def _share(value: float) -> str:
    return f"{value:.1%}" if value else "0"


def interval(value: Estimate) -> str:
    """Return an interval in brackets; an unbounded one is not shown."""
    if not value.bounded:
        return ""
    return f"[{digits(value.low)}, {digits(value.high)}]"


def digits(value: float) -> str:
    """Return a number with three significant digits, or more if it is 1,000 or larger."""
    if value >= 99.95:  # noqa: PLR2004 - would be rounded to 100.0
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 9.995 else f"{value:.2f}"  # noqa: PLR2004 - as above


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Align the columns: names to the left, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if place == 0 or not head else cell.rjust(width)
            for place, (cell, width, head) in enumerate(zip(row, widths, rows[0], strict=True))
        ).rstrip()
        for row in rows
    ]


def _legend(compared: Sequence[Compared]) -> list[str]:
    claimed = any(each.ratio and differs(each.ratio) for each in compared)
    text = (
        "files/s and MB/s: goodput in the steady state. all: seconds for all files. CPU: of the "
        "client, for each file. Figures are geometric means of the rounds."
    )
    if any(each.figures.cell.rate for each in compared):
        text += (
            " In an open loop, latency is measured from the time at which a request was due. late: "
            "share of the requests that began more than 10 ms after that. max: of all rounds."
        )
    if claimed:
        text += (
            f" Less and more are significant at the {1 - CONFIDENCE:.0%} level, corrected for all"
            " pairs of cells."
        )
    return textwrap.wrap(text, WIDTH)


def caveat_lines(caveats: Iterable[Caveat]) -> list[str]:
    """Return caveats as wrapped lines of text."""
    lines = []
    for caveat in caveats:
        lines += ["", *textwrap.wrap(" ".join(caveat), WIDTH, initial_indent="? ",
                                     subsequent_indent="  ")]  # fmt: skip
    return lines


def summary(cells: int, rounds: int, runs: int, left: int) -> str:
    """Return a sentence that states the number of runs."""
    there = f", {runs - left:,} of them already done" if left < runs else ""
    return (
        f"{counted(cells, 'cell')}, a warm-up and {counted(rounds, 'round')}: "
        f"{counted(runs, 'run')}{there}."
    )
