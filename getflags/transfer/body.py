"""The body of a response: how many bytes have arrived, and the limits on its size and speed."""

from __future__ import annotations

from math import inf

from getflags.core.errors import Overlong
from getflags.core.models import DownloadOptions, ResumeRecord
from getflags.core.response_head import Head, content_length, is_chunked
from getflags.transfer import retry
from getflags.transfer.parts import ranges

PROGRESS_STEP = 256 * 1024  # bytes between two progress steps
PROGRESS_INTERVAL = 1.0  # seconds between two progress steps of a slow body
#: Seconds between two progress events, because each of them wakes the thread that displays it.
MIN_EVENT_INTERVAL = 0.1


class Body:
    """A body that is the file, or a part of it.

    ``received`` and ``expected`` are sizes of the file in bytes, including the ``start`` bytes left
    by an earlier try; ``expected`` is None if the server announced no length. ``resumed`` is the
    record of the part file that the body continues, or None if the body is the whole file.
    ``name`` is that of ``ResumeRecord``.
    """

    __slots__ = (
        "_at_step",
        "_due",
        "_head",
        "_next_event",
        "_options",
        "_record",
        "_speed",
        "expected",
        "name",
        "received",
        "resumed",
        "start",
    )

    def __init__(
        self,
        head: Head,
        options: DownloadOptions,
        expected: int | None,
        received: int = 0,
        resumed: ResumeRecord | None = None,
    ) -> None:
        self.expected = expected
        self.start = self.received = self._at_step = received
        self.resumed = resumed
        self.name = ""
        self._head = head
        self._options = options
        self._due: float | None = None  # when the next progress step is due
        self._next_event = -inf  # when the next progress event may be emitted
        self._speed: retry.MinimumSpeed | None = None
        self._record: ResumeRecord | None = resumed

    def __str__(self) -> str:
        """Return how many bytes have arrived, as in ``60 of 100``."""
        of = "" if self.expected is None else f" of {self.expected:,}"
        return f"{self.received:,}{of}"

    def arrived(self, count: int, seconds: float, now: float) -> bool:
        """Count bytes after a wait of ``seconds``; return whether a progress step is due.

        Raises TimedOut if the body is too slow, Excess if it is larger than allowed or announced:
        a chunked rest of a file (206) may go on beyond its Content-Range, without end.
        """
        if self._due is None:  # the first piece; the timeouts limit the wait for it
            self._due = now + PROGRESS_INTERVAL
        else:
            self._check_speed(count, seconds)
        self.received = received = self.received + count
        if self._options.max_filesize is not None:
            retry.check_size(received, self._options)
        if self.expected is not None and received > self.expected:
            raise Overlong(f"too long: {self} bytes received")
        if received - self._at_step < PROGRESS_STEP and now < self._due:
            return False
        self._at_step = received
        self._due = now + PROGRESS_INTERVAL
        return True

    def claim_event(self, now: float) -> bool:
        """Return whether a progress event may be emitted; if so, the next one may be later only."""
        if now < self._next_event:
            return False
        self._next_event = now + MIN_EVENT_INTERVAL
        return True

    def _check_speed(self, count: int, seconds: float) -> None:
        """Count a piece after the first one. Raises TimedOut if the body is too slow."""
        if self._speed is None:
            options = self._options
            self._speed = retry.MinimumSpeed(options.speed_limit, options.speed_time)
        self._speed.count(count, seconds)

    @property
    def record(self) -> ResumeRecord | None:
        """The record with which a later request may resume this body; None if it has none."""
        if self._record is None and not self._options.compressed:
            self._record = ranges.record_of(self._head, self.expected)
            if self._record and self.name:
                self._record = self._record._replace(name=self.name)
        return self._record

    @property
    def delimited(self) -> bool:
        """Whether the end of the body is marked, so that truncation can be detected.

        Without Content-Length and chunks, a body ends with the connection (RFC 9112 section 6.3,
        rule 8).
        """
        return self.expected is not None or is_chunked(self._head)


class DecodedBody(Body):
    """A body that was sent compressed; its decoded bytes are counted.

    Its size is not known before its end.
    """

    __slots__ = ()

    @property
    def delimited(self) -> bool:
        """Whether the end of the body is marked. That of the compressed data is not enough.

        Further members may have followed: gzip data may consist of several.
        """
        return content_length(self._head) is not None or is_chunked(self._head)
