"""Results on paper: files of them, as plausible or as strange as a test needs."""

from __future__ import annotations

import json
import math
import random
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from getflags.bench.analysis import sections
from getflags.bench.analysis.figures import Analysis
from getflags.bench.measure import results

Row: TypeAlias = dict[str, Any]

LEVELS = (1, 2, 4, 8, 16, 32, 64, 128)
PAIRS = tuple((engine, client) for engine in ("asyncio", "processes", "threads")
              for client in ("curl", "httpx"))  # fmt: skip
#: Seconds of service, slots, and the share of answers that are errors.
SERVERS = {"LOCAL": (0.0008, 2, 0.0), "DELAY": (2.75, 48, 0.0), "ERROR": (2.75, 48, 0.25)}
#: How many files a second a client and an engine can do at most.
SPEED = {"curl": 4_000.0, "httpx": 900.0, "asyncio": 1.0, "processes": 1.3, "threads": 0.5}


def row(**values: Any) -> Row:
    """Return a result as a run leaves it; a level of 16 on DELAY in round 1, if not said."""
    engine, client = values.get("engine", "asyncio"), values.get("client", "curl")
    server, level = values.get("server", "DELAY"), values.get("level", 16)
    return {
        "version": 1, "experiment": "0123456789ab", "engine": engine, "client": client,
        "level": level, "server": server, "round": 1, "seed": 7, "files": 194, "arrived": 194,
        "requests": 194, "bytes": 2_328_000, "seconds": 1.25, "steady_files": 150,
        "steady_bytes": 1_800_000, "steady_seconds": 1.0,
        "latency": {"p50": 0.05, "p90": 0.06, "p99": 0.08}, "cpu": 0.0485, "rss": 44_040_192,
        "errors": {}, "peak": level, "load": 0.8, "at": "2026-01-31T12:00:00Z",
        "getflags": "0.1.0",
        "command": f"getflags -s {server} -a -m {level} --engine {engine} --client {client}",
        **values,
    }  # fmt: skip


def curve(rates: Mapping[int, float], rounds: int = 7, **values: Any) -> list[Row]:
    """Return rows of one engine and client: level → files a second, a little other each round."""
    return [
        row(level=level, round=number, steady_files=10**6,
            steady_seconds=10**6 / (rate * (1 + 0.01 * math.sin(number * level))), **values)
        for number in range(1, rounds + 1)
        for level, rate in rates.items()
    ]  # fmt: skip


def matrix(
    *,
    pairs: Iterable[tuple[str, str]] = PAIRS,
    levels: Sequence[int] = LEVELS,
    servers: Iterable[str] = SERVERS,
    rounds: int = 7,
    seed: int = 1,
) -> Iterator[Row]:
    """Yield what `getflags bench` might have measured: rounds after a warm-up, with noise."""
    source = random.Random(seed)
    for number in range(rounds + 1):
        for server in servers:
            for engine, client in pairs:
                for level in levels:
                    yield measured((engine, client), level, server, number, source)


def measured(
    pair: tuple[str, str], level: int, server: str, number: int, source: random.Random
) -> Row:
    """Return a run on a server of that kind, by a law of queues with a soft knee."""
    engine, client = pair
    service, slots, wrong = SERVERS[server]
    most = SPEED.get(client, 2_000) * SPEED.get(engine, 0.8)
    server_rate = min(level, slots) / service
    rate = (server_rate**-4 + most**-4) ** -0.25 * source.lognormvariate(0, 0.03)
    rate *= 1 - 0.02 * max(0, math.log2(level / 16)) * (client == "httpx")
    files = max(194, 6 * level)
    failed = sum(source.random() < wrong for _ in range(files))
    latency = max(level / rate, 0.0004)
    steady = files - 2 * level if files > 2 * level else 0
    return row(
        engine=engine, client=client, level=level, server=server, round=number, files=files,
        arrived=files - failed, requests=files, bytes=(files - failed) * 12_000,
        seconds=files / rate + latency, steady_files=round(steady * (1 - wrong)),
        steady_bytes=steady * 12_000, steady_seconds=steady / rate,
        latency={"p50": latency, "p90": latency * 1.6, "p99": latency * source.uniform(1.9, 2.4)},
        cpu=files * (0.9 / most) * source.lognormvariate(0, 0.05),
        rss=round((30 + level * 0.2) * 2**20 * (2.5 if engine == "processes" else 1)),
        errors={"418 I'm a teapot": failed} if failed else {},
        peak=min(level, files), load=round(source.uniform(0.2, 1.9), 2),
        at=f"2026-01-31T12:{number:02}:00Z",
    )  # fmt: skip


def write(path: Path, rows: Iterable[Row]) -> Path:
    """Write a file of results."""
    path.write_text("".join(json.dumps(one) + "\n" for one in rows), encoding="utf-8")
    return path


def book(rows: Iterable[Row]) -> Analysis:
    """Return the figures of such rows."""
    found = sections.analyse(results.result_from(one) for one in rows)
    assert found
    return found


def parsed(drawing: str | bytes) -> ET.Element:
    """Return a drawing's elements; it has to be well-formed."""
    return ET.fromstring(drawing)  # noqa: S314 - it is ours
