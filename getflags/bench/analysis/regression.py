"""The comparison of two result files: each cell of the new file with the same cell of the old one.

Pure. Round n of both files had the same faults (the seed of the bench plus n), so the goodput of a
cell is compared round by round, with the statistic of ``stats``. All cells of a comparison form one
family. Versions of the software may differ, because such changes are what users compare; machines
may not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from getflags.bench.analysis.caveats import Caveat, named
from getflags.bench.analysis.comparison import experiments, most
from getflags.bench.analysis.figures import Figures
from getflags.bench.analysis.stats import FEWEST, Estimate, ratio, verdict
from getflags.bench.measure.cells import Cell
from getflags.bench.measure.environment import machine
from getflags.bench.measure.results import Result
from getflags.core.errors import UsageError
from getflags.core.text import brief, human_bytes, quoted

SLOWER, FASTER = "slower", "faster"
_ROUNDS = re.compile(r" --rounds[ =]\S+")
_KEY = ("engine", "client", "-m", "server", "--rate", "number of files", "seed")
_SIZES = 1.1  # factor by which the mean size of the files may differ, as pages of a site do


class Key(NamedTuple):
    """What two cells must share to be compared. The seed determines a bundled server's faults."""

    cell: Cell
    files: int
    seed: int | None


@dataclass(frozen=True, slots=True)
class Pair:
    """A cell of both files. ``ratio`` is its new goodput divided by the old one.

    ``ratio`` is None if the files share no round in which both have goodput.
    """

    key: Key
    old: Figures
    new: Figures
    ratio: Estimate | None

    @property
    def verdict(self) -> str:
        """Return what is proven about the cell, or why nothing is."""
        if self.ratio is None:
            return "no goodput"
        return verdict(self.ratio, SLOWER, FASTER)

    @property
    def goodput(self) -> tuple[float | None, float | None]:
        """The old and the new goodput: 0 if nothing arrived, None if it is not known."""
        old, new = (most(each) or (None if each.arrived else 0.0) for each in (self.old, self.new))
        return old, new

    def slower_than(self, allowed: float) -> bool:
        """Return whether the cell is proven to be slower by more than this share."""
        return self.ratio is not None and self.ratio.high < 1 - allowed


class Source(NamedTuple):
    """A result file: its name, and its cells."""

    name: str
    cells: Mapping[Key, Figures]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The comparison of two files. ``allowed`` is the share by which a cell may be slower."""

    old: Source
    new: Source
    pairs: Sequence[Pair]
    allowed: float | None

    @property
    def too_slow(self) -> list[Pair]:
        """The cells that are proven to be slower by more than the allowed share."""
        allowed = self.allowed
        return [] if allowed is None else [each for each in self.pairs if each.slower_than(allowed)]

    @property
    def only(self) -> tuple[int, int]:
        """The numbers of cells that only the old file and only the new file has."""
        return len(self.old.cells) - len(self.pairs), len(self.new.cells) - len(self.pairs)

    @property
    def runs(self) -> tuple[list[Result], list[Result]]:
        """The runs of the old file and of the new file that are compared."""
        return (
            [run for each in self.pairs for run in each.old.runs.values()],
            [run for each in self.pairs for run in each.new.runs.values()],
        )

    @property
    def changed(self) -> dict[str, tuple[list[str], list[str]]]:
        """The versions that differ, by name: those of the old file, and those of the new one."""
        old, new = map(_versions, self.runs)
        return {
            name: (old.get(name, []), new.get(name, []))
            for name in dict.fromkeys((*old, *new))
            if old.get(name) != new.get(name) and name in old and name in new
        }


def source(name: str, results: Iterable[Result]) -> Source:
    """Return a file's cells. Raises UsageError if it has none, or one of several experiments."""
    cells: dict[Key, Figures] = {}
    for found in experiments(results).values():
        for each in found.values():
            first = next(iter(each.runs.values()))
            key = Key(each.cell, first.files, first.seed)
            if key in cells:
                raise UsageError(
                    f"{quoted(name)} has two experiments with {brief(str(each.cell))}; measure "
                    "each into a file of its own (-o)"
                )
            cells[key] = each
    if not cells:
        raise UsageError(f"{quoted(name)} contains no results of rounds after the warm-up")
    return Source(name, cells)


def _difference(old: Source, new: Source) -> str:
    """Return what no cell of one file shares with any cell of the other, as part of a sentence."""
    both = [[(*key.cell, key.files, key.seed) for key in each.cells] for each in (old, new)]
    for position, name in enumerate(_KEY):
        values = [dict.fromkeys(str(each[position]) for each in keys) for keys in both]
        if values[0].keys().isdisjoint(values[1]):
            first, second = (brief(", ".join(each)) for each in values)
            return f" ({name} {first} and {second})"
    return " (a cell is an engine, client, -m, server, --rate, number of files and seed)"


