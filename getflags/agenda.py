"""Which target is next: new ones, those that are due again, and those whose server wants a pause.

Decides and keeps no clock and no thread of its own: engines ask it for work (``take``), for how
long there will be none (``wait``), and bring back what they did (``returned``). Who waits here
holds no slot. It is the engine's one place for *when*; whether at all is the transfer's decision.

A server that answers 429 or 503 with Retry-After is left alone for that long, by all targets. What
it went on serving meanwhile is how much it takes at a time, and more is not tried until it has
been quiet for a while.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from heapq import heappop, heappush
from itertools import count
from math import inf

from getflags.events import Event, Finished, Retrying
from getflags.model import Rules, Target
from getflags.policy import Later
from getflags.throttle import NOTHING, Nothing
from getflags.transfer import Transfer
from getflags.urls import origin

#: So many targets may wait; then new ones stay where they come from, however many there are.
MOST = 1_000
_FORGIVEN = 60.0  # seconds without a refusal, after which a server may get one more at a time


class Agenda:
    """See ``throttle.Feed``. ``targets`` may yield None: nothing at the moment (see ``wake``)."""

    def __init__(
        self, targets: Iterable[Target | None], rules: Rules, clock: Callable[[], float]
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
        self._strained: dict[str, _Origin] = {}  # servers that have asked for a pause
        self._parked = 0  # transfers that wait for them

    @property
    def over(self) -> bool:
        """Whether nothing waits and nothing will come, but for what is under way."""
        return self._exhausted and not self._due and not self._parked

    def take(self) -> Transfer | Nothing:
        """Return what to do now."""
        if self._due or self._strained:
            return self._take_with_care()
        return self._begin(self._new())

    def wait(self) -> float | None:
        """Return after how many seconds to ask again; None: not before something has ended."""
        now = self._clock()
        servers = (each for each in self._strained.values() if each.parked)
        # One that is full waits for an end, not for a time.
        times = [each.until for each in servers if each.until > now or each.open(now)]
        times += [self._due[0][0]] if self._due else []
        return max(0.0, min(times) - now) if times else None

    def returned(self, transfer: Transfer) -> Event:
        """Take back what was tried; return what there is to tell of it."""
        self._flying.discard(transfer)
        server = self._server(transfer)
        if transfer.later:
            transfer.give_up_if_late(self._clock() + transfer.later.seconds)
        later = transfer.later
        if later is None:
            if server:
                server.served(transfer, self._clock())
            return Finished(transfer.result(), self._clock() - self._began.pop(transfer))
        if later.origin:
            self._pause(transfer, later)
        if server:  # not always the one that refused it: a redirect may have led there
            server.flying.pop(transfer, None)
        heappush(self._due, (self._clock() + later.seconds, next(self._serial), transfer))
        return Retrying(transfer.target, *later)

    def _take_with_care(self) -> Transfer | Nothing:
        """Return what is due, else what was parked, else what is new."""
        now = self._clock()
        while self._due and self._due[0][0] <= now:
            transfer = heappop(self._due)[-1]
            if self._may_go(transfer, now):
                return self._begin(transfer)
        for server in self._strained.values():
            if server.parked and server.open(now):
                self._parked -= 1
                return self._begin(server.parked.popleft())
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
        self._parked += 1
        return False

    def _begin(self, transfer: Transfer | Nothing) -> Transfer | Nothing:
        if not isinstance(transfer, Nothing):
            self._flying.add(transfer)
            self._began.setdefault(transfer, self._clock())
            if server := self._server(transfer):
                server.began(transfer)
        return transfer

    def _server(self, transfer: Transfer) -> _Origin | None:
        return self._strained.get(_home(transfer)) if self._strained else None

    def _pause(self, transfer: Transfer, later: Later) -> None:
        server = self._strained.get(later.origin)
        if server is None:
            server = self._strained[later.origin] = _Origin()
            for each in (*self._flying, transfer):
                if _home(each) == later.origin:
                    server.began(each)
        server.refused(transfer, self._clock(), later.seconds)


def _home(transfer: Transfer) -> str:
    """Return where a transfer's next try begins."""
    return "" if transfer.target.flaw else origin(transfer.target.url)


class _Origin:
    """A server that has asked for a pause, and how much it takes at a time."""

    def __init__(self) -> None:
        self.until = 0.0  # the end of its pause
        self.parked: deque[Transfer] = deque()
        self.flying: dict[Transfer, int] = {}  # → how many had been served when it began
        self._peak = 0  # the most that ever were under way
        self._ceiling = inf
        self._refused_level = inf  # a number at a time that was too many
        self._served = 0
        self._round = 0  # served since the ceiling was last moved
        self._refused_at = 0.0

    def open(self, now: float) -> bool:
        """Whether a request may be made."""
        return now >= self.until and len(self.flying) < self._ceiling

    def began(self, transfer: Transfer) -> None:
        """Take it that a request is under way."""
        self.flying[transfer] = self._served
        self._peak = max(self._peak, len(self.flying))

    def refused(self, transfer: Transfer, now: float, seconds: float) -> None:
        """Take a refusal.

        Those that were served beside it, and those that may yet be, are as much as the server takes
        at a time. Where there are none, it isn't a matter of how many at a time.
        """
        before = self.flying.pop(transfer, self._served)
        level = min(len(self.flying) + self._served - before, self._peak - 1)
        self.until = max(self.until, now + seconds)
        self._refused_at = now
        self._round = 0
        self._ceiling = level if level > 0 else inf
        self._refused_level = self._ceiling + 1

    def served(self, transfer: Transfer, now: float) -> None:
        """Take an end: one more at a time for each round of them, below what was refused."""
        self.flying.pop(transfer, None)
        self._served += 1
        self._round += 1
        if now - self._refused_at > _FORGIVEN:
            self._refused_level = inf
        if self._round >= self._ceiling and self._ceiling + 1 < self._refused_level:
            self._ceiling += 1
            self._round = 0
