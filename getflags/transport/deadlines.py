"""A watchdog thread that ends blocking calls after a time limit; it serves all other threads.

A thread that is blocked inside a library cannot check the clock, so another thread must interrupt
it. The caller passes a function that does so, for example by shutting down a socket. (Rejected:
one ``threading.Timer`` for each request, because each starts a thread.)
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

from getflags.core.resource_limits import start_thread

_MAX_SLEEP = 3600.0  # seconds, while no block is watched; the next one wakes the thread


class Watchdog:
    """A thread that calls a function when a block of code takes too long.

    The thread starts at the first use and runs until the process exits. A forked process does not
    inherit the thread, and the lock may be held at the time of the fork; so the watchdog resets
    itself in the child.
    """

    def __init__(self) -> None:
        self._reset()
        os.register_at_fork(after_in_child=self._reset)

    def _reset(self) -> None:
        self._change = threading.Condition()
        self._watched: dict[object, tuple[float, Callable[[], None]]] = {}
        self._asleep_until = 0.0
        self._thread: threading.Thread | None = None

    @contextmanager
    def limit(self, seconds: float, on_timeout: Callable[[], None]) -> Iterator[None]:
        """Call ``on_timeout`` from the watchdog's thread if the block takes over ``seconds``.

        It is never called after the block has ended, when it could interrupt a later request.
        Raises Exhausted.
        """
        key = object()
        due = monotonic() + seconds
        with self._change:
            if self._thread is None:
                thread = threading.Thread(target=self._watch, name="getflags watchdog", daemon=True)
                start_thread(thread)
                self._thread = thread  # set last: if the start fails, the next call tries again
            self._watched[key] = due, on_timeout
            if due < self._asleep_until:
                self._change.notify()
        try:
            yield
        finally:
            with self._change:
                self._watched.pop(key, None)

    def _watch(self) -> None:
        with self._change:
            while True:
                now = monotonic()
                for key, (due, on_timeout) in list(self._watched.items()):
                    if due <= now:
                        del self._watched[key]
                        on_timeout()
                # New deadlines are usually later than existing ones, so no wake-up is needed for
                # them; nor is one for a block that ends in time.
                nearest = min((due for due, _ in self._watched.values()), default=now + _MAX_SLEEP)
                self._asleep_until = nearest
                self._change.wait(nearest - now)
