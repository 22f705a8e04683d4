"""Which target is next: new ones, those that are due again, and those whose server wants a pause.

Decides and keeps no clock and no thread of its own: engines ask it for work (``take``), for how
long there will be none (``wait``), and bring back what they did (``returned``). Who waits here
holds no slot. It is the engine's one place for *when*; whether at all is the transfer's decision.

A server that answers 429 or 503 with Retry-After is left alone for that long, by all targets, and
with ``-m auto`` each gets as many requests at a time as it is worth: see ``origins``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from heapq import heappop, heappush
from itertools import count

from getflags.core.events import Adjusted, Event, Finished, Retrying
from getflags.core.models import DownloadOptions, Target
from getflags.scheduling.adaptive_concurrency import Governor
from getflags.scheduling.bounded_concurrency import NOTHING, Nothing
from getflags.scheduling.host import Origin
from getflags.transfer.actions import Done, Wait
from getflags.transfer.transfer import Transfer

#: So many targets may wait; then new ones stay where they come from, however many there are.
MOST = 1_000
_IDLE = 1_000  # servers of which more is known than is needed


class Agenda:
    """See ``throttle.Feed``. ``targets`` may yield None: nothing at the moment (see ``wake``).

    ``most``, for ``-m auto``, is the most that a server may ever get at a time.
    """

    def __init__(
        self,
        targets: Iterable[Target | None],
        rules: DownloadOptions,
        clock: Callable[[], float],
        most: int | None = None,
    ) -> None:
        self.wake: Callable[[], object] = lambda: None
        self._targets = iter(targets)
        self._rules = rules
        self._clock = clock
        self._exhausted = False
        self._flying: set[Transfer] = set()
        self._began: dict[Transfer, float] = {}  # when its first try did
        self._due: list[tuple[float, int, Transfer]] = []  # a heap
        self._serial = count()
        self._most = most
        self._servers: dict[str, Origin] = {}  # that have asked for a pause, or all
        self._waited_for: dict[str, Origin] = {}  # those of them that transfers wait for
        self._parked = 0  # transfers that do

    @property
    def over(self) -> bool:
        """Whether nothing waits and nothing will come, but for what is under way."""
        return self._exhausted and not self._due and not self._parked

    def take(self) -> Transfer | Nothing:
        """Return what to do now."""
        if self._due or self._servers or self._most:
            return self._take_with_care()
        return self._begin(self._new())

    def wait(self) -> float | None:
        """Return after how many seconds to ask again; None: not before something has ended."""
        now = self._clock()
        servers = self._waited_for.values()
        # One that is full waits for an end, not for a time.
        times = [each.until for each in servers if each.until > now or each.open(now)]
        times += [self._due[0][0]] if self._due else []
        return max(0.0, min(times) - now) if times else None

    def returned(self, transfer: Transfer) -> list[Event]:
        """Take back what was tried; return what there is to tell of it."""
        now = self._clock()
        self._flying.discard(transfer)
        server = self._server(transfer)
        action = transfer.action
        if isinstance(action, Wait):
            if action.origin:
                self._pause(transfer, action, now)
            heappush(self._due, (now + action.seconds, next(self._serial), transfer))
            event: Event = Retrying(transfer.target, action.seconds, action.reason, action.origin)
        elif isinstance(action, Done):
            event = Finished(action.outcome, now - self._began.pop(transfer))
            if server and not action.overloaded:
                server.served(now)
        else:
            raise RuntimeError("the try has not ended")  # noqa: TRY004 - a bug, not a wrong type
        events = [event]
        home = self._server(transfer)  # not always the one that refused it: a redirect may lead on
        if home and (decision := home.left(transfer, action, now)):
            events.append(Adjusted(transfer.origin, *decision))
        return events

    def _take_with_care(self) -> Transfer | Nothing:
        """Return what is due, else what was parked, else what is new."""
        now = self._clock()
        while self._due and self._due[0][0] <= now:
            transfer = heappop(self._due)[-1]
            if self._may_go(transfer, now):
                return self._begin(transfer)
        for place, server in self._waited_for.items():
            if server.open(now):
                self._parked -= 1
                parked = server.parked.popleft()
                if not server.parked:
                    del self._waited_for[place]
                return self._begin(parked)
        while len(self._due) + self._parked < MOST:
            new = self._new()
            if isinstance(new, Nothing) or self._may_go(new, now):
                return self._begin(new)
        return NOTHING

    def _new(self) -> Transfer | Nothing:
        if not self._exhausted:
            for target in self._targets:
                return NOTHING if target is None else Transfer(target, self._rules)
            self._exhausted = True
        return NOTHING

    def _may_go(self, transfer: Transfer, now: float) -> bool:
        """Whether its server is open to it; if not, it is parked."""
        server = self._server(transfer)
        if server is None or server.open(now):
            return True
        server.parked.append(transfer)
        self._waited_for[transfer.origin] = server
        self._parked += 1
        return False

    def _begin(self, transfer: Transfer | Nothing) -> Transfer | Nothing:
        if not isinstance(transfer, Nothing):
            now = self._clock()
            self._flying.add(transfer)
            self._began.setdefault(transfer, now)
            if server := self._server(transfer):
                server.began(transfer, now)
        return transfer

    def _server(self, transfer: Transfer) -> Origin | None:
        if not self._servers and not self._most:
            return None
        home = transfer.origin
        server = self._servers.get(home)
        if server is None and self._most and home:
            if len(self._servers) >= _IDLE:
                now, known = self._clock(), self._servers.items()
                self._servers = {key: each for key, each in known if not each.idle(now)}
            server = self._servers[home] = Origin(Governor(most=self._most))
        return server

    def _pause(self, transfer: Transfer, wait: Wait, now: float) -> None:
        server = self._servers.get(wait.origin)
        if server is None:
            server = Origin(Governor(most=self._most) if self._most else None)
            self._servers[wait.origin] = server
            for each in (*self._flying, transfer):
                if each.origin == wait.origin:
                    server.began(each, now)
        server.refused(transfer, now, wait.seconds)
