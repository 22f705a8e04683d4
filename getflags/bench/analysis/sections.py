"""From results to figures.

Pure. Round 0 is the warm-up and is left out. Figures are geometric means of the rounds, of peaks
the highest, of errors the sum; ratios are taken within rounds. Nothing here knows how figures are
worded or drawn.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from statistics import median
from typing import TypeAlias

from getflags.bench.analysis import knee
from getflags.bench.analysis.figures import SHARES, Book, Cell, Facts, Section, Series, Step
from getflags.bench.analysis.knee import Knee
from getflags.bench.analysis.stats import Estimate, estimate, middle, paired
from getflags.bench.measure.results import Result

Rounds: TypeAlias = Mapping[int, float]  # round → goodput, where something came
_PASS = 10**9  # rounds; more than anybody runs


def book(results: Iterable[Result]) -> Book | None:
    """Return the figures of a file, in its order; None where no run counts."""
    experiments: dict[str, list[Result]] = {}
    for one in results:
        experiments.setdefault(one.experiment, []).append(one)
    every = [one for found in experiments.values() for one in found]
    counted = [one for found in experiments.values() for one in _counted(found)]
    if not counted:
        return None
    groups: dict[tuple[str, str], list[Result]] = {}
    for one in counted:
        groups.setdefault((one.experiment, one.server), []).append(one)
    sections = [_section(*names, group) for names, group in groups.items()]
    return Book(sections, _facts(counted, sum(one.round == 0 for one in every)))


def _counted(results: Iterable[Result]) -> Iterator[Result]:
    """Yield the runs of an experiment that count; of two of a cell in a round, the later.

    Where the rounds begin again, because cells were added to a file that was full, they have other
    numbers afterwards: what was run at another time is in another round.
    """
    found: dict[tuple[str, str, int, str, int], Result] = {}
    last = passes = 0
    for one in results:
        passes += one.round < last
        last = one.round
        if one.round > 0:
            key = (one.engine, one.client, one.level, one.server, one.round)
            found[key] = replace(one, round=one.round + passes * _PASS)
    yield from found.values()


def _facts(results: Sequence[Result], warmups: int) -> Facts:
    dates = sorted(one.at for one in results)
    loads = [one.load for one in results]
    return Facts(
        len(results),
        warmups,
        list(dict.fromkeys(one.experiment for one in results)),
        sorted({one.getflags for one in results}),
        sorted({one.seed for one in results if one.seed is not None}),
        dates[0],
        dates[-1],
        (min(loads), median(loads), max(loads)),
    )


def _section(experiment: str, server: str, results: Sequence[Result]) -> Section:
    runs: dict[tuple[str, str], dict[int, dict[int, Result]]] = {}
    for one in results:
        levels = runs.setdefault((one.engine, one.client), {})
        levels.setdefault(one.level, {})[one.round] = one
    rounds = {
        names: {level: _goodput(found.values()) for level, found in sorted(levels.items())}
        for names, levels in sorted(runs.items())
    }
    knees = {names: knee.find(levels) for names, levels in rounds.items()}
    at_knee = {names: rounds[names][found.level] for names, found in knees.items() if found}
    cells = {
        names: [_cell(level, list(runs[names][level].values())) for level in levels]
        for names, levels in rounds.items()
    }
    first = _lead(cells, knees)
    series = {
        names: Series(
            *names,
            cells[names],
            found,
            *_neighbours(rounds[names], found),
            _ratio(at_knee[names], at_knee[first]) if found and first else None,
        )
        for names, found in knees.items()
    }
    return Section(experiment, server, list(series.values()), series[first] if first else None)


def _goodput(runs: Iterable[Result]) -> Rounds:
    return {one.round: one.goodput for one in runs if one.goodput > 0}


def _lead(
    cells: Mapping[tuple[str, str], Sequence[Cell]], knees: Mapping[tuple[str, str], Knee | None]
) -> tuple[str, str] | None:
    """Return who has most goodput at the knee."""
    most = {
        names: cell.goodput.middle
        for names, found in knees.items()
        for cell in cells[names]
        if found and cell.level == found.level and cell.goodput
    }
    return max(most, key=lambda names: most[names], default=None)


def _neighbours(
    rounds: Mapping[int, Rounds], found: Knee | None
) -> tuple[Step | None, Step | None]:
    """Return the levels next to the knee that have anything to compare."""
    if not found:
        return None, None
    steps = [
        Step(level, ratio)
        for level, values in rounds.items()
        if (ratio := _ratio(values, rounds[found.level]))
    ]
    below = [step for step in steps if step.level < found.level]
    above = [step for step in steps if step.level > found.level]
    return below[-1] if below else None, above[0] if above else None


def _ratio(values: Rounds, reference: Rounds) -> Estimate | None:
    ratios = paired(values, reference)
    return estimate(ratios) if ratios else None


def _cell(level: int, runs: Sequence[Result]) -> Cell:
    goodput = list(_goodput(runs).values())
    errors: Counter[str] = Counter()
    for one in runs:
        errors.update(one.errors)
    peaks = [one.peak for one in runs if one.peak is not None]
    return Cell(
        level,
        len(runs),
        len(runs) - len(goodput),
        runs[-1].files,
        sum(one.files for one in runs),
        sum(one.arrived for one in runs),
        estimate(goodput) if goodput else None,
        _mean(one.seconds for one in runs),
        {
            share: mean
            for share in SHARES
            if (mean := _mean(one.latency.get(share, 0) for one in runs)) is not None
        },
        _mean(one.cpu / one.files for one in runs),
        max(one.rss for one in runs),
        errors,
        max(peaks, default=None),
        list(dict.fromkeys(one.command for one in runs)),
    )


def _mean(values: Iterable[float]) -> float | None:
    """Return the geometric mean of those that are known."""
    known = [value for value in values if value > 0]
    return middle(known) if known else None
