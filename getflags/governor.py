"""How many at a time a server is worth: the decisions behind ``-m auto``.

Pure: told what began and what ended, and when, on any clock. It starts low and doubles while that
pays. What is compared is goodput, over enough transfers to tell. Single latencies decide nothing:
on a server whose delays vary, they would lead downwards for ever.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from getflags.goodput import LONGEST, SURE, Window, compare, more

START = 16
#: As many as may ever be under way at one server.
MOST = 256
_GAIN = 1.2  # what a doubling must bring: less than that, and half as many do nearly as well
_HALF = math.sqrt(2)  # half of what a doubling may bring, for when nothing is sure
_JUST = 0.1  # of the time that a transfer takes: who is no further has just begun
_FILE = 16 * 1024  # bytes that a file counts beyond its own: the work that each of them is
_REST = 8  # windows between two looks upwards, and twice as many each time one was in vain
_LONGEST_REST = 64
_FORGIVEN = 60.0  # seconds after which a level that hurt may be tried again
_PAIN = 0.1  # share of refusals that is more than an accident


class Decision(NamedTuple):
    """From now on so many at a time, and why (for people)."""

    level: int
    reason: str


class Governor:
    """Decides for one server. ``level`` is how many may be under way."""

    def __init__(self, start: int = START, most: int = MOST) -> None:
        self.level = min(start, most)
        self._most = most
        self._flying: dict[object, tuple[Window, int, float]] = {}
        self._window = Window(self.level)
        self._before: Window | None = None  # the level that this one has to beat, while it is new
        self._settled: Window | None = None  # how it was when the level was last found good
        self._resting = 0  # windows since
        self._rest = _REST
        self._ceiling = math.inf  # a level that hurt
        self._hurt_at = -math.inf

    def began(self, key: object, now: float) -> None:
        """Take it that a request is under way."""
        self._flying[key] = self._window, self._window.begin(), now
        if len(self._flying) >= self.level:
            self._window.full = True

    def ended(
        self, key: object, now: float, size: int | None, *, strained: bool
    ) -> Decision | None:
        """Take an end: ``size`` in bytes, None for what failed; ``strained``: 429, 503, a reset.

        Returns what follows from it, if anything.
        """
        window, place, began = self._flying.pop(key)
        if window is not self._window:  # it had to do with two levels
            return None
        work = 0.0 if size is None else float(size + _FILE)
        window.end(place, now - began, work, strained=strained)
        return self._relieve(now) or self._judge(now)

    def _relieve(self, now: float) -> Decision | None:
        """Step back from what hurts, unless it hurt below as well."""
        window, below = self._window, self._before
        if not window.strains:
            return None
        if below and below.strains:
            return None
        if not below:
            calm = self._settled is None or not self._settled.strains
            if not calm or window.strains < max(2, _PAIN * window.ended) or window.level == 1:
                return None
        self._ceiling, self._hurt_at = window.level, now
        level = below.level if below else window.level // 2
        self._move(level, settle=below)
        return Decision(level, f"{window.level} at a time were refused")

    def _judge(self, now: float) -> Decision | None:
        window, before = self._window, self._before
        if before is None:
            return self._rested(now) if window.full else None
        lead = compare(window.rest, before.proof, _GAIN)
        if window.full and window.surely_over(before.proof):
            window.proof, lead = window.first, math.inf
        elif (
            not window.full
            or not window.large
            or (abs(lead) < SURE and window.rest.count < LONGEST * window.level)
        ):
            return None
        if lead > SURE or compare(window.rest, before.proof, _HALF) > 0:
            return self._climb(now, f"{more(window, before)} than {before.level}")
        self._move(before.level, settle=before)
        self._rest = min(2 * self._rest, _LONGEST_REST)
        return Decision(before.level, f"{more(window, before)} only")

    def _rested(self, now: float) -> Decision | None:
        """Look at a level that needs no proof: the first one, or one that was found good."""
        window = self._window
        if self._settled is None:
            return self._climb(now, "a beginning") if window.known else None
        if window.rest.count < LONGEST * window.level:
            return None
        if window.rest.rate < self._settled.proof.rate / 2 and self.level > 1:
            level = self.level // 2
            self._move(level, settle=None)
            return Decision(level, f"{window.level} bring less than half of what they did")
        self._resting += 1
        if self._resting >= self._rest:
            return self._climb(now, "another look")
        self._window = Window(self.level)
        return None

    def _climb(self, now: float, reason: str) -> Decision | None:
        """Take the level for good, and try twice as many."""
        window = self._window
        if now - self._hurt_at > _FORGIVEN:
            self._ceiling = math.inf
        level = min(2 * window.level, self._most)
        if level >= self._ceiling or level == window.level:
            self._move(window.level, settle=window)
            return None
        self._move(level, settle=window)
        self._window, self._before = Window(level, raised=True), window
        self._adopt(window, now)
        return Decision(level, reason)

    def _adopt(self, window: Window, now: float) -> None:
        """Count those as new that have just begun: where all take as long, all begin at once."""
        just = now - _JUST * window.proof.mean
        for key, (_, _, began) in list(self._flying.items()):
            if began >= just:
                self._flying[key] = self._window, self._window.begin(), began

    def _move(self, level: int, settle: Window | None) -> None:
        self.level = level
        self._window = Window(level)
        self._before = None
        self._settled = settle
        self._resting = 0
