"""The part file for asyncio: small bodies are written inline, long ones in batches by a thread.

Handing work to another thread costs 250 us, and writing 10 KB costs 50 us. So a small body is
written on the event loop's thread, and a long one in other threads, one batch at a time. The disk
never blocks the loop for longer than one small write takes.

All work in other threads goes through ``_Threads``, which waits until the work has ended. If a
descriptor were closed while a thread still used it, the thread could write to another file that
got the same descriptor.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from types import TracebackType
from typing import Self, TypeVar

from getflags.core.errors import NotSaved
from getflags.core.models import (
    Exists,
    FetchRecord,
    OnDisk,
    PartialFile,
    Piece,
    ResumeRecord,
    Target,
)
from getflags.storage.part_file import PartFile
from getflags.storage.proof import Proof

_Result = TypeVar("_Result")

BATCH = 1024 * 1024  # bytes


class AsyncPartFile:
    """The asyncio version of ``PartFile``; its methods that may block are coroutines.

    ``open_part`` returns the part file, as the class ``PartFile`` does. Leaving the ``with`` block
    never waits, because the task may have been cancelled.
    """

    def __init__(
        self,
        target: Target,
        resumable: Callable[[], ResumeRecord | None] = lambda: None,
        *,
        fsync: bool = False,
        open_part: Callable[..., PartFile] = PartFile,
    ) -> None:
        self._part = open_part(target, resumable, fsync=fsync)
        self._resumable = resumable
        self._threads = _Threads()
        self._fsync = fsync
        self._batch: list[bytes] = []
        self._size = 0  # bytes in the batch
        self._end = 0  # offset of the next byte to write
        self._long = False  # a batch has been written in another thread
        self._streams: tuple[StreamBatch, ...] = ()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._batch and self._resumable():
            with contextlib.suppress(NotSaved):
                self._write_inline()
        for stream in self._streams:
            with contextlib.suppress(NotSaved):
                self._part.write_stream(stream.take(), stream.proof)
        self._part.__exit__(kind, error, trace)

    async def reopen(self) -> PartialFile | None:
        """Do what ``PartFile.reopen`` does; existing bytes are hashed in another thread."""
        partial = (
            await self._threads.run(lambda: self._part.reopen(self._threads.cancelled))
            if self._part.has_record()
            else None
        )
        self._end = partial.kept if partial else 0
        return partial

    async def write(self, data: Piece, at: int) -> None:
        """Add data to the batch, and write the batch when it is full. Raises NotSaved."""
        if at != self._end:
            self._seek(at)
        self._batch.append(bytes(data))  # a view is valid only until the next piece
        self._size += len(data)
        self._end += len(data)
        if self._size >= BATCH:
            await self._write_batch()

    def _seek(self, at: int) -> None:
        self._batch.clear()
        self._size = 0
        self._part.seek(at)
        self._end = at

    async def end_body(self, size: int | None) -> None:
        """Do what ``PartFile.end_body`` does, and write the last batch. Raises NotSaved."""
        if size is not None and size != self._end:
            self._seek(size)
        if self._batch and self._long:
            await self._write_batch()
        elif self._batch:
            self._write_inline()

    async def checkpoint(self, record: ResumeRecord | None) -> None:
        """Do what ``PartFile.checkpoint`` does; with fsync, in another thread, as ``install``."""
        if self._fsync:
            await self._threads.run(lambda: self._part.checkpoint(record))
        else:
            self._part.checkpoint(record)

    def allow_gaps(self) -> None:
        """Do what ``PartFile.allow_gaps`` does."""
        self._part.allow_gaps()

    def begin_stream(self, start: int) -> StreamBatch:
        """Do what ``PartFile.begin_stream`` does."""
        stream = StreamBatch(self._part.begin_stream(start))
        self._streams += (stream,)
        return stream

    async def write_stream(self, pieces: Iterable[Piece], stream: StreamBatch) -> None:
        """Add pieces to a stream's batch, and write the batch when it is full. Raises NotSaved."""
        for piece in pieces:
            stream.pieces.append(bytes(piece))
            stream.size += len(piece)
        if stream.size >= BATCH:
            await self._write_stream_batch(stream)

    async def end_stream(self, stream: StreamBatch) -> None:
        """Write the last batch of a stream, and end it. Raises NotSaved."""
        await self._write_stream_batch(stream)
        self._streams = tuple(each for each in self._streams if each is not stream)
        self._part.end_stream(stream.proof)
        self._end = self._part.size

    async def _write_stream_batch(self, stream: StreamBatch) -> None:
        """Write a stream's batch in another thread; streams do so at the same time."""
        at, pieces = stream.proof.end, stream.take()
        try:
            await _Threads().run(lambda: self._part.write_stream(pieces, stream.proof))
        except asyncio.CancelledError:
            if stream.proof.end == at:  # pragma: no cover - whether the thread has begun is a race
                stream.put_back(pieces)
            raise

    def start_over(self) -> None:
        """Do what ``PartFile.start_over`` does."""
        self._part.start_over()
        self._end = 0

    async def hash_file(self) -> None:
        """Do what ``PartFile.hash_file`` does, in another thread."""
        await self._threads.run(lambda: self._part.hash_file(self._threads.cancelled))

    def discard(self) -> None:
        """Do what ``PartFile.discard`` does."""
        self._part.discard()

    @property
    def digest(self) -> str | None:
        """The hex digest of the bytes written so far; None for a target without a checksum."""
        return self._part.digest

    @property
    def note(self) -> str:
        """What the file system refused, for people; mostly nothing."""
        return self._part.note

    @property
    def saved_as(self) -> str:
        """The name of the installed file, as in ``Outcome``."""
        return self._part.saved_as

    async def install(
        self, modified: int | None = None, record: FetchRecord | None = None
    ) -> OnDisk | None:
        """Do what ``PartFile.install`` does; with fsync, in another thread, because it is slow."""
        if self._fsync:
            return await self._threads.run(lambda: self._part.install(modified, record))
        return self._part.install(modified, record)

    async def on_disk(self, exists: Exists) -> OnDisk | None:
        """Do what ``PartFile.on_disk`` does; in another thread if it may take long."""
        if exists is Exists.OVERWRITE or not self._part.lookup_is_slow(exists):
            return self._part.on_disk(exists)
        return await self._threads.run(lambda: self._part.on_disk(exists, self._threads.cancelled))

    def _write_inline(self) -> None:
        pieces, at = self._batch, self._end - self._size
        self._batch, self._size = [], 0
        self._part.write_all(pieces, at)

    async def _write_batch(self) -> None:
        """Write the batch in another thread, where it is also hashed."""
        at, size, self._long = self._end - self._size, self._size, True
        pieces, self._batch, self._size = self._batch, [], 0
        try:
            await self._threads.run(lambda: self._part.write_all(pieces, at))
        except asyncio.CancelledError:
            if self._part.size == at:  # the thread had not started to write
                self._batch, self._size = pieces, size
            raise


