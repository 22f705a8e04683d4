"""How many at a time a server is worth: the decisions behind ``-m auto``.

Pure: told what began and what ended, and when, on any clock. It starts low and doubles while that
pays. What is compared is goodput, over enough transfers to tell. Single latencies decide nothing:
on a server whose delays vary, they would lead downwards for ever. Nor do single refusals: what
fails by chance fails at any level, and less would be got with half as many.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from getflags.scheduling.goodput import LONGEST, SURE, Window, compare, more

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
_PAIN = 0.1  # share of refusals for which it is worth a look at half as many


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
        self._above: Window | None = None  # the level whose refusals this one is to explain
        self._settled: Window | None = None  # how it was when the level was last found good
        self._resting = 0  # windows since
        self._rest = _REST
        self._ceiling: Window | None = None  # a level that hurt
        self._hurt_at = -math.inf

    def began(self, key: object, now: float) -> None:
        """Take it that a request is under way."""
        self._window.passing(now, len(self._flying))
        self._flying[key] = self._window, self._window.begin(), now

    def forget(self, key: object, now: float) -> None:
        """Take it that there was no request after all."""
        self._window.passing(now, len(self._flying))
        window, place, _ = self._flying.pop(key)
        window.forget(place)

    def ended(
        self, key: object, now: float, size: int | None, *, strained: bool
    ) -> Decision | None:
        """Take an end: ``size`` in bytes, None for what failed; ``strained``: 429, 503, a reset.

        Returns what follows from it, if anything.
        """
        self._window.passing(now, len(self._flying))
        window, place, began = self._flying.pop(key)
        if window is not self._window:  # it had to do with two levels
            window.count(strained=strained)
            return None
        work = 0.0 if size is None else float(size + _FILE)
        window.end(place, now - began, work, strained=strained)
        before, above = self._before, self._above
        if before and window.hurts_more(before):
            return self._refuse(before, now)
        if not before and window.storm and window.level > 1:
            return self._descend()
        if not window.full:
            if window.ended > LONGEST * window.level:  # it would take as long to fill up
                self._window = Window(window.level, raised=bool(before))
            return None
        if before:
            return self._judge(before, now)
        return self._explain(above, now) if above else self._rested(now)

    def _refuse(self, before: Window, now: float) -> Decision:
        """Step back from a new level that hurts."""
        window = self._window
        self._ceiling, self._hurt_at = window, now
        self._move(before.level, settle=before)
        return Decision(before.level, f"{window.level} at a time were refused")

    def _harmed(self, before: Window) -> bool:
        """Whether more than accidents are refused, and more than twice as many as below."""
        window = self._window
        return self._painful and window.strains * before.ended > 2 * before.strains * window.ended

    @property
    def _painful(self) -> bool:
        """Whether it is worth a look at half as many."""
        window = self._window
        return window.level > 1 and window.strains >= max(2, _PAIN * window.ended)

    def _descend(self) -> Decision:
        """Look at half as many."""
        window = self._window
        level = window.level // 2
        self._move(level, settle=None)
        self._above = window
        return Decision(level, f"{window.level} at a time were refused")

    def _explain(self, above: Window, now: float) -> Decision | None:
        """Tell whether it was the level: hardly, where half as many bring half and hurt as much."""
        window = self._window
        if not window.known:
            return None
        if not above.hurts_more(window) and compare(above.proof, window.proof, _HALF) > 0:
            return self._climb(above, now, f"{window.level} are refused as often as {above.level}")
        if self._painful:
            return self._descend()
        self._ceiling, self._hurt_at = above, now
        self._move(window.level, settle=window)
        return None

    def _judge(self, before: Window, now: float) -> Decision | None:
        window = self._window
        lead = compare(window.rest, before.proof, _GAIN)
        harmed = self._harmed(before)
        if not harmed and window.surely_over(before.proof):
            window.proof, lead = window.first, math.inf
        elif not window.large or (abs(lead) < SURE and window.rest.count < LONGEST * window.level):
            return None
        if harmed:
            return self._refuse(before, now)
        if lead > SURE or compare(window.rest, before.proof, _HALF) > 0:
            self._rest = _REST
            return self._climb(window, now, f"{more(window, before)} as {before.level}")
        self._move(before.level, settle=before)
        self._rest = min(2 * self._rest, _LONGEST_REST)
        return Decision(before.level, f"{more(window, before)} only")

    def _rested(self, now: float) -> Decision | None:
        """Look at a level that needs no proof: the first one, or one that was found good."""
        window, settled = self._window, self._settled
        if settled is None:
            if not window.known:
                return None
            return self._descend() if self._painful else self._climb(window, now, "a beginning")
        if window.rest.count < LONGEST * window.level:
            return None
        if self._painful and window.hurts_more(settled):
            return self._descend()
        return self._compared(window, settled, now)

    def _compared(self, window: Window, settled: Window, now: float) -> Decision | None:
        """See what has become of a level that was found good, and look upwards now and then."""
        if window.rest.rate < settled.proof.rate / 2 and self.level > 1:
            level = self.level // 2
            self._move(level, settle=None)
            return Decision(level, f"{window.level} bring less than half of what they did")
        if self._ceiling and self._painful and not self._ceiling.hurts_more(window):
            self._ceiling = None
            return self._climb(window, now, f"{window.level} are refused as often")
        self._resting += 1
        if self._resting >= self._rest:
            return self._climb(window, now, "another look")
        self._window = Window(self.level)
        return None

    def _climb(self, window: Window, now: float, reason: str) -> Decision | None:
        """Take a level for good, and try twice as many."""
        if now - self._hurt_at > _FORGIVEN:
            self._ceiling = None
        level, now_at = min(2 * window.level, self._most), self.level
        if (self._ceiling and level >= self._ceiling.level) or level == window.level:
            self._move(window.level, settle=window)
        else:
            self._move(level, settle=window)
            self._window, self._before = Window(level, raised=True), window
            self._adopt(window, now)
        return Decision(self.level, reason) if self.level != now_at else None

    def _adopt(self, window: Window, now: float) -> None:
        """Count those as new that have just begun: where all take as long, all begin at once."""
        just = now - _JUST * window.proof.mean
        for key, (_, _, began) in list(self._flying.items()):
            if began >= just:
                self._flying[key] = self._window, self._window.begin(), began

    def _move(self, level: int, settle: Window | None) -> None:
        self.level = level
        self._window = Window(level)
        self._before = self._above = None
        self._settled = settle
        self._resting = 0
