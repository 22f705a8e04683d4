"""How fast bytes may come: one budget for all transfers of a run.

Tells how long to wait, and never waits itself. A piece that has come is paid for afterwards, so
that the rate holds however large the pieces and however many the connections are.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

_CAUGHT_UP = 0.25  # seconds without a byte, between two requests for one, that are made up for


class Pace:
    """``rate`` in bytes a second, None for any; ``clock`` in seconds. Threads may share it."""

    def __init__(self, rate: float | None, clock: Callable[[], float]) -> None:
        self._rate = rate
        self._clock = clock
        self._paid: float | None = None  # until when
        self._lock = threading.Lock()

    def spend(self, count: int) -> float:
        """Take so many bytes off the budget; return how many seconds to wait now."""
        if self._rate is None:
            return 0
        with self._lock:
            now = self._clock()
            since = now if self._paid is None else max(self._paid, now - _CAUGHT_UP)
            self._paid = since + count / self._rate
            return max(0.0, self._paid - now)
