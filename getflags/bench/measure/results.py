"""The result of one run, its line of JSON, and the parser of result files.

The field names are a stable format for scripts that read such files. ``logbook`` writes the lines,
and the package ``analysis`` compares the results.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from getflags.bench.measure.cells import Cell, Run
from getflags.bench.measure.steady_state import rate
from getflags.core.errors import UsageError
from getflags.core.text import quoted

VERSION = 1
_BEGINNING = f'{{"version": {VERSION}, "experiment": "'.encode()


@dataclass(frozen=True, slots=True)
class Result:
    """One run: sizes in bytes, times in seconds.

    ``round`` 0 is the warm-up. ``seed`` is the seed of the bench; in round n, a bundled server gets
    seed + n. ``cpu`` is the user and system time of all processes that ran the cell, and ``rss`` is
    their peak memory. ``latency`` has percentiles of the durations of targets that arrived (empty
    if none did), and ``errors`` has the number of failures by reason. ``peak`` is the largest
    number of requests in flight according to the server (None for servers that are not bundled),
    and ``load`` is the 1-minute load average before the run. ``command`` measures the cell again.
    ``environment`` has the machine and the versions of the software (empty in older files).

    ``rate`` is the rate of an open loop, in requests a second, and ``reached`` the rate at which
    the requests began. Latencies are then measured from the time at which a request was due. Of
    the ``late`` requests, which began more than 10 ms after that, ``waited`` found no free slot.
    All four are None in a closed loop.
    """

    experiment: str
    engine: str
    client: str
    level: int
    server: str
    round: int
    seed: int | None
    files: int
    arrived: int
    requests: int
    bytes: int
    seconds: float
    steady_files: int
    steady_bytes: int
    steady_seconds: float
    latency: Mapping[str, float]
    cpu: float
    rss: int
    errors: Mapping[str, int]
    peak: int | None
    load: float
    at: str
    getflags: str
    command: str
    environment: Mapping[str, str]
    rate: float | None
    reached: float | None
    late: int | None
    waited: int | None

    @property
    def goodput(self) -> float:
        """Files per second in the steady state; 0 if the run has none."""
        return rate(self.steady_files, self.steady_seconds)

    @property
    def run(self) -> Run:
        """The cell and round of this result."""
        cell = Cell(self.engine, self.client, self.level, self.server, self.rate)
        return Run(cell, self.round)


def line(result: Result) -> bytes:
    """Return a result as one line of JSON, with its newline."""
    return json.dumps({"version": VERSION, **asdict(result)}).encode() + b"\n"


def result_from(values: Mapping[str, Any]) -> Result:
    """Return a result with these values. Raises ValueError or KeyError if one is unusable."""
    values = {**_MISSING, **values}  # in older files, and in a closed loop
    if len({values[name] is None for name in _OPEN_LOOP}) > 1:
        raise ValueError("rate")
    return Result(**{one.name: _checked(one.name, values[one.name]) for one in _FIELDS})


def read(path: Path) -> list[Result]:
    """Return all results in a file, in the file's order. Raises UsageError.

    A partial last line, left by a bench that was killed, is ignored.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {quoted(str(path))}: {error.strerror}") from None
    return parse(data, str(path))


def parse(data: bytes, name: str) -> list[Result]:
    """Return all results in ``data``, as ``read`` does; ``name`` is the file's name."""
    *lines, last = data.split(b"\n")
    # Only the beginning of a result counts as a partial line; any other text is an error.
    if not (last.startswith(_BEGINNING) or _BEGINNING.startswith(last)):
        lines.append(last)
    return [_result(each, name) for each in lines if each.strip()]


def _result(text: bytes, name: str) -> Result:
    try:
        values = json.loads(text)
        version = int(values["version"])
        if version == VERSION:
            return result_from(values)
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        raise UsageError(f"{quoted(name)} is not a file of results") from None
    raise UsageError(
        f"{quoted(name)} was written by another version of getflags ({version}); "
        f"this one reads {VERSION}"
    )


_FIELDS = fields(Result)
_TEXTS = {"experiment", "engine", "client", "server", "at", "getflags", "command"}
_OPEN_LOOP = ("rate", "reached", "late", "waited")
_MISSING: Mapping[str, Any] = {"environment": {}, **dict.fromkeys(_OPEN_LOOP)}
_MAYBE = {"seed", "peak", *_OPEN_LOOP}
_WHOLE = {"level", "round", "files", "arrived", "requests", "bytes", "steady_files"}
_WHOLE |= {"steady_bytes", "rss", "seed", "peak", "late", "waited"}


def _checked(name: str, value: Any) -> Any:
    """Return the value if it has the type of the field. Raises ValueError."""
    if name in _TEXTS:
        fits = isinstance(value, str)
    elif name in {"latency", "errors"}:
        fits = isinstance(value, Mapping) and all(map(_number, value.values()))
    elif name == "environment":
        fits = isinstance(value, Mapping) and all(isinstance(one, str) for one in value.values())
    elif name in _MAYBE and value is None:
        fits = True
    else:
        fits = _number(value) and (name not in _WHOLE or isinstance(value, int))
    if (
        not fits
        or (name in {"level", "files"} and value < 1)
        or (name in {"rate", "reached"} and value == 0)
    ):
        raise ValueError(name)
    return value


def _number(value: object) -> bool:
    return (
        isinstance(value, (int, float))
        and not isinstance(value, bool)
        and math.isfinite(value)
        and value >= 0
    )
