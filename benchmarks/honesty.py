"""How often the measuring commands claim a difference that does not exist: ``make honesty``.

Everything is simulated: results are drawn from distributions whose truth is known, and take the
same way as measured ones. A/A benches consist of equal cells; every difference that the terminal or
the page of ``getflags report`` claims between them is false. A false claim may occur in 5 % of the
benches. The same benches with one slower cell show how often a real difference is found. Pairs of
benches, an old and a new one, are compared as by ``getflags bench --compare``. Searches of
``getflags tune`` run against servers with a known number of slots.
"""

from __future__ import annotations

import math
import random
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from statistics import median

from getflags.bench.analysis import caveats, comparison, regression, sections, table
from getflags.bench.measure.cells import Cell
from getflags.bench.measure.results import Result
from getflags.bench.report import sentences, tables
from tests.bench_kit import DELAYS, tune
from tests.bench_rows import result

BENCHES = 300  # of each number of cells
SEARCHES = 100
NOISES = (0.05, 0.1, 0.2)  # standard deviation of a run's log goodput
DRIFT = 0.1  # the same of a round's, which all cells share; it accumulates from round to round
WORSE = 0.7
#: Noise of a quiet machine, and the goodput of the slower cell of a comparison of two files.
QUIET = (0.01, 0.02, 0.03)
TENTH = 0.9
ROUNDS = 6
SLOTS = (4, 16, 64)
PROCESSORS = 4
#: Cells, and how they are laid out: engines, and levels of each.
LAYOUTS = {4: ((1, 4), (2, 2), (4, 1)), 8: ((1, 8), (2, 4), (8, 1))}
#: What says on the page that something is more or less than something else ...
_CLAIM = re.compile(
    r"\bdoes best\b|\b(?:brings|gets?|others get) (?!no |[\d.,]+ files )[^.;,]+", re.IGNORECASE
)
#: ... and what says that it may be no difference at all.
_UNSURE = ("may be chance", "unsure")


def cells(layout: tuple[int, int]) -> list[Cell]:
    """Return the cells of a layout."""
    engines, levels = layout
    return [
        Cell(f"engine{engine}", "curl", 2**level, "DELAY")
        for engine in range(engines)
        for level in range(levels)
    ]


class Machine:
    """A machine whose speed drifts from round to round, and a little from run to run."""

    def __init__(self, source: random.Random, drift: float = DRIFT) -> None:
        self._source = source
        self._step = drift
        self._drift = 0.0

    def measured(self, rates: Mapping[Cell, float], noise: float, number: int) -> Iterator[Result]:
        """Yield the results of a round, in the order of its runs; each has noise of its own."""
        gauss = self._source.gauss
        self._drift += gauss(0, self._step)
        for cell in self._source.sample(list(rates), len(rates)):
            self._drift += gauss(0, self._step / 10)
            goodput = rates[cell] * math.exp(self._drift + gauss(0, noise))
            steady = {"steady_files": 10**6, "steady_seconds": 10**6 / goodput}
            yield result(**steady, **cell._asdict(), peak=cell.level, round=number)


def simulated(
    rates: Mapping[Cell, float], noise: float, source: random.Random, rounds: int
) -> Iterator[Result]:
    """Yield a bench's results, in the order of its runs."""
    machine = Machine(source)
    for number in range(rounds + 1):
        yield from machine.measured(rates, noise, number)


def in_table(matrix: Sequence[Cell], results: Sequence[Result]) -> list[str]:
    """Return the lines of the terminal's table that claim a difference."""
    lines = table.tables(comparison.compare(matrix, results))
    return [line for line in lines if line.endswith(("less", "more"))]


def in_caveats(matrix: Sequence[Cell], results: Sequence[Result]) -> list[str]:
    """Return the caveats that claim a gain: up to some level, if not beyond it."""
    figures = [each.figures for each in comparison.compare(matrix, results)]
    found = caveats.caveats(figures, PROCESSORS)
    return [each.seen for each in found if re.search(r"beyond (?!1 )\d", each.seen)]


def on_page(results: Sequence[Result]) -> list[str]:
    """Return what the page claims: its sentences, and the table of what is enough."""
    book = sections.analyse(results)
    assert book  # noqa: S101 - there are results
    (section,) = book.sections
    told = [sentences.verdict(section), sentences.headline(section), *sentences.details(section)]
    parts = (part for text in told for part in re.split(r"(?<=[.;:]) |, ", text))
    claims = [part for part in parts if _CLAIM.search(part) and not _unsure(part)]
    rows = re.findall(r"<tr>(.*?)</tr>", tables.knees(section))[1:]
    highest = max(section.levels)
    for row in rows:
        fields = [re.sub(r"<[^>]*>", "", cell) for cell in re.findall(r"<t[hd].*?</t[hd]>", row)]
        *_, up_to, _, _, fewer, more = fields
        if not _unsure(up_to) and int(up_to) < highest:
            claims.append(f"as good up to {up_to}")
        claims += [
            each for each in (fewer, more)
            if not (each == "-" or ": no " in each or _unsure(each))
        ]  # fmt: skip
    return claims


