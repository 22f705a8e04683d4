"""Small bodies inline, long ones off the loop, and no descriptor closed under a writing thread."""

from __future__ import annotations

import asyncio
import hashlib
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from select import select
from typing import Any

import pytest

import getflags
from getflags.core.errors import NotSaved
from getflags.core.models import Checksum, Exists, OnDisk, PartialFile, ResumeRecord, Target
from getflags.storage.async_part_file import BATCH, AsyncPartFile
from getflags.storage.part_file import PartFile
from tests.kit import files
from tests.rawserver import RawServer, ok


def target(folder: Path) -> Target:
    return Target(0, "w", "w", "http://h/f", str(folder), "f", Checksum("sha1", "0" * 40))


async def save(folder: Path, *pieces: bytes) -> str | None:
    with AsyncPartFile(target(folder)) as part:
        end = 0
        for piece in pieces:
            await part.write(piece, end)
            end += len(piece)
        await part.end_body(end)
        await part.install()
        return part.digest


def test_a_small_body_is_written_without_another_thread(tmp_path: Path) -> None:
    async def scenario() -> tuple[str | None, int]:
        return await save(tmp_path, b"a", b"bc"), threading.active_count()

    before = threading.active_count()
    digest, threads = asyncio.run(scenario())
    assert threads == before
    assert files(tmp_path) == {"f": b"abc"}
    assert digest == "a9993e364706816aba3e25717850c26c9cd0d89d"


@pytest.mark.parametrize(
    ("exists", "checksum"),
    [
        (Exists.SKIP, None),
        (Exists.REFRESH, None),
        (Exists.FAIL, None),
        (Exists.FAIL, Checksum("sha1", "0" * 40)),
    ],
)
def test_an_existing_file_that_is_not_hashed_is_examined_without_another_thread(
    tmp_path: Path, exists: Exists, checksum: Checksum | None
) -> None:
    (tmp_path / "f").write_bytes(b"abc")

    async def examine() -> tuple[OnDisk | None, int]:
        with AsyncPartFile(target(tmp_path)._replace(checksum=checksum)) as part:
            return await part.on_disk(exists), threading.active_count()

    before = threading.active_count()
    found, threads = asyncio.run(examine())
    assert threads == before
    assert found is not None
    assert (found.size, found.digest) == (3, None)


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
        with AsyncPartFile(target(tmp_path)) as part:
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
        with AsyncPartFile(target(tmp_path)) as part:
            os.dup2(writer, part._part.open())
            writing = asyncio.create_task(part.write(bytes(BATCH), 0))
            while not select([reader], [], [], 0)[0]:  # noqa: ASYNC110 - until the thread writes
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
        with AsyncPartFile(target(tmp_path)) as part:
            full = os.open("/dev/full", os.O_WRONLY)
            os.dup2(full, part._part.open())
            os.close(full)
            with pytest.raises(NotSaved, match="No space left on device"):
                await part.write(bytes(BATCH), 0)

    asyncio.run(scenario())
    assert files(tmp_path) == {}


NOTE = ResumeRecord('"tag"', 3 * BATCH)


def leave(folder: Path, *pieces: bytes) -> None:
    async def scenario() -> None:
        with AsyncPartFile(target(folder)) as part:
            end = 0
            for piece in pieces:
                await part.write(piece, end)
                end += len(piece)
                await part.checkpoint(NOTE)

    asyncio.run(scenario())


def test_what_was_spilled_is_kept_and_taken_up_again(tmp_path: Path) -> None:
    async def scenario() -> str | None:
        with AsyncPartFile(target(tmp_path)) as part:
            assert await part.reopen() == PartialFile(BATCH, NOTE)
            await part.write(b"rest", BATCH)
            await part.end_body(BATCH + 4)
            await part.install()
            return part.digest

    leave(tmp_path, b"x" * BATCH, b"lost")
    digest = asyncio.run(scenario())
    assert files(tmp_path) == {"f": b"x" * BATCH + b"rest"}
    assert digest == hashlib.sha1(b"x" * BATCH + b"rest").hexdigest()  # noqa: S324 - any will do


@pytest.mark.parametrize("new", [b"", b"new", b"n" * BATCH * 2])
def test_another_file_replaces_what_was_spilled(tmp_path: Path, new: bytes) -> None:
    async def scenario() -> None:
        with AsyncPartFile(target(tmp_path)) as part:
            assert await part.reopen()
            if new:
                await part.write(new, 0)
            await part.end_body(len(new))
            await part.install()

    leave(tmp_path, b"x" * BATCH)
    asyncio.run(scenario())
    assert files(tmp_path) == {"f": new}


