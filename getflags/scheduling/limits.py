"""The limits of one server: those that the user has set, and those that its refusals have shown.

A server that answers 429 or 503 gets no request for a moment: for as long as it asked
(Retry-After), else for a backoff. If it asked, its requests in flight are then limited to the
number that it could serve (see ``ceiling``). If it did not ask, or if it refuses in spite of that
ceiling, its request rate is limited to the one that it accepted (see ``rates.learnt_rate``).
"""

from __future__ import annotations

from math import inf
from typing import NamedTuple

from getflags.core.models import NO_LIMIT, Allowance
from getflags.rates.learnt_rate import LearntRate
from getflags.scheduling.ceiling import Ceiling
from getflags.transfer.actions import Refusal

#: Refusals in a row that are taken for a rate limit, although they may have any cause (503).
UNEXPLAINED = 8


class Flight(NamedTuple):
    """A request in flight: when it started, and how many requests had been served by then."""

    started: float
    served: float


class Limits:
    """The limits of one server. The caller passes the time in, in seconds on any clock.

    ``allowance`` is what the user allows. ``learnt`` is true while requests are held back because
    of refusals; ``in_flight`` is the number in flight.
    """

    def __init__(self, allowance: Allowance = NO_LIMIT) -> None:
        self.rate = LearntRate(allowance.rate)
        self.ceiling = Ceiling()
        self.learnt = False
        self.in_flight = 0
        self._max_in_flight = allowance.max_in_flight
        self._bounded = allowance != NO_LIMIT
        self._active = self._bounded  # whether there is any limit to check
        self._refusals = 0  # in a row

    @property
    def in_flight_everywhere(self) -> int:
        """The number of requests in flight, in all processes that share the limits."""
        return self.in_flight

    def allow(self, now: float) -> bool:
        """Return whether a request may be sent now."""
        if not self._active:
            return True
        if now < self.rate.next_start or not self._has_room:
            return False
        self._update(now)
        return True

    def allow_at(self, now: float) -> float | None:
        """Return when a request may be sent; None if another one must end first."""
        if now < self.rate.next_start:
            return self.rate.next_start
        return now if self._has_room else None

    @property
    def _has_room(self) -> bool:
        return (
            self.in_flight < self._max_in_flight and self.in_flight_everywhere < self.ceiling.limit
        )

    def started(self, now: float) -> Flight:
        """Record the start of a request."""
        self.in_flight += 1
        if self._active:
            self.rate.started(now)
        self.ceiling.peak = max(self.ceiling.peak, self.in_flight_everywhere)
        return Flight(now, self.ceiling.served)

    def start_if_allowed(self, now: float) -> Flight | None:
        """Record the start of a request; return None if ``allow`` has become false meanwhile."""
        return self.started(now)

    def ended(self, now: float) -> None:  # noqa: ARG002 - for shared limits
        """Record the end of a request; ``accepted`` or ``refused`` may follow."""
        self.in_flight -= 1

    def accepted(self, flight: Flight, now: float) -> None:
        """Record that the server has not refused a request."""
        self._refusals = 0
        self.ceiling.accepted(now)
        self.rate.accepted(flight.started)

    def refused(self, flight: Flight, refusal: Refusal, now: float) -> bool:
        """Hold back requests after a refusal; return whether the learnt rate has changed.

        One that names neither a pause nor a rate counts only if the server has served others: if
        not, it may be down. And one that may have any cause (503) counts only after some others in
        a row, because any server fails now and then. If the cause lies with the target, what the
        earlier refusals seemed to show is forgotten.
        """
        if refusal.own:
            self._forget(now)
            return False
        self._refusals += 1
        asked = refusal.pause is not None
        if not asked and refusal.policy is None and not self.ceiling.served:
            return False
        if not refusal.explicit and not self.learnt and self._refusals < UNEXPLAINED:
            return False
        before = self.rate.rate
        # If the server asks for a pause, there may be too many requests in flight. But if it has
        # refused one in spite of the ceiling, there are too many in a certain time.
        bounded = self.ceiling.limit < inf and flight.started >= self.ceiling.refused_at
        self.rate.refused(
            flight.started, now, refusal.pause, refusal.policy, explained=asked and not bounded
        )
        if asked:
            self.ceiling.refused(flight.served, self.in_flight_everywhere, now)
        self._update(now)
        return self.rate.rate != before

    def is_held_back(self, now: float) -> bool:
        """Return whether refusals hold back requests now; ``learnt`` is so at the last update."""
        rate = self.rate
        return now < rate.next_start or rate.rate < inf or self.ceiling.limit < inf

    def _forget(self, now: float) -> None:
        self._refusals = 0
        self.rate.forget()
        self.ceiling.limit = inf
        self._update(now)

    def _update(self, now: float) -> None:
        self.learnt = self.is_held_back(now)
        self._active = self.learnt or self._bounded
