"""The state of each server in the scheduler: its pause, its learnt limits, and its queue.

The caller passes the time in. A server that answers 429 or 503 gets no request for a moment, for
any target: for as long as it asked (Retry-After), else for a backoff. If it asked, its concurrency
is then limited to the number of requests that it could serve (see ``ceiling``). If it did not ask,
or if it refuses again, its request rate is limited to the one that it accepted (see
``rates.learnt_rate``). With ``-m auto``, adaptive concurrency sets one more limit.
"""

from __future__ import annotations

from collections import deque
from math import inf
from typing import NamedTuple

from getflags.core.models import Status
from getflags.rates.learnt_rate import LearntRate
from getflags.scheduling.adaptive_concurrency import AdaptiveConcurrency, LevelChange
from getflags.scheduling.ceiling import Ceiling
from getflags.transfer.actions import Done, Queue, Refusal, Wait
from getflags.transfer.origin_state import OriginState
from getflags.transfer.transfer import Transfer

#: Refusals in a row that are taken for a rate limit although they do not say so (503).
UNSPOKEN = 8


class Flight(NamedTuple):
    """A request in flight: when it started, and how many requests had been served by then."""

    started: float
    served: float


class HostState(OriginState):
    """The state of one server, identified by its origin.

    ``adaptive`` is given with ``-m auto``.
    """

    def __init__(self, adaptive: AdaptiveConcurrency | None = None) -> None:
        super().__init__()
        self.adaptive = adaptive
        self.rate = LearntRate()
        self.ceiling = Ceiling()
        self.waiting: deque[Transfer] = deque()  # transfers that must wait for the server
        self.in_flight: dict[Transfer, Flight] = {}
        self._refusals = 0  # in a row

    def accepts(self, now: float) -> bool:
        """Return whether a request may be sent now."""
        if self.limited:
            if now < self.rate.next_start or len(self.in_flight) >= self.ceiling.limit:
                return False
            self._update_limited(now)
        return self.adaptive is None or len(self.in_flight) < self.adaptive.level

    def opens_at(self, now: float) -> float | None:
        """Return when a request may be sent; None if another one must end first."""
        at = max(now, self.rate.next_start)
        return at if at > now or self.accepts(now) else None

    def is_idle(self, now: float) -> bool:
        """Return whether the state may be deleted: nothing is in flight, waiting or limited."""
        busy = self.in_flight or self.waiting
        return not busy and not self.limited and not self.refusal(now)

    def started(self, transfer: Transfer, now: float) -> None:
        """Record the start of a try."""
        self.in_flight[transfer] = Flight(now, self.ceiling.served)
        if self.limited:
            self.rate.started(now)
        if self.adaptive:
            self.adaptive.started(transfer, now)
        self.ceiling.peak = max(self.ceiling.peak, len(self.in_flight))

    def refused(self, flight: Flight, refusal: Refusal, now: float) -> bool:
        """Hold back requests after a refusal; return whether the learnt rate has changed.

        A refusal without an explanation counts only if the server has served others, and now
        refuses one after the other: any server fails now and then.
        """
        self._refusals += 1
        plain = refusal.pause is None and refusal.policy is None
        if plain and not self.served:
            return False
        if not refusal.explicit and not self.limited and self._refusals < UNSPOKEN:
            return False
        before, asked = self.rate.rate, refusal.pause is not None
        # If the server asks for a pause, there may be too many requests in flight. But if it has
        # refused one in spite of the ceiling, there are too many in a certain time.
        explained = asked and (self.ceiling.limit == inf or flight.started < self.ceiling.refused_at)
        self.rate.refused(
            flight.started, now, refusal.pause, refusal.policy, explained=explained
        )
        if asked:
            self.ceiling.refused(flight.served, len(self.in_flight), now)
        self._update_limited(now)
        return self.rate.rate != before

    def accepted(self, flight: Flight, now: float) -> None:
        """Record a request that the server has not refused."""
        self._refusals = 0
        self.served += 1
        self.ceiling.accepted(now)
        if self.rate.known:
            self.rate.accepted(flight.started)

    def _update_limited(self, now: float) -> None:
        self.limited = (
            now < self.rate.next_start or self.rate.rate < inf or self.ceiling.limit < inf
        )

    def ended(self, transfer: Transfer) -> Flight:
        """Record the end of a try; return when it started."""
        return self.in_flight.pop(transfer)

    def adapt(
        self, transfer: Transfer, action: Wait | Queue | Done, now: float
    ) -> LevelChange | None:
        """Return the new level of adaptive concurrency after a try, if it changes."""
        if self.adaptive is None:
            return None
        outcome = action.outcome if isinstance(action, Done) else None
        # Nothing was sent, because the file existed, or only the request for a redirect.
        if isinstance(action, Queue) or (outcome and not outcome.requests):
            self.adaptive.discard(transfer, now)
            return None
        size = outcome.size if outcome and outcome.status is not Status.FAILED else None
        return self.adaptive.ended(transfer, now, size, overloaded=action.overloaded)
