"""The streams of one file: the request of its transfer, and further requests for parts of it.

``Streams`` stands between the shell of a transfer and its transport. The transfer's own request is
a stream like the others: it ends where another one has begun. It also waits for the others, so that
a try ends only after all its streams have. ``async_streams`` contains the version for asyncio;
``transfer.parts.split`` decides which stream receives which bytes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from time import monotonic
from typing import Any, Generic, TypeVar

from getflags.core.errors import Fault, NotSaved
from getflags.core.events import EventHandler
from getflags.core.models import Fields, Piece, ResumeRecord
from getflags.core.response_head import Head
from getflags.engines.fetch import emit_progress, fetch
from getflags.engines.splitting.stream_jobs import Job, StreamJob, StreamJobs
from getflags.rates.rate_limit import RateLimiter
from getflags.storage.part_file import PartFile
from getflags.storage.proof import Proof
from getflags.transfer.actions import ProgressStep, Refusal
from getflags.transfer.parts.split import Split, Stream
from getflags.transfer.transfer import Transfer
from getflags.transport import Transport

T = TypeVar("T")


class Enough(Exception):
    """The rest of a response is not needed, because another stream receives it."""


class Flow(Generic[T]):
    """A response that is being received: its stream, and how it writes to the part file."""

    def __init__(self, stream: Stream, output: T) -> None:
        self.stream = stream
        self.output = output
        self.since = monotonic()  # when the wait for the next piece began


class StreamsBase(Generic[T]):
    """The part of ``Streams`` that never waits, for threads and for asyncio.

    ``jobs`` gives a free slot to a further stream, which then runs ``help``.
    """

    help: Callable[[Any], Any]

    def __init__(
        self, transfer: Transfer, limiter: RateLimiter, emit: EventHandler, jobs: StreamJobs
    ) -> None:
        self._transfer = transfer
        self._limiter = limiter
        self._emit = emit
        self._jobs = jobs
        self._lock = threading.Lock()  # of the decisions
        self._saving = threading.Lock()  # of the resume record
        self._others = 0  # further streams that are running
        self._closing = True  # no further stream begins
        self._refused: NotSaved | None = None  # what the disk has refused another stream

    @property
    def split(self) -> Split | None:
        """The plan of the file; None if it is not split."""
        return self._transfer.split

    def wanted(self) -> bool:
        """Return whether a further stream may begin."""
        split = self.split
        return not self._closing and split is not None and split.open

    def _begin(self) -> Stream | None:
        """Return the stream of the transfer's own response; None if it is to be received whole."""
        interval = self._transfer.begin_split()
        if interval is None or self.split is None:
            return None
        self._closing = False
        return Stream(self.split, interval, self._transfer.options)

    def _enter(self) -> bool:
        """Count a further stream that begins; return False if it should not."""
        with self._lock:
            wanted = self.wanted()
            self._others += wanted
            return wanted

    def _next(self) -> Stream | None:
        """Return a new stream for the part of the file that needs one most, if any does."""
        with self._lock:
            split = self.split
            interval = None if self._closing or split is None else split.take()
            if split is None or interval is None:
                return None
            return Stream(split, interval, self._transfer.options)

    def _accept(self, flow: Flow[T], head: Head, url: str) -> bool:
        """Return whether the body of a further stream is wanted."""
        with self._lock:
            wanted = flow.stream.head_arrived(head, url)
            if wanted and self.split is not None:
                self.split.growth.joined()
            return wanted

    def _count(self, flow: Flow[T], piece: Piece) -> tuple[Piece, ProgressStep | None]:
        """Count a piece; return the part of it to write, and a progress step if one is due.

        The step's event is emitted here, under the lock, so that progress never goes backwards.
        Raises Enough if the file is lost anyway, and what ``Stream.bytes_arrived`` raises.
        """
        now, split, more = monotonic(), self.split, False
        with self._lock:
            if split is None or split.changed or self._refused:
                raise Enough
            count = flow.stream.bytes_arrived(len(piece), now - flow.since)
            _, progress = self._transfer.bytes_arrived(count, 0.0, now)
            if progress:
                emit_progress(progress, self._emit)
            more = split.growth.arrived(count, now) and split.available
        if more:
            self._jobs.offer(StreamJob(self._transfer.reached, self.wanted, self.help))
        return piece[:count], progress

    def _go_on(self, flow: Flow[T]) -> None:
        """Prepare for the next piece. Raises Enough if it would belong to another stream."""
        interval = flow.stream.interval
        if interval.done and interval.cut:
            raise Enough
        flow.since = monotonic()

    def _ended(self, flow: Flow[T], fault: Fault | None) -> None:
        with self._lock:
            flow.stream.ended(fault)

    def _fail(self, refusal: NotSaved) -> None:
        self._refused, self._closing = refusal, True

    def _finish(self) -> bool:
        """Return whether a split file is complete. Raises NotSaved."""
        if self._refused:
            raise self._refused
        return self.split is not None and not self.split.gaps and not self.split.changed


