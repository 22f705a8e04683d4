"""Progress on the screen during a run: four views with the same interface.

``Bar`` is for terminals, ``Heartbeat`` prints a line from time to time for logs, ``Lines`` prints a
line for each file (``-v``), and ``Quiet`` prints only failures (``-q``). All views print failures.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Protocol, TextIO

from getflags.core.events import Adjusted, Event, Finished, Progressed, Resumed, Retrying, Slowed
from getflags.core.models import Outcome, Status
from getflags.core.text import brief, human_bytes, printable
from getflags.output import terminal

Write = Callable[[str], None]  # prints a line

HEARTBEAT = 10.0  # seconds between two lines


class View(Protocol):
    """An event handler that shows progress."""

    def read(self, event: Event) -> None:
        """Handle an event."""
        ...

    def close(self) -> None:
        """Finish the output."""
        ...


def failure(outcome: Outcome) -> str:
    """Return the message about a failed target."""
    target = outcome.target
    where = f"{target.where}: " if target.where else ""
    return f"getflags: {where}{brief(target.label)}: {brief(outcome.reason)}"


class Quiet:
    """A view that prints only failures, for ``-q``."""

    def __init__(self, warn: Write) -> None:
        self._warn = warn

    def read(self, event: Event) -> None:
        """Handle an event."""
        if isinstance(event, Finished) and event.outcome.failed:
            self._warn(failure(event.outcome))

    def close(self) -> None:
        """Do nothing: there is no bar to close."""


class Lines(Quiet):
    """A view that prints a line for each file, for ``-v``."""

    def __init__(self, info: Write, warn: Write) -> None:
        super().__init__(warn)
        self._info = info

    def read(self, event: Event) -> None:
        """Handle an event."""
        super().read(event)
        if isinstance(event, Finished) and not event.outcome.failed:
            self._info(_success_line(event.outcome))
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
    """A view that prints a plain line about every ten seconds, for logs and files."""

    def __init__(self, total: int, warn: Write, clock: Callable[[], float] = monotonic) -> None:
        super().__init__(warn)
        self._total = total
        self._done = 0
        self._bytes = _ByteCounter()
        self._clock = clock
        self._next = clock() + HEARTBEAT

    def read(self, event: Event) -> None:
        """Handle an event."""
        super().read(event)
        self._bytes.read(event)
        self._done += isinstance(event, Finished)
        now = self._clock()
        if now >= self._next:
            self._next = now + HEARTBEAT
            self._warn(
                f"getflags: {self._done:,} of {self._total:,} done, "
                f"{human_bytes(self._bytes.count)}"
            )


class Bar(Quiet):
    """A bar with files, bytes and rate; for a single file, the bar counts its bytes."""

    def __init__(self, total: int, stream: TextIO) -> None:
        super().__init__(lambda line: self._bar.write(line, file=stream))
        self._bytes = _ByteCounter()
        self._single = total == 1
        self._bar = (
            terminal.bar(stream, unit="B", unit_scale=True)
            if self._single
            else terminal.bar(stream, total=total)
        )

    def read(self, event: Event) -> None:
        """Handle an event."""
        super().read(event)
        added = self._bytes.read(event)
        if self._single:
            if isinstance(event, Progressed):
                self._bar.total = event.expected
            self._bar.update(added)
        elif isinstance(event, Finished):
            self._bar.postfix = human_bytes(self._bytes.count)
            self._bar.update(1)

    def close(self) -> None:
        """Stop updating the bar; it stays on the screen."""
        self._bar.close()


class _ByteCounter:
    """A counter of the bytes of all files, including files in flight."""

    def __init__(self) -> None:
        self.count = 0
        self._in_flight: dict[int, int] = {}

    def read(self, event: Event) -> int:
        """Handle an event; return the change in the count."""
        if isinstance(event, Progressed):
            index, received = event.target.number, event.received
            added = received - self._in_flight.get(index, 0)
            self._in_flight[index] = received
        elif isinstance(event, Retrying):
            added = -self._in_flight.pop(event.target.number, 0)
        elif isinstance(event, Finished):
            before = self._in_flight.pop(event.outcome.target.number, 0)
            fetched = event.outcome.status is Status.OK
            added = event.outcome.size - before if fetched else -before
        else:
            return 0
        self.count += added
        return added


def _resumed_line(event: Resumed) -> str:
    of = "" if event.expected is None else f" of {human_bytes(event.expected)}"
    return f"{brief(event.target.label)}: resumed after {human_bytes(event.offset)}{of}"


def _retry_line(event: Retrying) -> str:
    what = f"{brief(event.target.label)}: {brief(event.reason)}"
    pause = " (Retry-After)" if event.asked else ""
    return f"{what}; retrying in {event.seconds:.1f} s{pause}"


def _success_line(outcome: Outcome) -> str:
    target = outcome.target
    if outcome.status is Status.NOT_FOUND:
        return f"{target.label} not found"
    note = outcome.reason or human_bytes(outcome.size)
    if outcome.unsized:
        note += ", length unknown"
    return f"{target.label} OK {printable(target.path)} ({note})"
