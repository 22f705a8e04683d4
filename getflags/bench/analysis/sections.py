"""The analysis of a results file by server and rate: series of levels, knees, the leading series.

Pure. All comparisons of a file form one family: the probability that any interval on the page
misses the true value is at most 5 %.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median

from getflags.bench.analysis import knee
from getflags.bench.analysis.comparison import comparisons, experiments, most
from getflags.bench.analysis.figures import Analysis, Facts, Figures, Section, Series, Step
from getflags.bench.analysis.knee import Knee
from getflags.bench.analysis.stats import ratio
from getflags.bench.measure.environment import MACHINE
from getflags.bench.measure.results import Result


def analyse(results: Iterable[Result]) -> Analysis | None:
    """Return the analysis of a file, in the file's order; None if it has only warm-up runs."""
    every = list(results)
    cells = {name: list(found.values()) for name, found in experiments(every).items()}
    groups: dict[tuple[str, str, float | None], list[Figures]] = {}
    for experiment, found in cells.items():
        for each in found:
            groups.setdefault((experiment, each.cell.server, each.cell.rate), []).append(each)
    if not groups:
        return None
    number = sum(comparisons(each.cell for each in found) for found in cells.values())
    sections = [_section(*names, group, number) for names, group in groups.items()]
    counted = [run for found in cells.values() for each in found for run in each.runs.values()]
    return Analysis(sections, _facts(counted, sum(one.round == 0 for one in every)))


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
        _environments(results, of_machine=True),
        _environments(results, of_machine=False),
    )


def _environments(results: Sequence[Result], *, of_machine: bool) -> list[str]:
    """Return the machines, or the versions of the software, on which the results were measured."""
    texts = [
        "; ".join(
            f"{name} {value}"
            for name, value in one.environment.items()
            if (name in MACHINE) == of_machine
        )
        for one in results
    ]
    return [text for text in dict.fromkeys(texts) if text]


def _section(
    experiment: str, server: str, rate: float | None, cells: Sequence[Figures], number: int
) -> Section:
    """Return the series of one server. ``number`` is the number of comparisons on the page."""
    lines: dict[tuple[str, str], list[Figures]] = {}
    for each in sorted(cells, key=lambda each: each.cell):
        lines.setdefault((each.cell.engine, each.cell.client), []).append(each)
    knees = {
        names: None if rate else knee.find({each.level: each.rates for each in found}, number)
        for names, found in lines.items()
    }
    at_knee = {
        names: each
        for names, found in knees.items()
        for each in lines[names]
        if found and each.level == found.level
    }
    lead = max(at_knee, key=lambda names: most(at_knee[names]), default=None)
    series = {
        names: _series(lines[names], found, at_knee.get(lead) if lead else None, number)
        for names, found in knees.items()
    }
    return Section(experiment, server, list(series.values()), series[lead] if lead else None, rate)


def _series(
    cells: Sequence[Figures], found: Knee | None, lead: Figures | None, number: int
) -> Series:
    """Return one series, with its knee compared with its neighbours and with the lead."""
    engine, client, *_ = cells[0].cell
    if found is None or lead is None:
        return Series(engine, client, cells, None, None, None, None)
    at_knee = next(each for each in cells if each.level == found.level)
    steps = [
        Step(each.level, step)
        for each in cells
        if (step := ratio(each.rates, at_knee.rates, number))
    ]
    below = [step for step in steps if step.level < found.level]
    above = [step for step in steps if step.level > found.level]
    return Series(
        engine,
        client,
        cells,
        found,
        below[-1] if below else None,
        above[0] if above else None,
        ratio(at_knee.rates, lead.rates, number),
    )
