"""A bandwidth limit that all connections of one server share.

The limiter is pure arithmetic: callers pass it the time.
"""

_SLICES = 50  # pieces per second: few enough to be cheap, enough for a smooth flow
_CREDIT = 0.05  # seconds by which sending may catch up after a late timer


class SharedBandwidth:
    """A limiter of `rate` bytes per second that serves its users in order of arrival.

    A user reserves one small piece at a time, so connections that send at the same time get equal
    shares.
    """

    __slots__ = ("_free", "_rate", "piece")

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._free = 0.0  # the time at which every byte reserved so far has been sent
        self.piece = max(1, rate // _SLICES)

    def reserve(self, size: int, now: float) -> float:
        """Reserve `size` bytes, and return the seconds from `now` until they may be sent."""
        self._free = max(self._free, now - _CREDIT) + size / self._rate
        return max(0.0, self._free - now)
