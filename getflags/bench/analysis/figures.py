"""Figures: what a file of results says about each server, each engine and each level.

Values only. Nothing here knows how they came about, how they are worded or drawn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from getflags.bench.analysis.knee import Knee
from getflags.bench.analysis.stats import Estimate

SHARES = ("p50", "p90", "p99")


class Cell(NamedTuple):
    """One engine and client at one level. Seconds and bytes; None where nobody knows.

    ``files`` are those of a run, and ``asked`` those of all its rounds; of ``rounds``, ``empty``
    had no goodput: nothing arrived, or the run was too short to have a steady part.
    """

    level: int
    rounds: int
    empty: int
    files: int
    asked: int
    arrived: int
    goodput: Estimate | None
    makespan: float | None
    latency: Mapping[str, float]
    cpu: float | None  # a file
    rss: int
    errors: Mapping[str, int]
    peak: int | None
    commands: Sequence[str]


class Step(NamedTuple):
    """Another level than the knee, and its goodput over the knee's."""

    level: int
    ratio: Estimate


class Series(NamedTuple):
    """One engine and client at all its levels.

    ``below`` and ``above`` are the knee's neighbours; ``against`` is the goodput at this knee over
    that of the section's lead at its own, None where they never met in a round.
    """

    engine: str
    client: str
    cells: Sequence[Cell]
    knee: Knee | None
    below: Step | None
    above: Step | None
    against: Estimate | None

    @property
    def name(self) -> str:
        """What to call it."""
        return f"{self.engine}/{self.client}"

    @property
    def level(self) -> int:
        """The level at the knee; 0 where there is none."""
        return self.knee.level if self.knee else 0

    @property
    def marked(self) -> int:
        """The level to mark as the knee; 0 where there was nothing to choose from."""
        return self.level if len(self.cells) > 1 else 0

    @property
    def goodput(self) -> Estimate | None:
        """The goodput at the knee."""
        return next((cell.goodput for cell in self.cells if cell.level == self.level), None)


class Section(NamedTuple):
    """One server in one experiment. ``lead`` is the series with most goodput at its knee."""

    experiment: str
    server: str
    series: Sequence[Series]
    lead: Series | None

    @property
    def levels(self) -> list[int]:
        """All levels that were measured."""
        return sorted({cell.level for one in self.series for cell in one.cells})


class Facts(NamedTuple):
    """What is known of the runs that count; ``load`` is the lowest, the median, the highest."""

    runs: int
    warmups: int
    experiments: Sequence[str]
    versions: Sequence[str]
    seeds: Sequence[int]
    first: str
    last: str
    load: tuple[float, float, float]


class Book(NamedTuple):
    """All that a file of results says."""

    sections: Sequence[Section]
    facts: Facts
