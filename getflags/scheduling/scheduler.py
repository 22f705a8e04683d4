"""The scheduler: the choice among new transfers, retries, and those of paused servers.

It has no thread of its own and reads the time from the clock it is given. An engine asks it for
work (``take``) or for how long to wait for work (``delay``), and reports the end of each try
(``returned``). A waiting transfer does not occupy a slot. The scheduler decides only when a try
starts; the transfer decides whether there is another one.

A server that answers 429 or 503 with Retry-After gets no request for that long, for any target, and
with ``-m auto`` the concurrency of each server is adapted: see ``host``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from heapq import heappop, heappush
from itertools import count

from getflags.core.events import Adjusted, Event, Finished, Retrying
from getflags.core.models import DownloadOptions, Target
from getflags.scheduling.adaptive_concurrency import AdaptiveConcurrency
from getflags.scheduling.bounded_concurrency import NO_JOB, NoJob
from getflags.scheduling.host import HostState
from getflags.transfer.actions import Done, Wait
from getflags.transfer.transfer import Transfer

#: The largest number of waiting transfers; beyond it, no new targets are pulled.
MAX_WAITING = 1_000
_MAX_HOSTS = 1_000  # states of servers; beyond this number, those of idle servers are deleted


class Scheduler:
    """A ``JobSource`` of transfers.

    ``targets`` may yield NO_JOB if it has no target at the moment; ``wake`` must then be called as
    soon as it has one. ``max_per_host``, for ``-m auto``, is the largest number in flight at one server.
    """

    def __init__(
        self,
        targets: Iterable[Target | NoJob],
        options: DownloadOptions,
        clock: Callable[[], float],
        max_per_host: int | None = None,
    ) -> None:
        self.wake: Callable[[], object] = lambda: None
        self._targets = iter(targets)
        self._options = options
        self._clock = clock
        self._no_more_targets = False
        self._in_flight: set[Transfer] = set()
        self._started: dict[Transfer, float] = {}  # the time of each transfer's first try
        self._retries: list[tuple[float, int, Transfer]] = []  # a heap, ordered by due time
        self._serial = count()
        self._max_per_host = max_per_host
        # Servers by origin: all with ``-m auto``, otherwise only those that have asked for a pause.
        self._hosts: dict[str, HostState] = {}
        self._waited_for: dict[str, HostState] = {}  # servers with waiting transfers
        self._waiting = 0  # transfers that wait for a server

    @property
    def exhausted(self) -> bool:
        """Whether no transfer waits and none will follow, except retries of those in flight."""
        return self._no_more_targets and not self._retries and not self._waiting

    def take(self) -> Transfer | NoJob:
        """Return a transfer to start now."""
        if self._retries or self._hosts or self._max_per_host:
            return self._take_in_order()
        return self._start(self._new())

    def delay(self) -> float | None:
        """Return the seconds until ``take`` should be called; None if a try must end first."""
        now = self._clock()
        hosts = self._waited_for.values()
        # A server at its limit becomes available when a request ends, not at a certain time.
        times = [
            each.paused_until for each in hosts if each.paused_until > now or each.accepts(now)
        ]
        times += [self._retries[0][0]] if self._retries else []
        return max(0.0, min(times) - now) if times else None

    def returned(self, transfer: Transfer) -> list[Event]:
        """Take back a transfer at the end of a try; return the events to emit."""
        now = self._clock()
        self._in_flight.discard(transfer)
        action = transfer.action
        if isinstance(action, Wait) and action.origin:
            self._pause(transfer, action, now)
        # The target's own server; after a redirect, another one may have been paused.
        host = self._host(transfer)
        if isinstance(action, Wait):
            heappush(self._retries, (now + action.seconds, next(self._serial), transfer))
            event: Event = Retrying(transfer.target, action.seconds, action.reason, action.origin)
        elif isinstance(action, Done):
            event = Finished(action.outcome, now - self._started.pop(transfer))
            if host and not action.overloaded:
                host.served(now)
        else:
            raise RuntimeError("the try has not ended")  # noqa: TRY004 - a bug, not a wrong type
        events = [event]
        if host and (change := host.ended(transfer, action, now)):
            events.append(Adjusted(transfer.origin, *change))
        return events

    def _take_in_order(self) -> Transfer | NoJob:
        """Return a retry that is due, else a transfer that waits for a server, else a new one."""
        now = self._clock()
        while self._retries and self._retries[0][0] <= now:
            transfer = heappop(self._retries)[-1]
            if self._may_start(transfer, now):
                return self._start(transfer)
        for origin, host in self._waited_for.items():
            if host.accepts(now):
                self._waiting -= 1
                transfer = host.waiting.popleft()
                if not host.waiting:
                    del self._waited_for[origin]
                return self._start(transfer)
        while len(self._retries) + self._waiting < MAX_WAITING:
            new = self._new()
            if new is NO_JOB or self._may_start(new, now):
                return self._start(new)
        return NO_JOB

    def _new(self) -> Transfer | NoJob:
        if not self._no_more_targets:
            for target in self._targets:
                return NO_JOB if target is NO_JOB else Transfer(target, self._options)
            self._no_more_targets = True
        return NO_JOB

    def _may_start(self, transfer: Transfer, now: float) -> bool:
        """Return whether the transfer's server accepts it; if not, queue the transfer."""
        host = self._host(transfer)
        if host is None or host.accepts(now):
            return True
        host.waiting.append(transfer)
        self._waited_for[transfer.origin] = host
        self._waiting += 1
        return False

    def _start(self, transfer: Transfer | NoJob) -> Transfer | NoJob:
        if transfer is not NO_JOB:
            now = self._clock()
            self._in_flight.add(transfer)
            self._started.setdefault(transfer, now)
            if host := self._host(transfer):
                host.started(transfer, now)
        return transfer

    def _host(self, transfer: Transfer) -> HostState | None:
        """Return the state of a transfer's server; None if there is none."""
        if not self._hosts and not self._max_per_host:
            return None
        origin = transfer.origin
        host = self._hosts.get(origin)
        if host is None and self._max_per_host and origin:
            if len(self._hosts) >= _MAX_HOSTS:
                now, hosts = self._clock(), self._hosts.items()
                self._hosts = {key: each for key, each in hosts if not each.is_idle(now)}
            adaptive = AdaptiveConcurrency(max_level=self._max_per_host)
            host = self._hosts[origin] = HostState(adaptive)
        return host

    def _pause(self, transfer: Transfer, wait: Wait, now: float) -> None:
        """Pause the server that has asked for it."""
        host = self._hosts.get(wait.origin)
        if host is None:
            limit = self._max_per_host
            host = HostState(AdaptiveConcurrency(max_level=limit) if limit else None)
            self._hosts[wait.origin] = host
            for each in (*self._in_flight, transfer):
                if each.origin == wait.origin:
                    host.started(each, now)
        host.refused(transfer, now, wait.seconds)