def _unsure(text: str) -> bool:
    return any(word in text for word in _UNSURE)


def claims(count: int, worst: float, rounds: int = ROUNDS) -> Counter[str]:
    """Return in how many benches each output claims a difference; ``worst`` is the last cell's."""
    found: Counter[str] = Counter()
    source = random.Random(f"{count} {worst}")  # noqa: S311 - the same each time
    for number in range(BENCHES):
        matrix = cells(LAYOUTS[count][number % 3])
        noise = NOISES[number // 3 % len(NOISES)]
        rates = dict.fromkeys(matrix, 100.0) | {matrix[-1]: 100.0 * worst}
        results = list(simulated(rates, noise, source, rounds))
        found["table"] += bool(in_table(matrix, results))
        found["caveats"] += bool(in_caveats(matrix, results))
        found["page"] += bool(on_page(results))
    return found


def differences() -> None:
    """Print how often a difference is claimed where there is none, and where there is one."""
    print(f"bench and report: {BENCHES} of each, {ROUNDS} rounds; benches with a claim")
    print("cells  truth           table  caveats  page")
    for count in LAYOUTS:
        for truth, worst in (("all equal", 1.0), (f"one at {WORSE}", WORSE)):
            found = claims(count, worst)
            told = f"{found['table']:5}  {found['caveats']:7}  {found['page']:4}"
            print(f"{count:5}  {truth:14}  {told}", flush=True)
    print(f"of equals, {BENCHES * 0.05:.0f} (5 %) are allowed in each column")


def slower(
    count: int, share: float, allowed: float, noise: float, drift: float = 0.0, *, in_turn: bool
) -> int:
    """Return in how many pairs of benches ``--fail-if-slower`` finds a slower cell.

    The new goodput of the last of ``count`` cells is this share of the old one. The rounds of both
    benches are measured in turn, or all of the old ones first.
    """
    source = random.Random(f"{count} {share} {noise} {drift}")  # noqa: S311 - the same each time
    matrix = cells((1, count))
    rates = dict.fromkeys(matrix, 100.0)
    benches = {"old": rates, "new": rates | {matrix[-1]: 100.0 * share}}
    turns = [(name, number) for number in range(1, ROUNDS + 1) for name in benches]
    if not in_turn:
        turns.sort(key=lambda turn: turn[0] == "new")  # keeps the order of the rounds
    found = 0
    for _ in range(BENCHES):
        machine = Machine(source, drift)
        results: dict[str, list[Result]] = {name: [] for name in benches}
        for name, number in turns:
            results[name] += machine.measured(benches[name], noise, number)
        old, new = (regression.source(name, results[name]) for name in benches)
        found += bool(regression.compare(old, new, allowed).too_slow)
    return found


def comparisons() -> None:
    """Print how often the comparison of two files finds a slower cell."""
    print(f"bench --compare: {BENCHES} pairs of each, {ROUNDS} rounds; pairs with a slower cell")
    print("cells  noise  all equal  one at 0.9  one at 0.9, 5% allowed")
    for count in (1, *LAYOUTS):
        for noise in QUIET:
            equal, real, beyond = (
                slower(count, share, allowed, noise, in_turn=True)
                for share, allowed in ((1.0, 0.0), (TENTH, 0.0), (TENTH, 0.05))
            )
            print(f"{count:5}  {noise:5.0%}  {equal:9}  {real:10}  {beyond:22}", flush=True)
    print("all equal, on a machine whose speed drifts:   in turn  one after the other")
    for count in (1, *LAYOUTS):
        after, turn = (
            slower(count, 1.0, 0.0, QUIET[-1], DRIFT, in_turn=each) for each in (False, True)
        )
        print(f"cells: {count:5}  {turn:37}  {after:19}", flush=True)


def levels() -> None:
    """Print how often tune finds the level, asks for too much, and after how many requests."""
    print(f"tune: {SEARCHES} of each; level within one doubling of the slots, a level above them")
    print("(which claims a gain that is not there), and requests spent")
    print("slots  delay        found  above  requests: median    most")
    for slots in SLOTS:
        for name, delay in DELAYS.items():
            tuners = [tune(slots, delay, seed) for seed in range(SEARCHES)]
            knees = [found.level for tuner in tuners if (found := tuner.knee())]
            near = sum(slots / 2 <= level <= slots * 2 for level in knees)
            above = sum(level > slots for level in knees)
            spent = [tuner.spent for tuner in tuners]
            print(
                f"{slots:5}  {name:11}  {near:5}  {above:5}  {median(spent):16,.0f}  "
                f"{max(spent):6,}",
                flush=True,
            )


def main() -> None:
    """Simulate and print."""
    differences()
    comparisons()
    levels()


if __name__ == "__main__":
    main()
