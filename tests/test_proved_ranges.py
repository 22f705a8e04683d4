"""Lines that break again and again, and part files that hold other bytes than were written."""

from __future__ import annotations

import errno
import os
import random
import re
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

import getflags
from getflags.core.errors import NotSaved
from getflags.core.models import ResumeRecord, Target
from getflags.storage import proof as module
from getflags.storage.existing import never
from getflags.storage.part_file import PartFile
from getflags.storage.proof import ProvedRange, prove, verify
from getflags.storage.records import resume_record
from getflags.transfer import retry
from tests.hazards import Way, everywhere
from tests.kit import files
from tests.rawserver import RawServer, ok

SIZE = 4_000_000
BODY = random.Random(7).randbytes(SIZE)
OTHER = random.Random(8).randbytes(SIZE)
RECORD = ResumeRecord('"one"', SIZE)


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "_FIRST_DELAY", 0.01)  # seconds; how long it is, is no matter here


def breaking(
    body: bytes, after: int, sent: list[int], etag: str = "one"
) -> Callable[[socket.socket, RawServer], None]:
    """Answer with a file or its rest, and break the connection after some bytes of the body."""

    def answer(connection: socket.socket, server: RawServer) -> None:
        asked = re.search(rb"(?i)\r\nrange: bytes=([0-9]+)-\r\n", server.head)
        known = f'if-range: "{etag}"'.encode() in server.head.lower()
        first = int(asked[1]) if asked and known else 0
        rest = body[first:]
        head = f"HTTP/1.1 {'206 Part' if first else '200 OK'}\r\nConnection: close\r\n"
        head += f'ETag: "{etag}"\r\nContent-Length: {len(rest)}\r\n'
        if first:
            head += f"Content-Range: bytes {first}-{len(body) - 1}/{len(body)}\r\n"
        sent.append(min(after, len(rest)))
        connection.sendall(head.encode() + b"\r\n" + rest[:after])

    return answer


@pytest.mark.parametrize("after", [300_000, 700_000])
@everywhere
def test_j4_a_line_that_breaks_again_and_again_brings_the_file(
    tmp_path: Path, way: Way, after: int
) -> None:
    sent: list[int] = []
    with RawServer({"/f": breaking(BODY, after, sent)}) as server:
        report = getflags.download([server.url("/f")], dir=tmp_path, retries=1, **way)
    assert report.exit_status == 0
    assert files(tmp_path) == {"f": BODY}
    assert sum(sent) <= 1.2 * SIZE, "what came is kept"


@everywhere
def test_j4_a_line_that_brings_nothing_more_is_given_up(tmp_path: Path, way: Way) -> None:
    """Each response begins with the first byte, and ends at the same place."""
    sent: list[int] = []
    stubborn = breaking(BODY, 500_000, sent, etag="stubborn")

    def answer(connection: socket.socket, server: RawServer) -> None:
        server.head = re.sub(rb"(?i)\r\nrange: [^\r]*", b"", server.head)
        stubborn(connection, server)

    with RawServer({"/f": answer}) as server:
        report = getflags.download([server.url("/f")], dir=tmp_path, retries=2, **way)
    assert report.exit_status == 3
    assert len(sent) == 4, "the first try brought something"


@everywhere
def test_j4_without_retries_there_is_none(tmp_path: Path, way: Way) -> None:
    sent: list[int] = []
    with RawServer({"/f": breaking(BODY, 700_000, sent)}) as server:
        for _ in range(6):
            report = getflags.download([server.url("/f")], dir=tmp_path, retries=0, **way)
    assert report.exit_status == 0, "six runs bring it"
    assert files(tmp_path) == {"f": BODY}


def swapped(data: bytes) -> bytes:
    return data[500_000:1_000_000] + data[:500_000] + data[1_000_000:]


#: what has happened to the part file → what it holds afterwards
SPOILT: dict[str, Callable[[bytes], bytes]] = {
    "grown": lambda data: data + OTHER[:300_000],
    "shortened": lambda data: data[:1_000_000],
    "zeros at its end": lambda data: data[:-9_000] + bytes(9_000),
    "zeros in its middle": lambda data: data[:700_000] + bytes(4_096) + data[704_096:],
    "two blocks swapped": swapped,
    "an older version": lambda data: OTHER[: len(data)],
    "empty": lambda _: b"",
}


