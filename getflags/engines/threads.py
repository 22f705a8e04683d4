"""The thread engine: as many threads as the limit allows, each with a wire of its own.

Workers put their events into one queue; the caller's thread takes them out and emits them. When the
caller is interrupted, the sockets are shut down so that blocked readers wake up at once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from time import monotonic

from getflags.core.events import Event, EventHandler
from getflags.core.models import Plan
from getflags.rates.rate_limit import Pace
from getflags.scheduling.bounded_concurrency import merge
from getflags.scheduling.scheduler import Scheduler
from getflags.transfer.run import fetch
from getflags.transfer.transfer import Transfer
from getflags.transport import Wire, client

_PATIENCE = 1.8  # seconds for interrupted workers to take away their part files


def run(plan: Plan, emit: EventHandler) -> None:
    """See ``getflags.engines``."""
    wires = _Wires(plan)

    pace = Pace(plan.network.limit_rate, monotonic)
    scheduler = Scheduler(plan.targets, plan.options, monotonic, plan.max_per_host)

    def work(transfer: Transfer, put: Callable[[Event | Transfer], None]) -> None:
        with wires.one() as wire:
            put(fetch(transfer, plan.options, wire, pace, put))

    try:
        with closing(merge(scheduler, work, plan.limit)) as news:
            for item in news:
                for event in scheduler.returned(item) if isinstance(item, Transfer) else (item,):
                    emit(event)
    except BaseException:
        wires.abort()
        raise
    wires.close()


class _Wires:
    """The wires, lent to one thread at a time; the last one given back is the next one lent."""

    def __init__(self, plan: Plan) -> None:
        self._client = client(plan.client)
        self._network = plan.network
        self._idle: list[Wire] = []
        self._lent: set[Wire] = set()
        self._aborted = False
        self._change = threading.Condition()

    @contextmanager
    def one(self) -> Iterator[Wire]:
        """Lend a wire."""
        with self._change:
            wire = self._idle.pop() if self._idle else self._client.open_wire(self._network)
            self._lent.add(wire)
            if self._aborted:
                wire.abort()
        try:
            yield wire
        finally:
            with self._change:
                self._lent.discard(wire)
                if self._aborted:
                    wire.close()
                else:
                    self._idle.append(wire)
                self._change.notify_all()

    def abort(self) -> None:
        """End all requests and wait a moment for their threads to tidy up.

        Only a moment: a thread in the resolver can't be woken. It is a daemon, and what it has
        written is hidden and never gets a final name.
        """
        with self._change:
            self._aborted = True
            self.close()
            for wire in self._lent:
                wire.abort()
            self._change.wait_for(lambda: not self._lent, timeout=_PATIENCE)

    def close(self) -> None:
        """Close the connections that nobody uses."""
        for wire in self._idle:
            wire.close()
