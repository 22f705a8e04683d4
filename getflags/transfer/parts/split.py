"""The plan of a file that several connections receive: which of them receives which bytes.

Each connection is a stream with an interval of the file. A new stream takes an interval that nobody
receives or the second half of the largest one that is still being received. The end of a running
stream then moves forward, so the streams never receive the same byte twice, and a slow one holds up
the others only for as long as the smallest part takes.

Pure: the shells in ``getflags.engines.splitting.streams`` make the requests and pass the time in.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from getflags.core.errors import Disconnected, Excess, Fault
from getflags.core.models import DownloadOptions, Gap, ResumeRecord
from getflags.core.response_head import Head
from getflags.transfer import retry
from getflags.transfer.actions import Refusal
from getflags.transfer.parts import ranges
from getflags.transfer.status_code import refusal

#: Seconds, and pieces that must have arrived in them, before the throughput counts as measured. A
#: transport may collect pieces, so that few of them arrive in a second.
_WINDOWS = ((0.2, 8), (1.0, 4))
_GAIN = 0.1  # by which the newest streams must raise the throughput


class Interval:
    """The bytes that one stream receives: from ``position`` up to, not including, ``end``.

    ``end`` is at most ``limit``, where the response ends.
    """

    __slots__ = ("end", "limit", "position", "start")

    def __init__(self, start: int, end: int) -> None:
        self.start = self.position = start
        self.end = self.limit = end

    @property
    def done(self) -> bool:
        """Whether all bytes have arrived."""
        return self.position == self.end

    @property
    def cut(self) -> bool:
        """Whether the response goes on beyond the end of the interval."""
        return self.end < self.limit


class Split:
    """The intervals of one file: those being received, and the gaps that nobody receives.

    ``gaps`` is ordered. ``open`` is true as long as further streams may be started. ``changed``
    means that a response has shown another version of the file: what was received is worthless.
    """

    def __init__(
        self,
        record: ResumeRecord,
        gaps: Iterable[Gap],
        options: DownloadOptions,
        *,
        open: bool = True,  # noqa: A002 - the name of the attribute
    ) -> None:
        self.record = record
        self.gaps = list(gaps)
        self.open = open
        self.changed = False
        self.growth = Growth(options.split)
        self._least = options.min_split_size
        self._running: list[Interval] = []
        self._left = ranges.MAX_PARTS  # further streams that may begin

    def begin(self, first: int, end: int) -> Interval:
        """Return the interval of a response that begins at the first byte of a gap."""
        at = next(at for at, gap in enumerate(self.gaps) if gap.first == first)
        rest = Gap(end, self.gaps[at].end)
        self.gaps[at : at + 1] = [rest] if rest.end > rest.first else []
        return self._run(first, end)

    def take(self) -> Interval | None:
        """Return the interval of a new stream; None if nothing is left that is worth one."""
        if not self.available:
            return None
        self._left -= 1
        if self.gaps:
            return self.begin(*max(self.gaps, key=lambda gap: gap.end - gap.first))
        largest = cast("Interval", self._largest())
        end, middle = largest.end, (largest.position + largest.end + 1) // 2
        largest.end = middle
        return self._run(middle, end)

    @property
    def available(self) -> bool:
        """Whether ``take`` would return an interval."""
        worth = bool(self.gaps) or self._largest() is not None
        return self.open and self._left > 0 and worth

    def advance(self, interval: Interval, count: int) -> int:
        """Count a piece of a stream's body; return how many of its bytes are in the interval.

        Raises Excess if the body is longer than the response announced.
        """
        room = min(count, interval.end - interval.position)
        if room < count and not interval.cut:
            raise Excess(f"too long: more than {interval.end - interval.start:,} bytes of a part")
        interval.position += room
        return room

    def end(self, interval: Interval) -> None:
        """Give back what a stream has not received.

        The stream before it goes on if its response contains these bytes. Otherwise, they are a
        gap.
        """
        self._running.remove(interval)
        if interval.done:
            return
        for each in self._running:
            if each.end == interval.position and each.limit >= interval.end and not each.done:
                each.end = interval.end
                return
        self.gaps = sorted([*self.gaps, Gap(interval.position, interval.end)])

    def _run(self, first: int, end: int) -> Interval:
        interval = Interval(first, end)
        self._running.append(interval)
        return interval

    def _largest(self) -> Interval | None:
        """Return the interval with the most bytes still to come, if its halves are large enough."""
        rest = {each: each.end - each.position for each in self._running}
        largest = max(rest, key=rest.__getitem__, default=None)
        return largest if largest and rest[largest] // 2 >= self._least else None


class Growth:
    """The decision when other streams are started: as long as they raise the throughput.

    Each time, their number is doubled: a server that sends in bursts needs a second to be measured.
    The throughput is measured for all streams of a file together, from the first bytes on that the
    newest one has received.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._count = 1  # streams
        self._before = 0.0  # the throughput with fewer streams, in bytes a second
        self._measuring = most > 1
        self._wanted = 0  # streams that are to be started now
        self._joining = 0  # those, and the ones that were started and have not begun
        self._since: float | None = None
        self._bytes = self._pieces = 0

    def arrived(self, count: int, now: float) -> bool:
        """Count a piece of any stream; return whether another stream should be started."""
        if self._wanted:
            self._wanted -= 1
            return True
        if not self._measuring:
            return False
        if self._since is None:
            self._since = now
            return False
        self._bytes += count
        self._pieces += 1
        seconds = now - self._since
        if not any(seconds >= time and self._pieces >= pieces for time, pieces in _WINDOWS):
            return False
        throughput, before = self._bytes / seconds, self._before
        self._before, self._measuring = throughput, False
        if throughput < before * (1 + _GAIN):
            return False
        self._joining = min(self._count, self._most - self._count)
        self._wanted = self._joining - 1
        return True

    def joined(self) -> None:
        """Record that a stream is about to receive its first bytes, which may be a new one."""
        if not self._joining:
            return
        self._joining -= 1
        self._count += 1
        self._measuring = not self._joining and self._count < self._most
        self._since = None
        self._bytes = self._pieces = 0


