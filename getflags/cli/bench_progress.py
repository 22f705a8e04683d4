"""The progress of a bench on a terminal: a bar of runs, the time left, and the current run.

Nothing is shown if standard error is not a terminal: the growing results file shows the progress.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TextIO

from getflags.bench.measure.cells import Cell, Run, remaining
from getflags.bench.measure.results import Result
from getflags.output import terminal

_STARTUP = 0.4  # seconds to start the process of a run; not part of the measured time
_MINUTE = 60
_LONG = 120  # seconds; longer times are shown in minutes


class Progress:
    """A progress display that shows nothing."""

    def start(self, left: Sequence[Run]) -> None:
        """Show the first of the remaining runs."""

    def finish(self, result: Result) -> None:
        """Show the end of a run."""


class Bar(Progress):
    """A tqdm bar with its own time estimate: tqdm's assumes that all runs take equally long."""

    def __init__(self, results: Sequence[Result], runs: int, left: int, stream: TextIO) -> None:
        self._durations: dict[Cell, float] = {}
        for result in results:
            self._record_duration(result)
        self._bar = terminal.bar(
            stream, total=runs, initial=runs - left, leave=False,
            bar_format="{n_fmt}/{total_fmt} runs |{bar:20}| {desc}",
        )  # fmt: skip

    def start(self, left: Sequence[Run]) -> None:
        """Show the first of the remaining runs and the time that all of them will take."""
        seconds = remaining(left, self._durations)
        time = "" if seconds is None else f"about {_duration(seconds)} left; "
        self._bar.set_description_str(f"{time}{left[0].cell}")

    def finish(self, result: Result) -> None:
        """Advance the bar by one run."""
        self._record_duration(result)
        self._bar.update(1)

    def _record_duration(self, result: Result) -> None:
        self._durations[result.run.cell] = result.seconds + _STARTUP

    def close(self) -> None:
        """Remove the bar from the screen; the table replaces it."""
        self._bar.close()


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < _LONG else f"{seconds / _MINUTE:.0f} min"


@contextmanager
def progress(
    results: Sequence[Result], runs: int, left: int, stream: TextIO | None
) -> Iterator[Progress]:
    """Show the progress of a bench if ``stream`` is a terminal.

    ``runs`` is the total number of runs, and ``left`` is the number of remaining runs. The time
    left is estimated from the existing ``results``.
    """
    if stream is None or not stream.isatty():
        yield Progress()
        return
    bar = Bar(results, runs, left, stream)
    try:
        yield bar
    finally:
        bar.close()
