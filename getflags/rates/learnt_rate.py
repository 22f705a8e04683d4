"""The request rate that a server accepts, learnt from the requests that it refuses.

A server with a rate limit answers 429 or 503 to the requests beyond it, and often does not say when
to come back. After the first refusal, no request is sent for a moment; then requests start slowly,
and the rate is doubled until the next refusal. Between two refusals, the server has served no more
requests than its limit allows. So their number, divided by the time between the two refusals, is a
rate that the server accepts. It becomes the new rate, which then rises slowly.

The rules are those of docs/decisions/0018-learnt-rate.md. The caller passes the time in, in
seconds on any clock.
"""

from __future__ import annotations

from math import inf

FIRST_RATE = 16.0  # requests a second after the first refusal
#: The longest time, in seconds, for which a server that refuses every request is waited for.
PATIENCE = 60.0
_FIRST_PAUSE = 0.5  # seconds; doubled for each refusal with nothing served in between
_MAX_PAUSE = 30.0  # seconds
_STEP = 8  # requests served before a rate without any known bound is doubled
_GROWTH = 1.01  # for each request served
_CAUTIOUS_GROWTH = 1.003  # the same, near the rate that was refused
_NEAR = 0.9  # as a share of the refused rate
_LOST = 0.5  # share of the best rate; a server with a rate limit does not fall below it


class LearntRate:
    """The learnt rate of one server, and the time of the next request.

    ``rate`` is in requests a second, ``inf`` if none was learnt. It never exceeds ``most``, the
    rate that the user allows, at which requests are paced from the first one on. All attributes are
    floats, so that several processes can share them in an array; ``FIELDS`` names those that vary.
    """

    FIELDS = (
        "rate",
        "refused_rate",
        "next_start",
        "refused_at",
        "since",
        "served",
        "unserved",
        "best",
        "ignored_until",
    )
    __slots__ = (*FIELDS, "most")

    def __init__(self, most: float = inf) -> None:
        self.most = most
        self.forget()

    def forget(self) -> None:
        """Remove the limit, and all that was learnt."""
        self.rate = inf
        self.refused_rate = inf  # the rate at the last refusal
        self.next_start = 0.0  # no request may start before this time
        self.refused_at = -inf  # refusals of requests that started until then are old news
        self.since = -inf  # the first refusal after the last served request
        self.served = 0.0  # requests served since then
        self.unserved = 0.0  # refusals in a row with nothing served in between
        self.best = 0.0  # the highest rate that was surely accepted
        self.ignored_until = -inf

    @property
    def known(self) -> bool:
        """Whether the server has refused a request, so that served ones must be counted."""
        return self.since > -inf

    def started(self, now: float) -> None:
        """Record the start of a request.

        A start that was late may be made up for, but never beyond the rate that the user allows.
        """
        earliest = self.next_start
        if self.rate < inf:
            self.next_start = max(earliest + 1 / self.rate, now)
        if self.most < inf:
            self.next_start = max(self.next_start, max(earliest, now) + 1 / self.most)

    def accepted(self, started: float) -> None:
        """Record that a request that started at this time was served; raise the rate."""
        if not self.known or started <= self.refused_at:
            return
        self.served += 1
        self.unserved = 0.0
        if self.rate == inf:
            return
        if self.refused_rate == inf:
            self.rate *= 1 if self.served % _STEP else 2
        else:
            near = self.rate >= _NEAR * self.refused_rate
            self.rate *= _CAUTIOUS_GROWTH if near else _GROWTH
        self.rate = min(self.rate, self.most)

    def refused(
        self,
        started: float,
        now: float,
        pause: float | None = None,
        policy: float | None = None,
        *,
        explained: bool = False,
    ) -> None:
        """Record a refusal of a request that started at this time.

        ``pause`` is the time for which the server asked, in seconds, and ``policy`` the rate that
        it announced, in requests a second; None if it named none. ``explained`` is true if the
        rate need not be the cause.
        """
        if pause is not None:
            self.next_start = max(self.next_start, now + pause)
        if started <= self.refused_at or now < self.ignored_until:
            return
        if explained:
            self.since, self.served = now, 0.0
        elif not self.known:
            self._begin(now)
        elif self.served:
            self._measure(started, now)
        elif pause is None and now - self.since > PATIENCE:
            self._give_up(now)
        elif pause is None:  # else the server has said how long to wait
            self.unserved += 1
            self._pause(now)
        if policy is not None and self.known:
            self.rate = self.refused_rate = min(self.rate, policy, self.most)
        self.refused_at = now

    def _begin(self, now: float) -> None:
        """Start slowly: nothing is known about the rate yet."""
        self.since = now
        self.rate = min(FIRST_RATE, self.most)
        self._pause(now)

    def _measure(self, started: float, now: float) -> None:
        """Set the rate to the one at which requests were served since the last refusal.

        ``started`` is when the request started that was refused now: those that were served
        started before it.
        """
        seconds = max(started - self.since, 0.001)
        measured = self.served / seconds
        self.refused_rate = self.rate
        if self.served < _STEP:  # too few to be sure
            measured = max(measured, self.rate / 2 if self.rate < inf else FIRST_RATE)
        self.rate = min(self.rate, measured, self.most)
        # A part of the first request may have been saved up before.
        self.best = max(self.best, (self.served - 1) / seconds)
        self.since, self.served = now, 0.0
        if self.rate < _LOST * self.best:
            self._give_up(now)
        else:
            self.next_start = max(self.next_start, now + 1 / self.rate)

    def _pause(self, now: float) -> None:
        seconds = min(_FIRST_PAUSE * 2.0 ** min(self.unserved, 10), _MAX_PAUSE)
        self.next_start = max(self.next_start, now + seconds)

    def _give_up(self, now: float) -> None:
        """Remove the limit: the rate is not the reason for the refusals.

        Either the server refuses a share of the requests at any rate, or it refuses all of them.
        """
        next_start = self.next_start  # the server may have asked for a pause
        self.forget()
        self.next_start, self.ignored_until = next_start, now + PATIENCE
