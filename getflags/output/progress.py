"""Progress during a run, without bars: three views with the same interface.

``Heartbeat`` prints a line from time to time for logs, ``Lines`` prints a line for each file
(``-v``), and ``Quiet`` prints only failures (``-q``). All views print failures. ``bars`` has the
views for terminals.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Protocol

from getflags.core.events import Adjusted, Event, Finished, Resumed, Retrying, Slowed
from getflags.core.models import Outcome, Status
from getflags.core.text import brief, human_bytes, printable
from getflags.output.estimate import Speed, Tally, Total, sizes, time_left

Write = Callable[[str], None]  # prints a line

HEARTBEAT = 10.0  # seconds between two lines
_MINUTE = 60
_LONG = 120  # seconds; longer times are shown in minutes


class View(Protocol):
    """An event handler that shows progress."""

    def read(self, event: Event) -> None:
        """Handle an event."""
        ...

    def redraw(self) -> None:
        """Show that time has passed."""
        ...

    def close(self) -> None:
        """Finish the output."""
        ...


def failure(outcome: Outcome) -> str:
    """Return the message about a failed target."""
    target = outcome.target
    where = f"{target.where}: " if target.where else ""
    # That of a target with mirrors has a part for each of them, and each of these is brief.
    reason = printable(outcome.reason) if target.mirrors else brief(outcome.reason)
    return f"getflags: {where}{brief(target.label)}: {reason}"


class Quiet:
    """A view that prints only failures, for ``-q``."""

    def __init__(self, warn: Write) -> None:
        self._warn = warn

    def read(self, event: Event) -> None:
        """Handle an event."""
        if isinstance(event, Finished) and event.outcome.failed:
            self._warn(failure(event.outcome))

    def redraw(self) -> None:
        """Do nothing: there is no time to show."""

    def close(self) -> None:
        """Do nothing: there is no bar to close."""


class Lines(Quiet):
    """A view that prints a line for each file, for ``-v``.

    ``place`` says where the only file goes, if that is not its own path.
    """

    def __init__(self, info: Write, warn: Write, place: str = "") -> None:
        super().__init__(warn)
        self._info = info
        self._place = place

    def read(self, event: Event) -> None:
        """Handle an event."""
        super().read(event)
        if isinstance(event, Finished) and not event.outcome.failed:
            self._info(_success_line(event.outcome, self._place))
        elif isinstance(event, Resumed):
            self._info(_resumed_line(event))
        elif isinstance(event, Retrying):
            self._info(_retry_line(event))
        elif isinstance(event, Adjusted):
            origin, level, reason = event
            self._info(f"{printable(origin)}: {level} at a time ({reason})")
        elif isinstance(event, Slowed):
            self._info(str(event))


class Heartbeat(Quiet):
    """A view that prints a plain line every ten seconds, for logs and files."""

    def __init__(self, total: Total, warn: Write, clock: Callable[[], float] = monotonic) -> None:
        super().__init__(warn)
        self._tally = Tally(total)
        self._clock = clock
        start = clock()
        self._speed = Speed(start)
        self._next = start + HEARTBEAT

    def read(self, event: Event) -> None:
        """Handle an event."""
        super().read(event)
        self._tally.read(event)
        self.redraw()

    def redraw(self) -> None:
        """Print a line if the last one is ten seconds old."""
        now = self._clock()
        if now >= self._next:
            self._next = now + HEARTBEAT
            self._warn(f"getflags: {self._line(self._speed.rate(self._tally.fetched, now))}")

    def _line(self, rate: float) -> str:
        tally = self._tally
        left = tally.remaining()
        total = None if left is None else tally.position + left
        size = sizes(tally.position, total, estimated=tally.estimated)
        if tally.total is None:
            return f"{tally.done:,} done, {size} ({human_bytes(rate)}/s); the list has not ended"
        seconds = time_left(left, rate)
        eta = "unknown time" if seconds is None else _duration(seconds)
        return f"{tally.done:,} of {tally.total:,} done, {size} ({human_bytes(rate)}/s, {eta} left)"


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < _LONG else f"{seconds / _MINUTE:,.0f} min"


def _resumed_line(event: Resumed) -> str:
    of = "" if event.expected is None else f" of {human_bytes(event.expected)}"
    return f"{brief(event.target.label)}: resumed after {human_bytes(event.offset)}{of}"


def _retry_line(event: Retrying) -> str:
    what = f"{brief(event.target.label)}: {brief(event.reason)}"
    if event.mirror:
        later = f" in {event.seconds:.1f} s" if event.seconds else ""
        return f"{what}; trying {brief(event.mirror)}{later}"
    pause = " (Retry-After)" if event.asked else ""
    return f"{what}; retrying in {event.seconds:.1f} s{pause}"


def _success_line(outcome: Outcome, place: str) -> str:
    target = outcome.target
    if outcome.status is Status.NOT_FOUND:
        return f"{target.label} not found"
    note = outcome.reason or human_bytes(outcome.size)
    if outcome.mirror:
        note += f" from {brief(outcome.mirror)}"
    if outcome.unsized:
        note += ", length unknown"
    if outcome.note:
        note += f"; {outcome.note}"
    return f"{target.label} OK {place or printable(outcome.path)} ({note})"
