"""Running a job in a child process: starting it, sending the job, and reading the figures."""

from __future__ import annotations

import json
import subprocess
from contextlib import suppress
from typing import Any

from getflags.bench.measure.job import Job, dumps
from getflags.core.errors import GetflagsError
from getflags.testing.interpreter import running

_MODULE = "getflags.bench.measure.child"
_EXIT_TIMEOUT = 1.0  # seconds for the child to exit after it has sent its figures


def run_job(job: Job) -> dict[str, Any]:
    """Run a job once and return its figures. Raises GetflagsError.

    If this process ends during the run, the child ends, too.
    """
    with running(_MODULE) as (process, to_child, from_child):
        with suppress(BrokenPipeError):  # the child has exited already, which is reported below
            to_child.write(dumps(job).encode() + b"\n")
            to_child.flush()
        answer = from_child.readline()
        with suppress(subprocess.TimeoutExpired):
            process.wait(_EXIT_TIMEOUT)
    if not answer:
        raise GetflagsError(
            f"the measuring process exited without a result (exit code {process.returncode})"
        )
    figures: dict[str, Any] = json.loads(answer)
    if "failed" in figures:
        raise GetflagsError(figures["failed"])
    return figures