def run_job(
    job: Job, transport: Transport, limiter: RateLimiter, emit: EventHandler, jobs: StreamJobs
) -> Job:  # fmt: skip
    """Run a try of a transfer, or a further stream for one; return the job."""
    if isinstance(job, Transfer):
        streams = Streams(job, transport, limiter, emit, jobs)
        return fetch(job, job.options, transport, limiter, emit, streams=streams)
    job.refusal = job.help(transport)
    return job


class Streams(StreamsBase[Proof]):
    """The streams of one try of a transfer, each in a thread with a transport of its own."""

    def __init__(
        self, transfer: Transfer, transport: Transport, limiter: RateLimiter,
        emit: EventHandler, jobs: StreamJobs,
    ) -> None:  # fmt: skip
        super().__init__(transfer, limiter, emit, jobs)
        self._transport = transport
        self._part: PartFile
        self._own: Flow[Proof] | None = None  # of the transfer's own request
        self._change = threading.Condition(self._lock)

    def attach(self, part: PartFile) -> Callable[..., None]:
        """Set the part file; return the function that takes the place of ``Transport.get``."""
        self._part = part
        part.allow_gaps()
        return self._get

    def _get(
        self, url: str, headers: Fields, on_head: Callable[[Head], bool],
        on_body: Callable[[Piece], None], within: float | None, *, certified: bool,
    ) -> None:  # fmt: skip
        """Do what ``Transport.get`` does, with further streams if the body can be split."""
        try:
            try:
                self._transport.get(
                    url, headers, partial(self._head_arrived, on_head),
                    partial(self._body_arrived, on_body), within, certified=certified,
                )  # fmt: skip
            except Fault as fault:
                self._end(self._own, fault)
                raise
            except Enough:
                pass
            self._end(self._own, None)
            if self._own:
                self._request_more(self._transport)
        except NotSaved as refusal:
            self._fail(refusal)
            raise
        finally:
            self._join()
        if self._finish():
            self._part.hash_file()

    def _head_arrived(self, on_head: Callable[[Head], bool], head: Head) -> bool:
        wanted = on_head(head)
        if wanted:
            if self._transfer.body.resumed is None:
                self._part.start_over()
            stream = self._begin()
            self._own = self._open(stream) if stream else None
        return wanted

    def _body_arrived(self, on_body: Callable[[Piece], None], piece: Piece) -> None:
        if self._own:
            self._receive(self._own, piece)
        else:
            on_body(piece)

    def help(self, transport: Transport) -> Refusal | None:
        """Receive parts of the file until none is left, with another transport.

        Return what the server said if it gets too many requests.
        """
        if not self._enter():
            return None
        try:
            return self._request_more(transport)
        finally:
            with self._change:
                self._others -= 1
                self._change.notify_all()

    def _request_more(self, transport: Transport) -> Refusal | None:
        while stream := self._next():
            self._request(self._open(stream), transport)
            if stream.refusal:
                return stream.refusal
        return None

    def _request(self, flow: Flow[Proof], transport: Transport) -> None:
        """Send the request of a stream, and receive the response."""
        fault: Fault | None = None
        with self._lock:
            request = self._transfer.request_part(flow.stream.interval, monotonic())
        url, headers, within, certified = request
        try:
            try:
                transport.get(
                    url, headers, lambda head: self._accept(flow, head, url),
                    lambda piece: self._receive(flow, piece), within,
                    certified=certified,
                )  # fmt: skip
            except Fault as error:
                fault = error
            except Enough:
                pass
            self._end(flow, fault)
        except NotSaved as refusal:
            self._fail(refusal)

    def _open(self, stream: Stream) -> Flow[Proof]:
        return Flow(stream, self._part.begin_stream(stream.interval.start))

    def _receive(self, flow: Flow[Proof], piece: Piece) -> None:
        data, progress = self._count(flow, piece)
        limiter = self._limiter
        self._part.write_stream([data], flow.output)
        if progress:
            self._checkpoint(progress.record)
        if seconds := limiter.spend(len(piece)):
            limiter.wait(self._transfer.allowed(seconds, monotonic()))
        self._go_on(flow)

    def _checkpoint(self, record: ResumeRecord | None) -> None:
        """Write the resume record, unless another stream is just doing so."""
        if self._saving.acquire(blocking=False):
            try:
                self._part.checkpoint(record)
            finally:
                self._saving.release()

    def _end(self, flow: Flow[Proof] | None, fault: Fault | None) -> None:
        if flow:
            self._part.end_stream(flow.output)
            self._ended(flow, fault)

    def _join(self) -> None:
        """Wait until all other streams have ended; no further one begins."""
        self._own = None
        with self._change:
            self._closing = True
            self._change.wait_for(lambda: not self._others)