def compare(old: Source, new: Source, allowed: float | None) -> Comparison:
    """Compare two files. Raises UsageError if they do not belong together."""
    both = (key for key in new.cells if key in old.cells)
    common = sorted(both, key=lambda key: (key.cell[:-1], key.cell.rate or 0, key.files))
    names = f"{quoted(old.name)} and {quoted(new.name)}"
    if not common:
        raise UsageError(
            f"{names} have no cell in common{_difference(old, new)}: measure both with the same "
            "options"
        )
    for key in common:
        _check_machines(old.cells[key], new.cells[key], names)
        _check_sizes(key, old, new)
    pairs = [_pair(key, old.cells[key], new.cells[key], len(common)) for key in common]
    return Comparison(old, new, pairs, allowed)


def _pair(key: Key, old: Figures, new: Figures, number: int) -> Pair:
    """Compare a cell. ``number`` is the number of cells that are compared."""
    before = {turn.round: value for turn, value in old.rates.items()}
    after = {turn.round: value for turn, value in new.rates.items()}
    rounds = before.keys() & {turn.round for turn in new.runs}
    if not new.arrived and len(rounds) >= FEWEST:
        return Pair(key, old, new, Estimate(0.0, 0.0, 0.0, len(rounds)))
    return Pair(key, old, new, ratio(after, before, number))


def _check_machines(old: Figures, new: Figures, names: str) -> None:
    """Raise UsageError if any known property of the machines differs."""
    known: dict[str, str] = {}
    for run in (*old.runs.values(), *new.runs.values()):
        for name, value in machine(run.environment).items():
            if known.setdefault(name, value) != value:
                raise UsageError(
                    f"{names} were measured on different machines ({name} {brief(known[name])} "
                    f"and {brief(value)}); measure both on one machine"
                )


def _check_sizes(key: Key, old: Source, new: Source) -> None:
    """Raise UsageError if the files that a cell downloaded are larger in one of the sources."""
    before, after = _size(old.cells[key]), _size(new.cells[key])
    if before and after and not 1 / _SIZES < after / before < _SIZES:
        raise UsageError(
            f"{brief(str(key.cell))} has files of {human_bytes(before)} in {quoted(old.name)} and "
            f"of {human_bytes(after)} in {quoted(new.name)}; compare downloads of the same files"
        )


def _size(figures: Figures) -> float:
    """Return the mean size of a file, from a run in which all of them arrived; 0 if none did."""
    whole = (run for run in figures.runs.values() if run.arrived == run.files)
    return next((run.bytes / run.files for run in whole), 0.0)


def _versions(runs: Iterable[Result]) -> dict[str, list[str]]:
    """Return all values of each version that the runs have."""
    found: dict[str, set[str]] = {}
    for run in runs:
        for name, value in {"getflags": run.getflags, **run.environment}.items():
            found.setdefault(name, set()).add(value)
    return {name: sorted(values) for name, values in found.items()}


def caveats(found: Comparison) -> Iterator[Caveat]:
    """Yield what may make the comparison misleading."""
    sides = list(zip((found.old, found.new), found.runs, strict=True))
    for each, runs in sides:
        if not all(machine(run.environment) for run in runs):
            yield Caveat(
                f"The machine of {quoted(each.name)} is not known.",
                "A difference may be that of two machines.",
                "Measure again with this version of getflags and another -o.",
            )
    changed = [each.key.cell for each in found.pairs if _options(each.old) != _options(each.new)]
    if changed:
        yield Caveat(
            f"The options were not the same for {named(changed)}.",
            "A difference may be that of the options, such as those of the server.",
            "Compare the commands in both files, and measure again with the same options.",
        )
    (first, earlier), (second, later) = sorted(sides, key=lambda side: min(_dates(side[1])))
    if max(_dates(earlier)) < min(_dates(later)):
        yield Caveat(
            f"All of {quoted(second.name)} was measured after all of {quoted(first.name)}.",
            "If the machine or the network has become slower or faster in between, that counts as "
            "a difference, too.",
            "Measure in turn: both with --rounds 1, then both with --rounds 2, and so on.",
        )


def _options(figures: Figures) -> set[str]:
    """Return the commands that measure a cell again, without the number of rounds."""
    return {_ROUNDS.sub("", command) for command in figures.commands}


def _dates(runs: Iterable[Result]) -> list[str]:
    return [run.at for run in runs]
