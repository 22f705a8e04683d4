"""A line that is shared: no more than so many bytes a second, for all connections together.

What may live here: arithmetic on times that are handed in. What may not: a clock, timers, sockets.
"""

_SLICES = 50  # pieces a second: few enough to be cheap, many enough for the flow to look even
_CREDIT = 0.05  # seconds; timers fire late, and what that costs may be caught up so far


class Line:
    """Who wants to send, and when it is his turn.

    First come, first served, and everyone stands in line for one small piece at a time: so those
    who want to send at the same time get equal shares.
    """

    __slots__ = ("_free", "_rate", "piece")

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._free = 0.0  # when all that was ever let in will have gone through
        self.piece = max(1, rate // _SLICES)

    def take(self, size: int, now: float) -> float:
        """Let in `size` bytes, and return how many seconds from `now` they are through."""
        self._free = max(self._free, now - _CREDIT) + size / self._rate
        return max(0.0, self._free - now)
