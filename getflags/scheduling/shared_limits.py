"""The limits of servers that the workers of the processes engine share, in shared memory.

Each worker has its own scheduler, but a server does not know them apart: it refuses what exceeds
its limit in all of them together. So pauses, ceilings and rates are in a table that all workers
read and write. A server gets a row when it refuses a request; other servers cost nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from math import inf
from multiprocessing.context import BaseContext
from zlib import crc32

from getflags.core.models import NO_LIMIT, Allowance
from getflags.rates.learnt_rate import LearntRate
from getflags.scheduling.ceiling import Ceiling
from getflags.scheduling.limits import Flight, Limits
from getflags.transfer.actions import Refusal

_ROWS = 64  # servers that may have a row; beyond, each worker keeps its limits for itself
_MAX_WAIT = 0.2  # seconds to wait for the lock, so that no worker waits for one that is stopped
_POLL = 0.02  # seconds after which the requests in flight in other workers are counted again
_LEARNT = len(LearntRate.FIELDS) + len(Ceiling.FIELDS)  # numbers in a row, after the key


class LimitsTable:
    """The table: a row for each limited server, with the requests in flight of each worker."""

    def __init__(self, context: BaseContext, workers: int) -> None:
        self.workers = workers
        self._width = 1 + _LEARNT + workers
        self._lock = context.Lock()
        self._owner = context.RawValue("i", 0)  # the worker that has locked the table, from 1
        # The first number is that of the rows in use.
        self._values = context.RawArray("d", 1 + _ROWS * self._width)

    @property
    def size(self) -> int:
        """The number of rows in use."""
        return int(self._values[0])

    @contextmanager
    def locked(self, worker: int) -> Iterator[None]:
        """Lock the table for a ``with`` block in a worker.

        If another worker keeps it for too long, the block runs without the lock: then a number may
        be lost, but no request.
        """
        locked = self._lock.acquire(timeout=_MAX_WAIT)
        if locked:
            self._owner.value = worker + 1
        try:
            yield
        finally:
            if locked:
                self._owner.value = 0
                self._lock.release()

    def find(self, key: float) -> int | None:
        """Return the row of a server, as the index of its first number; None if it has none."""
        rows = (1 + n * self._width for n in range(self.size))
        return next((row for row in rows if self._values[row] == key), None)

    def add(self, key: float) -> int | None:
        """Add a row for a server and return it; None if the table is full."""
        if self.size == _ROWS:
            return None
        row = 1 + self.size * self._width
        self._values[row] = key
        self._values[0] += 1
        return row

    def load(self, row: int) -> tuple[list[float], list[float]]:
        """Return the learnt numbers of a row, and the requests in flight of each worker."""
        values = self._values[row + 1 : row + self._width]
        return values[:_LEARNT], values[_LEARNT:]

    def store(self, row: int, learnt: list[float], worker: int, in_flight: int) -> None:
        """Set the learnt numbers of a row, and the requests in flight of one worker."""
        self._values[row + 1 : row + 1 + _LEARNT] = learnt
        self._values[row + 1 + _LEARNT + worker] = in_flight

    def forget(self, worker: int) -> None:
        """Remove the requests in flight of a worker that has died, and the lock that it held."""
        if self._owner.value == worker + 1:
            self._owner.value = 0
            self._lock.release()
        with self.locked(worker):
            for n in range(self.size):
                self._values[1 + n * self._width + 1 + _LEARNT + worker] = 0


def share_of(allowance: Allowance, origin: str, worker: int, workers: int) -> Allowance:
    """Return the part of an origin's limits that one of the workers has.

    All parts together are the whole, so that no worker needs to know about the others. What remains
    of a division goes to workers that differ from origin to origin. An origin with a rate belongs
    to one worker, because workers that pace their requests alone would start some at the same time.
    """
    if allowance == NO_LIMIT:
        return allowance
    turn = (crc32(origin.encode()) + worker) % workers
    if allowance.rate < inf:
        return allowance if turn == 0 else allowance._replace(max_in_flight=0)
    each, rest = divmod(int(allowance.max_in_flight), workers)
    return Allowance(each + (turn < rest))


class SharedLimits(Limits):
    """The limits of one server in one worker: those in the table, once there is a row."""

    def __init__(
        self, origin: str, table: LimitsTable, worker: int, allowance: Allowance = NO_LIMIT
    ) -> None:
        share = share_of(allowance, origin, worker, table.workers)
        # A redirect may lead to a server of which this worker has no share.
        super().__init__(share._replace(max_in_flight=max(1, share.max_in_flight)))
        self._key = float(1 + int.from_bytes(blake2b(origin.encode(), digest_size=6).digest()))
        self._table = table
        self._worker = worker
        self._row: int | None = None
        self._size = 0  # of the table when this server was last searched in it
        self._elsewhere = 0.0  # requests in flight in the other workers
        self._joined = -inf  # when the row was found
        # What was added then to the number of served requests, because others had counted.
        self._served_elsewhere = 0.0

    @property
    def in_flight_everywhere(self) -> int:
        """The number of requests in flight in all workers."""
        return self.in_flight + int(self._elsewhere)

    def allow(self, now: float) -> bool:
        """Return whether a request may be sent now."""
        if self._alone:  # the usual case, in which nothing is shared
            return super().allow(now)
        with self._synchronized(now):
            return super().allow(now)

    def allow_at(self, now: float) -> float | None:
        """Return when a request may be sent; None if another one must end first."""
        if self._alone:
            return super().allow_at(now)
        with self._synchronized(now):
            at = super().allow_at(now)
            return now + _POLL if at is None and self._elsewhere else at

    def started(self, now: float) -> Flight:
        """Record the start of a request."""
        if self._alone:
            return super().started(now)
        with self._synchronized(now):
            return super().started(now)

    def start_if_allowed(self, now: float) -> Flight | None:
        """Record the start of a request, unless another worker has taken the last room for it."""
        if self._alone:
            return super().started(now)
        with self._synchronized(now):
            return super().started(now) if super().allow(now) else None

    def ended(self, now: float) -> None:
        """Record the end of a request; ``accepted`` or ``refused`` may follow."""
        if self._alone:
            super().ended(now)
            return
        with self._synchronized(now):
            super().ended(now)

    def accepted(self, flight: Flight, now: float) -> None:
        """Record that the server has not refused a request."""
        if self._alone:
            super().accepted(flight, now)
            return
        with self._synchronized(now):
            super().accepted(flight, now)

    def refused(self, flight: Flight, refusal: Refusal, now: float) -> bool:
        """Hold back requests after a refusal; return whether the learnt rate has changed."""
        with self._synchronized(now, add=True):
            if flight.started < self._joined:
                flight = flight._replace(served=flight.served + self._served_elsewhere)
            return super().refused(flight, refusal, now)

    @property
    def _alone(self) -> bool:
        """Whether no worker has been refused by this server, as far as the table's size tells."""
        return self._row is None and self._size == self._table.size

    @contextmanager
    def _synchronized(self, now: float, *, add: bool = False) -> Iterator[None]:
        """Load the shared numbers before a ``with`` block, and store them after it."""
        with self._table.locked(self._worker):
            if self._row is None:
                self._find(now, add=add)
            else:
                self._load(self._row, now)
            yield
            if self._row is not None:
                self._store(self._row)

    def _find(self, now: float, *, add: bool) -> None:
        """Find this server's row, or add one for what this worker has learnt."""
        self._row, self._size = self._table.find(self._key), self._table.size
        if self._row is not None:
            served = self.ceiling.served
            self._load(self._row, now)
            if served and not self.ceiling.served:  # the server is not down, as others may think
                self.ceiling.served = 1.0
            self._joined, self._served_elsewhere = now, self.ceiling.served - served
        elif add:
            self._row = self._table.add(self._key)

    def _load(self, row: int, now: float) -> None:
        learnt, in_flight = self._table.load(row)
        values = iter(learnt)
        for part in (self.rate, self.ceiling):
            for name in part.FIELDS:
                setattr(part, name, next(values))
        self._elsewhere = sum(in_flight) - in_flight[self._worker]
        self._update(now)

    def _store(self, row: int) -> None:
        parts = (self.rate, self.ceiling)
        learnt = [getattr(part, name) for part in parts for name in part.FIELDS]
        self._table.store(row, learnt, self._worker, self.in_flight)
