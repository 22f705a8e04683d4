"""Caveats about the figures of a bench: observations, possible meanings and remedies.

Pure. A problem gets a caveat only if the user can solve it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from getflags.bench.analysis import knee
from getflags.bench.analysis.comparison import comparisons, most
from getflags.bench.analysis.figures import Figures
from getflags.bench.analysis.stats import FEWEST
from getflags.bench.measure.cells import Cell
from getflags.bench.measure.results import Result
from getflags.bench.measure.steady_state import fewest
from getflags.core.text import brief, counted

_WIDE = 0.2  # of the mean; an interval that extends further, on either side, is wide
_BUSY = 0.9  # of the usable processors; from this load on, the client is the limit
_IDLE = 0.5  # of the usable processors; below this load, the client is not the limit
_SHORT = 0.1  # seconds; a shorter steady state is too close to the clock's resolution
_MANY = 0.5  # share of failed files from which there is a caveat
_LATE = 0.01  # share of late requests from which there is a caveat; the p99 is then affected
_BEHIND = 0.99  # of the rate that was asked for; below it, there is a caveat
_SHOWN = 3  # maximum number of cells that a caveat names


class Caveat(NamedTuple):
    """An observation, its possible meaning, and a remedy; a sentence each."""

    seen: str
    may_mean: str
    to_do: str


def caveats(figures: Sequence[Figures], processors: int) -> list[Caveat]:
    """Return the caveats of one experiment, measured on a machine with that many processors."""
    found = [
        _loaded(figures, processors),
        _few(figures),
        _wide(figures),
        _short(figures),
        _failing(figures),
        _apart(figures),
        _client_bound(figures, processors),
        *_behind(figures, processors),
        *_server_bound(figures, processors),
    ]
    return [caveat for caveat in found if caveat]


def _loaded(figures: Sequence[Figures], processors: int) -> Caveat | None:
    loads = [run.load for each in figures for run in each.runs.values()]
    high = [load for load in loads if load >= processors]
    if not high:
        return None
    return Caveat(
        f"Before {len(high):,} of {counted(len(loads), 'run')} the load average was "
        f"{processors} or more (up to {max(high):.1f}), and there are {processors} processors.",
        "Other programs may have used the machine. For about a minute, the load average also "
        "contains the previous runs.",
        "Stop other programs, and measure again with another -o.",
    )


def _few(figures: Sequence[Figures]) -> Caveat | None:
    few = [each.cell for each in figures if len(each.runs) < FEWEST]
    if not few:
        return None
    return Caveat(
        f"There are fewer than {FEWEST} rounds of {named(few)}.",
        "With so few rounds, any difference may be chance.",
        f"Use --rounds {FEWEST} or more: the same command adds the missing rounds.",
    )


def _wide(figures: Sequence[Figures]) -> Caveat | None:
    wide = [each.cell for each in figures if len(each.runs) >= FEWEST and _is_wide(each)]
    if not wide:
        return None
    return Caveat(
        f"The interval of goodput extends more than {_WIDE:.0%} from its mean for {named(wide)}.",
        "The speed of the machine or the network varies, or the runs are short.",
        "Use more --rounds (the same command adds them), or more --files.",
    )


def _is_wide(each: Figures) -> bool:
    if each.goodput is None:
        return False
    middle, low, high, _ = each.goodput
    return low < middle * (1 - _WIDE) or high > middle * (1 + _WIDE)


def _short(figures: Sequence[Figures]) -> Caveat | None:
    short = [each.cell for each in figures if any(map(_is_short, each.runs.values()))]
    if not short:
        return None
    files = max(fewest(_ramp(cell)) for cell in short)
    return Caveat(
        f"The steady state of a run was shorter than {_SHORT} s or had fewer than two files per "
        f"slot: {named(short)}.",
        "The goodput of such a run is unreliable or unknown.",
        f"Use more --files: at least {files:,}, and more if the server is fast.",
    )


def _is_short(run: Result) -> bool:
    """Return whether a run was too short; runs with many failures have another caveat."""
    if run.arrived <= run.files * (1 - _MANY):
        return False
    return run.steady_files < 2 * _ramp(run.run.cell) or run.steady_seconds < _SHORT


def _ramp(cell: Cell) -> int:
    """Return the number of completions in the ramp-up, which an open loop hardly has."""
    return 1 if cell.rate else cell.level


def _failing(figures: Sequence[Figures]) -> Caveat | None:
    failing = [each for each in figures if each.failed >= _MANY]
    if not failing:
        return None
    reasons = sum((Counter(each.errors) for each in failing), Counter[str]())
    (reason, _), *_ = reasons.most_common(1)
    return Caveat(
        f"At least half of the files failed ({brief(reason)}) in "
        f"{named(each.cell for each in failing)}.",
        "Failed files are not goodput; the server may not accept this concurrency.",
        "Leave such levels out, or find out why the server refuses them.",
    )


def _apart(figures: Sequence[Figures]) -> Caveat | None:
    passages = {turn.passage for each in figures for turn in each.runs}
    if len(passages) == 1:
        return None
    return Caveat(
        "Some cells were added later and not measured side by side with the others.",
        "They ran at different times and are not compared.",
        "Measure all of them again with another -o.",
    )


def _client_bound(figures: Sequence[Figures], processors: int) -> Caveat | None:
    bound = [
        each.cell for each in figures if not each.cell.rate and _busy(each, processors) >= _BUSY
    ]
    if not bound:
        return None
    return Caveat(
        f"The client was busy for {_BUSY:.0%} of the time or more in {named(bound)}.",
        "The figures show the limit of the client, not that of the server or the level.",
        "Try --engine processes, or a server on another machine.",
    )


def _behind(figures: Sequence[Figures], processors: int) -> Iterator[Caveat]:
    """Yield a caveat for each reason why open loops did not keep to their schedule."""
    reasons: dict[str, list[Figures]] = {}
    for each in figures:
        late, waited = each.late or 0, each.waited or 0
        if late >= _LATE or (each.reached is not None and each.reached < _asked(each) * _BEHIND):
            busy = _busy(each, processors) >= _BUSY
            reason = "client" if busy else "slots" if waited > late / 2 else "others"
            reasons.setdefault(reason, []).append(each)
    for reason, found in reasons.items():
        cells = ", ".join(_schedule(each) for each in found[:_SHOWN])
        others = len(found) - _SHOWN
        more = f" and {counted(others, 'other')}" if others > 0 else ""
        yield Caveat(f"The schedule was not kept: {cells}{more}.", *_BEHIND_BECAUSE[reason])


def _asked(each: Figures) -> float:
    return each.cell.rate or 0


def _schedule(each: Figures) -> str:
    """Return how far a cell was from its schedule, as text."""
    return (
        f"{brief(str(each.cell))} (reached {each.reached or 0:,.4g} of {_asked(each):,.4g} requests"
        f" a second, {each.late or 0:.1%} began late)"
    )


#: What it may mean that a schedule was not kept, and what to do, by reason.
_BEHIND_BECAUSE = {
    "slots": (
        "All -m slots were in use, so the latencies contain the wait for a free one.",
        "Use a higher -m to let more requests wait at the server, or a lower --rate.",
    ),
    "client": (
        f"The client was busy for {_BUSY:.0%} of the time or more, and is the bottleneck.",
        "Use a lower --rate, or another --client.",
    ),
    "others": (
        "A slot was free and the client was not busy; other programs may have used the machine.",
        "Stop other programs, and measure again with another -o.",
    ),
}


def _busy(each: Figures, processors: int) -> float:
    """Return the CPU time of a cell as a share of the CPU time available to its engine."""
    cell = each.cell
    usable = min(cell.level, processors) if cell.engine == "processes" else 1
    return (
        sum(run.cpu for run in each.runs.values())
        / sum(run.seconds for run in each.runs.values())
        / usable
    )


def _server_bound(figures: Sequence[Figures], processors: int) -> list[Caveat]:
    """Return a caveat for each engine and client whose knee is set by the server.

    The knee is computed as in the report, with the same statistic.
    """
    number = comparisons(each.cell for each in figures)
    series: dict[tuple[str, str, str], dict[int, Figures]] = {}
    for each in figures:
        if each.goodput and not each.cell.rate:
            engine, client, level, server, _ = each.cell
            series.setdefault((engine, client, server), {})[level] = each
    caveats = []
    for levels in series.values():
        found = knee.find({level: each.rates for level, each in levels.items()}, number)
        last = levels[max(levels)]
        if not found or not found.gains or not found.level < found.highest == last.level:
            continue
        busy = _busy(last, processors)
        if busy < _IDLE and _full(last):
            caveats.append(_no_more(levels[found.level], last, busy))
    return caveats


def _full(each: Figures) -> bool:
    """Return whether every slot was used, according to the server's ledger if there is one."""
    return all(run.peak is None or run.peak >= run.level for run in each.runs.values())


def _no_more(first: Figures, last: Figures, busy: float) -> Caveat:
    engine, client, level, server, _ = last.cell
    ratio = most(last) / most(first)
    return Caveat(
        f"{engine}/{client} gets no more from {brief(server)} beyond {first.cell.level} at a time "
        f"(with {level}, {ratio:.2f} times as much) and is busy for {busy:.0%} of the time.",
        "The server or the network is the limit; further requests only wait.",
        f"-m {first.cell.level} is enough; higher levels measure the server, not the client.",
    )


def named(cells: Iterable[Cell]) -> str:
    """Return cells as text: the first few, and the number of the others."""
    names = [brief(str(cell)) for cell in cells]
    others = len(names) - _SHOWN
    shown = ", ".join(names[:_SHOWN])
    return shown if others <= 0 else f"{shown} and {counted(others, 'other')}"
