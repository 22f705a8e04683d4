"""The display of a race: bars on a terminal, or a line whenever an engine finishes.

This module only draws lines; ``bench.race.bars`` and ``bench.race.ranking`` format them. The bars
are drawn at the cursor's position and change no mode of the terminal, so nothing needs to be
restored, however the race ends.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Protocol, TextIO

from getflags.bench.race import bars
from getflags.bench.race.ranking import ending
from getflags.bench.race.standings import Race
from getflags.cli.console import write_text
from getflags.output import terminal

_UP, _CLEAR_LINE, _CLEAR_BELOW = "\x1b[{}A", "\x1b[K", "\x1b[J"


class Display(Protocol):
    """The display of a race."""

    def show(self, now: float) -> None:
        """Show the standings at the time ``now``."""
        ...

    def close(self) -> None:
        """Finish the output."""
        ...


def display(race: Race, stream: TextIO | None, print_message: Callable[[str], None]) -> Display:
    """Return bars if ``stream`` is a terminal that can draw them, otherwise lines."""
    if stream and stream.isatty() and os.environ.get("TERM") != "dumb":
        return Bars(race, stream)
    return FinishLines(race, print_message)


class FinishLines:
    """A plain line whenever an engine has finished or failed."""

    def __init__(self, race: Race, print_message: Callable[[str], None]) -> None:
        self._race = race
        self._print_message = print_message
        self._running = list(race.standings.values())

    def show(self, now: float) -> None:
        """Print a line for each engine that has finished since the last call."""
        del now
        for standing in [standing for standing in self._running if standing.over]:
            self._running.remove(standing)
            self._print_message(f"getflags: {ending(self._race, standing)}")

    def close(self) -> None:
        """Do nothing: there is no bar to close."""


class Bars:
    """A bar for each engine, drawn over the previous bars."""

    def __init__(self, race: Race, stream: TextIO) -> None:
        self._race = race
        self._stream = stream
        self._drawn: list[int] = []  # the width of each line on the screen, in columns
        self._now = 0.0
        self._blocks = _can_encode("░▏█", stream)
        self._colours = not os.environ.get("NO_COLOR")

    def show(self, now: float) -> None:
        """Draw the bars."""
        self._now = now
        size = terminal.size(self._stream)
        look = bars.BarStyle(size.columns, self._blocks, self._colours)
        lines = bars.lines(self._race, now, look)[: max(1, size.lines - 1)]
        # If the window has become narrower, the terminal has wrapped the lines.
        rows = sum(-(-columns // size.columns) or 1 for columns in self._drawn)
        up = _UP.format(rows) if rows else ""
        self._drawn = [bars.visible(line) for line in lines]
        text = "".join(f"{line}{_CLEAR_LINE}\n" for line in lines)
        write_text(f"\r{up}{text}{_CLEAR_BELOW}", self._stream)

    def close(self) -> None:
        """Draw the last bars again, over the ``^C`` that a terminal prints."""
        if self._drawn:
            self.show(self._now)


def _can_encode(text: str, stream: TextIO) -> bool:
    try:
        text.encode(stream.encoding)
    except UnicodeEncodeError:
        return False
    return True
