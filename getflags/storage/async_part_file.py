"""A part file for the event loop: small bodies inline, long ones off the loop in large batches.

One idea: a hop to another thread costs 250 us and a write of 10 KB costs 50, so what is small is
written right here, and what is long goes through aiofiles, a batch at a time. The loop is never
held by the disk for longer than one small write takes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from getflags.core.errors import NotSaved
from getflags.core.models import Exists, Kept, Note, OnDisk, Target
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

    async def kept(self) -> Kept | None:
        """As ``Part.kept``; hashing what is there takes its time, but not the loop's."""
        kept = await asyncio.to_thread(self._part.kept) if self._part.noted() else None
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

    def remember(self, note: Note | None) -> None:
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
            await _to_its_end(asyncio.to_thread(self._part.install, modified))
        else:
            self._part.install(modified)

    async def on_disk(self, exists: Exists) -> OnDisk | None:
        """As ``Part.on_disk``; hashing a large file takes its time, but not the loop's."""
        if exists is Exists.OVERWRITE:
            return None
        return await asyncio.to_thread(self._part.on_disk, exists)

    def _take(self) -> bytes:
        data = b"".join(self._batch)
        self._batch.clear()
        self._size = 0
        return data

    async def _spill(self) -> None:
        data = self._take()
        if self._file is None:
            import aiofiles  # 30 ms; only for those who fetch something long

            self._file = await aiofiles.open(self._part.open(), "wb", buffering=0, closefd=False)
        self._part.hash(data)
        with refusals:
            while data:
                data = data[await _to_its_end(self._file.write(data)) :]


async def _to_its_end(work: Coroutine[Any, Any, _Result]) -> _Result:
    """Wait for work in another thread to end, however often we are cancelled meanwhile.

    The thread goes on in any case; were the descriptor closed under it, its number could be
    another file's by then.
    """
    task = asyncio.ensure_future(work)
    cancelled = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            cancelled = error
        except (OSError, NotSaved):
            break  # it is the task's, and raised below
    if cancelled:
        task.exception()  # nobody will ask any more
        raise cancelled
    return task.result()
