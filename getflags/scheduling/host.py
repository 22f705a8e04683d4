"""Servers as the agenda knows them: who wants a pause, and how many requests each gets at a time.

Decides from what it is told, on whatever clock. A server that refuses with Retry-After is left
alone for that long; those that it went on serving meanwhile are what it takes at a time. With
``-m auto`` a governor says besides how many it is worth.
"""

from __future__ import annotations

from collections import deque
from math import inf

from getflags.core.models import Status
from getflags.scheduling.adaptive_concurrency import Decision, Governor
from getflags.transfer.actions import Done, Wait
from getflags.transfer.transfer import Transfer

_FORGIVEN = 60.0  # seconds without a refusal, after which a server may get one more at a time


class Origin:
    """One server: its pause, and how much it takes at a time.

    With a ``governor``, how much it is *worth* at a time is decided as well.
    """

    def __init__(self, governor: Governor | None = None) -> None:
        self.governor = governor
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
        limit = min(self._ceiling, self.governor.level) if self.governor else self._ceiling
        return now >= self.until and len(self.flying) < limit

    def idle(self, now: float) -> bool:
        """Whether nobody would miss what is known of it."""
        nobody = not self.flying and not self.parked
        return nobody and self._ceiling == inf and now >= self.until

    def began(self, transfer: Transfer, now: float) -> None:
        """Take it that a request is under way."""
        self.flying[transfer] = self._served
        if self.governor:
            self.governor.began(transfer, now)
        self._peak = max(self._peak, len(self.flying))

    def refused(self, transfer: Transfer, now: float, seconds: float) -> None:
        """Take a refusal.

        Those that were served beside it, and those that may yet be, are as much as the server takes
        at a time. Where there are none, it isn't a matter of how many at a time.
        """
        before = self.flying.get(transfer, self._served)
        others = len(self.flying) - (transfer in self.flying)
        level = min(others + self._served - before, self._peak - 1)
        self.until = max(self.until, now + seconds)
        self._refused_at = now
        self._round = 0
        self._ceiling = level if level > 0 else inf
        self._refused_level = self._ceiling + 1

    def served(self, now: float) -> None:
        """Take an end: one more at a time for each round of them, below what was refused."""
        self._served += 1
        self._round += 1
        if now - self._refused_at > _FORGIVEN:
            self._refused_level = inf
        if self._round >= self._ceiling and self._ceiling + 1 < self._refused_level:
            self._ceiling += 1
            self._round = 0

    def left(self, transfer: Transfer, action: Wait | Done, now: float) -> Decision | None:
        """Take it that a try is over. Returns what the governor makes of it."""
        if self.flying.pop(transfer, None) is None or self.governor is None:
            return None
        outcome = action.outcome if isinstance(action, Done) else None
        if outcome and not outcome.requests:  # it was there already: the server had no part in it
            self.governor.forget(transfer, now)
            return None
        size = outcome.size if outcome and outcome.status is not Status.FAILED else None
        return self.governor.ended(transfer, now, size, strained=action.overloaded)
