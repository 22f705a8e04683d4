"""The streams of one file for asyncio: the twin of ``streams``, which explains both."""

from __future__ import annotations

import asyncio
from asyncio import sleep as asleep
from collections.abc import Awaitable, Callable
from functools import partial
from time import monotonic

from getflags.core.errors import Fault, NotSaved
from getflags.core.events import EventHandler
from getflags.core.models import Fields, Piece, ResumeRecord
from getflags.core.response_head import Head
from getflags.engines.async_fetch import afetch
from getflags.engines.splitting.stream_jobs import Job, StreamJobs
from getflags.engines.splitting.streams import Enough, Flow, StreamsBase
from getflags.rates.rate_limit import RateLimiter
from getflags.storage.async_part_file import AsyncPartFile, StreamBatch
from getflags.transfer.actions import Refusal
from getflags.transfer.parts.split import Stream
from getflags.transfer.transfer import Transfer
from getflags.transport import AsyncTransport


async def arun_job(
    job: Job, transport: AsyncTransport, limiter: RateLimiter, emit: EventHandler, jobs: StreamJobs
) -> Job:  # fmt: skip
    """Run a try of a transfer, or a further stream for one; return the job."""
    if isinstance(job, Transfer):
        streams = AsyncStreams(job, transport, limiter, emit, jobs)
        return await afetch(job, job.options, transport, limiter, emit, streams=streams)
    job.refusal = await job.help(transport)
    return job


class AsyncStreams(StreamsBase[StreamBatch]):
    """The streams of one try of a transfer, each in a task of its own."""

    def __init__(
        self, transfer: Transfer, transport: AsyncTransport, limiter: RateLimiter,
        emit: EventHandler, jobs: StreamJobs,
    ) -> None:  # fmt: skip
        super().__init__(transfer, limiter, emit, jobs)
        self._transport = transport
        self._part: AsyncPartFile
        self._own: Flow[StreamBatch] | None = None  # of the transfer's own request
        self._change = asyncio.Event()  # another stream has ended

    def attach(self, part: AsyncPartFile) -> Callable[..., Awaitable[None]]:
        """Set the part file; return the function that takes the place of ``Transport.get``."""
        self._part = part
        part.allow_gaps()
        return self._get

    async def _get(
        self, url: str, headers: Fields, on_head: Callable[[Head], bool],
        on_body: Callable[[Piece], Awaitable[None]], within: float | None, *, certified: bool,
    ) -> None:  # fmt: skip
        """Do what ``Transport.get`` does, with further streams if the body can be split."""
        try:
            try:
                await self._transport.get(
                    url, headers, partial(self._head_arrived, on_head),
                    partial(self._body_arrived, on_body), within, certified=certified,
                )  # fmt: skip
            except Fault as fault:
                await self._end(self._own, fault)
                raise
            except Enough:
                pass
            await self._end(self._own, None)
            if self._own:
                await self._request_more(self._transport)
        except NotSaved as refusal:
            self._fail(refusal)
            raise
        finally:
            await self._join()
        if self._finish():
            await self._part.hash_file()

    def _head_arrived(self, on_head: Callable[[Head], bool], head: Head) -> bool:
        wanted = on_head(head)
        if wanted:
            if self._transfer.body.resumed is None:
                self._part.start_over()
            stream = self._begin()
            self._own = self._open(stream) if stream else None
        return wanted

    async def _body_arrived(
        self, on_body: Callable[[Piece], Awaitable[None]], piece: Piece
    ) -> None:
        if self._own:
            await self._receive(self._own, piece)
        else:
            await on_body(piece)

    async def help(self, transport: AsyncTransport) -> Refusal | None:
        """Receive parts of the file until none is left, with another transport.

        Return what the server said if it gets too many requests.
        """
        if not self._enter():  # pragma: no cover - only if the others are done just now
            return None
        try:
            return await self._request_more(transport)
        finally:
            self._others -= 1
            self._change.set()

    async def _request_more(self, transport: AsyncTransport) -> Refusal | None:
        while stream := self._next():
            await self._request(self._open(stream), transport)
            if stream.refusal:
                return stream.refusal
        return None

    async def _request(self, flow: Flow[StreamBatch], transport: AsyncTransport) -> None:
        """Send the request of a stream, and receive the response."""
        fault: Fault | None = None
        with self._lock:
            request = self._transfer.request_part(flow.stream.interval, monotonic())
        url, headers, within, certified = request
        try:
            try:
                await transport.get(
                    url, headers, lambda head: self._accept(flow, head, url),
                    lambda piece: self._receive(flow, piece), within,
                    certified=certified,
                )  # fmt: skip
            except Fault as error:
                fault = error
            except Enough:
                pass
            await self._end(flow, fault)
        except NotSaved as refusal:
            self._fail(refusal)

    def _open(self, stream: Stream) -> Flow[StreamBatch]:
        return Flow(stream, self._part.begin_stream(stream.interval.start))

    async def _receive(self, flow: Flow[StreamBatch], piece: Piece) -> None:
        data, progress = self._count(flow, piece)
        limiter = self._limiter
        await self._part.write_stream([data], flow.output)
        if progress:
            await self._checkpoint(progress.record)
        if seconds := limiter.spend(len(piece)):
            await asleep(self._transfer.allowed(seconds, monotonic()))
        self._go_on(flow)

    async def _checkpoint(self, record: ResumeRecord | None) -> None:
        """Write the resume record, unless another stream is just doing so."""
        if self._saving.acquire(blocking=False):
            try:
                await self._part.checkpoint(record)
            finally:
                self._saving.release()

    async def _end(self, flow: Flow[StreamBatch] | None, fault: Fault | None) -> None:
        if flow:
            await self._part.end_stream(flow.output)
            self._ended(flow, fault)

    async def _join(self) -> None:
        """Wait until all other streams have ended; no further one begins."""
        self._own = None
        self._closing = True
        cancelled = None
        while self._others:
            self._change.clear()
            try:
                await self._change.wait()
            except asyncio.CancelledError as error:
                cancelled = error  # they will be cancelled, too; they still use the part file
        if cancelled:
            raise cancelled
