"""The ceiling on one server's requests in flight, learnt from the requests that it refuses.

The caller passes the time in. A server that refuses requests because there are too many at a time
serves others meanwhile, and their number is what it can serve.
"""

from __future__ import annotations

from math import inf

_LIFETIME = 60.0  # seconds without a refusal after which the limit is raised


class Ceiling:
    """The limit on the requests in flight at one server; ``inf`` if none was learnt.

    All attributes are floats, so that several processes can share them in an array; ``FIELDS``
    names them.
    """

    FIELDS = ("limit", "served", "served_at_limit", "refused_at", "peak")
    __slots__ = FIELDS

    def __init__(self) -> None:
        self.limit = inf
        self.served = 0.0
        self.served_at_limit = 0.0  # requests served since the limit was last changed
        self.refused_at = 0.0
        self.peak = 0.0  # the largest number in flight so far

    def refused(self, served_before: float, others: int, now: float) -> None:
        """Lower the limit after a refusal.

        The limit is the number of other requests that were served while the refused one was in
        flight, or that are still in flight. If there are none, the number in flight was not the
        cause, and there is no limit. ``served_before`` is the value of ``served`` when the refused
        request started; ``others`` is the number of other requests in flight.
        """
        level = min(others + self.served - served_before, self.peak - 1)
        self.refused_at = now
        self.served_at_limit = 0.0
        self.limit = level if level > 0 else inf

    def accepted(self, now: float) -> None:
        """Record a served request.

        After a minute without a refusal, the limit is raised by one each time that as many requests
        as the limit have been served.
        """
        self.served += 1
        self.served_at_limit += 1
        if self.served_at_limit >= self.limit and now - self.refused_at > _LIFETIME:
            self.limit += 1
            self.served_at_limit = 0.0