class StreamBatch:
    """The bytes of one stream that are not written yet, and the proof of those that are."""

    def __init__(self, proof: Proof) -> None:
        self.proof = proof
        self.pieces: list[bytes] = []
        self.size = 0  # bytes in the batch

    def take(self) -> list[bytes]:
        """Return the pieces, and begin a new batch."""
        pieces, self.pieces, self.size = self.pieces, [], 0
        return pieces

    def put_back(self, pieces: list[bytes]) -> None:  # pragma: no cover - as above
        """Put back pieces that could not be written."""
        self.pieces, self.size = pieces, sum(map(len, pieces))


class _Threads:
    """The event loop's thread pool, as one part file uses it.

    ``run`` returns only after the work has ended, however often the waiting task is cancelled,
    because a thread cannot be cancelled. The work is not an asyncio task: an application that
    cancels all tasks when it ends would cancel that task as well.
    """

    _cancelled = False

    def cancelled(self) -> bool:
        """Return whether the waiting task was cancelled, so that long work can stop early."""
        return self._cancelled

    async def run(self, work: Callable[[], _Result]) -> _Result:
        """Run ``work`` in another thread; return its result or raise its exception.

        If the task is cancelled before the work has started, the work is never started. If no
        thread can be started, the work runs inline: a blocked loop is better than a lost file.
        """
        self._cancelled = False
        started = threading.Lock()
        done: Future[_Result] = Future()

        def start() -> None:
            if started.acquire(blocking=False):
                try:
                    done.set_result(work())
                except BaseException as error:  # noqa: BLE001 - raised again below
                    done.set_exception(error)

        try:
            asyncio.get_running_loop().run_in_executor(None, start)
        except RuntimeError:  # no thread could be started; an existing one may run the work already
            start()
        future = asyncio.wrap_future(done)
        cancelled = None
        while not future.done():
            try:
                await asyncio.wait([future])
            except asyncio.CancelledError as error:
                cancelled = error
                self._cancelled = True
                if started.acquire(blocking=False):
                    raise  # the work can no longer start
        if cancelled:
            future.exception()  # mark it as retrieved, or asyncio would log it
            raise cancelled
        return future.result()
