"""Progress bars: the seed's bar for flags, and bars with bytes, rate and remaining time for files.

tqdm formats and draws them.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING, Never, TextIO

from getflags.core.events import Event, Finished
from getflags.core.text import human_bytes, printable
from getflags.output import terminal
from getflags.output.estimate import InFlight, Speed, Tally, Total, sizes, time_left
from getflags.output.progress import Quiet

if TYPE_CHECKING:
    from tqdm import tqdm

SLOWEST = 4  # files that have bars of their own
_REDRAW = 0.1  # seconds between two drawings
_WIDE = 60  # columns; narrower bars show less


class FlagBar(Quiet):
    """The seed's bar, which counts flags."""

    def __init__(self, total: int, stream: TextIO) -> None:
        super().__init__(lambda line: self._bar.write(line, file=stream))
        # Without smoothing, the rate is the average since the start, and falls while nothing comes.
        self._bar = terminal.bar(stream, total=total, smoothing=0)

    def read(self, event: Event) -> None:
        """Handle an event."""
        super().read(event)
        if isinstance(event, Finished):
            self._bar.update(1)

    def redraw(self) -> None:
        """Draw the bar again: time has passed."""
        self._bar.refresh()

    def close(self) -> None:
        """Stop updating the bar; it stays on the screen."""
        self._bar.close()


class ByteBar(Quiet):
    """A bar with files, bytes, rate and remaining time; below it, ``slowest`` bars for files."""

    def __init__(
        self,
        total: Total,
        stream: TextIO,
        slowest: int = 0,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        super().__init__(lambda line: self._bar.write(line, file=stream))
        self._tally = Tally(total)
        self._clock = clock
        self._start = self._drawn = clock()
        self._speed = Speed(self._start)
        self._stream = stream
        self._bar = _empty_bar(stream, 0)
        known = self._tally.total
        places = slowest if known is None else min(slowest, known)
        self._file_bars = [_empty_bar(stream, 1 + place) for place in range(places)]
        self.redraw()

    def read(self, event: Event) -> None:
        """Handle an event."""
        super().read(event)
        self._tally.read(event)
        if self._clock() - self._drawn >= _REDRAW:
            self.redraw()

    def redraw(self) -> None:
        """Draw the bars."""
        self._drawn = now = self._clock()
        self._draw(self._speed.rate(self._tally.fetched, now))
        columns = terminal.size(self._stream).columns
        files = self._tally.oldest(len(self._file_bars))
        for place, bar in enumerate(self._file_bars):
            bar.bar_format = _file_format(files[place], columns) if place < len(files) else " "
            bar.n = _fraction(files[place]) if place < len(files) else 0
            bar.refresh()

    def _draw(self, rate: float) -> None:
        """Draw the bar of the whole run, or only its numbers if their total is unknown."""
        tally, bar = self._tally, self._bar
        known, left = tally.total, tally.remaining()
        seconds = time_left(left, rate)
        eta = "?" if seconds is None else bar.format_interval(round(seconds))
        counts = [] if known == 1 else [f"{tally.done:,}/{'?' if known is None else f'{known:,}'}"]
        if terminal.size(self._stream).columns >= _WIDE:
            counts = [f"{each} files" for each in counts]
            total = None if left is None else tally.position + left
            counts.append(sizes(tally.position, total, estimated=tally.estimated))
        times = f"[{{elapsed}}<{eta}, {human_bytes(rate)}/s]"
        shape = "" if known is None else "{l_bar}{bar}| "
        bar.bar_format = shape + " ".join([", ".join(counts), times]).lstrip()
        bar.n = tally.fraction(left)
        bar.refresh()

    def close(self) -> None:
        """Remove the bars of the files; the other one stays, with the average rate."""
        for bar in reversed(self._file_bars):
            bar.close()
        elapsed = self._clock() - self._start
        self._draw(self._tally.fetched / elapsed if elapsed else 0.0)
        self._bar.close()


def _empty_bar(stream: TextIO, position: int) -> tqdm[Never]:
    """Return a bar whose ``n`` is a fraction; it is drawn only by ``refresh``."""
    return terminal.bar(
        stream, total=1, position=position, leave=not position, bar_format=" ", miniters=2
    )


def _fraction(file: InFlight) -> float:
    return file.received / file.expected if file.expected else 0.0


def _file_format(file: InFlight, columns: int) -> str:
    """Return the format of a file's bar, with its name, and its size where there is room."""
    width = columns // 4
    name = printable(file.target.name.rpartition("/")[2])
    name = name if len(name) <= width else name[: width - 1] + "…"
    size = sizes(file.received, file.expected)
    if file.expected is None:
        return f"{_literal(name):<{width}} {size}"
    return f"{_literal(name):<{width}} {{l_bar}}{{bar}}|" + (f" {size}" if columns >= _WIDE else "")


def _literal(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")
