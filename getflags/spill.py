"""A part file for the event loop: small bodies inline, long ones off the loop in large batches.

One idea: a hop to another thread costs 250 us and a write of 10 KB costs 50, so what is small is
written right here, and what is long goes through aiofiles, a batch at a time. The loop is never
held by the disk for longer than one small write takes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from getflags.model import Exists, OnDisk, Target
from getflags.save import Part, refusals

if TYPE_CHECKING:
    from aiofiles.threadpool.binary import AsyncFileIO

BATCH = 512 * 1024  # bytes


class AsyncPart:
    """The twin of ``Part``: the same names, where waiting makes sense with ``await``."""

    def __init__(self, target: Target) -> None:
        self._part = Part(target)
        self._batch: list[bytes] = []
        self._size = 0
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

    async def write(self, data: bytes) -> None:
        """Append to the file, sooner or later. Raises NotSaved."""
        self._batch.append(data)
        self._size += len(data)
        if self._size >= BATCH:
            await self._spill()

    async def close(self) -> None:
        """Write what is left. Raises NotSaved."""
        if self._file:
            await self._spill()
        elif self._batch:
            self._part.write(self._take())

    @property
    def digest(self) -> str | None:
        """As ``Part.digest``, of what was written."""
        return self._part.digest

    def install(self, modified: int | None = None) -> None:
        """As ``Part.install``: one rename, too short to leave the loop for."""
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


async def _to_its_end(writing: Coroutine[Any, Any, int]) -> int:
    """Wait for a write in another thread to end, however often we are cancelled meanwhile.

    The thread goes on writing in any case; were the descriptor closed under it, its number could be
    another file's by then.
    """
    task = asyncio.ensure_future(writing)
    cancelled = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            cancelled = error
        except OSError:
            break  # it is the task's, and raised below
    if cancelled:
        task.exception()  # nobody will ask any more
        raise cancelled
    return task.result()
