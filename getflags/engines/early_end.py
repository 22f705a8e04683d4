"""The early end of a run: after a number of failures (``--max-failures``).

An engine treats the exception as it treats a signal's: transfers in flight are aborted, parts that
can be resumed are kept, and targets that have not ended have no outcome.
"""

from __future__ import annotations

from getflags.core.errors import Stopped
from getflags.core.events import Event, EventHandler, Finished
from getflags.core.text import counted


def stop_after(failures: int | None, emit: EventHandler) -> EventHandler:
    """Return an event handler that calls ``emit``, and raises Stopped after so many failures.

    With None, that is ``emit`` itself.
    """
    if failures is None:
        return emit
    count = 0

    def handle(event: Event) -> None:
        nonlocal count
        emit(event)
        if isinstance(event, Finished) and event.outcome.failed:
            count += 1
            if count == failures:
                raise Stopped(f"stopped after {counted(count, 'failure')} (--max-failures)")

    return handle
