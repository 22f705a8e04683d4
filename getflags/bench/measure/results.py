"""Results: one line of JSON for one run of one cell in one round, and how a file of them is read.

The names are a promise to scripts that read such files. What the figures mean for a comparison is
said elsewhere, and who writes the lines is the logbook.
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

    ``round`` 0 is the warm-up. ``seed`` is the bench's; in round n a bundled server gets seed + n.
    ``cpu`` is user and system time of all processes that ran the cell, ``rss`` the peak of their
    memory, ``latency`` of the targets that arrived (empty where none did), ``errors`` how many
    failed for which reason, ``peak`` the most requests in flight as the server saw it (None where
    nobody could ask it), ``load`` the load average of a minute before the run. ``command`` measures
    the cell again.
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

    @property
    def goodput(self) -> float:
        """Files a second in the steady part; 0 where it has none."""
        return rate(self.steady_files, self.steady_seconds)

    @property
    def run(self) -> Run:
        """Which run it was."""
        return Run(Cell(self.engine, self.client, self.level, self.server), self.round)


def line(result: Result) -> bytes:
    """Return a result as one line, its end included."""
    return json.dumps({"version": VERSION, **asdict(result)}).encode() + b"\n"


def made_of(values: Mapping[str, Any]) -> Result:
    """Return a result made of such values. Raises ValueError or KeyError where one is missing."""
    return Result(**{one.name: _checked(one.name, values[one.name]) for one in _FIELDS})


def read(path: Path) -> list[Result]:
    """Return all results in a file, in its order. Raises UsageError.

    A last line that is torn, because whoever wrote it was killed, doesn't count.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {quoted(str(path))}: {error.strerror}") from None
    return parse(data, str(path))


def parse(data: bytes, name: str) -> list[Result]:
    """Do as ``read`` does, with what was read; ``name`` is the file's."""
    *lines, last = data.split(b"\n")
    # Only what looks like a beginning of ours was torn; the rest is somebody's text.
    if not (last.startswith(_BEGINNING) or _BEGINNING.startswith(last)):
        lines.append(last)
    return [_result(each, name) for each in lines if each.strip()]


def _result(text: bytes, name: str) -> Result:
    try:
        values = json.loads(text)
        version = int(values["version"])
        if version == VERSION:
            return made_of(values)
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        raise UsageError(f"{quoted(name)} is not a file of results") from None
    raise UsageError(
        f"{quoted(name)} was written by another version of getflags ({version}); "
        f"this one reads {VERSION}"
    )


_FIELDS = fields(Result)
_TEXTS = {"experiment", "engine", "client", "server", "at", "getflags", "command"}
_MAYBE = {"seed", "peak"}
_WHOLE = {"level", "round", "files", "arrived", "requests", "bytes", "steady_files"}
_WHOLE |= {"steady_bytes", "rss", *_MAYBE}


def _checked(name: str, value: Any) -> Any:
    """Return a value that is of the field's kind. Raises ValueError."""
    if name in _TEXTS:
        fits = isinstance(value, str)
    elif name in {"latency", "errors"}:
        fits = isinstance(value, Mapping) and all(map(_number, value.values()))
    elif name in _MAYBE and value is None:
        fits = True
    else:
        fits = _number(value) and (name not in _WHOLE or isinstance(value, int))
    if not fits or (name in {"level", "files"} and value < 1):
        raise ValueError(name)
    return value


def _number(value: object) -> bool:
    return (
        isinstance(value, (int, float))
        and not isinstance(value, bool)
        and math.isfinite(value)
        and value >= 0
    )
