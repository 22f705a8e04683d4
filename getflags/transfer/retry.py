"""What is worth another try, and after how long.

Pure: numbers come out, nothing sleeps; who waits, and where, is the engine's business. Which
statuses are worth it stands in ``answer``.
"""

from __future__ import annotations

from typing import NamedTuple
from zlib import crc32

from getflags.core.errors import Disconnected, Excess, Exhausted, Fault, TimedOut
from getflags.core.models import DownloadOptions

_FIRST = 0.5  # seconds before the second try, then twice as long each time ...
_LONGEST = 30.0  # ... up to this
_DOUBLINGS = 6  # enough to reach it; a float cannot hold 2.0 ** 1024
#: Seconds that a server may ask us to wait; who asks for more is not waited for at all.
MAX_RETRY_AFTER = 60.0


class Later(NamedTuple):
    """Begin again after so many seconds; ``origin`` is set where all its targets must wait."""

    seconds: float
    reason: str
    origin: str = ""


def may_pass(fault: Fault) -> bool:
    """Whether a fault may be gone the next time.

    Refused connections and unknown names are not tried again, as in curl and wget: ten thousand
    targets on a dead server should say so soon. Neither is TLS, nor what is not HTTP.
    """
    return isinstance(fault, TimedOut | Disconnected | Exhausted)


def backoff(tries: int, salt: str) -> float:
    """Return how many seconds to wait after so many tries.

    Exponential, and anything from half to one and a half of that, so that those who failed together
    don't come back together. Drawn from ``salt``, which differs between targets and runs.
    """
    share = crc32(f"{tries} {salt}".encode(errors="surrogatepass")) / 2**32
    return min(_FIRST * 2.0 ** min(tries - 1, _DOUBLINGS), _LONGEST) * (0.5 + share)


def check_size(size: int, rules: DownloadOptions) -> None:
    """Raise Excess where a file has more bytes than are wanted."""
    if rules.max_filesize is not None and size > rules.max_filesize:
        raise Excess(f"larger than the {rules.max_filesize:,} bytes allowed")


class MinimumSpeed:
    """How slowly a body may come: so many bytes a second, on the average of so many seconds.

    Only the time during which somebody listened counts. What says nothing at all is not seen here:
    silence has a limit of its own. ``now`` is any clock's.
    """

    def __init__(self, rate: float, window: float) -> None:
        self._rate = rate
        self._window = window
        self.begin()

    def begin(self) -> None:
        """Begin anew, for another body."""
        self._left = self._window  # seconds of listening
        self._lacking = self._rate * self._window  # bytes
        self._since: float | None = None  # when listening began; None before the first piece

    def heard(self, count: int, now: float) -> None:
        """Take it that a piece of ``count`` bytes came. Raises TimedOut."""
        if self._since is None:
            return
        self._left -= now - self._since
        self._lacking -= count
        if self._left > 0:
            return
        if self._lacking > 0:
            raise TimedOut(f"slower than {self._rate:g} bytes a second for {self._window:g} s")
        self.begin()

    def listening(self, now: float) -> None:
        """Take it that the piece is dealt with."""
        self._since = now


class Deadline:
    """The end of the time that one file may take; ``seconds`` is None where it may take any."""

    def __init__(self, seconds: float | None) -> None:
        self._seconds = seconds
        self._end: float | None = None

    def left(self, now: float) -> float | None:
        """Return how many seconds are left; ``now`` is any clock's, the first time is the start."""
        if self._seconds is None:
            return None
        if self._end is None:
            self._end = now + self._seconds
        return max(0.001, self._end - now)

    def over(self, then: float) -> bool:
        """Whether ``then`` is too late."""
        return self._end is not None and then >= self._end