def test_what_waits_for_the_disk_is_dropped_with_the_rest(tmp_path: Path) -> None:
    async def scenario() -> None:
        with AsyncPartFile(target(tmp_path)) as part:
            assert await part.reopen() is None
            await part.write(b"first try", 0)
            await part.write(b"second", 0)
            await part.end_body(6)
            await part.install()

    asyncio.run(scenario())
    assert files(tmp_path) == {"f": b"second"}


def test_what_is_of_no_use_goes(tmp_path: Path) -> None:
    async def scenario() -> None:
        with AsyncPartFile(target(tmp_path)) as part:
            assert await part.reopen()
            part.discard()

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
        with AsyncPartFile(target(tmp_path), fsync=True) as part:
            await part.write(b"x", 0)
            await part.end_body(1)
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


class Gate:
    """Holds up a system call of other threads, once, when one is about to make it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, name: str, before: int = 0) -> None:
        self.reached, self.open, self.passed = (threading.Event() for _ in range(3))
        self.calls = -before
        self._call: Callable[..., Any] = getattr(os, name)
        monkeypatch.setattr(os, name, self)

    def __call__(self, *rest: Any) -> Any:
        """Make the call."""
        if threading.current_thread() is threading.main_thread():
            return self._call(*rest)
        self.calls += 1
        if self.calls != 1:
            return self._call(*rest)
        self.reached.set()
        assert self.open.wait(10)
        try:
            return self._call(*rest)
        finally:
            self.passed.set()


def cancel_one(job: asyncio.Task[Any]) -> None:
    job.cancel()


def cancel_all(job: asyncio.Task[Any]) -> None:
    """Do as ``asyncio.run`` does when its main coroutine has ended."""
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()
    assert job.cancelling()


@pytest.mark.parametrize("cancel", [cancel_one, cancel_all])
@pytest.mark.parametrize(
    ("call", "before", "settings"),
    [
        ("read", 1, {}),  # the first reads the note
        ("read", 0, {"exists": "skip"}),
        ("lseek", 0, {}),
        ("fsync", 0, {"fsync": True}),
    ],
    ids=["hashes a part", "hashes a file", "seeks", "confirms"],
)
@pytest.mark.parametrize("client", ["curl", "httpx"])
def test_a_cancelled_download_leaves_its_hosts_files_alone(  # noqa: PLR0917 - a table
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    call: str,
    before: int,
    settings: dict[str, Any],
    cancel: Callable[[asyncio.Task[Any]], None],
    client: str,
) -> None:
    """The host opens files while a thread works; each must begin at its beginning (hazard J13)."""
    wrong = Checksum("sha1", "0" * 40)
    (tmp_path / "host").write_bytes(b"host" * 100)
    if "exists" in settings:
        (tmp_path / "f").write_bytes(b"old" * 100)

    async def scenario(url: str) -> None:
        leave_for(url, tmp_path)
        gate = Gate(monkeypatch, call, before)
        entry = getflags.Entry(url, checksum=None if settings.get("fsync") else wrong)
        job = asyncio.create_task(
            getflags.adownload([entry], dir=tmp_path, client=client, **settings)
        )
        await asyncio.to_thread(gate.reached.wait, 10)
        cancel(job)
        for _ in range(100):
            await asyncio.sleep(0)
        with ExitStack() as stack:
            opened = [os.open(tmp_path / "host", os.O_RDWR) for _ in range(20)]
            for each in opened:
                stack.callback(os.close, each)
            gate.open.set()
            await asyncio.to_thread(gate.passed.wait, 10)
            with pytest.raises(asyncio.CancelledError):
                await job
            positions = [os.lseek(each, 0, os.SEEK_CUR) for each in opened]
        assert positions == [0] * 20
        assert (tmp_path / "host").read_bytes() == b"host" * 100

    with RawServer({"/f": ok(b"x" * 1000)}) as server:
        asyncio.run(scenario(server.url("/f")))


def leave_for(url: str, folder: Path) -> None:
    """Leave a part file and its note, as a run that was interrupted does."""
    with PartFile(Target(0, "w", "w", url, str(folder), "f")) as part:
        part.write(b"x" * 500, 0)
        part.checkpoint(ResumeRecord('"tag"', 1000))


class Held(ThreadPoolExecutor):
    """Threads of a loop that begin what they do, after the first work, when they may."""

    def __init__(self) -> None:
        super().__init__(1)
        self.reached, self.open = threading.Event(), threading.Event()
        self._works = 0

    def submit(self, work: Any, /, *rest: Any, **named: Any) -> Any:
        """As the base has it."""
        return super().submit(self._do, work, *rest, **named)

    def _do(self, work: Any, *rest: Any) -> Any:
        self._works += 1
        if self._works > 1:
            self.reached.set()
            assert self.open.wait(10)
        return work(*rest)


@pytest.mark.parametrize("cancel", [cancel_one, cancel_all])
def test_a_cancelled_write_never_reaches_a_hosts_file(
    tmp_path: Path, cancel: Callable[[asyncio.Task[Any]], None]
) -> None:
    """A host that has ended cancels all tasks; a thread that is late must not write to its file."""

    async def scenario() -> None:
        threads = Held()
        asyncio.get_running_loop().set_default_executor(threads)
        job = asyncio.create_task(save(tmp_path, bytes(BATCH), bytes(BATCH)))
        while not threads.reached.is_set():  # noqa: ASYNC110 - a thread sets it
            await asyncio.sleep(0)
        cancel(job)
        with pytest.raises(asyncio.CancelledError):
            await job
        with (tmp_path / "host").open("wb") as host:
            threads.open.set()
            threads.shutdown()
            assert os.lseek(host.fileno(), 0, os.SEEK_CUR) == 0

    asyncio.run(scenario())
    assert files(tmp_path) == {"host": b""}


def test_what_is_hashed_for_nobody_is_not_hashed_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However large the file, cancelling takes no longer than one block of it."""
    (tmp_path / "f").write_bytes(bytes(5 * 1024 * 1024))
    gate = Gate(monkeypatch, "read")

    async def scenario() -> None:
        with AsyncPartFile(target(tmp_path)) as part:
            looking = asyncio.create_task(part.on_disk(Exists.SKIP))
            await asyncio.to_thread(gate.reached.wait, 10)
            looking.cancel()
            await asyncio.sleep(0)
            gate.open.set()
            with pytest.raises(asyncio.CancelledError):
                await looking
            assert await part.on_disk(Exists.SKIP), "the next is not cancelled with it"

    asyncio.run(scenario())
    assert gate.calls == 1 + 6


