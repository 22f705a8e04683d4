"""Redrawing a view from time to time, also while no event arrives."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from getflags.core.events import Event, EventHandler
from getflags.output.progress import View

INTERVAL = 0.5  # seconds between two redraws

# Held while a view is used, and while the process forks: otherwise, a worker process could inherit
# a locked stream, because the thread that has locked it exists only in the parent.
_lock = threading.RLock()
os.register_at_fork(
    before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_lock.release
)


@contextmanager
def redrawn(view: View) -> Iterator[EventHandler]:
    """Yield the view's event handler, and redraw the view by a thread; close it at the end.

    The engines need not wake up for it, and no signal interrupts it: Python handles signals on the
    main thread.
    """
    closed = False

    def read(event: Event) -> None:
        with _lock:
            view.read(event)

    def redraw() -> None:
        while not ended.wait(INTERVAL):
            if _lock.acquire(blocking=False):  # otherwise, an event is being shown
                try:
                    if not closed:  # pragma: no branch - it may have been closed just now
                        view.redraw()
                finally:
                    _lock.release()

    ended = threading.Event()
    with suppress(RuntimeError):  # the system allows no more threads; events still redraw the view
        threading.Thread(target=redraw, name="getflags progress", daemon=True).start()
    try:
        yield read
    finally:
        ended.set()
        with _lock:
            closed = True
            view.close()
