"""A limit on the request rate: a leaky bucket, as nginx's `limit_req` with `nodelay` has it.

The limiter is pure arithmetic: callers pass it the time. nginx counts in thousandths of a request
and in milliseconds, and so does this module, in order to admit and refuse the same requests.
"""

from ..faults.draws import RateLimit


class LeakyBucket:
    """A limiter that drains at `limit.rate` requests per second and holds `limit.burst` requests.

    The first request finds no bucket in nginx: it is admitted and leaves the bucket empty.
    """

    __slots__ = ("_burst", "_excess", "_last", "_rate")

    def __init__(self, limit: RateLimit) -> None:
        self._rate = limit.rate  # thousandths of a request per millisecond
        self._burst = limit.burst * 1000
        self._excess = 0.0  # the content of the bucket, in thousandths of a request
        self._last: int | None = None  # when the last request was admitted, in milliseconds

    def admits(self, now: float) -> bool:
        """Return whether a request at the time `now`, in seconds, is within the limit.

        A request beyond the limit does not add to the bucket.
        """
        moment = int(now * 1000)
        if self._last is None:
            self._last = moment
            return True
        excess = max(0.0, self._excess - self._rate * (moment - self._last) + 1000)
        if excess > self._burst:
            return False
        self._excess, self._last = excess, moment
        return True
