"""A shard of a plan: *targets in, asyncio engine, events out*, over a connection.

The whole of a worker, and nothing of who is at the other end: today the processes engine's parent.
What crosses is small: in, batches of targets, each with whether it is the last; out, once a file,
a tuple of figures.
"""

from __future__ import annotations

import asyncio
import pickle
import threading
import traceback
from collections.abc import Iterator
from contextlib import suppress
from queue import SimpleQueue
from time import monotonic
from typing import Any, Protocol, TypeAlias, cast

from getflags.core.events import Event, Finished, Progressed, Retrying
from getflags.core.models import Plan, Target
from getflags.engines import event_loop
from getflags.scheduling.scheduler import Scheduler

_FULL = 128  # events that are worth a message
_SOON = 0.05  # seconds that an event may wait for others

#: Tuples of an outcome's, a retry's or a progress's figures, or the worker's own failure.
News: TypeAlias = "list[tuple[Any, ...]] | BaseException"


class Connection(Protocol):
    """One end of a pipe that carries objects, as ``multiprocessing`` has it."""

    def send(self, obj: Any) -> None:
        """Send an object. Raises OSError where nobody is there."""
        ...

    def recv(self) -> Any:
        """Wait for an object. Raises EOFError where nobody is there."""
        ...

    def fileno(self) -> int:
        """Return the descriptor of this end."""
        ...

    def close(self) -> None:
        """Close this end."""
        ...


def serve(connection: Connection, plan: Plan) -> None:
    """Fetch the targets that come in until the last batch is done, or nobody is there."""
    outbox = _Outbox(connection)
    inbox: SimpleQueue[tuple[list[Target], bool] | None] = SimpleQueue()
    scheduler = Scheduler(_incoming(inbox, outbox), plan.options, monotonic)
    threading.Thread(target=_listen, args=(connection, inbox, scheduler), daemon=True).start()
    try:
        event_loop.drive(plan, outbox.emit, scheduler)
        outbox.flush()
    except _NobodyThere:
        return
    except Exception as bug:  # noqa: BLE001 - raised again by the parent
        with suppress(OSError):
            connection.send(_portable(bug))


class _NobodyThere(Exception):
    pass


def _portable(bug: Exception) -> Exception:
    """Return an exception that can cross: itself, or what it would have printed."""
    try:
        return cast("Exception", pickle.loads(pickle.dumps(bug)))  # noqa: S301 - our own
    except Exception:  # noqa: BLE001 - pickling runs anybody's code
        return RuntimeError("".join(traceback.format_exception(bug)))


def _listen(
    connection: Connection,
    inbox: SimpleQueue[tuple[list[Target], bool] | None],
    scheduler: Scheduler,
) -> None:
    """Put what comes into the inbox; on a thread, for the loop must not wait for it."""
    last = False
    try:
        while not last:
            news = connection.recv()
            last = news[1]
            inbox.put(news)
            scheduler.wake()
    except (EOFError, OSError):
        inbox.put(None)
        scheduler.wake()


def _incoming(
    inbox: SimpleQueue[tuple[list[Target], bool] | None], outbox: _Outbox
) -> Iterator[Target | None]:
    """Yield targets, and None where none is here. Raises _NobodyThere."""
    last = False
    while not last:
        while inbox.empty():
            outbox.flush()  # who waits has told all, or both ends might wait for each other
            yield None
        news = inbox.get()
        if news is None:
            raise _NobodyThere
        batch, last = news
        yield from batch


class _Outbox:
    """Sends events in bunches, soon."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._waiting: list[tuple[Any, ...]] = []

    def emit(self, event: Event) -> None:
        """Take an event."""
        if isinstance(event, Finished):
            target, status, *rest = event.outcome
            self._put((target.number, status.value, event.seconds, *rest))
        elif isinstance(event, Progressed):
            self._put((event.target.number, event.received, event.expected))
        elif isinstance(event, Retrying):
            self._put((event.target.number, event.seconds, event.reason, event.origin))

    def _put(self, item: tuple[Any, ...]) -> None:
        if not self._waiting:
            asyncio.get_running_loop().call_later(_SOON, self._flush_late)
        self._waiting.append(item)
        if len(self._waiting) >= _FULL:
            self.flush()

    def _flush_late(self) -> None:
        with suppress(_NobodyThere):  # the loop would print it; whoever takes the next target hears
            self.flush()

    def flush(self) -> None:
        """Send what waits."""
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            try:
                self._connection.send(waiting)
            except OSError:
                raise _NobodyThere from None