@pytest.mark.parametrize("what", SPOILT)
@everywhere
def test_j5_a_part_is_taken_up_only_as_far_as_it_is_proved(
    tmp_path: Path, way: Way, what: str
) -> None:
    sent: list[int] = []
    with RawServer({"/f": breaking(BODY, 1_500_000, sent)}) as server:
        getflags.download([server.url("/f")], dir=tmp_path, retries=0, **way)
        (kept,) = tmp_path.glob(".getflags-*.part")
        spoilt = SPOILT[what](kept.read_bytes())
        kept.write_bytes(spoilt)
        server.answers["/f"] = breaking(BODY, SIZE, sent)
        report = getflags.download([server.url("/f")], dir=tmp_path, retries=0, **way)
    assert report.exit_status == 0
    assert files(tmp_path) == {"f": BODY}


@everywhere
def test_j5_a_part_of_another_url_and_a_link_are_not_taken_up(tmp_path: Path, way: Way) -> None:
    sent: list[int] = []
    answers = {"/f": breaking(OTHER, 1_500_000, sent), "/x/f": breaking(BODY, SIZE, sent)}
    with RawServer(answers) as server:
        getflags.download([server.url("/f")], dir=tmp_path, retries=0, **way)
        (kept,) = tmp_path.glob(".getflags-*.part")
        elsewhere = tmp_path.with_name("elsewhere")
        shutil.copy(kept, elsewhere)
        report = getflags.download([server.url("/x/f")], dir=tmp_path, retries=0, **way)
        assert (report.exit_status, files(tmp_path)) == (0, {"f": BODY})
        getflags.download([server.url("/f")], dir=tmp_path, retries=0, **way)
        (kept,) = tmp_path.glob(".getflags-*.part")
        kept.unlink()
        kept.symlink_to(elsewhere)
        getflags.download([server.url("/f")], dir=tmp_path, retries=0, **way)
    assert (tmp_path / "f").read_bytes() == BODY, "an older file survives"
    assert elsewhere.read_bytes() == OTHER[:1_500_000], "nobody writes through a link"


def proved(path: Path, *ends: int) -> list[ProvedRange]:
    """Return the ranges of a file that ends at these places."""
    ranges: list[ProvedRange] = []
    with path.open("rb") as file:
        for end in ends:
            found = module.Proof(ranges, ranges[-1].end if ranges else 0)
            file.seek(found.end)
            found.add(file.read(end - found.end))
            found.checkpoint()
    return ranges


