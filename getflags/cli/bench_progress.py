"""How far a bench has come, on a terminal: a bar of runs, the time left, and the run under way.

Elsewhere nothing is shown: whoever wants to watch has the file of results, which grows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TextIO

from getflags.bench.measure.cells import Cell, Run, remaining
from getflags.bench.measure.results import Result
from getflags.output import terminal

_STARTING = 0.4  # seconds that a process of its own takes beyond what it measures
_MINUTE = 60
_LONG = 120  # seconds from which on minutes are told


class Progress:
    """Shows nothing."""

    def begin(self, left: Sequence[Run]) -> None:
        """Take it that the first of these runs begins."""

    def end(self, result: Result) -> None:
        """Take it that it has ended."""


class Bar(Progress):
    """tqdm's bar, with words of our own: its idea of the time left takes all runs for equal."""

    def __init__(self, results: Sequence[Result], runs: int, left: int, stream: TextIO) -> None:
        self._took: dict[Cell, float] = {}
        for result in results:
            self._learn(result)
        self._bar = terminal.bar(
            stream, total=runs, initial=runs - left, leave=False,
            bar_format="{n_fmt}/{total_fmt} runs |{bar:20}| {desc}",
        )  # fmt: skip

    def begin(self, left: Sequence[Run]) -> None:
        """Take it that the first of these runs begins."""
        seconds = remaining(left, self._took)
        time = "" if seconds is None else f"about {_told(seconds)} left; "
        self._bar.set_description_str(f"{time}{left[0].cell}")

    def end(self, result: Result) -> None:
        """Take it that it has ended."""
        self._learn(result)
        self._bar.update(1)

    def _learn(self, result: Result) -> None:
        self._took[result.run.cell] = result.seconds + _STARTING

    def close(self) -> None:
        """Take the bar off the screen: the table comes in its place."""
        self._bar.close()


def _told(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < _LONG else f"{seconds / _MINUTE:.0f} min"


@contextmanager
def progress(
    results: Sequence[Result], runs: int, left: int, stream: TextIO | None
) -> Iterator[Progress]:
    """Show on a terminal how far a bench has come: so many runs, of which so many are left.

    ``results`` are those that are known already.
    """
    if stream is None or not stream.isatty():
        yield Progress()
        return
    bar = Bar(results, runs, left, stream)
    try:
        yield bar
    finally:
        bar.close()
