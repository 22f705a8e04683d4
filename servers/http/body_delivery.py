"""The delivery of a body: its pieces, the pauses between them, and an early end.

`Delivery` describes how to send a body; `DeliverySchedule` computes the steps. Callers pass it the
time, and `connection` sends the bytes.
"""

from enum import Enum
from typing import NamedTuple

from .bandwidth import SharedBandwidth


class Ending(Enum):
    """How a connection is closed after an incomplete body."""

    CLOSE = "close"  # an orderly close (FIN), as after a complete body
    RESET = "reset"  # a reset (RST), as after a crash


class Delivery(NamedTuple):
    """How a body is sent: `piece` bytes every `every` seconds, with a stall or an early end.

    After `stall_at` bytes, nothing is sent for `stall_for` seconds. After `stop_at` bytes, the
    connection is closed as `ending` says. A value of None disables the feature.
    """

    piece: int | None = None
    every: float = 0.0
    stall_at: int | None = None
    stall_for: float = 0.0
    stop_at: int | None = None
    ending: Ending = Ending.CLOSE


class Step(NamedTuple):
    """The next step of a delivery: wait, send at most `size` bytes, or close the connection."""

    wait: float = 0.0
    size: int = 0
    ending: Ending | None = None


class DeliverySchedule:
    """The steps that deliver one body of `size` bytes. `bandwidth` is the limit to obey, if any."""

    __slots__ = ("_bandwidth", "_delivery", "_due", "_left", "_sent", "_size", "_stalled")

    def __init__(self, delivery: Delivery, size: int, bandwidth: SharedBandwidth | None) -> None:
        self._delivery = delivery
        self._left = size
        self._bandwidth = bandwidth
        self._sent = 0
        self._stalled = False
        self._due: float | None = None  # when the next piece may be sent; None: not yet planned
        self._size = 0  # size of the next piece, in bytes

    def step(self, now: float) -> Step:
        """Return the next step at the time `now`, in seconds of any monotonic clock."""
        if self._sent == self._delivery.stop_at:
            return Step(ending=self._delivery.ending)
        if self._due is None:
            self._due = now + self._plan(now)
        if self._due > now:
            return Step(wait=self._due - now)
        return Step(size=self._size)

    def sent(self, size: int) -> None:
        """Record that `size` of the bytes that the last step allowed were sent."""
        self._sent += size
        self._left -= size
        self._size -= size
        if self._size <= 0:  # else the rest of the piece, which is reserved, follows at once
            self._due = None

    def _plan(self, now: float) -> float:
        """Choose the size of the next piece; return the seconds until it may be sent."""
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
        if self._bandwidth is None:
            self._size = min(sizes)
            return wait
        # The bytes are reserved now, although a stall may end later: a limiter that accepts
        # reservations for the future would need a calendar.
        self._size = min(*sizes, self._bandwidth.piece)
        return max(wait, self._bandwidth.reserve(self._size, now))
