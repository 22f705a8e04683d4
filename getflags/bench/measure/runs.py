"""Running a job in a process of its own, from its parent's side."""

from __future__ import annotations

import json
import subprocess
from contextlib import suppress
from typing import Any

from getflags.bench.measure.job import Job, dumps
from getflags.core.errors import GetflagsError
from getflags.core.interpreter import running

_MODULE = "getflags.bench.measure.child"
_FAREWELL = 1.0  # seconds; for a child that has said all that it has to say


def carry_out(job: Job) -> dict[str, Any]:
    """Run a job once and return its figures. Raises GetflagsError.

    Whatever ends us meanwhile ends the child.
    """
    with running(_MODULE) as (process, to_child, from_child):
        with suppress(BrokenPipeError):  # it has ended already; that is told below
            to_child.write(dumps(job).encode() + b"\n")
            to_child.flush()
        told = from_child.readline()
        with suppress(subprocess.TimeoutExpired):
            process.wait(_FAREWELL)
    if not told:
        raise GetflagsError(f"its process ended without a word (exit code {process.returncode})")
    figures: dict[str, Any] = json.loads(told)
    if "failed" in figures:
        raise GetflagsError(figures["failed"])
    return figures
