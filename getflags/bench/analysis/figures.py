"""The values of an analysis: the figures of each cell, each series of levels and each server.

Other modules compute these values, describe them in text, and draw them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from getflags.bench.analysis.knee import Knee
from getflags.bench.analysis.stats import Estimate, middle
from getflags.bench.measure.cells import Cell
from getflags.bench.measure.results import Result

SHARES = ("p50", "p90", "p99")
#: All figures of latency.
LATENCIES = (*SHARES, "max")


def load(server: str, rate: float | None) -> str:
    """Return a server and the rate of an open loop, if it is one, as text."""
    return f"{server} at {rate:,.12g} requests a second" if rate else server


class Turn(NamedTuple):
    """A round in one pass through the rounds.

    Cells that are added to a complete file are measured in a second pass, at another time. Runs are
    compared only if they belong to the same turn.
    """

    passage: int
    round: int


class Figures(NamedTuple):
    """One cell's figures, in seconds and bytes. A figure is None if it is unknown.

    ``runs`` are the runs after the warm-up. ``rates`` has their goodput, in files a second; runs
    without goodput are missing. ``rate`` is the throughput of the steady state in bytes a second,
    and ``cpu`` is the CPU time per file in seconds. The latencies of an open loop are measured from
    the time at which a request was due.
    """

    cell: Cell
    runs: Mapping[Turn, Result]
    rates: Mapping[Turn, float]
    goodput: Estimate | None
    rate: float | None
    makespan: float | None
    latency: Mapping[str, float]
    cpu: float | None
    rss: int
    errors: Mapping[str, int]
    peak: int | None

    @property
    def level(self) -> int:
        """The cell's level."""
        return self.cell.level

    @property
    def rounds(self) -> int:
        """The number of rounds."""
        return len(self.runs)

    @property
    def empty(self) -> int:
        """The number of rounds without goodput: nothing arrived, or there was no steady state."""
        return len(self.runs) - len(self.rates)

    @property
    def files(self) -> int:
        """The number of files in the latest run."""
        return [run.files for run in self.runs.values()][-1]

    @property
    def asked(self) -> int:
        """The number of files in all runs."""
        return sum(run.files for run in self.runs.values())

    @property
    def arrived(self) -> int:
        """The number of files that arrived in all runs."""
        return sum(run.arrived for run in self.runs.values())

    @property
    def failed(self) -> float:
        """The share of the files that failed."""
        return 1 - self.arrived / self.asked

    @property
    def reached(self) -> float | None:
        """The mean rate at which an open loop's requests began; None for a closed loop."""
        if not self.cell.rate:
            return None
        return middle([run.reached for run in self.runs.values() if run.reached])

    @property
    def late(self) -> float | None:
        """The share of an open loop's requests that began late; None for a closed loop."""
        return self._share("late") if self.cell.rate else None

    @property
    def waited(self) -> float | None:
        """The share of an open loop's requests that waited for a slot; None for a closed loop."""
        return self._share("waited") if self.cell.rate else None

    def _share(self, name: str) -> float:
        return sum(getattr(run, name) or 0 for run in self.runs.values()) / self.asked

    @property
    def commands(self) -> list[str]:
        """The commands that measure this cell again."""
        return list(dict.fromkeys(run.command for run in self.runs.values()))


class Step(NamedTuple):
    """A level other than the knee, with the ratio of its goodput to the knee's."""

    level: int
    ratio: Estimate


class Series(NamedTuple):
    """One engine and client at all its levels.

    ``below`` and ``above`` are the knee's neighbours. ``against`` is the goodput at this knee
    divided by the goodput of the section's lead at the lead's knee; it is None if the two share no
    round.
    """

    engine: str
    client: str
    cells: Sequence[Figures]
    knee: Knee | None
    below: Step | None
    above: Step | None
    against: Estimate | None

    @property
    def name(self) -> str:
        """The name of the series."""
        return f"{self.engine}/{self.client}"

    @property
    def level(self) -> int:
        """The level at the knee; 0 if there is none."""
        return self.knee.level if self.knee else 0

    @property
    def marked(self) -> int:
        """The level to mark as the knee; 0 if only one level was measured."""
        return self.level if len(self.cells) > 1 else 0

    @property
    def goodput(self) -> Estimate | None:
        """The goodput at the knee."""
        return next((cell.goodput for cell in self.cells if cell.level == self.level), None)


class Section(NamedTuple):
    """One server in one experiment. ``lead`` is the series with the highest goodput at its knee.

    Each rate of an open loop is a section of its own. It has no knees and no lead, because the
    schedule determines its goodput.
    """

    experiment: str
    server: str
    series: Sequence[Series]
    lead: Series | None
    rate: float | None = None

    @property
    def load(self) -> str:
        """The server, and the rate of an open loop, as text."""
        return load(self.server, self.rate)

    @property
    def levels(self) -> list[int]:
        """All levels that were measured."""
        return sorted({cell.level for one in self.series for cell in one.cells})


class Facts(NamedTuple):
    """The circumstances of the runs; ``load`` is the lowest, median and highest load average.

    ``machines`` and ``software`` describe the environments; they are empty if those are unknown.
    """

    runs: int
    warmups: int
    experiments: Sequence[str]
    versions: Sequence[str]
    seeds: Sequence[int]
    first: str
    last: str
    load: tuple[float, float, float]
    machines: Sequence[str]
    software: Sequence[str]


class Analysis(NamedTuple):
    """The analysis of a whole file of results."""

    sections: Sequence[Section]
    facts: Facts
