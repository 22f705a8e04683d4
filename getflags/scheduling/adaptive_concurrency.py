"""Adaptive concurrency (``-m auto``): the decisions about one server's level of concurrency.

This module has no clock and does no I/O: the caller reports when requests start and end. The level
starts low and is doubled while that increases the goodput, measured over enough requests to be
sure. The latency of individual requests is ignored: on a server whose delays vary, reacting to it
would keep lowering the level. A single refusal is ignored, too: random failures occur at every
level, and a lower level would not prevent them.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from getflags.scheduling.goodput import CONFIDENT, MAX_SAMPLE, Window, compare, gain

START = 16
#: The largest number of requests in flight at one server.
MAX_LEVEL = 256
_GAIN = 1.2  # the gain that a doubled level must bring; with less, half of it does nearly as well
_HALF = math.sqrt(2)  # half of a doubling, on a logarithmic scale; decides inconclusive comparisons
_JUST_STARTED = 0.1  # as a share of the average duration of a request
_FILE_WORK = 16 * 1024  # bytes added to each file's size, for the work that every file takes
_REST = 8  # windows between two probes of a higher level; doubled after each one that failed
_MAX_REST = 64
_CEILING_LIFETIME = 60.0  # seconds after which an overloaded level may be tried again
_OVERLOAD_SHARE = 0.1  # share of overloads above which half the level is tried


class LevelChange(NamedTuple):
    """A new level of concurrency, and the reason, as shown to the user."""

    level: int
    reason: str


class AdaptiveConcurrency:
    """The level of concurrency of one server: how many requests may be in flight."""

    def __init__(self, start: int = START, max_level: int = MAX_LEVEL) -> None:
        self.level = min(start, max_level)
        self._max_level = max_level
        # The window of each request in flight, its index there, and when it started.
        self._in_flight: dict[object, tuple[Window, int, float]] = {}
        self._window = Window(self.level)
        self._before: Window | None = None  # the window of the level that a new level has to beat
        self._above: Window | None = None  # the overloaded level that half of it is compared with
        self._accepted: Window | None = None  # the last window in which the present level was good
        self._resting = 0  # windows since ``_accepted``
        self._rest = _REST
        self._ceiling: Window | None = None  # an overloaded level
        self._ceiling_set_at = -math.inf

    def started(self, key: object, now: float) -> None:
        """Record the start of a request."""
        self._window.advance(now, len(self._in_flight))
        self._in_flight[key] = self._window, self._window.start(), now

    def discard(self, key: object, now: float) -> None:
        """Remove a request that was never sent."""
        self._window.advance(now, len(self._in_flight))
        window, index, _ = self._in_flight.pop(key)
        window.discard(index)

    def ended(
        self, key: object, now: float, size: int | None, *, overloaded: bool
    ) -> LevelChange | None:
        """Record the end of a request; return the new level, if it changes.

        ``size`` is in bytes, None for a failure. ``overloaded`` is true for 429, 503 and a reset.
        """
        self._window.advance(now, len(self._in_flight))
        window, index, started = self._in_flight.pop(key)
        if window is not self._window:  # the level changed while the request was in flight
            window.count(overloaded=overloaded)
            return None
        work = 0.0 if size is None else float(size + _FILE_WORK)
        window.end(index, now - started, work, overloaded=overloaded)
        before, above = self._before, self._above
        if before and window.more_overloaded(before):
            return self._step_back(before, now)
        if not before and window.mostly_overloaded and window.level > 1:
            return self._halve()
        if not window.full:
            if window.ended > MAX_SAMPLE * window.level:  # filling it would take as long again
                self._window = Window(window.level, raised=bool(before))
            return None
        if before:
            return self._judge(before, now)
        return self._explain(above, now) if above else self._watch(now)

    def _step_back(self, before: Window, now: float) -> LevelChange:
        """Return to the previous level, because the new one is overloaded."""
        window = self._window
        self._ceiling, self._ceiling_set_at = window, now
        self._move(before.level, accepted=before)
        return LevelChange(before.level, f"overload at {window.level}")

    def _overloaded_since(self, before: Window) -> bool:
        """Return whether overload is frequent, and over twice as frequent as at a lower level."""
        window = self._window
        return (
            self._overloaded
            and window.overloads * before.ended > 2 * before.overloads * window.ended
        )

    @property
    def _overloaded(self) -> bool:
        """Whether overload is frequent enough to try half the level."""
        window = self._window
        return window.level > 1 and window.overloads >= max(2, _OVERLOAD_SHARE * window.ended)

    def _halve(self) -> LevelChange:
        """Try half the level."""
        window = self._window
        level = window.level // 2
        self._move(level, accepted=None)
        self._above = window
        return LevelChange(level, f"overload at {window.level}")

    def _explain(self, above: Window, now: float) -> LevelChange | None:
        """Decide whether the level caused the overload.

        It did not if half the level brings half the goodput and as much overload.
        """
        window = self._window
        if not window.precise:
            return None
        slower = compare(above.estimate, window.estimate, _HALF) > 0
        if slower and not above.more_overloaded(window):
            reason = f"as much overload at {window.level} as at {above.level}"
            return self._climb(above, now, reason)
        if self._overloaded:
            return self._halve()
        self._ceiling, self._ceiling_set_at = above, now
        self._move(window.level, accepted=window)
        return None

    def _judge(self, before: Window, now: float) -> LevelChange | None:
        """Decide whether a new level is better than the previous one."""
        window = self._window
        lead = compare(window.rest, before.estimate, _GAIN)
        overloaded = self._overloaded_since(before)
        unsure = abs(lead) < CONFIDENT and window.rest.count < MAX_SAMPLE * window.level
        if not overloaded and window.surely_better(before.estimate):
            window.estimate, lead = window.first, math.inf
        elif not window.large or unsure:
            return None
        if overloaded:
            return self._step_back(before, now)
        ratio = f"{gain(window, before):.2f} times that at {before.level}"
        if lead > CONFIDENT or compare(window.rest, before.estimate, _HALF) > 0:
            self._rest = _REST
            return self._climb(window, now, f"goodput at {window.level} is {ratio}")
        self._move(before.level, accepted=before)
        self._rest = min(2 * self._rest, _MAX_REST)
        return LevelChange(before.level, f"goodput at {window.level} is only {ratio}")

    def _watch(self, now: float) -> LevelChange | None:
        """Measure a level that needs no comparison: the first one, or one that was found good."""
        window, accepted = self._window, self._accepted
        if accepted is None:
            if not window.precise:
                return None
            if self._overloaded:
                return self._halve()
            return self._climb(window, now, f"no overload at {window.level}")
        if window.rest.count < MAX_SAMPLE * window.level:
            return None
        if self._overloaded and window.more_overloaded(accepted):
            return self._halve()
        return self._check_again(window, accepted, now)

    def _check_again(self, window: Window, accepted: Window, now: float) -> LevelChange | None:
        """Check a level that was found good, and probe a higher one from time to time."""
        if window.rest.rate < accepted.estimate.rate / 2 and self.level > 1:
            level = self.level // 2
            self._move(level, accepted=None)
            return LevelChange(level, f"goodput at {window.level} has fallen by more than half")
        ceiling = self._ceiling
        if ceiling and self._overloaded and not ceiling.more_overloaded(window):
            self._ceiling = None
            reason = f"as much overload at {window.level} as at {ceiling.level}"
            return self._climb(window, now, reason)
        self._resting += 1
        if self._resting >= self._rest:
            return self._climb(window, now, "probing a higher level")
        self._window = Window(self.level)
        return None

    def _climb(self, window: Window, now: float, reason: str) -> LevelChange | None:
        """Accept a level, and try twice that level unless it is known to be overloaded."""
        if now - self._ceiling_set_at > _CEILING_LIFETIME:
            self._ceiling = None
        level, previous = min(2 * window.level, self._max_level), self.level
        if (self._ceiling and level >= self._ceiling.level) or level == window.level:
            self._move(window.level, accepted=window)
        else:
            self._move(level, accepted=window)
            self._window, self._before = Window(level, raised=True), window
            self._adopt(window, now)
        return LevelChange(self.level, reason) if self.level != previous else None

    def _adopt(self, window: Window, now: float) -> None:
        """Move the requests that have just started to the new window.

        If all requests take equally long, they all start at the same time.
        """
        earliest = now - _JUST_STARTED * window.estimate.mean_time
        for key, (_, _, started) in list(self._in_flight.items()):
            if started >= earliest:
                self._in_flight[key] = self._window, self._window.start(), started

    def _move(self, level: int, accepted: Window | None) -> None:
        """Change the level and start a new window."""
        self.level = level
        self._window = Window(level)
        self._before = self._above = None
        self._accepted = accepted
        self._resting = 0
