"""The state of each server in the scheduler: its requests in flight, and its limits.

The caller passes the time in. The limits are those that the user has set or the server's refusals
have shown (see ``limits``) and, with ``-m auto``, that of adaptive concurrency.
"""

from __future__ import annotations

from collections.abc import Hashable

from getflags.core.models import Status
from getflags.scheduling.adaptive_concurrency import AdaptiveConcurrency, LevelChange
from getflags.scheduling.limits import Flight, Limits
from getflags.transfer.actions import Done, Queue, Wait
from getflags.transfer.origin_state import OriginState
from getflags.transfer.transfer import Transfer


class HostState(OriginState):
    """The state of one server, identified by its origin.

    ``limits`` may be shared with other processes; ``adaptive`` is given with ``-m auto``.
    """

    def __init__(
        self, limits: Limits, adaptive: AdaptiveConcurrency | None = None, origin: str = ""
    ) -> None:
        super().__init__()
        self.origin = origin
        self.limits = limits
        self.adaptive = adaptive
        self.in_flight: dict[object, Flight] = {}  # tries, and further streams of split files

    @property
    def served(self) -> float:
        """The number of requests that the server has not refused, in all workers."""
        return self.limits.ceiling.served

    @property
    def limited(self) -> bool:
        """Whether requests to the server are held back."""
        return self.limits.learnt

    def accepts(self, now: float) -> bool:
        """Return whether a request may be sent now."""
        return self.limits.allow(now) and (self.adaptive is None or self._below_level)

    def accepts_at(self, now: float) -> float | None:
        """Return when a request may be sent; None if another one must end first."""
        return self.limits.allow_at(now) if self._below_level else None

    @property
    def _below_level(self) -> bool:
        return self.adaptive is None or len(self.in_flight) < self.adaptive.level

    def is_idle(self, now: float) -> bool:
        """Return whether the state may be deleted: nothing is in flight or limited."""
        return not (self.in_flight or self.limits.is_held_back(now) or self.closed_reason(now))

    def start(self, key: Hashable, now: float) -> Flight | None:
        """Record the start of a request, and return it as a Flight.

        Return None if the server accepts none any more, because another process has started one
        since ``accepts`` was called.
        """
        flight = self.limits.start_if_allowed(now)
        if flight is not None:
            self.in_flight[key] = flight
        return flight

    def ended(self, transfer: Transfer, now: float) -> Flight:
        """Record the end of a try; return when it started."""
        self.limits.ended(now)
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