class Stream:
    """One further request for a part of a file. Whatever goes wrong with it, it just ends.

    ``refusal`` is set if the server refused it because it gets too many requests.
    """

    def __init__(self, split: Split, interval: Interval, options: DownloadOptions) -> None:
        self.interval = interval
        self.refusal: Refusal | None = None
        self._split = split
        self._speed = retry.MinimumSpeed(options.speed_limit, options.speed_time)
        self._first = True

    def head_arrived(self, head: Head, url: str) -> bool:
        """Handle a response head; return whether the body is exactly the requested part."""
        split, interval = self._split, self.interval
        self.refusal = refusal(head, url, None)
        if ranges.is_part(head, interval.start, interval.limit, split.record):
            return True
        split.open = False
        split.changed = split.changed or ranges.has_changed(head, split.record)
        return False

    def bytes_arrived(self, count: int, seconds: float) -> int:
        """Count a piece of the body, and the seconds waited for it; return how much of it counts.

        Raises TimedOut if the body is too slow, Excess if it is too long.
        """
        if self._first:  # the timeouts limit the wait for it
            self._first = False
        else:
            self._speed.count(count, seconds)
        return self._split.advance(self.interval, count)

    def ended(self, fault: Fault | None) -> None:
        """Give back the rest. No further stream is started if this one has failed.

        A connection that breaks after some progress is no reason to give up. A body that is too
        long makes the whole file doubtful.
        """
        split, interval = self._split, self.interval
        split.end(interval)
        if isinstance(fault, Excess):
            split.open, split.changed = False, True
        progressed = interval.position - interval.start >= retry.PROGRESS
        if not interval.done and not (isinstance(fault, Disconnected) and progressed):
            split.open = False
