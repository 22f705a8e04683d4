"""What the runs of each cell come to, and how the cells compare.

Pure. The warm-up is left out. Figures are geometric means of the rounds, but for memory, of which
the highest peak is told. Cells are compared with the best one of their server, within rounds that
were run side by side. Who is best is known only afterwards, so any two of the cells may be the ones
that are compared: a difference is claimed only if it is larger than what equals would show,
between any two of them, in one bench of twenty.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from getflags.bench.analysis.stats import SHARE, Estimate, chance, differs, estimate, middle, paired
from getflags.bench.measure.cells import Cell, Run
from getflags.bench.measure.results import Result

SHARES = ("p50", "p90", "p99")
Rates: TypeAlias = Mapping[int, float]  # round → goodput


class Against(NamedTuple):
    """A cell's goodput over the best one's, and whether it may be said to be another."""

    ratio: Estimate
    claimed: bool


class Figures(NamedTuple):
    """A cell. Seconds and bytes; None, or 0, where nothing is known.

    ``runs`` are those that count. ``goodput`` is in files a second, ``rate`` in bytes a second, in
    the steady part; ``makespan`` is for all files, ``cpu`` for one. ``failed`` is a share of the
    files. ``against`` is None where no round has goodput of both.
    """

    cell: Cell
    runs: Sequence[Result]
    goodput: Estimate | None
    rate: float
    makespan: float
    latency: Mapping[str, float]
    cpu: float
    rss: int
    failed: float
    best: bool
    against: Against | None


def compare(cells: Sequence[Cell], results: Sequence[Result]) -> list[Figures]:
    """Return the figures of those of the cells that were run, in their order.

    ``results`` are of one experiment, in the order in which they were measured.
    """
    runs = _counted(cells, results)
    rates = {
        cell: {run.round: run.goodput for run in found if run.goodput}
        for cell, found in runs.items()
    }
    leads = _leads(rates)
    places = passes(results)
    pairs = sum(n * (n - 1) // 2 for n in Counter(cell.server for cell in runs).values())
    told = []
    for cell, found in runs.items():
        lead = leads.get(cell.server)
        ratios = _ratios(cell, lead, rates, places) if lead and cell != lead else []
        told.append(_figures(cell, found, cell == lead, _against(ratios, pairs)))
    return told


def passes(results: Iterable[Result]) -> dict[Run, int]:
    """Return in which pass through the rounds each run was made.

    A bench that goes on where it was interrupted goes on with the same pass. One that finds its
    rounds full and has new cells begins again with the warm-up, at another time.
    """
    found: dict[Run, int] = {}
    last = number = 0
    for result in results:
        number += result.round < last
        last = result.round
        found[result.run] = number
    return found


def _counted(cells: Sequence[Cell], results: Iterable[Result]) -> dict[Cell, list[Result]]:
    """Return the runs of each cell that count, if there are any; of two in a round, the later."""
    runs: dict[Cell, dict[int, Result]] = {cell: {} for cell in cells}
    for result in results:
        if result.round and result.run.cell in runs:
            runs[result.run.cell][result.round] = result
    return {cell: list(found.values()) for cell, found in runs.items() if found}


def _leads(rates: Mapping[Cell, Rates]) -> dict[str, Cell]:
    """Return server → the cell with most goodput, where there is any."""
    most = {cell: middle(found.values()) for cell, found in rates.items() if found}
    return {cell.server: cell for cell in sorted(most, key=lambda cell: most[cell])}


def _ratios(
    cell: Cell, lead: Cell, rates: Mapping[Cell, Rates], places: Mapping[Run, int]
) -> list[float]:
    """Return goodput over the lead's, for each round in which they were run side by side."""
    beside = {
        number: rate
        for number, rate in rates[lead].items()
        if places.get(Run(cell, number)) == places[Run(lead, number)]
    }
    return paired(rates[cell], beside)


def _against(ratios: Sequence[float], pairs: int) -> Against | None:
    if not ratios:
        return None
    ratio = estimate(ratios)
    return Against(ratio, differs(ratio) and chance(ratios) * pairs < 1 - SHARE)


def _figures(cell: Cell, runs: Sequence[Result], best: bool, against: Against | None) -> Figures:  # noqa: FBT001
    rates = [run.goodput for run in runs if run.goodput]
    return Figures(
        cell,
        runs,
        estimate(rates) if rates else None,
        _mean(run.steady_bytes / run.steady_seconds for run in runs if run.goodput),
        _mean(run.seconds for run in runs),
        {share: _mean(run.latency.get(share, 0) for run in runs) for share in SHARES},
        _mean(run.cpu / run.files for run in runs),
        max(run.rss for run in runs),
        1 - sum(run.arrived for run in runs) / sum(run.files for run in runs),
        best,
        against,
    )


def _mean(values: Iterable[float]) -> float:
    """Return the geometric mean of those that are known."""
    known = [value for value in values if value > 0]
    return middle(known) if known else 0.0
