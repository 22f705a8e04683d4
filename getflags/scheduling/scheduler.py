"""The scheduler: the choice among new transfers, retries, and those that wait for their server.

It has no thread of its own and reads the time from the clock it is given. An engine asks it for
work (``take``) or for how long to wait for work (``delay``), and reports the end of each try
(``returned``). A waiting transfer does not occupy a slot. The scheduler decides only when a try
starts; the transfer decides whether there is another one.

A slot goes to the server with the fewest requests in flight. For that, the scheduler looks ahead in
the targets: a slow server at the beginning of a list does not hold up the others. How many requests
a server gets, and how fast, is decided in ``host``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from heapq import heappop, heappush
from itertools import count
from typing import Self

from getflags.core.errors import Stopped
from getflags.core.events import Adjusted, Event, Finished, Retrying, Slowed
from getflags.core.feed import NO_JOB, Arriving, NoJob
from getflags.core.models import DownloadOptions, Plan, Target
from getflags.scheduling.adaptive_concurrency import AdaptiveConcurrency
from getflags.scheduling.fair_queue import FairQueue
from getflags.scheduling.host import HostState
from getflags.scheduling.limits import Flight, Limits
from getflags.scheduling.lookahead import Lookahead
from getflags.transfer.actions import Done, Queue, Wait
from getflags.transfer.retry import DEADLINE_PASSED
from getflags.transfer.transfer import Transfer

_MAX_DELAY = 3_600.0  # seconds; the system's waits do not take any number
#: Seconds after the deadline in which the transfers in flight should end by themselves.
GRACE_PERIOD = 0.75
_MAX_HOSTS = 1_000  # states of servers; beyond this number, those of idle servers are deleted


class Scheduler:
    """A ``JobSource`` of transfers.

    ``targets`` may yield NO_JOB if it has no target at the moment. If it is ``Arriving``, it wakes
    the engine as soon as it has one; otherwise, its producer must call ``wake``.

    ``max_level``, for ``-m auto``, is the largest number in flight at one server. With
    ``in_order``, targets are taken strictly in their order. ``new_limits`` returns the limits of an
    origin, which may be shared with other schedulers.
    """

    def __init__(
        self,
        targets: Iterable[Target | NoJob],
        options: DownloadOptions,
        clock: Callable[[], float],
        max_level: int | None = None,
        *,
        in_order: bool = False,
        new_limits: Callable[[str], Limits] = lambda _: Limits(),
    ) -> None:
        self.wake: Callable[[], object] = lambda: None
        if isinstance(targets, Arriving):
            targets.wake = lambda: self.wake()  # noqa: PLW0108 - the engine will set it
        self._options = options
        self._deadline = options.deadline
        self._clock = clock
        self._in_order = in_order
        self._started: dict[Transfer, float] = {}  # the time of each transfer's first try
        self._in_flight: dict[Transfer, HostState] = {}
        self._retries: list[tuple[float, int, Transfer]] = []  # a heap, ordered by due time
        self._serial = count()
        self._max_level = max_level
        self._new_limits = new_limits
        self._hosts: dict[str, HostState] = {}  # servers by origin
        self._max_hosts = _MAX_HOSTS
        self._waiting: FairQueue[HostState, Transfer] = FairQueue()  # for their server
        self._targets = Lookahead(targets, self._waiting, self._add, clock)

    @classmethod
    def of(cls, plan: Plan, clock: Callable[[], float], *, in_order: bool = False) -> Self:
        """Return the scheduler of a plan, which is the only one of its run."""
        return cls(
            plan.targets,
            plan.options,
            clock,
            plan.max_level,
            in_order=in_order,
            new_limits=lambda origin: Limits(plan.host_limits.at(origin)),
        )

    @property
    def exhausted(self) -> bool:
        """Whether no transfer waits and none will follow, except retries of those in flight."""
        return self._targets.exhausted and not self._retries and not self._waiting

    @property
    def waiting(self) -> int:
        """The number of transfers that wait for their server."""
        return len(self._waiting)

    def take(self) -> Transfer | NoJob:
        """Return a transfer to start now: of a server with the fewest requests in flight.

        After the deadline, there is none. Raises Stopped when nothing is in flight any more, unless
        all targets have ended.
        """
        now = self._clock()
        if self._deadline is not None and now >= self._deadline:
            if not self._in_flight and self._has_more():
                raise Stopped(DEADLINE_PASSED)
            return NO_JOB
        while self._retries and self._retries[0][0] <= now:
            self._queue(heappop(self._retries)[-1], first=True)
        host = self._targets.next_owner(
            self._load, lambda host: host.accepts(now), elsewhere=len(self._retries)
        )
        if host is None:
            return NO_JOB
        transfer = self._waiting.take(host)
        if host.start(transfer, now) is None:
            self._waiting.add(host, transfer, first=True)
            return NO_JOB
        if host.adaptive:
            host.adaptive.started(transfer, now)
        self._started.setdefault(transfer, now)
        self._in_flight[transfer] = host
        return transfer

    def delay(self, *, full: bool = False) -> float | None:
        """Return the seconds until ``take`` should be called; None if a try must end first.

        Raises Stopped if a transfer is still in flight long after the deadline.
        """
        now = self._clock()
        if self._deadline is None:
            return None if full else self._until_next(now)
        if now >= self._deadline:
            left = self._deadline + GRACE_PERIOD - now
            if left <= 0:
                raise Stopped(DEADLINE_PASSED)
            return left
        seconds = None if full else self._until_next(now)
        left = min(self._deadline - now, _MAX_DELAY)
        return left if seconds is None else min(seconds, left)

    def _has_more(self) -> bool:
        """Return whether a target has not ended, although none is in flight."""
        self._targets.next_owner(self._load)  # pulls a target if none waits
        return not self.exhausted

    def _until_next(self, now: float) -> float | None:
        # A server at its limit becomes available when a request ends, not at a certain time.
        times = [at for host in self._waiting if (at := host.accepts_at(now)) is not None]
        times += [self._retries[0][0]] if self._retries else []
        return min(max(0.0, min(times) - now), _MAX_DELAY) if times else None

    def returned(self, transfer: Transfer) -> list[Event]:
        """Take back a transfer at the end of a try; return the events to emit."""
        now = self._clock()
        action = transfer.action
        host = self._in_flight.pop(transfer)
        flight = host.ended(transfer, now)
        events: list[Event] = []
        if isinstance(action, Queue):
            self._queue(transfer)
        elif isinstance(action, Wait):
            events += self._retry(transfer, action, flight, now)
        elif isinstance(action, Done):
            events.append(Finished(action.outcome, now - self._started.pop(transfer)))
            if not action.overloaded and action.outcome.requests:
                host.limits.accepted(flight, now)
                if transfer.redirected and transfer.reached != transfer.origin:
                    self.host(transfer.reached).limits.accepted(flight, now)
        else:
            raise RuntimeError("the try has not ended")  # noqa: TRY004 - a bug, not a wrong type
        if change := host.adapt(transfer, action, now):
            events.append(Adjusted(host.origin, *change))
        return events

    def _retry(self, transfer: Transfer, wait: Wait, flight: Flight, now: float) -> Iterable[Event]:
        """Plan the next try of a transfer, and hold back requests to a server that refused it."""
        heappush(self._retries, (now + wait.seconds, next(self._serial), transfer))
        if wait.refusal is None:
            yield Retrying(transfer.target, wait.seconds, wait.reason, mirror=wait.mirror)
            return
        host = self.host(wait.refusal.origin)  # after a redirect, not the target's own
        changed = host.limits.refused(flight, wait.refusal, now)
        held_back = 0.0 if wait.mirror else host.limits.rate.next_start - now
        origin = wait.refusal.origin if host.limited else ""
        asked = wait.refusal.pause is not None
        seconds = max(wait.seconds, held_back)
        yield Retrying(transfer.target, seconds, wait.reason, origin, asked, wait.mirror)
        if changed:
            yield Slowed(wait.refusal.origin, host.limits.rate.rate)

    def _add(self, target: Target) -> None:
        self._queue(Transfer(target, self._options, self.host))

    def _queue(self, transfer: Transfer, *, first: bool = False) -> None:
        host = self.host(transfer.admitted or transfer.origin)
        self._waiting.add(host, transfer, first=first)

    def _load(self, host: HostState) -> int:
        return 0 if self._in_order else len(host.in_flight)

    def host(self, origin: str) -> HostState:
        """Return the state of a server; a transfer may call this in any thread."""
        host = self._hosts.get(origin)
        if host is None:
            if len(self._hosts) >= self._max_hosts:
                now, hosts = self._clock(), list(self._hosts.items())
                self._hosts = {
                    key: host
                    for key, host in hosts
                    if host in self._waiting or not host.is_idle(now)
                }
                # If most are kept, they are not looked at again for each new server.
                self._max_hosts = max(_MAX_HOSTS, 2 * len(self._hosts))
            limit = self._max_level if origin else None  # no origin: nothing will be sent
            adaptive = AdaptiveConcurrency(max_level=limit) if limit else None
            host = HostState(self._new_limits(origin), adaptive, origin)
            host = self._hosts.setdefault(origin, host)
        return host
