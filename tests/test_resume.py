"""Going on with what was begun: within a run and across runs, and never with the wrong bytes.

Every row runs on every engine and every client, against a server that does what its row says.
"""

from __future__ import annotations

import re
import signal
import socket
import subprocess
from collections.abc import Callable
from hashlib import md5
from pathlib import Path
from typing import TypeAlias

import pytest

import getflags
from getflags import Entry, engines, transport
from getflags.core.events import Retrying
from getflags.storage.proof import prove
from getflags.storage.records import resume_record
from getflags.transfer import retry
from getflags.transfer.body import PROGRESS_STEP
from tests.kit import ENVIRON, ROOT, command, files
from tests.messages import CHECKSUM
from tests.rawserver import RawServer, moved, stall_after

Behaviour: TypeAlias = Callable[[socket.socket, RawServer], None]

ENGINES = sorted(engines.ENGINES)
CLIENTS = sorted(transport.CLIENTS)
OLD = bytes(range(256)) * 8192  # 2 MiB
NEW = bytes(reversed(range(256))) * 8192
CUT = 1536 * 1024  # bytes that come before the connection breaks; more than waits for the disk
ETAG = b'ETag: "one"\r\n'


@pytest.fixture(params=CLIENTS, autouse=True)
def client(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run every test here with every client, by making each the default in its turn."""
    monkeypatch.setattr(transport, "DEFAULT", request.param)
    monkeypatch.setattr(
        retry, "_FIRST_DELAY", 0.05
    )  # seconds; how long it is, is not the matter here
    return str(request.param)


def whole(body: bytes, fields: bytes = ETAG, cut: int | None = None) -> Behaviour:
    """Answer with a file, or the beginning of one."""

    def answer(connection: socket.socket, server: RawServer) -> None:
        length = b"Content-Length: %d\r\n\r\n" % len(body)
        del server
        connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n" + fields + length)
        connection.sendall(body[:cut])

    return answer


def asked_from(server: RawServer) -> int:
    """Return where the last request wants to go on; 0 for one that wants it all."""
    match = re.search(rb"(?i)\r\nRange: bytes=([0-9]+)-\r\n", server.heads[-1])
    return int(match[1]) if match else 0


def part(
    body: bytes, fields: bytes = ETAG, *, least: int = 1, shift: int = 0, most: int = 0,
    total: bytes = b"",
) -> Behaviour:  # fmt: skip
    """Answer with the rest of a file, or with what a server might take for it."""

    def answer(connection: socket.socket, server: RawServer) -> None:
        first = asked_from(server)
        if first < least:
            whole(body, fields)(connection, server)
            return
        first += shift
        rest = body[first:][: most or None]
        head = b"HTTP/1.1 206 Partial Content\r\nConnection: close\r\n" + fields
        size = total or b"%d" % len(body)
        span = b"Content-Range: bytes %d-%d/%b\r\n" % (first, first + len(rest) - 1, size)
        connection.sendall(head + span + b"Content-Length: %d\r\n\r\n" % len(rest) + rest)

    return answer


def said(text: bytes) -> Behaviour:
    """Answer to a range with this, and to anything else with the new file."""

    def answer(connection: socket.socket, server: RawServer) -> None:
        if asked_from(server):
            connection.sendall(text)
        else:
            whole(NEW)(connection, server)

    return answer


def elsewhere(answer: Behaviour) -> Behaviour:
    """Redirect to a place that gives this answer."""

    def redirect(connection: socket.socket, server: RawServer) -> None:
        server.answers["/elsewhere"] = answer
        connection.sendall(moved("/elsewhere"))

    return redirect


def in_turn(*answers: Behaviour) -> Behaviour:
    """Give one answer after the other; the last one from then on."""
    rest = list(answers)

    def answer(connection: socket.socket, server: RawServer) -> None:
        now = rest.pop(0) if len(rest) > 1 else rest[0]
        now(connection, server)

    return answer


NOT_STRONG = (
    b"Date: Sun, 06 Nov 1994 12:00:00 GMT\r\nLast-Modified: Sun, 06 Nov 1994 12:00:00 GMT\r\n"
)
STRONG = NOT_STRONG.replace(b"12:00:00", b"12:00:09", 1)
PARTIAL = b"HTTP/1.1 206 Partial Content\r\nConnection: close\r\n"

#: what → (what the first response has to say of the file, the second answer, the right file)
ROWS: dict[str, tuple[bytes, Behaviour, bytes]] = {
    "C1 the rest": (ETAG, part(OLD), OLD),
    "C2 all, of another file": (ETAG, whole(NEW, b'ETag: "two"\r\n'), NEW),
    "C3 a part that begins too early": (ETAG, part(OLD, shift=-1), OLD),
    "C3 a part that begins too late": (ETAG, part(OLD, shift=1), OLD),
    "C3 a part that doesn't say which": (
        ETAG, said(PARTIAL + b"Content-Length: 5\r\n\r\nhello"), NEW
    ),
    "C3 another unit": (
        ETAG, said(PARTIAL + b"Content-Range: lines 1-5/9\r\nContent-Length: 5\r\n\r\nhello"), NEW
    ),
    "C3 several parts": (
        ETAG,
        said(PARTIAL + b"Content-Type: multipart/byteranges; boundary=x\r\n"
             b"Content-Length: 5\r\n\r\n--x--"),
        NEW,
    ),
    "C4 a part of the rest": (ETAG, part(OLD, most=200_000), OLD),
    "C6 a rest of a size that isn't said": (ETAG, part(OLD, total=b"*"), OLD),
    "C7 a part of another file, which says so": (ETAG, part(NEW, b'ETag: "two"\r\n'), NEW),
    "C7 a part of another file, which says nothing": (ETAG, part(NEW, b""), NEW),
    "C7 a part of a longer file": (ETAG, part(OLD + b"more"), OLD + b"more"),
    "C8 a weak tag": (b'ETag: W/"one"\r\n', part(NEW, b'ETag: W/"one"\r\n'), NEW),
    "C9 a date that may have been too early": (NOT_STRONG, part(NEW, NOT_STRONG), NEW),
    "C9 a date that is late enough": (STRONG, part(OLD, STRONG), OLD),
    "C10 nothing": (b"", part(NEW, b""), NEW),
    "C12 no such range": (
        ETAG, said(b"HTTP/1.1 416 Range Not Satisfiable\r\nConnection: close\r\n"
                   b"Content-Range: bytes */5\r\nContent-Length: 0\r\n\r\n"), NEW
    ),
    "C12 no such range, and no word of what there is": (
        ETAG, said(b"HTTP/1.1 416 Range Not Satisfiable\r\nConnection: close\r\n"
                   b"Content-Length: 0\r\n\r\n"), NEW
    ),
    "C15 all, from elsewhere": (ETAG, elsewhere(whole(NEW)), NEW),
    "C15 the rest, from elsewhere": (ETAG, elsewhere(part(OLD)), OLD),
    "B6 all, coded": (ETAG, whole(NEW, ETAG + b"Content-Encoding: gzip\r\n"), NEW),
    "B6 another coding": (ETAG, part(NEW, ETAG + b"Content-Encoding: gzip\r\n"), NEW),
}  # fmt: skip


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("row", ROWS)
def test_a_file_is_never_made_of_two(tmp_path: Path, row: str, engine: str) -> None:
    fields, second, right = ROWS[row]
    with RawServer({"/f": in_turn(whole(OLD, fields, CUT), second)}) as server:
        report = getflags.download([server.url("/f")], dir=tmp_path, engine=engine, retries=1)
        heads = server.heads
    assert report.outcomes[0].reason == ""
    assert files(tmp_path) == {"f": right}
    assert len(heads) <= 8
    assert len(heads) == 3 or "C12" not in row
    if fields in {ETAG, STRONG}:
        validator = b'"one"' if fields is ETAG else b"Sun, 06 Nov 1994 12:00:00 GMT"
        assert re.search(rb"(?i)\r\nIf-Range: %b\r\n" % validator, heads[1])
        assert re.search(rb"(?i)\r\nRange: bytes=[1-9][0-9]+-\r\n", heads[1])
    else:
        assert b"ange: " not in heads[1]


@pytest.mark.parametrize("engine", ENGINES)
def test_an_older_file_stands_until_the_new_one_is_whole(tmp_path: Path, engine: str) -> None:
    (tmp_path / "f").write_bytes(b"old")
    with RawServer({"/f": whole(OLD, ETAG, CUT)}) as server:
        report = getflags.download([server.url("/f")], dir=tmp_path, engine=engine, retries=0)
        assert report.exit_status == 3
        assert (tmp_path / "f").read_bytes() == b"old"
        assert {Path(name).suffix for name in files(tmp_path)} == {"", ".part", ".json"}
        server.answers["/f"] = part(OLD)
        report = getflags.download([server.url("/f")], dir=tmp_path, engine=engine)
    assert report.exit_status == 0
    assert files(tmp_path) == {"f": OLD}


LAST = re.compile(rb"(?i)\r\nRange: bytes=%d-\r\n" % (len(OLD) - 1))
NO_RANGE = (
    b"HTTP/1.1 416 Range Not Satisfiable\r\nConnection: close\r\n"
    b"Content-Range: bytes */%d\r\nContent-Length: 0\r\n\r\n" % len(OLD)
)
#: what → (the answer to who asks for the last byte again, the right file, requests)
COMPLETE: dict[str, tuple[Behaviour, bytes, int]] = {
    "C11 it is the same": (part(OLD), OLD, 1),
    "C11 it is another one": (whole(NEW, b'ETag: "two"\r\n'), NEW, 1),
    "C11 no such range": (said(NO_RANGE), NEW, 2),
}


def prove_again(part_file: Path, url: str) -> None:
    """Prove what a part file holds now, as the run that wrote it would have done."""
    record = str(part_file.with_suffix(".json"))
    found = resume_record.read_record(record, url)
    assert found
    with part_file.open("rb") as file:
        proof = prove(file.fileno(), part_file.stat().st_size)
    proof.checkpoint()
    assert resume_record.write_record(record, url, found[1], proof.ranges)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("row", COMPLETE)
def test_a_part_that_was_whole_already(tmp_path: Path, row: str, engine: str) -> None:
    """A run was killed between its last byte and the rename."""
    second, right, requests = COMPLETE[row]
    with RawServer({"/f": whole(OLD, ETAG, CUT)}) as server:
        getflags.download([server.url("/f")], dir=tmp_path, engine=engine, retries=0)
        (kept,) = tmp_path.glob(".getflags-*.part")
        kept.write_bytes(OLD)
        prove_again(kept, server.url("/f"))
        server.heads.clear()
        server.answers["/f"] = second
        report = getflags.download([server.url("/f")], dir=tmp_path, engine=engine, retries=0)
    assert report.exit_status == 0
    assert files(tmp_path) == {"f": right}
    assert LAST.search(server.heads[0])
    assert len(server.heads) == requests


@pytest.mark.parametrize("engine", ENGINES)
def test_the_checksum_is_of_all_that_is_there(tmp_path: Path, engine: str) -> None:
    """What was kept was changed meanwhile, by whomever."""
    with RawServer({"/f": whole(OLD, ETAG, CUT)}) as server:
        entry = Entry(
            server.url("/f"),
            checksum=getflags.Checksum("md5", md5(OLD, usedforsecurity=False).hexdigest()),
        )
        getflags.download([entry], dir=tmp_path, engine=engine, retries=0)
        (kept,) = tmp_path.glob(".getflags-*.part")
        with kept.open("r+b") as file:
            file.write(b"X")
        prove_again(kept, server.url("/f"))
        server.answers["/f"] = part(OLD)
        report = getflags.download([entry], dir=tmp_path, engine=engine)
        assert report.outcomes[0].reason.startswith(CHECKSUM)
        assert files(tmp_path) == {}
        report = getflags.download([entry], dir=tmp_path, engine=engine)
    assert files(tmp_path) == {"f": OLD}


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
@pytest.mark.parametrize("engine", ENGINES)
def test_a_run_that_was_killed_is_gone_on_with(
    tmp_path: Path, engine: str, client: str, how: signal.Signals
) -> None:
    head = b"HTTP/1.1 200 OK\r\n" + ETAG + b"Content-Length: %d\r\n\r\n" % len(OLD)
    with RawServer({"/f": stall_after(head + OLD[:CUT])}) as server:
        words = command("--engine", engine, "--client", client, "-d", ".", server.url("/f"))
        environ = {**ENVIRON, "PYTHONPATH": str(ROOT)}
        with subprocess.Popen(words, cwd=tmp_path, env=environ, stdout=-3, stderr=-3) as process:
            assert server.stalled.acquire(timeout=20)
            while not any(path.stat().st_size >= CUT // 2 for path in tmp_path.glob(".*.part")):
                assert process.poll() is None
            while not any(path.stat().st_size for path in tmp_path.glob(".*.json")):
                assert process.poll() is None
            process.send_signal(how)
            process.wait(10)
        server.answers["/f"] = part(OLD, least=PROGRESS_STEP)
        report = getflags.download([server.url("/f")], dir=tmp_path, engine=engine)
        assert report.exit_status == 0
        # A run that is killed has only the checkpoints that it makes from time to time.
        assert asked_from(server) >= (CUT // 2 if how is signal.SIGINT else PROGRESS_STEP)
    assert files(tmp_path) == {"f": OLD}


@pytest.mark.parametrize("engine", ENGINES)
def test_a_rest_that_never_ends_is_ended_at_its_announced_end(tmp_path: Path, engine: str) -> None:
    """The rest comes in chunks, so that only Content-Range tells where it has to end."""
    span = b"Content-Range: bytes %d-%d/%d\r\n" % (CUT, len(OLD) - 1, len(OLD))
    sizes: list[int] = []

    def endless(connection: socket.socket, server: RawServer) -> None:
        connection.sendall(PARTIAL + ETAG + span + b"Transfer-Encoding: chunked\r\n\r\n")
        while not server.over.is_set():
            connection.sendall(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
            sizes.extend(path.stat().st_size for path in tmp_path.glob(".*.part"))

    with RawServer({"/f": whole(OLD, ETAG, CUT)}) as server:
        getflags.download([server.url("/f")], dir=tmp_path, engine=engine, retries=0)
        (kept,) = tmp_path.glob(".getflags-*.part")
        with kept.open("r+b") as file:
            file.truncate(CUT)
        server.answers["/f"] = endless
        report = getflags.download(
            [server.url("/f")], dir=tmp_path, engine=engine, retries=1, max_time=2
        )
        assert server.asked("/f") == 2
    assert re.fullmatch(r"too long: [0-9,]+ of 2,097,152 bytes received", report.outcomes[0].reason)
    assert max(sizes) <= len(OLD)
    assert files(tmp_path) == {}


@pytest.mark.parametrize("engine", ENGINES)
def test_curls_test_3035_in_our_form(tmp_path: Path, engine: str) -> None:
    """A short 200, a short 206, a 404 that passes, a 200 instead of the rest, and the last 206."""
    busy = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 0\r\nContent-Length: 0\r\n"
    answers = in_turn(
        whole(OLD, ETAG, CUT),
        part(OLD, most=200_000),
        lambda connection, _: connection.sendall(busy + b"Connection: close\r\n\r\n"),
        whole(OLD, ETAG, CUT),
        part(OLD),
    )
    retried: list[Retrying] = []
    with RawServer({"/f": answers}) as server:
        report = getflags.download(
            [server.url("/f")], dir=tmp_path, engine=engine,
            emit=lambda event: retried.append(event) if isinstance(event, Retrying) else None,
        )  # fmt: skip
    assert report.outcomes[0].reason == ""
    assert files(tmp_path) == {"f": OLD}
    assert len(retried) == 3


@pytest.mark.parametrize("engine", ENGINES)
def test_a_renewed_signature_goes_on_with_the_same_part(tmp_path: Path, engine: str) -> None:
    signed = "/f?versionId={}&X-Amz-Date={}&X-Amz-Signature={}"
    first, renewed, other = (signed.format(*each.split()) for each in ("7 1 a", "7 2 b", "8 2 b"))
    with RawServer({first: whole(OLD, cut=CUT)}) as server:
        for path in (renewed, other):
            getflags.download([server.url(first)], dir=tmp_path, engine=engine, retries=0)
            assert len(files(tmp_path)) == 2  # a part and its record, under no name with a secret
            server.answers[path] = part(OLD) if path == renewed else part(NEW)
            report = getflags.download([server.url(path)], dir=tmp_path, engine=engine, retries=0)
            assert [outcome.reason for outcome in report.outcomes] == [""]
            assert (asked_from(server) > 0) == (path == renewed)
            assert files(tmp_path) == {"f": OLD if path == renewed else NEW}
            (tmp_path / "f").unlink()
