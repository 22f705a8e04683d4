"""A part file for the event loop: small bodies inline, long ones off the loop in large batches.

One idea: a hop to another thread costs 250 us and a write of 10 KB costs 50, so what is small is
written right here, and what is long goes through aiofiles, a batch at a time. The loop is never
held by the disk for longer than one small write takes.

Whatever runs in another thread goes through ``_Threads``, the only place here that knows of
threads: a descriptor that were closed under one could be another file's by then.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar, cast

from getflags.core.models import Exists, OnDisk, PartialFile, ResumeRecord, Target
from getflags.storage.os_errors import refusals
from getflags.storage.part_file import Part

if TYPE_CHECKING:
    from aiofiles.threadpool.binary import AsyncFileIO

_Result = TypeVar("_Result")

BATCH = 512 * 1024  # bytes


class AsyncPart:
    """The twin of ``Part``: the same names, where waiting makes sense with ``await``."""

    def __init__(self, target: Target, *, fsync: bool = False) -> None:
        self._part = Part(target, fsync=fsync)
        self._threads = _Threads()
        self._fsync = fsync
        self._batch: list[bytes] = []
        self._size = 0  # bytes in the batch
        self._end = 0  # where the next byte goes
        self._file: AsyncFileIO | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._part.__exit__(kind, error, trace)

    async def kept(self) -> PartialFile | None:
        """As ``Part.kept``; hashing what is there takes its time, but not the loop's."""
        kept = (
            await self._threads.run(lambda: self._part.kept(self._threads.cancelled))
            if self._part.noted()
            else None
        )
        self._end = kept.size if kept else 0
        return kept

    async def write(self, data: bytes, at: int) -> None:
        """Write to the file, sooner or later. Raises NotSaved."""
        if at != self._end:
            self._seek(at)
        self._batch.append(data)
        self._size += len(data)
        self._end += len(data)
        if self._size >= BATCH:
            await self._spill()

    def _seek(self, at: int) -> None:
        self._batch.clear()
        self._size = 0
        self._part.seek(at)
        self._end = at

    async def flush(self, size: int | None) -> None:
        """As ``Part.flush``, with what is left to write. Raises NotSaved."""
        if size is not None and size != self._end:
            self._seek(size)
        if self._file:
            await self._spill()
        elif self._batch:
            at = self._end - self._size
            self._part.write(self._take(), at)

    def remember(self, note: ResumeRecord | None) -> None:
        """As ``Part.remember``."""
        self._part.remember(note)

    def throw_away(self) -> None:
        """As ``Part.throw_away``."""
        self._part.throw_away()

    @property
    def digest(self) -> str | None:
        """As ``Part.digest``, of what was written."""
        return self._part.digest

    async def install(self, modified: int | None = None) -> None:
        """As ``Part.install``: a rename is too short to leave the loop for; fsync isn't."""
        if self._fsync:
            await self._threads.run(lambda: self._part.install(modified))
        else:
            self._part.install(modified)

    async def on_disk(self, exists: Exists) -> OnDisk | None:
        """As ``Part.on_disk``; hashing a large file takes its time, but not the loop's."""
        if exists is Exists.OVERWRITE:
            return None
        return await self._threads.run(lambda: self._part.on_disk(exists, self._threads.cancelled))

    def _take(self) -> bytes:
        data = b"".join(self._batch)
        self._batch.clear()
        self._size = 0
        return data

    async def _spill(self) -> None:
        data = self._take()
        if self._file is None:
            import aiofiles  # 30 ms; only for those who fetch something long

            threads = cast("asyncio.AbstractEventLoop", self._threads)  # as much as is used of it
            self._file = await aiofiles.open(
                self._part.open(), "wb", buffering=0, closefd=False, loop=threads
            )
        self._part.hash(data)
        with refusals:
            while data:
                data = data[await self._file.write(data) :]


class _Threads:
    """The loop's threads, for one part file: whoever runs work there waits until it has ended.

    However often the waiting task is cancelled, for the thread goes on in any case. The work is no
    task of its own, which a host that cancels all tasks at its end would cancel, too.
    """

    def __init__(self) -> None:
        self._cancelled = False

    def cancelled(self) -> bool:
        """Whether the work that runs is wanted no more, so that long work may end early."""
        return self._cancelled

    async def run(self, work: Callable[[], _Result]) -> _Result:
        """Run work in another thread; return what it returns, and raise what it raises.

        Work that has not begun when the task is cancelled never begins. Where no thread can be had,
        it is done here: that the loop is held up is better than a file that is lost.
        """
        self._cancelled = False
        begun = threading.Lock()

        done: Future[_Result] = Future()

        def begin() -> None:
            if begun.acquire(blocking=False):
                try:
                    done.set_result(work())
                except BaseException as error:  # noqa: BLE001 - raised again below
                    done.set_exception(error)

        try:
            asyncio.get_running_loop().run_in_executor(None, begin)
        except RuntimeError:  # the system grants no more threads; but one may have begun
            begin()
        future = asyncio.wrap_future(done)
        cancelled = None
        while not future.done():
            try:
                await asyncio.wait([future])
            except asyncio.CancelledError as error:
                cancelled = error
                self._cancelled = True
                if begun.acquire(blocking=False):
                    raise  # and the work never begins
        if cancelled:
            future.exception()  # nobody will ask any more
            raise cancelled
        return future.result()

    async def run_in_executor(self, executor: None, work: Callable[[], _Result]) -> _Result:
        """Do as ``run`` does; aiofiles takes this object for its event loop."""
        del executor
        return await self.run(work)
