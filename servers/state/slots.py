"""A server that works on so many requests at a time, and lets the others wait in line.

What may live here: arithmetic on times that are handed in. What may not: a clock, timers, sockets.
"""

from heapq import heapify, heapreplace


class Slots:
    """Who is served when: first come, first served.

    A client that goes away while it waits keeps its turn, as at a server that doesn't look.
    """

    __slots__ = ("_free",)

    def __init__(self, number: int) -> None:
        self._free = [0.0] * number  # when each slot will be
        heapify(self._free)

    def take(self, service: float, now: float) -> float:
        """Let in a request that takes `service` seconds; return in how many it is served."""
        end = max(now, self._free[0]) + service
        heapreplace(self._free, end)
        return end - now
