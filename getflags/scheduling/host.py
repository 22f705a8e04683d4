"""The state of each server in the scheduler: its Retry-After, and its limit on requests in flight.

The caller passes the time in. A server that answers 429 or 503 with Retry-After gets no request for
that long. Its concurrency is then limited to the number of requests that it could serve. With ``-m
auto``, adaptive concurrency sets a second limit.
"""

from __future__ import annotations

from collections import deque
from math import inf

from getflags.core.models import Status
from getflags.scheduling.adaptive_concurrency import AdaptiveConcurrency, LevelChange
from getflags.transfer.actions import Done, Wait
from getflags.transfer.transfer import Transfer

_LIMIT_LIFETIME = 60.0  # seconds without a refusal after which the refused level is tried again


class HostState:
    """The state of one server, identified by its origin.

    ``adaptive`` is given with ``-m auto``.
    """

    def __init__(self, adaptive: AdaptiveConcurrency | None = None) -> None:
        self.adaptive = adaptive
        self.paused_until = 0.0
        self.waiting: deque[Transfer] = deque()  # transfers that must wait for the server
        self.in_flight: dict[Transfer, int] = {}  # transfer → requests served when it started
        self._peak = 0  # the largest number in flight so far
        self._limit = inf  # the limit on the number in flight
        self._refused_level = inf  # the number in flight at the last refusal
        self._served = 0
        self._served_at_limit = 0  # requests served since the limit was last changed
        self._refused_at = 0.0

    def accepts(self, now: float) -> bool:
        """Return whether a request may be sent now."""
        limit = min(self._limit, self.adaptive.level) if self.adaptive else self._limit
        return now >= self.paused_until and len(self.in_flight) < limit

    def is_idle(self, now: float) -> bool:
        """Return whether the state may be deleted: nothing is in flight, waiting or limited."""
        busy = self.in_flight or self.waiting
        return not busy and self._limit == inf and now >= self.paused_until

    def started(self, transfer: Transfer, now: float) -> None:
        """Record the start of a try."""
        self.in_flight[transfer] = self._served
        if self.adaptive:
            self.adaptive.started(transfer, now)
        self._peak = max(self._peak, len(self.in_flight))

    def refused(self, transfer: Transfer, now: float, seconds: float) -> None:
        """Pause for ``seconds`` after a refusal, and limit the requests in flight.

        The limit is the number of other requests that were served while the refused one was in
        flight, or that are still in flight. If there are none, the number in flight was not the
        cause, and there is no limit.
        """
        before = self.in_flight.get(transfer, self._served)
        others = len(self.in_flight) - (transfer in self.in_flight)
        level = min(others + self._served - before, self._peak - 1)
        self.paused_until = max(self.paused_until, now + seconds)
        self._refused_at = now
        self._served_at_limit = 0
        self._limit = level if level > 0 else inf
        self._refused_level = self._limit + 1

    def served(self, now: float) -> None:
        """Record a served request.

        The limit is raised by one each time that as many requests as the limit have been served,
        but it stays below the level that was refused.
        """
        self._served += 1
        self._served_at_limit += 1
        if now - self._refused_at > _LIMIT_LIFETIME:
            self._refused_level = inf
        if self._served_at_limit >= self._limit and self._limit + 1 < self._refused_level:
            self._limit += 1
            self._served_at_limit = 0

    def ended(self, transfer: Transfer, action: Wait | Done, now: float) -> LevelChange | None:
        """Record the end of a try; return the new level of adaptive concurrency, if it changes."""
        if self.in_flight.pop(transfer, None) is None or self.adaptive is None:
            return None
        outcome = action.outcome if isinstance(action, Done) else None
        if outcome and not outcome.requests:  # the file existed: nothing was sent to the server
            self.adaptive.discard(transfer, now)
            return None
        size = outcome.size if outcome and outcome.status is not Status.FAILED else None
        return self.adaptive.ended(transfer, now, size, overloaded=action.overloaded)