def test_work_that_has_not_begun_is_not_waited_for(tmp_path: Path) -> None:
    """The host's own work has all threads; who is cancelled need not wait for its end."""
    (tmp_path / "f").write_bytes(b"x")
    over = threading.Event()

    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(1))
        hosts = loop.run_in_executor(None, over.wait, 10)
        with AsyncPartFile(target(tmp_path)) as part:
            looking = asyncio.create_task(part.on_disk(Exists.SKIP))
            await asyncio.sleep(0)
            looking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await looking
        assert not hosts.done()
        over.set()
        await hosts

    asyncio.run(scenario())


@pytest.mark.parametrize("begun", [True, False])
def test_where_no_thread_can_be_had_the_file_is_not_lost(tmp_path: Path, *, begun: bool) -> None:
    """A pool puts work into its queue before it asks for one more thread."""
    done = 0

    class Full(ThreadPoolExecutor):
        def submit(self, work: Any, /, *rest: Any, **named: Any) -> Any:
            nonlocal done
            if begun:
                super().submit(work, *rest, **named).result(10)
            done += 1
            raise RuntimeError("can't start new thread")

    async def scenario() -> None:
        asyncio.get_running_loop().set_default_executor(Full(1))
        await save(tmp_path, bytes(2 * BATCH))

    asyncio.run(scenario())
    assert files(tmp_path) == {"f": bytes(2 * BATCH)}
    assert done


@pytest.mark.parametrize("done", [0, 2 * BATCH])
def test_a_batch_that_no_thread_has_begun_is_written_when_the_task_is_cancelled(
    tmp_path: Path, done: int
) -> None:
    """All threads are busy with other work. The batches before it count, too."""
    over, body = threading.Event(), os.urandom(3 * BATCH)
    record = ResumeRecord('"tag"', 4 * BATCH)

    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(1))
        with AsyncPartFile(target(tmp_path), lambda: record) as part:
            for start in range(0, done, BATCH):
                await part.write(body[start : start + BATCH], start)
                await part.checkpoint(record)
            busy = loop.run_in_executor(None, over.wait, 10)
            writing = asyncio.create_task(part.write(body[done:], done))
            await asyncio.sleep(0)
            writing.cancel()
            with pytest.raises(asyncio.CancelledError):
                await writing
        over.set()
        await busy

    asyncio.run(scenario())
    with PartFile(target(tmp_path)) as kept:
        partial = kept.reopen()
        assert partial
        assert partial.size == len(body)
        (path,) = tmp_path.glob("*.part")
        assert path.read_bytes() == body
        kept.discard()
