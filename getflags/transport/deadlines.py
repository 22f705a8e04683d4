"""An alarm clock for threads that wait in somebody else's library: one thread for all of them.

Who waits in a library can't look at the clock; a call from another thread has to wake him. What
that call does is the waiter's business. (The road not taken: a ``threading.Timer`` for each
request, which is a new thread for each.)
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

from getflags.core.errors import Exhausted


def start(thread: threading.Thread) -> None:
    """Start a thread. Raises Exhausted where the system grants no more; it may the next time."""
    try:
        thread.start()
    except RuntimeError as error:
        raise Exhausted("the system grants no more threads") from error


class Watchdog:
    """Barks at those who take too long. Its thread starts with the first who is watched.

    It lasts as long as the process. One that is forked has no such thread, and the lock as it was
    just then, held perhaps; so it begins anew there.
    """

    def __init__(self) -> None:
        self._begin()
        os.register_at_fork(after_in_child=self._begin)

    def _begin(self) -> None:
        self._change = threading.Condition()
        self._watched: dict[object, tuple[float, Callable[[], None]]] = {}
        self._asleep_until = 0.0
        self._thread: threading.Thread | None = None

    @contextmanager
    def limit(self, seconds: float, bark: Callable[[], None]) -> Iterator[None]:
        """Have ``bark`` called, from another thread, if the block takes longer than ``seconds``.

        Never after the block has been left: it could wake the wrong one. Raises Exhausted.
        """
        key = object()
        due = monotonic() + seconds
        with self._change:
            if self._thread is None:
                thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)
                start(thread)  # it fails where the system grants no more; the next may succeed
                self._thread = thread
            self._watched[key] = due, bark
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
                for key, (due, bark) in list(self._watched.items()):
                    if due <= now:
                        del self._watched[key]
                        bark()
                # Whoever comes next mostly waits longer than those who are here, and need not
                # wake us; who has left doesn't either.
                nearest = min((due for due, _ in self._watched.values()), default=now + _NAP)
                self._asleep_until = nearest
                self._change.wait(nearest - now)


_NAP = 3600.0  # seconds; while nobody is there, the first who comes wakes us
