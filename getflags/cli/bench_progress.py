"""The progress of a bench: the runs done, the time left, and the current run.

On a terminal it is a bar; elsewhere, in a log for example, it is a line from time to time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from time import monotonic
from typing import TextIO

from getflags.bench.measure.cells import Cell, Run, remaining
from getflags.bench.measure.results import Result
from getflags.cli.console import print_line
from getflags.core.text import counted
from getflags.output import terminal
from getflags.output.progress import HEARTBEAT

_STARTUP = 0.4  # seconds to start the process of a run; not part of the measured time
_MINUTE = 60
_LONG = 120  # seconds; longer times are shown in minutes


class Heartbeat:
    """A plain line about every ten seconds, printed when a run starts."""

    def __init__(
        self,
        results: Sequence[Result],
        runs: int,
        stream: TextIO | None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._forecast = _Forecast(results)
        self._runs = runs
        self._stream = stream
        self._clock = clock
        self._next = clock() + HEARTBEAT

    def start(self, left: Sequence[Run]) -> None:
        """Print a line about the remaining runs, unless the latest line is recent."""
        now = self._clock()
        if now >= self._next:
            self._next = now + HEARTBEAT
            done = f"{self._runs - len(left):,} of {counted(self._runs, 'run')} done"
            print_line(f"getflags: {done}; {self._forecast.text(left)}", self._stream)

    def finish(self, result: Result) -> None:
        """Record the end of a run."""
        self._forecast.record(result)


class Bar:
    """A tqdm bar with its own time estimate: tqdm's assumes that all runs take equally long."""

    def __init__(self, results: Sequence[Result], runs: int, left: int, stream: TextIO) -> None:
        self._forecast = _Forecast(results)
        self._bar = terminal.bar(
            stream, total=runs, initial=runs - left, leave=False,
            bar_format="{n_fmt}/{total_fmt} runs |{bar:20}| {desc}",
        )  # fmt: skip

    def start(self, left: Sequence[Run]) -> None:
        """Show the first of the remaining runs and the time that all of them will take."""
        self._bar.set_description_str(self._forecast.text(left))

    def finish(self, result: Result) -> None:
        """Advance the bar by one run."""
        self._forecast.record(result)
        self._bar.update(1)

    def close(self) -> None:
        """Remove the bar from the screen; the table replaces it."""
        self._bar.close()


class _Forecast:
    """The durations of the latest run of each cell, and the time that further runs will take."""

    def __init__(self, results: Sequence[Result]) -> None:
        self._durations: dict[Cell, float] = {}
        for result in results:
            self.record(result)

    def record(self, result: Result) -> None:
        """Record the duration of a run."""
        self._durations[result.run.cell] = result.seconds + _STARTUP

    def text(self, left: Sequence[Run]) -> str:
        """Return the time left, if it is known, and the first of the remaining runs."""
        seconds = remaining(left, self._durations)
        time = "" if seconds is None else f"about {_duration(seconds)} left; "
        return f"{time}{left[0].cell}"


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < _LONG else f"{seconds / _MINUTE:.0f} min"


@contextmanager
def progress(
    results: Sequence[Result], runs: int, left: int, stream: TextIO | None
) -> Iterator[Bar | Heartbeat]:
    """Show the progress of a bench on ``stream``: a bar on a terminal, lines elsewhere.

    ``runs`` is the total number of runs, and ``left`` is the number of remaining runs. The time
    left is estimated from the existing ``results``.
    """
    if stream is None or not stream.isatty():
        yield Heartbeat(results, runs, stream)
        return
    bar = Bar(results, runs, left, stream)
    try:
        yield bar
    finally:
        bar.close()
