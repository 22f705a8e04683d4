"""From rows to what is said of each client in each cell: the arithmetic between file and table.

Rows come as ``rounds.py`` writes them. Warm-up rounds count only for a client that has no others:
then it is said why it stayed behind.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, TypeAlias

from benchmarks.stats import Estimate, estimate
from getflags.bench.analysis.stats import paired

Row: TypeAlias = dict[str, Any]
Key: TypeAlias = tuple[str, str, str]  # cell, scheme, group

REFERENCE = "curl -Z"
#: The best of them, in each cell, is the second reference.
ESTABLISHED = ("curl -Z", "wget2", "aria2c")


@dataclass(frozen=True, slots=True)
class Line:
    """One client in one cell."""

    client: str
    wall: float
    ratio: Estimate | None  # to REFERENCE
    best: Estimate | None  # to the best of ESTABLISHED
    cpu: float | None  # seconds a file
    peak: float | None  # MiB
    hidden: bool  # whether the true peak may be lower: see launch.py
    codes: tuple[int | None, ...]  # None: stopped, too late
    right: int  # in the worst run
    files: int
    strange: int
    refused: float  # requests a run, where the server refuses some
    rounds: int  # 0: only a warm-up
    spoken: str
    said: str

    @property
    def whole(self) -> bool:
        """Whether every file of every run was right."""
        return self.right == self.files

    @property
    def late(self) -> bool:
        """Whether it had to be stopped."""
        return None in self.codes

    @property
    def false_code(self) -> bool:
        """Whether an exit code told another story than the files."""
        return any(code is not None and (code == 0) != self.whole for code in self.codes)


@dataclass(frozen=True, slots=True)
class Cell:
    """All that was measured in one cell, with one scheme and in one group."""

    key: Key
    limit: int | None
    files: int
    best: str  # of ESTABLISHED, among those whose files were right
    lines: tuple[Line, ...]  # fastest first


def read(path: Path) -> tuple[list[Row], list[Row]]:
    """Return what was written about the machine, and the runs."""
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    return [row for row in rows if "about" in row], [row for row in rows if "client" in row]


def walls(rows: Iterable[Row]) -> dict[int, float]:
    """Return the wall time of each round."""
    return {row["round"]: row["wall"] for row in rows if row["round"]}


def counted(rows: list[Row]) -> list[Row]:
    """Return the rounds that count."""
    return [row for row in rows if row["round"]] or rows


def middle(rows: list[Row], field: str) -> float | None:
    """Return the median of a field, where it was measured."""
    values = [row[field] for row in rows if row[field] is not None]
    return median(values) if values else None


def line(client: str, rows: list[Row], reference: dict[int, float], best: dict[int, float]) -> Line:
    """Return what is to be said of a client."""
    runs, mine = counted(rows), walls(rows)
    worst = min(runs, key=lambda row: row["right"])
    # Who got something wrong did other work, and has no ratio.
    whole = worst["right"] == worst["files"]
    cpu, peak = middle(runs, "cpu"), middle(runs, "rss")
    return Line(
        client=client,
        wall=median(row["wall"] for row in runs),
        ratio=estimate(paired(mine, reference)) if whole else None,
        best=estimate(paired(mine, best)) if whole else None,
        cpu=None if cpu is None else cpu / worst["files"],
        peak=None if peak is None else peak / 1024,
        hidden=peak is not None and peak <= runs[0].get("floor", 0) * 1.02,
        codes=tuple(sorted({row["exit"] for row in runs}, key=str)),
        right=worst["right"],
        files=worst["files"],
        strange=max(row["strange"] for row in runs),
        refused=middle(runs, "refused") or 0,
        rounds=len(mine),
        spoken=next((row["spoken"] for row in rows if row["spoken"]), ""),
        said=worst["said"],
    )


def summary(rows: list[Row]) -> list[Cell]:
    """Return the cells in the order in which they were run."""
    sorted_out: dict[Key, dict[str, list[Row]]] = {}
    for row in rows:
        key = row["cell"], row["scheme"], row["group"]
        sorted_out.setdefault(key, {}).setdefault(row["client"], []).append(row)
    return [_cell(key, clients) for key, clients in sorted_out.items()]


def _cell(key: Key, clients: dict[str, list[Row]]) -> Cell:
    sound = [
        name
        for name in ESTABLISHED
        if walls(clients.get(name, []))
        and all(row["right"] == row["files"] for row in counted(clients[name]))
    ]
    best = min(sound, key=lambda name: median(walls(clients[name]).values()), default="")
    reference = walls(clients.get(REFERENCE, [])) if REFERENCE in sound else {}
    ours = walls(clients[best]) if best else {}
    lines = [line(name, rows, reference, ours) for name, rows in clients.items()]
    lines.sort(key=lambda one: (not one.whole, one.wall))
    row = next(iter(clients.values()))[0]
    return Cell(key, row["limit"], row["files"], best, tuple(lines))
