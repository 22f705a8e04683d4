"""A shard of a plan: *targets in, asyncio engine, events out*, over a connection.

The whole of a worker, and nothing of who is at the other end: today the processes engine's parent.
What crosses is small: in, batches of targets, each with whether it is the last; out, once a file,
a tuple of figures.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Protocol, TypeAlias

from getflags.engines import event_loop
from getflags.events import Event, Finished, Progressed
from getflags.model import Plan, Target

_FULL = 128  # events that are worth a message
_SOON = 0.05  # seconds that an event may wait for others

#: Tuples of an outcome's or a progress's figures, or the worker's own failure.
News: TypeAlias = "list[tuple[Any, ...]] | BaseException"


class Connection(Protocol):
    """One end of a pipe that carries objects, as ``multiprocessing`` has it."""

    def send(self, obj: Any) -> None:
        """Send an object. Raises OSError where nobody is there."""
        ...

    def recv(self) -> Any:
        """Wait for an object. Raises EOFError where nobody is there."""
        ...

    def close(self) -> None:
        """Close this end."""
        ...


def serve(connection: Connection, plan: Plan) -> None:
    """Fetch the targets that come in until the last batch is done, or nobody is there."""
    outbox = _Outbox(connection)
    try:
        event_loop.run(replace(plan, targets=_incoming(connection, outbox)), outbox.emit)
        outbox.flush()
    except (EOFError, OSError):  # nobody wants to know any more
        return
    except Exception as bug:  # noqa: BLE001 - raised again by the parent
        connection.send(bug)


def _incoming(connection: Connection, outbox: _Outbox) -> Iterator[Target]:
    """Yield targets. Waiting holds up the loop, so the other end keeps some in the pipe."""
    last = False
    while not last:
        outbox.flush()  # who waits has told all, or both ends might wait for each other
        batch, last = connection.recv()
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
            self._put((target.number, status.value, *rest))
        elif isinstance(event, Progressed):
            self._put((event.target.number, event.received, event.expected))

    def _put(self, item: tuple[Any, ...]) -> None:
        if not self._waiting:
            asyncio.get_running_loop().call_later(_SOON, self.flush)
        self._waiting.append(item)
        if len(self._waiting) >= _FULL:
            self.flush()

    def flush(self) -> None:
        """Send what waits."""
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            self._connection.send(waiting)
