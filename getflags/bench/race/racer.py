"""A racer process, which runs one engine and reports its progress.

Run as ``python -m getflags.bench.race.racer FILE``, where FILE holds the job. The racer imports its
modules, reports that it is ready, waits for a byte on standard input, downloads, and reports its
tally ten times a second. The messages are small and rare, so reporting does not slow the race. When
standard input ends, the parent has exited, and the racer kills its process group.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter

from getflags import engines
from getflags.bench.race import job
from getflags.bench.race.standings import Count, RacerReport
from getflags.core.errors import GetflagsError
from getflags.core.models import Target
from getflags.core.text import brief
from getflags.storage import directories
from getflags.targets import resolve

_INTERVAL = 0.1  # seconds between two reports


def main(path: str) -> None:
    """Run the job in this file and report to standard output."""
    output = _own_output()

    def send(report: RacerReport) -> None:
        os.write(output, pickle.dumps(report))

    task = job.read(path)
    count = Count()
    try:
        run = engines.engine(task.engine)
        run(task.plan, count.read)  # without targets: loads the engine's modules
        send(RacerReport(count.tally))
        if not os.read(0, 1):
            return
        threading.Thread(
            target=end_with, args=(0, _end_all), name="getflags lifeline", daemon=True
        ).start()
        plan = task.plan._replace(targets=_targets(task))
        with _reporting(count, send):
            count.begin()
            start = perf_counter()
            run(plan, count.read)
            seconds = perf_counter() - start
    except GetflagsError as error:
        send(RacerReport(count.tally, trouble=brief(str(error))))
    except Exception as bug:  # noqa: BLE001 - reported, because this process has no terminal
        send(RacerReport(count.tally, trouble=brief(f"{type(bug).__name__}: {bug}")))
    else:
        send(RacerReport(count.tally, seconds, start_up=count.start_up))


def end_with(lifeline: int, end: Callable[[], None]) -> None:
    """Wait until the other end of the pipe ``lifeline`` is closed, then call ``end``."""
    while os.read(lifeline, 1):
        pass
    end()


def _end_all() -> None:
    """Kill this process and the engine's children, which form a process group."""
    os.killpg(os.getpgrp(), signal.SIGKILL)


def _targets(task: job.RaceJob) -> Iterator[Target]:
    keys = directories.NameKeys()
    place = resolve.Place(task.base_url, task.folder, directories.real_folder, key=keys)
    return resolve.settle(job.read_entries(task.entries), place)


def _own_output() -> int:
    """Reserve standard output for reports, and redirect other output to /dev/null."""
    output = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    return output


@contextmanager
def _reporting(count: Count, send: Callable[[RacerReport], None]) -> Iterator[None]:
    """Report the tally during the block, from a thread, because events may be far apart."""
    over = threading.Event()

    def report() -> None:
        sent = count.tally
        while not over.wait(_INTERVAL):
            if count.tally is not sent:
                sent = count.tally
                send(RacerReport(sent))

    thread = threading.Thread(target=report, name="getflags reports", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


if __name__ == "__main__":
    main(sys.argv[1])
