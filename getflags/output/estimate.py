"""Bytes received, their rate, and the bytes still to come: the numbers that progress shows.

Pure: the caller passes the events and the time in.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TypeAlias

from getflags.core.events import Event, Finished, Progressed, Resumed, Retrying, Started
from getflags.core.models import Outcome, Status, Target
from getflags.core.text import human_bytes

WINDOW = 10.0  # seconds over which the rate is averaged

#: The number of targets, or a function that returns it, or None while it is unknown.
Total: TypeAlias = "int | Callable[[], int | None]"


class InFlight:
    """A file in flight. Its sizes are in bytes and include the part that an earlier try has left.

    ``counted`` are those of the bytes that need not be counted again; None before the first bytes
    of a try.
    """

    __slots__ = ("counted", "expected", "received", "target")

    def __init__(self, target: Target) -> None:
        self.target = target
        self.received = 0
        self.expected: int | None = None
        self.counted: int | None = None


class Tally:
    """The files done and in flight, and their bytes.

    ``position`` is the size of all files and parts. ``fetched`` is what this run has received,
    without the parts that earlier runs have left, but including bytes that were received twice.
    """

    def __init__(self, total: Total) -> None:
        self._total = total
        self.done = 0
        self.position = self.fetched = 0
        self.in_flight: dict[int, InFlight] = {}  # by number, in the order in which they started
        self._downloaded = self._size = 0  # the number of files downloaded, and their size

    @property
    def total(self) -> int | None:
        """The number of targets; None if it is not known yet."""
        return self._total() if callable(self._total) else self._total

    def read(self, event: Event) -> None:
        """Handle an event."""
        if isinstance(event, Finished):
            self._finish(event.outcome)
        elif isinstance(event, Started):
            self.in_flight[event.target.number] = InFlight(event.target)
        elif isinstance(event, Progressed):
            file = self._file(event.target)
            self._count(file, event.received)
            self._move(file, event.received, event.expected)
        elif isinstance(event, Resumed):
            file = self._file(event.target)
            if file.counted is not None:
                self._count(file, event.offset)
            self._move(file, event.offset, event.expected)
        elif isinstance(event, Retrying):
            self._file(event.target).counted = None

    def _file(self, target: Target) -> InFlight:
        return self.in_flight.setdefault(target.number, InFlight(target))

    def _count(self, file: InFlight, received: int) -> None:
        """Count the bytes since the last event. If there are fewer, the file has started over."""
        counted = file.counted or 0
        self.fetched += received - counted if received >= counted else received

    def _move(self, file: InFlight, received: int, expected: int | None) -> None:
        self.position += received - file.received
        file.received = file.counted = received
        file.expected = expected

    def _finish(self, outcome: Outcome) -> None:
        self.done += 1
        file = self.in_flight.pop(outcome.target.number, None) or InFlight(outcome.target)
        if outcome.status is Status.OK:
            self._count(file, outcome.size)
            self._downloaded += 1
            self._size += outcome.size
            self.position += outcome.size
        self.position -= file.received

    def remaining(self) -> float | None:
        """Return the bytes still to come; None if they cannot be estimated.

        Files whose length is unknown, or which have not started, are assumed to have the mean size
        of the others.
        """
        total, files = self.total, self.in_flight.values()
        if total is None:
            return None
        lengths = [each.expected for each in files if each.expected is not None]
        known = [each for each in files if each.expected is not None]
        unknown = total - self.done - len(known)
        left: float = sum(lengths) - sum(each.received for each in known)
        if unknown:
            count = self._downloaded + len(known)
            if not count:
                return None
            partly = sum(each.received for each in files if each.expected is None)
            left += max(0.0, unknown * (self._size + sum(lengths)) / count - partly)
        return max(0.0, left)

    @property
    def estimated(self) -> bool:
        """Whether the bytes still to come are only an estimate."""
        lengths = sum(each.expected is not None for each in self.in_flight.values())
        return self.total is None or self.done + lengths < self.total

    def fraction(self, remaining: float | None) -> float:
        """Return the share of the bytes that is complete; of the files if sizes are unknown."""
        size = self.position + remaining if remaining is not None else 0
        return self.position / size if size else self.done / (self.total or 1)

    def oldest(self, count: int) -> list[InFlight]:
        """Return the files that have been in flight for the longest time: the slowest."""
        return [file for file, _ in zip(self.in_flight.values(), range(count), strict=False)]


class Speed:
    """The rate of received bytes over the last ``WINDOW`` seconds, or since ``now``."""

    def __init__(self, now: float) -> None:
        self._samples = deque([(now, 0)])

    def rate(self, fetched: int, now: float) -> float:
        """Return bytes a second; ``fetched`` is the number of bytes so far."""
        samples = self._samples
        samples.append((now, fetched))
        while samples[1][0] <= now - WINDOW:
            samples.popleft()
        then, before = samples[0]
        return (fetched - before) / (now - then) if now > then else 0.0


def time_left(remaining: float | None, rate: float) -> float | None:
    """Return the seconds until the end; None if unknown."""
    if remaining is None:
        return None
    if not remaining:
        return 0.0
    return remaining / rate if rate else None


def sizes(position: float, total: float | None, *, estimated: bool = False) -> str:
    """Return how much is complete: ``12.9/30.0 MB``, ``12.9/~30.0 MB``, or ``12.9 MB``."""
    done = human_bytes(position)
    if total is None:
        return done
    of = human_bytes(total)
    number, unit = done.split()
    about = "~" if estimated else ""
    return f"{number if of.endswith(f' {unit}') else done}/{about}{of}"
