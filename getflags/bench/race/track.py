"""The racer processes of a race: they are started, send reports, and are terminated.

Every racer has its own process group, so that Ctrl-C reaches only this process and one signal kills
a racer with all its children. The race starts when all racers are ready, so it does not include the
start of Python. Racers that run at the same time share the processors equally; racers that run one
by one can each use the whole machine.

Reports arrive through a pipe whose write end the racer's children inherit. At end of file on the
pipe, the racer and all its children have exited, so none of them can still write to a folder.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from queue import Empty, SimpleQueue
from time import monotonic

from getflags.bench.race import job
from getflags.bench.race.standings import Race, RacerReport
from getflags.testing import interpreter

FRAME = 0.1  # seconds between two updates of the screen
_MODULE = "getflags.bench.race.racer"
_EXIT_TIMEOUT = 1.0  # seconds to wait for killed processes


def run_race(race: Race, track: Track, show: Callable[[float], None], *, one_by_one: bool) -> None:
    """Run a race until all racers have exited; call ``show`` with the time every 0.1 s."""
    unready = set(race.standings)
    to_start = deque(race.standings)
    started: set[str] = set()
    while track.running:
        while to_start and not unready and not (one_by_one and started & track.running):
            engine = to_start.popleft()
            started.add(engine)
            track.go(engine)
            race.begin(engine, monotonic())
        for engine, report in track.reports(FRAME):
            unready.discard(engine)
            if report is None:
                race.exited(engine, track.exit_reason(engine), monotonic())
            else:
                race.take(engine, report, monotonic())
        show(monotonic())


class Track:
    """The racer processes. The owner must call ``close``, which kills them."""

    def __init__(self) -> None:
        self.running: set[str] = set()  # engines whose processes are running
        self._inbox: SimpleQueue[tuple[str, RacerReport | None]] = SimpleQueue()
        self._racers: dict[str, _Racer] = {}

    def add(self, task: job.RaceJob, path: str) -> None:
        """Start a racer; its job is written to ``path``. Raises GetflagsError."""
        job.write(task, path)
        self._racers[task.engine] = _Racer(task.engine, path, self._inbox)
        self.running.add(task.engine)

    def go(self, engine: str) -> None:
        """Start the downloads of an engine."""
        self._racers[engine].go()

    def reports(self, seconds: float) -> Iterator[tuple[str, RacerReport | None]]:
        """Yield the reports that arrive within ``seconds``; None for a process that has exited."""
        end = monotonic() + seconds
        with suppress(Empty):
            while self.running:
                engine, report = self._inbox.get(timeout=max(0.0, end - monotonic()))
                if report is None:
                    self.running.discard(engine)
                yield engine, report

    def exit_reason(self, engine: str) -> str:
        """Return why the process of an engine has exited, as text."""
        code = self._racers[engine].process.wait()
        return f"its process was ended by signal {-code}" if code < 0 else "its process has ended"

    def close(self) -> None:
        """Kill all racers and wait until they have exited."""
        for racer in self._racers.values():
            racer.kill()
        end = monotonic() + _EXIT_TIMEOUT
        for racer in self._racers.values():
            racer.close(max(0.0, end - monotonic()))


class _Racer:
    """A racer process and the thread that receives its reports."""

    def __init__(
        self, engine: str, path: str, inbox: SimpleQueue[tuple[str, RacerReport | None]]
    ) -> None:
        # The terminal shows the race, so errors are sent as reports.
        child = interpreter.start(_MODULE, path, errors=subprocess.DEVNULL)
        self.process, self._input, self._output = child
        self._receiver = threading.Thread(target=self._receive, args=(engine, inbox), daemon=True)
        self._receiver.start()

    def _receive(self, engine: str, inbox: SimpleQueue[tuple[str, RacerReport | None]]) -> None:
        # The pipe may end in the middle of a report if the racer is killed.
        with self._output, suppress(EOFError, pickle.UnpicklingError):
            while True:
                inbox.put((engine, pickle.load(self._output)))  # noqa: S301 - written by our racer
        inbox.put((engine, None))

    def go(self) -> None:
        with suppress(OSError):  # it has exited, which is reported through the pipe
            self._input.write(b"!")
            self._input.flush()

    def kill(self) -> None:
        """Kill the process group. It needs no cleanup: its files are in a temporary folder."""
        if self._receiver.is_alive():
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def close(self, seconds: float) -> None:
        """Wait until the whole group has exited, at most this many seconds."""
        self._receiver.join(seconds)
        self.process.wait()
        with suppress(OSError):  # closing flushes a byte that the racer never read
            self._input.close()
