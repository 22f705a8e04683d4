"""How a body leaves: in which pieces, after which pauses, and whether to its end.

What may live here: the value that says so, and the steps that follow from it. What may not: a
clock (times are handed in), timers, sockets: those are in `protocol`.
"""

from enum import Enum
from typing import NamedTuple

from .bandwidth import Line


class Ending(Enum):
    """What becomes of a connection whose body is cut short."""

    CLOSE = "close"  # as if all had been sent (FIN)
    RESET = "reset"  # as if the program had crashed (RST)


class Delivery(NamedTuple):
    """Pieces of `piece` bytes, one `every` so many seconds; a silence; an early end.

    After `stall_at` bytes nothing is sent for `stall_for` seconds; after `stop_at` bytes the
    connection ends, in the way of `ending`. None: never.
    """

    piece: int | None = None
    every: float = 0.0
    stall_at: int | None = None
    stall_for: float = 0.0
    stop_at: int | None = None
    ending: Ending = Ending.CLOSE


class Step(NamedTuple):
    """What to do now: wait, or send `size` bytes at most, or end it."""

    wait: float = 0.0
    size: int = 0
    ending: Ending | None = None


class Pace:
    """The steps of one body. `line` is what all bodies have to pass through, if anything."""

    __slots__ = ("_delivery", "_due", "_left", "_line", "_sent", "_size", "_stalled")

    def __init__(self, delivery: Delivery, size: int, line: Line | None) -> None:
        self._delivery = delivery
        self._left = size
        self._line = line
        self._sent = 0
        self._stalled = False
        self._due: float | None = None  # when the next piece may leave; None: not yet planned
        self._size = 0  # of that piece

    def step(self, now: float) -> Step:
        """Return what to do at `now`, by any clock that only goes forward."""
        if self._sent == self._delivery.stop_at:
            return Step(ending=self._delivery.ending)
        if self._due is None:
            self._due = now + self._plan(now)
        if self._due > now:
            return Step(wait=self._due - now)
        return Step(size=self._size)

    def sent(self, size: int) -> None:
        """Take note that `size` bytes have left, of those that the last step allowed."""
        self._sent += size
        self._left -= size
        self._due = None

    def _plan(self, now: float) -> float:
        """Settle on the size of the next piece; return the seconds until it may leave."""
        delivery, wait = self._delivery, 0.0
        if self._sent == delivery.stall_at and not self._stalled:
            self._stalled = True
            wait = delivery.stall_for
        elif delivery.piece is not None and self._sent:
            wait = delivery.every
        marks = (mark for mark in (delivery.stall_at, delivery.stop_at) if mark is not None)
        sizes = [self._left, *(mark - self._sent for mark in marks if mark > self._sent)]
        if delivery.piece is not None:
            sizes.append(delivery.piece)
        if self._line is None:
            self._size = min(sizes)
            return wait
        # Taken at the time of asking, though a stall may end later: a line that is asked for a
        # time to come would have to keep a calendar.
        self._size = min(*sizes, self._line.piece)
        return max(wait, self._line.take(self._size, now))
