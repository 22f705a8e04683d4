"""The track: starts the racers, lets them go, hears them, and ends them.

Every engine runs in a process of its own, in a group of its own, so that a terminal's Ctrl-C is
ours alone and one signal ends a racer with all that it has started. They are made ready first and
let go when all are: starting Python is no part of the race. All at once, they share the processors,
which is fair because all do; one by one, each has the machine to itself.

News come through a pipe whose other end a racer's children hold, too: when it ends, all of them are
gone, and nobody will write to a folder any more.
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
from getflags.bench.race.standings import News, Race
from getflags.core import interpreter
from getflags.core.errors import GetflagsError

FRAME = 0.1  # seconds between two looks at the standings
_MODULE = "getflags.bench.race.racer"
_PATIENCE = 1.0  # seconds for killed processes to be gone


def conduct(race: Race, track: Track, show: Callable[[float], None], *, one_by_one: bool) -> None:
    """Run a race until all racers are gone. ``show`` is called with the time, often."""
    unready = set(race.standings)
    to_go = deque(race.standings)
    going: set[str] = set()
    while track.under_way:
        while to_go and not unready and not (one_by_one and going & track.under_way):
            engine = to_go.popleft()
            going.add(engine)
            track.go(engine)
            race.begin(engine, monotonic())
        for engine, news in track.news(FRAME):
            unready.discard(engine)
            if news is None:
                race.gone(engine, track.how(engine), monotonic())
            else:
                race.take(engine, news, monotonic())
        show(monotonic())


class Track:
    """The racers. Whoever makes one closes it, which ends them all."""

    def __init__(self) -> None:
        self.under_way: set[str] = set()  # engines whose processes are there
        self._inbox: SimpleQueue[tuple[str, News | None]] = SimpleQueue()
        self._racers: dict[str, _Racer] = {}

    def enter(self, mine: job.RaceJob, path: str) -> None:
        """Start a racer; its course goes through a file at ``path``. Raises GetflagsError."""
        job.write(mine, path)
        try:
            self._racers[mine.engine] = _Racer(mine.engine, path, self._inbox)
        except OSError as error:
            raise GetflagsError(f"no process could be started: {error.strerror}") from error
        self.under_way.add(mine.engine)

    def go(self, engine: str) -> None:
        """Let an engine begin."""
        self._racers[engine].go()

    def news(self, seconds: float) -> Iterator[tuple[str, News | None]]:
        """Yield what is told within so many seconds; None where a process is gone."""
        end = monotonic() + seconds
        with suppress(Empty):
            while self.under_way:
                engine, news = self._inbox.get(timeout=max(0.0, end - monotonic()))
                if news is None:
                    self.under_way.discard(engine)
                yield engine, news

    def how(self, engine: str) -> str:
        """Say how a process that is gone has ended."""
        code = self._racers[engine].process.wait()
        return f"its process was ended by signal {-code}" if code < 0 else "its process has ended"

    def close(self) -> None:
        """End whoever is still there, and wait until all are gone."""
        for racer in self._racers.values():
            racer.kill()
        end = monotonic() + _PATIENCE
        for racer in self._racers.values():
            racer.close(max(0.0, end - monotonic()))


class _Racer:
    """A process and the thread that hears it."""

    def __init__(self, engine: str, path: str, inbox: SimpleQueue[tuple[str, News | None]]) -> None:
        # The screen is taken; what there is to say comes as news.
        child = interpreter.start(_MODULE, path, errors=subprocess.DEVNULL)
        self.process, self._input, self._output = child
        self._hears = threading.Thread(target=self._hear, args=(engine, inbox), daemon=True)
        self._hears.start()

    def _hear(self, engine: str, inbox: SimpleQueue[tuple[str, News | None]]) -> None:
        # It ends when nobody holds the other end, perhaps in the midst of a word.
        with self._output, suppress(EOFError, pickle.UnpicklingError):
            while True:
                inbox.put((engine, pickle.load(self._output)))  # noqa: S301 - our own
        inbox.put((engine, None))

    def go(self) -> None:
        with suppress(OSError):  # it has died: the news is on its way
            self._input.write(b"!")
            self._input.flush()

    def kill(self) -> None:
        """End its group at once: what they leave is in a folder that goes, too."""
        if self._hears.is_alive():
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def close(self, seconds: float) -> None:
        """Wait until all of the group are gone, so many seconds at the most."""
        self._hears.join(seconds)
        self.process.wait()
        with suppress(OSError):  # what it has never read
            self._input.close()
