"""The matrix of cells, and the order in which a bench runs them.

The functions are pure, except for a seeded shuffle. A cell is one engine and client at one level on
one server, in a closed loop or in an open one. A round runs every cell once, in a different
order, so that changes in the speed of the machine or the network affect all cells alike.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Container, Mapping, Sequence
from typing import Any, NamedTuple

ONE_AT_A_TIME = "sequential"  # the engine whose only level is 1


class Cell(NamedTuple):
    """An engine and client at one level. ``server`` is a bundled server's label or an origin.

    ``rate`` is that of an open loop, in requests a second; None for a closed loop.
    """

    engine: str
    client: str
    level: int
    server: str
    rate: float | None = None

    def __str__(self) -> str:
        """Return the cell as text, for messages."""
        rate = f" --rate {self.rate:.12g}" if self.rate else ""
        return f"{self.engine}/{self.client} -m {self.level}{rate} on {self.server}"


class Run(NamedTuple):
    """One run of a cell in a round. Round 0 is the warm-up."""

    cell: Cell
    round: int


def matrix(
    engines: Sequence[str],
    clients: Sequence[str],
    levels: Sequence[int],
    servers: Sequence[str],
    rates: Sequence[float | None] = (None,),
) -> list[Cell]:
    """Return every combination as a cell; the sequential engine appears at level 1 only."""
    cells = [
        Cell(engine, client, 1 if engine == ONE_AT_A_TIME else level, server, rate)
        for server in servers
        for rate in rates
        for engine in engines
        for client in clients
        for level in levels
    ]
    return list(dict.fromkeys(cells))


def left(cells: Sequence[Cell], rounds: int, done: Container[Run], seed: int) -> list[Run]:
    """Return the remaining runs in their order: the warm-up, then each round.

    The order within a round depends only on the seed and the round, so an interrupted bench resumes
    with the run that would have been next.
    """
    runs = []
    for number in range(rounds + 1):
        turn = list(cells)
        random.Random(f"{seed} {number}").shuffle(turn)  # noqa: S311 - reproducible
        runs += [Run(cell, number) for cell in turn]
    return [run for run in runs if run not in done]


def experiment(settings: Mapping[str, Any]) -> str:
    """Return a hash of the settings that runs must share to be comparable."""
    text = json.dumps(settings, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def remaining(runs: Sequence[Run], took: Mapping[Cell, float]) -> float | None:
    """Return the expected seconds that the runs take; None if a cell has no known duration."""
    if any(run.cell not in took for run in runs):
        return None
    return sum(took[run.cell] for run in runs)
