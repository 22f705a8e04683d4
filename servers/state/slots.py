"""A limit on concurrently served requests; further requests wait in order of arrival.

The limiter is pure arithmetic: callers pass it the time.
"""

from heapq import heapify, heapreplace


class Slots:
    """The slots of a server, assigned first come, first served.

    A client that disconnects while it waits keeps its turn, as on a server that does not check for
    disconnects.
    """

    __slots__ = ("_free",)

    def __init__(self, number: int) -> None:
        self._free = [0.0] * number  # the time when each slot becomes free
        heapify(self._free)

    def reserve(self, service: float, now: float) -> float:
        """Reserve a slot for `service` seconds; return the seconds until the response is due."""
        end = max(now, self._free[0]) + service
        heapreplace(self._free, end)
        return end - now
