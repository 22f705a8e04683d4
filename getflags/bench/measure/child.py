"""The child process that runs one cell once: it reads a job and prints the figures.

Run as ``python -m getflags.bench.measure.child``, with JSON on standard input and standard output.
Each run gets a fresh process, so that no run inherits the caches, connections, garbage or memory
peak of another. The clock starts after all imports and after the folder is created. The child exits
when its standard input is closed, so it ends with its parent, however the parent ends.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable
from time import perf_counter, sleep
from typing import Any

from getflags import engines
from getflags.bench.measure import open_loop, steady_state
from getflags.bench.measure.job import Job, loads
from getflags.bench.measure.open_loop import Timing
from getflags.bench.measure.steady_state import End
from getflags.core.deferred_signals import exit_on_sigterm
from getflags.core.errors import GetflagsError
from getflags.core.events import Event, Finished
from getflags.core.feed import Feed, NoJob
from getflags.core.models import Plan, Status, Target
from getflags.core.resource_limits import worker_count
from getflags.core.text import brief
from getflags.engines import Engine

SHARES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "max": 1.0}
_MAX_REASONS = 20  # maximum number of error reasons reported; the others are counted together
_CLEANUP_TIMEOUT = 5.0  # seconds for an engine to end its workers; they would go on writing
_ATTEMPTS = 20  # to delete the folder
_PAUSE = 0.05  # seconds between them
_STATUS = "/proc/self/status"
_KIB = 1024


def main() -> None:
    """Run the job from standard input and print its figures."""
    job = loads(_line())
    with exit_on_sigterm():
        folder = tempfile.mkdtemp(prefix="getflags-bench-")
        try:
            threading.Thread(
                target=_end_with_parent, args=(folder,), name="getflags lifeline", daemon=True
            ).start()
            try:
                figures = measure(job, folder)
            except GetflagsError as error:
                figures = {"failed": str(error)}
        finally:
            try:
                _remove(folder)
            finally:  # SIGTERM may have interrupted it
                _remove(folder)
        sys.stdout.write(json.dumps(figures) + "\n")


def measure(job: Job, folder: str) -> dict[str, Any]:
    """Run a job and return its figures, named like the fields of ``Result``."""
    run = engines.engine(job.engine)
    plan = job.plan(folder)
    run(plan._replace(targets=()), lambda _: None)  # without targets: imports the engine's modules
    before, start = _spent(), perf_counter()
    tally = _Tally(start, job.rate)
    if job.rate:
        _run_open_loop(run, plan, tally, job.rate, start)
    else:
        run(plan, tally.read)
    seconds, cpu = perf_counter() - start, _spent() - before
    return {**tally.figures(job.level), "seconds": seconds, "cpu": cpu, "rss": _peak(job)}


def _run_open_loop(run: Engine, plan: Plan, tally: _Tally, rate: float, start: float) -> None:
    """Run a plan whose targets arrive one by one, each when its request is due."""

    def read(give: Callable[[Target | NoJob], None]) -> None:
        for number, target in enumerate(plan.targets):
            sleep(max(0.0, start + open_loop.due(number, rate) - perf_counter()))
            give(target)

    arriving = Feed(read)
    run(plan._replace(targets=arriving), tally.read)
    if arriving.error:
        raise arriving.error


class _Tally:
    """A record of when and how each target ended; in an open loop, also of when it was due."""

    def __init__(self, start: float, rate: float | None) -> None:
        self._start = start
        self._rate = rate
        self._timings: list[Timing] = []
        self._ends: list[End] = []
        self._errors: Counter[str] = Counter()
        self._requests = 0

    def read(self, event: Event) -> None:
        """Record an event."""
        if isinstance(event, Finished):
            outcome = event.outcome
            arrived = outcome.status is Status.OK
            at = perf_counter() - self._start
            took = event.seconds
            if self._rate:
                due = open_loop.due(outcome.target.number, self._rate)
                self._timings.append(Timing(due, at - took, at))
                took = at - due
            self._ends.append(End(at, took, outcome.size, arrived))
            self._requests += outcome.requests
            if not arrived:
                self._errors[brief(outcome.reason)] += 1

    def figures(self, level: int) -> dict[str, Any]:
        """Return the run's figures."""
        arrived = [end for end in self._ends if end.arrived]
        # An open loop has no ramp-up in which all slots begin together.
        steady = steady_state.steady(self._ends, 1 if self._rate else level)
        latency = steady_state.percentiles(self._ends, list(SHARES.values()))
        reasons = dict(self._errors.most_common(_MAX_REASONS))
        others = self._errors.total() - sum(reasons.values())
        return {
            "files": len(self._ends),
            "arrived": len(arrived),
            "requests": self._requests,
            "bytes": sum(end.size for end in arrived),
            "steady_files": steady.files,
            "steady_bytes": steady.bytes,
            "steady_seconds": steady.seconds,
            "latency": dict(zip(SHARES, latency, strict=False)),
            "errors": {**reasons, "other reasons": others} if others else reasons,
            **self._schedule(level),
        }

    def _schedule(self, level: int) -> dict[str, Any]:
        """Return how well the schedule of an open loop was kept; nothing for a closed loop."""
        if not self._rate:
            return {}
        return {
            "reached": open_loop.reached(self._timings, self._rate),
            "late": sum(each.late for each in self._timings),
            "waited": open_loop.waited(self._timings, level),
        }


def _spent() -> float:
    """Return the CPU seconds of this process and of the children that it has waited for."""
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(sum(resource.getrusage(kind)[:2]) for kind in kinds)


def _peak(job: Job) -> int:
    """Return the peak memory in bytes; each worker is counted with the largest worker's peak.

    Memory that workers share with their parent is counted once for each of them.
    """
    workers = worker_count(job.level) if job.engine == "processes" else 0
    largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return (_own_peak() + workers * largest) * _KIB


def _own_peak() -> int:
    """Return the memory peak of this process in KiB.

    On Linux, ru_maxrss starts at the peak of the parent that this process was forked from.
    """
    try:
        with open(_STATUS, encoding="ascii") as file:  # noqa: PTH123
            return next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))
    except OSError:  # not Linux
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _line() -> bytes:
    """Read one line from file descriptor 0, without buffering beyond it.

    ``sys.stdin`` is avoided: the thread that waits for its end would hold its lock during a fork.
    """
    data = b""
    while not data.endswith(b"\n"):
        piece = os.read(0, 1 << 16)
        if not piece:
            raise SystemExit(128 + signal.SIGTERM)
        data += piece
    return data


def _remove(folder: str) -> None:
    """Delete a folder into which a thread or a worker may still be writing."""
    for _ in range(_ATTEMPTS):
        shutil.rmtree(folder, ignore_errors=True)
        if not os.path.exists(folder):  # noqa: PTH110 - a str, as everywhere in this module
            return
        sleep(_PAUSE)


def _end_with_parent(folder: str) -> None:
    """Wait for the end of standard input, then terminate this process, if necessary by force."""
    os.read(0, 1)  # the parent sends nothing more
    os.kill(os.getpid(), signal.SIGTERM)
    sleep(_CLEANUP_TIMEOUT)
    _remove(folder)
    os._exit(128 + signal.SIGTERM)  # an engine did not react to SIGTERM


if __name__ == "__main__":
    main()
