"""A worker of the processes engine: it receives targets, runs the asyncio engine, sends events.

This module uses only a connection, whatever process is at the other end. The worker receives
batches of targets, each with a flag for the last batch, and sends lists of packed events.
"""

from __future__ import annotations

import asyncio
import pickle
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from queue import SimpleQueue
from time import monotonic
from typing import Any, Protocol, TypeAlias, cast

from getflags.core.errors import Stopped
from getflags.core.events import Adjusted, Event, Finished, Slowed, Started
from getflags.core.feed import NO_JOB, NoJob
from getflags.core.models import Plan, Target
from getflags.engines import event_loop
from getflags.engines.early_end import stop_after
from getflags.scheduling.limits import Limits
from getflags.scheduling.scheduler import Scheduler

_MAX_EVENTS = 128  # events in one message
_MAX_DELAY = 0.05  # seconds that an event may wait for others

#: An event's class, the number of its target (None if it is not about a target), its other values.
#: Pickling a tuple takes 0.2 us; pickling the event itself takes 1.7 us, because of its classes.
PackedEvent: TypeAlias = tuple[Any, ...]

#: Targets as plain tuples, which take a third of the time to pickle; whether they are the last.
Batch: TypeAlias = "tuple[list[tuple[Any, ...]], bool]"

#: Events, or the exception that ended the worker.
Message: TypeAlias = "list[PackedEvent] | BaseException"


class Connection(Protocol):
    """One end of a pipe for Python objects, such as ``multiprocessing.connection.Connection``."""

    def send(self, obj: Any) -> None:
        """Send an object. Raises OSError if the other end is closed."""
        ...

    def recv(self) -> Any:
        """Wait for an object and return it. Raises EOFError if the other end is closed."""
        ...

    def fileno(self) -> int:
        """Return the file descriptor of this end."""
        ...

    def close(self) -> None:
        """Close this end."""
        ...


def serve(connection: Connection, plan: Plan, new_limits: Callable[[str], Limits]) -> None:
    """Download the targets received until the last batch is done or the connection is closed.

    ``new_limits`` is that of ``Scheduler``.
    """
    outbox = _Outbox(connection)
    inbox: SimpleQueue[Batch | None] = SimpleQueue()
    targets = _incoming(inbox, outbox, lambda: not scheduler.waiting)
    scheduler = Scheduler(targets, plan.options, monotonic, new_limits=new_limits)
    threading.Thread(target=_listen, args=(connection, inbox, scheduler), daemon=True).start()
    try:
        with suppress(Stopped):  # what has happened until then is still to be reported
            event_loop.drive(plan, stop_after(plan.max_failures, outbox.emit), scheduler)
        outbox.flush()
    except _ConnectionClosed:
        return
    except SystemExit:  # after SIGTERM; the parent still listens
        with suppress(_ConnectionClosed):
            outbox.flush()
        raise
    except Exception as bug:  # noqa: BLE001 - raised again by the parent
        with suppress(OSError):
            connection.send(_picklable(bug))


class _ConnectionClosed(Exception):
    pass


def _picklable(bug: Exception) -> Exception:
    """Return the exception if it can be pickled, else a RuntimeError with its traceback."""
    try:
        return cast("Exception", pickle.loads(pickle.dumps(bug)))  # noqa: S301 - pickled here
    except Exception:  # noqa: BLE001 - pickling calls methods of the exception
        return RuntimeError("".join(traceback.format_exception(bug)))


def _listen(
    connection: Connection,
    inbox: SimpleQueue[Batch | None],
    scheduler: Scheduler,
) -> None:
    """Put received batches into the inbox; runs in a thread, because ``recv`` blocks."""
    last = False
    try:
        while not last:
            batch = connection.recv()
            last = batch[1]
            inbox.put(batch)
            scheduler.wake()
    except (EOFError, OSError):
        inbox.put(None)
        scheduler.wake()


def _incoming(
    inbox: SimpleQueue[Batch | None], outbox: _Outbox, is_idle: Callable[[], bool]
) -> Iterator[Target | NoJob]:
    """Yield the received targets, and NO_JOB while there are none. Raises _ConnectionClosed.

    The scheduler looks ahead, so it asks for targets while others still wait. Events are sent at
    once only if ``is_idle`` returns true, because the parent sends targets in response to them;
    otherwise, they wait for a full message or the timer.
    """
    last = False
    while not last:
        while inbox.empty():
            if is_idle():
                outbox.flush()
            yield NO_JOB
        received = inbox.get()
        if received is None:
            raise _ConnectionClosed
        batch, last = received
        yield from map(Target._make, batch)


def _packed(event: Event) -> PackedEvent:
    """Return an event as a tuple, without its target, which the parent has."""
    if isinstance(event, Finished):
        target, status, *rest = event.outcome
        return (Finished, target.number, event.seconds, status.value, *rest)
    if isinstance(event, Adjusted | Slowed):
        return (type(event), None, *event)
    return (type(event), event.target.number, *event[1:])


class _Outbox:
    """A buffer of events, which are sent in batches, at the latest after ``_MAX_DELAY``."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._waiting: list[PackedEvent] = []
        self._timer: asyncio.TimerHandle | None = None

    def emit(self, event: Event) -> None:
        """Add an event; send the batch if it is full. Started is emitted by the parent."""
        if isinstance(event, Started):
            return
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(_MAX_DELAY, self._flush_delayed)
        self._waiting.append(_packed(event))
        if len(self._waiting) >= _MAX_EVENTS:
            self.flush()

    def _flush_delayed(self) -> None:
        with suppress(_ConnectionClosed):  # the loop would only log it; ``_incoming`` raises it too
            self.flush()

    def flush(self) -> None:
        """Send the collected events. Raises _ConnectionClosed."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            try:
                self._connection.send(waiting)
            except OSError:
                raise _ConnectionClosed from None
