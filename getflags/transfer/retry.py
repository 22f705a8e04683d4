"""Retry policy and limits: what is retried and after how long, size, minimum speed, deadline.

Pure: the caller passes the time in and does the waiting. ``status_code`` lists the status codes
that are retried.
"""

from __future__ import annotations

from math import inf
from zlib import crc32

from getflags.core.errors import (
    Aborted,
    BadCertificateFile,
    Disconnected,
    Excess,
    Exhausted,
    Expired,
    Fault,
    Malformed,
    NotPublic,
    Refused,
    TimedOut,
    Unreachable,
    Unresolved,
    Unsendable,
    Untrusted,
)
from getflags.core.models import DownloadOptions
from getflags.transfer.origin_state import OriginState

_FIRST_DELAY = 0.5  # seconds before the second try; doubled for each further try
_MAX_DELAY = 30.0  # seconds
#: Bytes that a try must add to a part file, so that it does not count against the retries.
PROGRESS = 64 * 1024
#: Why a target, and the run, ended at the end of the time for the run.
DEADLINE_PASSED = "the deadline of the run has passed (--deadline)"
_DOUBLINGS = 6  # enough to reach _MAX_DELAY; without a limit, the power would overflow


# The faults that ``retry_all_errors`` retries, except those that a retry cannot change.
_FAILURES = (TimedOut, Disconnected, Unreachable, Untrusted, Malformed)
_PERMANENT = (BadCertificateFile, NotPublic, Unsendable)


def is_transient(fault: Fault, options: DownloadOptions, origin: OriginState) -> bool:
    """Return whether a retry may succeed after this fault.

    If the origin has answered before in this run, it may be restarting, so a refused connection is
    retried. Otherwise it is not, as in curl and wget: ten thousand targets on a dead server should
    fail soon. Unknown host names, TLS errors and responses that are not HTTP are retried only with
    ``retry_all_errors``. A resolver that fails says nothing about the host.
    """
    if options.retry_all_errors and isinstance(fault, _FAILURES):
        return not isinstance(fault, _PERMANENT)
    if isinstance(fault, Refused):
        return options.retry_connrefused or origin.answered
    return isinstance(fault, TimedOut | Disconnected | Exhausted | Unresolved)


def is_local(fault: Fault) -> bool:
    """Return whether this system or this run is the cause of a fault: no mirror can do better."""
    return isinstance(fault, Aborted | Exhausted | Expired | BadCertificateFile)


def backoff(tries: int, salt: str) -> float:
    """Return the delay before the next try, in seconds, after this number of tries.

    It is an exponential backoff with ±50 % jitter, so that targets that failed together are not
    retried together. The jitter is derived from ``salt``, which differs between targets and runs.
    """
    share = crc32(f"{tries} {salt}".encode(errors="surrogatepass")) / 2**32
    return min(_FIRST_DELAY * 2.0 ** min(tries - 1, _DOUBLINGS), _MAX_DELAY) * (0.5 + share)


def check_size(size: int, options: DownloadOptions) -> None:
    """Raise Excess if a size in bytes exceeds the limit."""
    if options.max_filesize is not None and size > options.max_filesize:
        raise Excess(f"larger than the {options.max_filesize:,} bytes allowed")


class MinimumSpeed:
    """The lowest average rate of a body, in bytes a second, over windows of ``window`` seconds.

    The first window begins with the first piece. Only time spent waiting for the server counts, not
    time spent writing to the disk. Silence is not noticed here; the read timeout limits it.
    """

    def __init__(self, rate: float, window: float) -> None:
        self._rate = rate
        self._window = window
        self._left = window  # seconds
        self._missing = rate * window  # bytes

    def count(self, count: int, seconds: float) -> None:
        """Count a piece of the body, in bytes, and the seconds waited for it. Raises TimedOut."""
        self._left -= seconds
        self._missing -= count
        if self._left > 0:
            return
        if self._missing > 0:
            raise TimedOut(f"slower than {self._rate:g} bytes a second for {self._window:g} s")
        self._left, self._missing = self._window, self._rate * self._window


class Deadline:
    """The latest end of one target's download.

    It is ``seconds`` after its first request, or ``run_end``, whichever is first; None is no limit.
    """

    def __init__(self, seconds: float | None, run_end: float | None = None) -> None:
        self._seconds = inf if seconds is None else seconds
        self._run_end = inf if run_end is None else run_end
        self._end: float | None = None

    def left(self, now: float) -> float:
        """Return how many seconds are left, on any clock; the first call is the start.

        It is never 0, which means *no limit* to some HTTP libraries.
        """
        if self._end is None:
            self._end = now + self._seconds
        return max(0.001, min(self._end, self._run_end) - now)

    def over(self, then: float) -> bool:
        """Return whether ``then`` is too late for this target; the run may still end before it."""
        return self._end is not None and then >= self._end

    def check(self, now: float) -> None:
        """Raise Expired if it is too late."""
        if now >= self._run_end or self.over(now):
            raise Expired

    @property
    def ends_run(self) -> bool:
        """Whether the run ends before the time for this target is over."""
        return self._end is not None and self._run_end <= self._end
