"""Small bodies inline, long ones off the loop, and no descriptor closed under a writing thread."""

from __future__ import annotations

import asyncio
import hashlib
import os
import threading
from pathlib import Path

import pytest

from getflags.core.errors import NotSaved
from getflags.core.models import Checksum, Kept, Note, Target
from getflags.storage.async_part_file import BATCH, AsyncPart
from tests.kit import files


def target(folder: Path) -> Target:
    return Target(0, "w", "w", "http://h/f", str(folder), "f", Checksum("sha1", "00"))


async def save(folder: Path, *pieces: bytes) -> str | None:
    async with AsyncPart(target(folder)) as part:
        end = 0
        for piece in pieces:
            await part.write(piece, end)
            end += len(piece)
        await part.flush(end)
        await part.install()
        return part.digest


def test_a_small_body_is_written_without_another_thread(tmp_path: Path) -> None:
    before = threading.active_count()
    digest = asyncio.run(save(tmp_path, b"a", b"bc"))
    assert threading.active_count() == before
    assert files(tmp_path) == {"f": b"abc"}
    assert digest == "a9993e364706816aba3e25717850c26c9cd0d89d"


def test_an_empty_body(tmp_path: Path) -> None:
    asyncio.run(save(tmp_path))
    assert files(tmp_path) == {"f": b""}


@pytest.mark.parametrize("size", [BATCH - 1, BATCH, BATCH + 1, 3 * BATCH + 7])
def test_a_long_body_arrives_whole_and_in_order(tmp_path: Path, size: int) -> None:
    body = os.urandom(size)
    pieces = [body[start : start + 65_521] for start in range(0, size, 65_521)]
    asyncio.run(save(tmp_path, *pieces))
    assert files(tmp_path) == {"f": body}


def test_the_loop_runs_on_while_the_disk_is_slow(tmp_path: Path) -> None:
    """A pipe that nobody reads stands for a disk that takes its time."""

    async def scenario() -> None:
        reader, writer = os.pipe()
        async with AsyncPart(target(tmp_path)) as part:
            os.dup2(writer, part._part.open())
            writing = asyncio.create_task(part.write(bytes(BATCH), 0))
            for _ in range(100):
                await asyncio.sleep(0)
            assert not writing.done()
            drained = threading.Thread(target=_drain, args=(reader,))
            drained.start()
            await writing
        os.close(writer)
        drained.join()

    asyncio.run(scenario())


def test_cancelling_waits_for_the_thread_that_writes(tmp_path: Path) -> None:
    async def scenario() -> None:
        reader, writer = os.pipe()
        async with AsyncPart(target(tmp_path)) as part:
            os.dup2(writer, part._part.open())
            writing = asyncio.create_task(part.write(bytes(BATCH), 0))
            while part._file is None:  # noqa: ASYNC110 - it has no event to wait for
                await asyncio.sleep(0)
            await asyncio.sleep(0)
            writing.cancel()
            await asyncio.sleep(0)
            assert not writing.done()  # cancelled, and yet waiting for the thread
            drained = threading.Thread(target=_drain, args=(reader,))
            drained.start()
            with pytest.raises(asyncio.CancelledError):
                await writing
        os.close(writer)
        drained.join()

    asyncio.run(scenario())
    assert files(tmp_path) == {}


def _drain(reader: int) -> None:
    while os.read(reader, 65536):
        pass
    os.close(reader)


def test_a_disk_that_is_full_refuses_a_long_body(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with AsyncPart(target(tmp_path)) as part:
            full = os.open("/dev/full", os.O_WRONLY)
            os.dup2(full, part._part.open())
            os.close(full)
            with pytest.raises(NotSaved, match="No space left on device"):
                await part.write(bytes(BATCH), 0)

    asyncio.run(scenario())
    assert files(tmp_path) == {}


NOTE = Note('"tag"', 3 * BATCH)


def leave(folder: Path, *pieces: bytes) -> None:
    async def scenario() -> None:
        async with AsyncPart(target(folder)) as part:
            end = 0
            for piece in pieces:
                await part.write(piece, end)
                end += len(piece)
                part.remember(NOTE)

    asyncio.run(scenario())


def test_what_was_spilled_is_kept_and_taken_up_again(tmp_path: Path) -> None:
    async def scenario() -> str | None:
        async with AsyncPart(target(tmp_path)) as part:
            assert await part.kept() == Kept(BATCH, NOTE)
            await part.write(b"rest", BATCH)
            await part.flush(BATCH + 4)
            await part.install()
            return part.digest

    leave(tmp_path, b"x" * BATCH, b"lost")
    digest = asyncio.run(scenario())
    assert files(tmp_path) == {"f": b"x" * BATCH + b"rest"}
    assert digest == hashlib.sha1(b"x" * BATCH + b"rest").hexdigest()  # noqa: S324 - any will do


@pytest.mark.parametrize("new", [b"", b"new", b"n" * BATCH * 2])
def test_another_file_replaces_what_was_spilled(tmp_path: Path, new: bytes) -> None:
    async def scenario() -> None:
        async with AsyncPart(target(tmp_path)) as part:
            assert await part.kept()
            if new:
                await part.write(new, 0)
            await part.flush(len(new))
            await part.install()

    leave(tmp_path, b"x" * BATCH)
    asyncio.run(scenario())
    assert files(tmp_path) == {"f": new}


def test_what_waits_for_the_disk_is_dropped_with_the_rest(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with AsyncPart(target(tmp_path)) as part:
            assert await part.kept() is None
            await part.write(b"first try", 0)
            await part.write(b"second", 0)
            await part.flush(6)
            await part.install()

    asyncio.run(scenario())
    assert files(tmp_path) == {"f": b"second"}


def test_what_is_of_no_use_goes(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with AsyncPart(target(tmp_path)) as part:
            assert await part.kept()
            part.throw_away()

    leave(tmp_path, b"x" * BATCH)
    asyncio.run(scenario())
    assert files(tmp_path) == {}


def test_a_confirmation_is_waited_for_even_when_cancelled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting, go = threading.Event(), threading.Event()
    fsync = os.fsync

    def slow(descriptor: int) -> None:
        waiting.set()
        go.wait(10)
        fsync(descriptor)

    async def install() -> None:
        async with AsyncPart(target(tmp_path), fsync=True) as part:
            await part.write(b"x", 0)
            await part.flush(1)
            await part.install()

    async def scenario() -> None:
        task = asyncio.ensure_future(install())
        await asyncio.to_thread(waiting.wait, 10)
        task.cancel()
        await asyncio.sleep(0)
        go.set()
        with pytest.raises(asyncio.CancelledError):
            await task

    monkeypatch.setattr(os, "fsync", slow)
    asyncio.run(scenario())
    assert files(tmp_path) == {"f": b"x"}
