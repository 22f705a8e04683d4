"""The rate limiter behind ``--limit-rate``: one byte budget for all transfers of a run.

It computes how long a transfer must wait. A piece is charged after it has been received, so the
limit holds for any piece size and any number of connections.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from getflags.core.errors import Aborted

_MAX_CREDIT = 0.25  # seconds without data (e.g. between two requests) that may be made up for


class RateLimiter:
    """A thread-safe rate limiter; ``rate`` is in bytes a second, None for no limit.

    ``clock`` returns the time in seconds.
    """

    def __init__(self, rate: float | None, clock: Callable[[], float]) -> None:
        self._rate = rate
        self._clock = clock
        self._paid_until: float | None = None  # clock time at which the budget is balanced
        self._lock = threading.Lock()
        self._stopped = threading.Event()

    def spend(self, count: int) -> float:
        """Charge ``count`` bytes to the budget; return how many seconds to wait."""
        if self._rate is None:
            return 0
        with self._lock:
            now = self._clock()
            paid = self._paid_until
            since = now if paid is None else max(paid, now - _MAX_CREDIT)
            self._paid_until = since + count / self._rate
            return max(0.0, self._paid_until - now)

    def wait(self, seconds: float) -> None:
        """Wait in a thread. Raises Aborted after ``stop``."""
        if self._stopped.wait(seconds):
            raise Aborted("interrupted")

    def stop(self) -> None:
        """End all waits, now and later."""
        self._stopped.set()
