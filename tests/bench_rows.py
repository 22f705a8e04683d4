"""Results that nobody measured."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from typing import Any

from getflags.bench.measure.cells import Cell
from getflags.bench.measure.results import Result, result_from


def row(**values: Any) -> dict[str, Any]:
    """Return the values of a result: asyncio/curl, 16 at a time, on DELAY, in round 1."""
    return {
        "experiment": "0123456789ab", "engine": "asyncio", "client": "curl", "level": 16,
        "server": "DELAY", "round": 1, "seed": 7, "files": 200, "arrived": 200, "requests": 201,
        "bytes": 2_400_000, "seconds": 1.25, "steady_files": 160, "steady_bytes": 1_920_000,
        "steady_seconds": 1.0, "latency": {"p50": 0.05, "p90": 0.06, "p99": 0.08}, "cpu": 0.1,
        "rss": 40 << 20, "errors": {}, "peak": values.get("level", 16), "load": 0.5,
        "at": "2026-01-31T12:00:00Z", "getflags": "0.1.0", "command": "getflags bench",
        "environment": {"cpu": "Z80", "python": "CPython 3.11.7"}, **values,
    }  # fmt: skip


def result(**values: Any) -> Result:
    """Return such a result."""
    return result_from(row(**values))


def measured(
    rates: Mapping[Cell, float], rounds: int, noise: float = 0.0, seed: int = 0, **values: Any
) -> Iterator[Result]:
    """Yield a bench on paper: cells of such goodput, with noise of its own for each run."""
    source = random.Random(seed)
    for number in range(rounds + 1):
        mood = source.lognormvariate(0, noise)  # which all cells of a round share
        for cell, rate in rates.items():
            got = rate * mood * source.lognormvariate(0, noise)
            steady = {"steady_files": 10**6, "steady_seconds": 10**6 / got}
            peak = values.get("peak", cell.level)
            yield result(**{**values, "peak": peak, **steady, **cell._asdict(), "round": number})
