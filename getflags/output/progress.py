"""What a person sees while a run is under way, on standard error.

Four readers of events with one face, one for each place and wish: a bar for terminals, a line now
and then for logs, a line a file for ``-v``, nothing for ``-q``. Failures are named in all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Protocol, TextIO

from getflags.core.events import Adjusted, Event, Finished, Progressed, Retrying
from getflags.core.models import Outcome, Status
from getflags.core.text import brief, human_bytes, printable
from getflags.output import terminal

Write = Callable[[str], None]  # prints one line

HEARTBEAT = 10.0  # seconds between two lines in a log


class View(Protocol):
    """A reader of events that shows them."""

    def read(self, event: Event) -> None:
        """Take an event."""
        ...

    def close(self) -> None:
        """Leave the terminal as it was."""
        ...


def failure(outcome: Outcome) -> str:
    """Name a target that failed, with the reason."""
    return f"getflags: {brief(outcome.target.label)}: {brief(outcome.reason)}"


class Quiet:
    """Failures and nothing else."""

    def __init__(self, complain: Write) -> None:
        self._complain = complain

    def read(self, event: Event) -> None:
        """Take an event."""
        if isinstance(event, Finished) and event.outcome.failed:
            self._complain(failure(event.outcome))

    def close(self) -> None:
        """Nothing was begun."""


class Lines(Quiet):
    """A line for each file, as the seed's ``-v``."""

    def __init__(self, say: Write, complain: Write) -> None:
        super().__init__(complain)
        self._say = say

    def read(self, event: Event) -> None:
        """Take an event."""
        super().read(event)
        if isinstance(event, Finished) and not event.outcome.failed:
            self._say(_line(event.outcome))
        elif isinstance(event, Retrying):
            self._say(_again(event))
        elif isinstance(event, Adjusted):
            origin, level, reason = event
            self._say(f"{printable(origin)}: {level} at a time ({reason})")


class Heartbeat(Quiet):
    """A plain line every ten seconds or so, for logs: no bar ever fills a file."""

    def __init__(self, total: int, complain: Write, clock: Callable[[], float] = monotonic) -> None:
        super().__init__(complain)
        self._total = total
        self._done = 0
        self._bytes = _Bytes()
        self._clock = clock
        self._next = clock() + HEARTBEAT

    def read(self, event: Event) -> None:
        """Take an event."""
        super().read(event)
        self._bytes.read(event)
        self._done += isinstance(event, Finished)
        now = self._clock()
        if now >= self._next:
            self._next = now + HEARTBEAT
            self._complain(
                f"getflags: {self._done:,} of {self._total:,} done, "
                f"{human_bytes(self._bytes.count)}"
            )


class Bar(Quiet):
    """tqdm's bar: files, bytes and rate; for a single file it counts the file's bytes."""

    def __init__(self, total: int, stream: TextIO) -> None:
        super().__init__(lambda line: self._bar.write(line, file=stream))
        self._bytes = _Bytes()
        self._single = total == 1
        self._bar = (
            terminal.bar(stream, unit="B", unit_scale=True)
            if self._single
            else terminal.bar(stream, total=total)
        )

    def read(self, event: Event) -> None:
        """Take an event."""
        super().read(event)
        came = self._bytes.read(event)
        if self._single:
            if isinstance(event, Progressed):
                self._bar.total = event.expected
            self._bar.update(came)
        elif isinstance(event, Finished):
            self._bar.postfix = human_bytes(self._bytes.count)
            self._bar.update(1)

    def close(self) -> None:
        """Leave the finished bar on the screen."""
        self._bar.close()


class _Bytes:
    """Counts bytes over all files, those under way included."""

    def __init__(self) -> None:
        self.count = 0
        self._under_way: dict[int, int] = {}

    def read(self, event: Event) -> int:
        """Return by how much the count has changed."""
        if isinstance(event, Progressed):
            index, received = event.target.number, event.received
            came = received - self._under_way.get(index, 0)
            self._under_way[index] = received
        elif isinstance(event, Retrying):
            came = -self._under_way.pop(event.target.number, 0)
        elif isinstance(event, Finished):
            before = self._under_way.pop(event.outcome.target.number, 0)
            fetched = event.outcome.status is Status.OK
            came = event.outcome.size - before if fetched else -before
        else:
            return 0
        self.count += came
        return came


def _again(event: Retrying) -> str:
    what = f"{brief(event.target.label)}: {brief(event.reason)}"
    pause = "; its server asked for a pause" if event.origin else ""
    return f"{what}; another try in {event.seconds:.1f} s{pause}"


def _line(outcome: Outcome) -> str:
    target = outcome.target
    if outcome.status is Status.NOT_FOUND:
        return f"{target.label} not found"
    note = outcome.reason or human_bytes(outcome.size)
    if outcome.unsized:
        note += ", length unknown"
    return f"{target.label} OK {printable(target.path)} ({note})"
