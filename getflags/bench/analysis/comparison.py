"""The figures of each cell, and the comparison of each cell with the best cell of its server.

Pure. The warm-up does not count. Figures are geometric means over the rounds; memory, requests in
flight and the longest latency are maxima, errors are sums. The best cell is known only from the
results, so any two cells may be compared; the intervals therefore hold for all pairs. Cells of open
loops are not compared, because their schedule determines their goodput.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from getflags.bench.analysis.figures import SHARES, Figures, Turn
from getflags.bench.analysis.stats import Estimate, estimate, middle, pairs, ratio
from getflags.bench.measure.cells import Cell
from getflags.bench.measure.results import Result


class Compared(NamedTuple):
    """A cell and its comparison with the best cell of its server.

    ``ratio`` is the cell's goodput divided by the best cell's. It is None for the best cell itself,
    in an open loop, and if the two cells share no round.
    """

    figures: Figures
    best: bool
    ratio: Estimate | None


def compare(cells: Sequence[Cell], results: Iterable[Result]) -> list[Compared]:
    """Return the measured cells in order, each compared with the best cell of its server.

    ``results`` are of one experiment, in the order in which they were measured.
    """
    measured = figures(results)
    found = [measured[cell] for cell in cells if cell in measured]
    number = comparisons(each.cell for each in found)
    best = _best(found)
    return [_compared(each, best.get(each.cell.server), number) for each in found]


def _compared(each: Figures, best: Figures | None, number: int) -> Compared:
    if best is None or each is best or each.cell.rate:
        return Compared(each, each is best, None)
    return Compared(each, best=False, ratio=ratio(each.rates, best.rates, number))


def _best(found: Iterable[Figures]) -> dict[str, Figures]:
    """Return the cell with the highest goodput for each server that has one."""
    best: dict[str, Figures] = {}
    for each in found:
        if each.cell.rate:
            continue
        other = best.get(each.cell.server)
        if most(each) > (most(other) if other else 0):
            best[each.cell.server] = each
    return best


def most(each: Figures) -> float:
    """Return a cell's mean goodput; 0 if it has none."""
    return each.goodput.middle if each.goodput else 0.0


def comparisons(cells: Iterable[Cell]) -> int:
    """Return the number of pairs of cells of one experiment that may be compared."""
    servers = Counter(cell.server for cell in cells if not cell.rate)
    return sum(map(pairs, servers.values()))


def experiments(results: Iterable[Result]) -> dict[str, dict[Cell, Figures]]:
    """Return the figures of each experiment of a file, in the order in which they began."""
    found: dict[str, list[Result]] = {}
    for one in results:
        found.setdefault(one.experiment, []).append(one)
    return {name: figures(those) for name, those in found.items()}


def figures(results: Iterable[Result]) -> dict[Cell, Figures]:
    """Return the figures of every cell of an experiment that was measured after the warm-up.

    ``results`` are in the order in which they were measured. If a run was made twice in a round,
    the later one counts.
    """
    runs: dict[Cell, dict[Turn, Result]] = {}
    last = passage = 0
    for result in results:
        passage += result.round < last
        last = result.round
        if result.round > 0:
            runs.setdefault(result.run.cell, {})[Turn(passage, result.round)] = result
    return {cell: _figures(cell, found) for cell, found in runs.items()}


def _figures(cell: Cell, turns: Mapping[Turn, Result]) -> Figures:
    runs = turns.values()
    rates = {turn: run.goodput for turn, run in turns.items() if run.goodput > 0}
    errors: Counter[str] = Counter()
    for run in runs:
        errors.update(run.errors)
    latency = {share: _mean(run.latency.get(share, 0) for run in runs) for share in SHARES}
    latency["max"] = max(run.latency.get("max", 0) for run in runs) or None  # not in older files
    return Figures(
        cell,
        turns,
        rates,
        estimate(rates.values()) if rates else None,
        _mean(turns[turn].steady_bytes / turns[turn].steady_seconds for turn in rates),
        _mean(run.seconds for run in runs),
        {share: mean for share, mean in latency.items() if mean is not None},
        _mean(run.cpu / run.files for run in runs),
        max(run.rss for run in runs),
        errors,
        max((run.peak for run in runs if run.peak is not None), default=None),
    )


def _mean(values: Iterable[float]) -> float | None:
    """Return the geometric mean of the known values; None if there are none."""
    known = [value for value in values if value > 0]
    return middle(known) if known else None
