"""Cells and their order: what a bench runs, in which round, and what of it is left to do.

Pure, but for the dice. A cell is one way to do the job; a round runs every cell once, in an order
of its own, so that a machine or a network with moods has them for all.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Container, Mapping, Sequence
from typing import Any, NamedTuple

ONE_AT_A_TIME = "sequential"  # the engine that knows no other level than 1


class Cell(NamedTuple):
    """One way to do the job. ``server`` is a label or an origin."""

    engine: str
    client: str
    level: int
    server: str

    def __str__(self) -> str:
        """Return it in words."""
        return f"{self.engine}/{self.client} -m {self.level} on {self.server}"


class Run(NamedTuple):
    """A cell's turn in a round; round 0 is the warm-up."""

    cell: Cell
    round: int


def matrix(
    engines: Sequence[str], clients: Sequence[str], levels: Sequence[int], servers: Sequence[str]
) -> list[Cell]:
    """Return every cell; of the sequential engine only one for each client and server."""
    cells = [
        Cell(engine, client, 1 if engine == ONE_AT_A_TIME else level, server)
        for server in servers
        for engine in engines
        for client in clients
        for level in levels
    ]
    return list(dict.fromkeys(cells))


def left(cells: Sequence[Cell], rounds: int, done: Container[Run], seed: int) -> list[Run]:
    """Return the runs that are still to be made, in their order: the warm-up, then each round.

    The order in a round depends on the seed and the round alone, so what an interrupted bench goes
    on with is what it would have gone on with.
    """
    runs = []
    for number in range(rounds + 1):
        turn = list(cells)
        random.Random(f"{seed} {number}").shuffle(turn)  # noqa: S311 - repeatable
        runs += [Run(cell, number) for cell in turn]
    return [run for run in runs if run not in done]


def experiment(settings: Mapping[str, Any]) -> str:
    """Return the name of all that has to be equal for runs to be comparable."""
    text = json.dumps(settings, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def remaining(runs: Sequence[Run], took: Mapping[Cell, float]) -> float | None:
    """Return how many seconds the runs will take; None while a cell among them is unknown."""
    if any(run.cell not in took for run in runs):
        return None
    return sum(took[run.cell] for run in runs)
