"""Where a race is watched: bars that stay in their place on a terminal, or a line a finish.

Only how lines get to a screen; what they say is in ``bench.race.bars`` and ``bench.race.ranking``.
The bars are drawn where the cursor is and change no mode of the terminal, so that however a run
ends the screen is as a program should leave it: what was drawn, and the cursor below.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Protocol, TextIO

from getflags.bench.race import bars
from getflags.bench.race.ranking import ending
from getflags.bench.race.standings import Race
from getflags.cli.console import put
from getflags.output import terminal

_UP, _CLEAR_LINE, _CLEAR_BELOW = "\x1b[{}A", "\x1b[K", "\x1b[J"


class Board(Protocol):
    """Shows a race."""

    def show(self, now: float) -> None:
        """Show how it stands at that time."""
        ...

    def close(self) -> None:
        """Leave the screen as it should be."""
        ...


def board(race: Race, stream: TextIO | None, complain: Callable[[str], None]) -> Board:
    """Choose how a race is shown: bars where they can be drawn, else lines."""
    if stream and stream.isatty() and os.environ.get("TERM") != "dumb":
        return Bars(race, stream)
    return Finishes(race, complain)


class Finishes:
    """A plain line whenever an engine has finished, or is out."""

    def __init__(self, race: Race, complain: Callable[[str], None]) -> None:
        self._race = race
        self._complain = complain
        self._running = list(race.standings.values())

    def show(self, now: float) -> None:
        """Name those who have finished since."""
        del now
        for standing in [standing for standing in self._running if standing.over]:
            self._running.remove(standing)
            self._complain(f"getflags: {ending(self._race, standing)}")

    def close(self) -> None:
        """Nothing was begun."""


class Bars:
    """A bar for each engine, drawn over the last ones."""

    def __init__(self, race: Race, stream: TextIO) -> None:
        self._race = race
        self._stream = stream
        self._drawn: list[int] = []  # columns of the lines on the screen
        self._now = 0.0
        self._blocks = _can_encode("░▏█", stream)
        self._colours = not os.environ.get("NO_COLOR")

    def show(self, now: float) -> None:
        """Draw the bars."""
        self._now = now
        size = terminal.size(self._stream)
        look = bars.BarStyle(size.columns, self._blocks, self._colours)
        lines = bars.lines(self._race, now, look)[: max(1, size.lines - 1)]
        # Where the window has become narrower, the terminal has broken the lines in two.
        rows = sum(-(-columns // size.columns) or 1 for columns in self._drawn)
        up = _UP.format(rows) if rows else ""
        self._drawn = [bars.visible(line) for line in lines]
        text = "".join(f"{line}{_CLEAR_LINE}\n" for line in lines)
        put(f"\r{up}{text}{_CLEAR_BELOW}", self._stream)

    def close(self) -> None:
        """Draw them as they were, over what a terminal shows of Ctrl-C."""
        if self._drawn:
            self.show(self._now)


def _can_encode(text: str, stream: TextIO) -> bool:
    try:
        text.encode(stream.encoding)
    except UnicodeEncodeError:
        return False
    return True