def test_ranges_are_verified_from_the_beginning(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(BODY)
    ranges = proved(path, 1_000, 3_000_000, SIZE)
    with path.open("r+b") as file:
        descriptor = file.fileno()
        assert verify(descriptor, ranges, None, never).ranges == ranges
        assert verify(descriptor, ranges[1:], None, never).end == 0, "a gap proves nothing"
        short = verify(descriptor, ranges, SIZE - 1, never)
        assert (short.end, short.ranges) == (SIZE - 1, ranges[:2])
        assert not short.due
        short.checkpoint()
        assert short.ranges[-1].end == SIZE - 1
        os.pwrite(descriptor, b"?", 2_000_000)
        assert verify(descriptor, ranges, None, never).ranges == ranges[:1]
        os.ftruncate(descriptor, 500)
        assert verify(descriptor, ranges, None, never).end == 0
        with pytest.raises(InterruptedError):
            verify(descriptor, ranges, None, lambda: True)


def test_the_record_stays_short_however_long_the_file_is() -> None:
    found = module.Proof([], 0)
    for _ in range(20_000):  # 20 GiB in steps of 1 MiB, which are not really hashed
        found.end += 1024 * 1024
        if found.due:
            found.checkpoint()
    assert len(found.ranges) < 250


def test_a_checkpoint_is_made_every_few_megabytes_and_at_the_end(tmp_path: Path) -> None:
    target = Target(0, "w", "w", "http://h/f", str(tmp_path), "f")
    with PartFile(target, lambda: RECORD) as part:
        written: list[list[ProvedRange]] = []
        for start in range(0, SIZE * 3, 250_000):
            part.write(BODY[:250_000], start)
            part.checkpoint(RECORD)
            (json,) = tmp_path.glob("*.json")
            found = resume_record.read_record(str(json), target.url)
            assert found
            if found[2] not in written:
                written.append(found[2])
        assert [each[-1].end for each in written] == [250_000, 4_500_000, 8_750_000]
    with PartFile(target) as part:
        partial = part.reopen()
        assert partial
        assert partial.size == SIZE - 1, "at least a byte is asked for"
        part.discard()


def test_a_part_whose_record_cannot_be_written_is_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError("no space left on device")

    target = Target(0, "w", "w", "http://h/f", str(tmp_path), "f")
    with PartFile(target, lambda: RECORD) as part:
        part.write(b"abc", 0)
        monkeypatch.setattr(os, "replace", full)
    assert list(tmp_path.iterdir()) == []


def test_a_record_that_cannot_be_written_does_not_slow_the_download(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another user's record in a folder like /tmp cannot be replaced."""
    pread, hashed, refused = os.pread, [0], [0]

    def count(descriptor: int, size: int, offset: int) -> bytes:
        hashed[0] += size
        return pread(descriptor, size, offset)

    def refuse(*_: object) -> None:
        refused[0] += 1
        raise PermissionError

    monkeypatch.setattr(os, "pread", count)
    monkeypatch.setattr(os, "replace", refuse)
    target = Target(0, "w", "w", "http://h/f", str(tmp_path), "f")
    with PartFile(target) as part:
        for start in range(0, SIZE * 3, 250_000):
            part.write(BODY[:250_000], start)
            part.checkpoint(RECORD)
    assert hashed[0] == 250_000, "only what was written before the first checkpoint"
    assert refused[0] == 3, "one attempt each checkpoint"
    assert list(tmp_path.iterdir()) == []


def test_bytes_of_a_write_that_failed_prove_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(_descriptor: int, _data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    target = Target(0, "w", "w", "http://h/f", str(tmp_path), "f")
    with PartFile(target, lambda: RECORD) as part:
        part.write(b"abc", 0)
        part.checkpoint(RECORD)
        with monkeypatch.context() as full, pytest.raises(NotSaved):
            full.setattr(os, "write", write)
            part.write(b"which are not written", 3)
    with PartFile(target) as part:
        partial = part.reopen()
        assert partial
        assert partial.size == 3
        part.discard()


def test_prove_reads_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(BODY)
    with (tmp_path / "f").open("rb") as file:
        assert prove(file.fileno(), SIZE).end == SIZE
        assert prove(file.fileno(), SIZE + 1).end == SIZE


def _flushed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that receives what is flushed, and what is renamed, in their order."""
    steps: list[str] = []
    fsync, replace = os.fsync, os.replace

    def flush(descriptor: int) -> None:
        path = os.readlink(f"/proc/self/fd/{descriptor}")  # noqa: PTH115 - a descriptor's
        steps.append(f"flush {Path(path).suffix}")
        fsync(descriptor)

    def rename(old: str, new: str) -> None:
        steps.append(f"rename {Path(new).suffix}")
        replace(old, new)

    monkeypatch.setattr(os, "fsync", flush)
    monkeypatch.setattr(os, "replace", rename)
    return steps


@pytest.mark.parametrize("engine", ["threads", "asyncio"])
def test_with_fsync_the_bytes_are_flushed_before_the_record_that_proves_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    steps = _flushed(monkeypatch)
    with RawServer({"/f": breaking(BODY, 700_000, [])}) as server:
        getflags.download([server.url("/f")], dir=tmp_path, retries=0, fsync=True, engine=engine)
        records = steps.count("rename .json")
        assert records >= 1
        assert steps == ["flush .part", "rename .json"] * records
        steps.clear()
        (kept,) = tmp_path.glob(".getflags-*.part")
        kept.unlink()
        getflags.download([server.url("/f")], dir=tmp_path, retries=0, engine=engine)
        assert "flush .part" not in steps, "without it, the disk is not waited for"


def test_bytes_that_the_disk_does_not_confirm_are_not_proved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    target = Target(0, "w", "w", "http://h/f", str(tmp_path), "f")
    with PartFile(target, lambda: RECORD, fsync=True) as part:
        part.write(BODY[:1_000], 0)
        part.checkpoint(RECORD)
        part.write(BODY[1_000:2_000], 1_000)
        monkeypatch.setattr(os, "fsync", refuse)
    with PartFile(target) as part:
        partial = part.reopen()
        assert partial
        assert partial.size == 1_000
        part.discard()


@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden", "451 No"])
@everywhere
def test_a_refusal_of_the_rest_does_not_lose_what_is_there(
    tmp_path: Path, way: Way, status: str
) -> None:
    """A signature or a login has expired."""
    sent: list[int] = []
    with RawServer({"/f": breaking(BODY, 1_500_000, sent)}) as server:
        getflags.download([server.url("/f")], dir=tmp_path, retries=0, **way)
        server.answers["/f"] = ok(b"no", status=status)
        report = getflags.download([server.url("/f")], dir=tmp_path, retries=0, **way)
        assert report.exit_status == 3
        server.answers["/f"] = breaking(BODY, SIZE, sent)
        report = getflags.download([server.url("/f")], dir=tmp_path, retries=0, **way)
    assert report.exit_status == 0
    assert sum(sent) == SIZE, "nothing was sent twice"
    assert files(tmp_path) == {"f": BODY}
