"""Bodies that are too large, never end, or are coded: disk and memory stay as they were.

Sizes are of what comes over the wire, and that is what is saved: nothing is ever decoded.
"""

from __future__ import annotations

import gzip
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

import getflags
from getflags import transport
from tests.hazards import CHUNKED, PLAIN, SIZED, Fails, Row, Way, Whole, everywhere, judge
from tests.kit import ENVIRON, ROOT, command, files
from tests.messages import INCOMPLETE, TOO_LARGE
from tests.rawserver import Answer, RawServer, moved, ok

PAGE = gzip.compress(b"hello " * 100, mtime=0)
BOMB = gzip.compress(bytes(1 << 20), mtime=0) * 1000  # a megabyte that would be a gigabyte
PIECE = b"x" * 65536


def endless(first: bytes, piece: bytes = PIECE, pause: float = 0) -> Answer:
    """Send a body for as long as somebody listens."""

    def answer(connection: socket.socket, server: RawServer) -> None:
        with suppress(OSError):
            connection.sendall(first)
            while not server.over.wait(pause):
                connection.sendall(piece)

    return answer


CHUNK = b"%x\r\n%b\r\n" % (len(PIECE), PIECE)
LARGE = TOO_LARGE.format(1_000)

#: With at most 1,000 bytes allowed.
SIZES: dict[str, Row] = {
    "A18 announced": Fails(ok(b"x" * 1001), LARGE),
    "A18 announced, and never sent": Fails(SIZED + b"%d\r\n\r\n" % 2**62, LARGE),
    "A18 a chunk": Fails(CHUNKED + b"3e9\r\n" + b"x" * 1001 + b"\r\n0\r\n\r\n", LARGE),
    "A18 chunks without end": Fails(endless(CHUNKED, CHUNK), LARGE),
    "A18 as large as allowed": Whole(ok(b"x" * 1000), b"x" * 1000),
    "A18 as large as allowed, in chunks": Whole(
        CHUNKED + b"3e8\r\n" + b"x" * 1000 + b"\r\n0\r\n\r\n", b"x" * 1000
    ),
    "A19 without end": Fails(endless(PLAIN + b"\r\n"), LARGE),
    "A19 as large as allowed": Whole(PLAIN + b"\r\n" + b"x" * 1000, b"x" * 1000),
}

CODED: dict[str, Row] = {
    "B1 gzip": Whole(ok(PAGE, "Content-Encoding: gzip"), PAGE),
    "B1 gzip in chunks": Whole(
        CHUNKED[:-2] + b"Content-Encoding: gzip\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(PAGE), PAGE),
        PAGE,
    ),
    "B1 two codings": Whole(ok(PAGE, "Content-Encoding: gzip, br"), PAGE),
    "B1 what nobody knows": Whole(ok(PAGE, "Content-Encoding: x-odd"), PAGE),
    "B1 what is none": Whole(ok(b"hello", "Content-Encoding: gzip")),
    "B2 half of a stream": Whole(ok(PAGE[:20], "Content-Encoding: gzip"), PAGE[:20]),
    "B2 cut in the midst": Fails(
        SIZED + b"%d\r\nContent-Encoding: gzip\r\n\r\n%b" % (len(PAGE), PAGE[:20]),
        f"{INCOMPLETE}20",
    ),
    "B4 a bomb": Whole(ok(BOMB, "Content-Encoding: gzip"), BOMB),
}


@everywhere
def test_what_is_larger_than_allowed_is_not_kept(tmp_path: Path, way: Way) -> None:
    judge(SIZES, tmp_path, way, max_filesize=1000)


@everywhere
def test_a_body_without_end_is_ended_by_the_time_for_the_file(tmp_path: Path, way: Way) -> None:
    rows: dict[str, Row] = {
        "A19 without a length": Fails(endless(PLAIN + b"\r\n", pause=0.01)),
        "A19 in chunks": Fails(endless(CHUNKED, CHUNK, pause=0.01)),
    }
    over = {key: row._replace(words="the time for the whole file is over")
            for key, row in rows.items() if isinstance(row, Fails)}  # fmt: skip
    judge(over, tmp_path, way, rounds=[b"old"], max_time=0.3)


@everywhere
def test_the_disk_takes_little_more_than_allowed(tmp_path: Path, way: Way) -> None:
    largest = 0

    def answer(connection: socket.socket, server: RawServer) -> None:
        nonlocal largest
        connection.sendall(PLAIN + b"\r\n")
        while not server.over.is_set():
            connection.sendall(PIECE)
            with suppress(FileNotFoundError):  # taken away between two looks
                sizes = [path.stat().st_size for path in tmp_path.glob(".getflags-*")]
                largest = max(largest, *sizes, 0)

    with RawServer({"/f": answer}) as server:
        report = getflags.download(
            [server.url("/f")], dir=tmp_path, max_filesize=8 << 20, retries=0, **way
        )
    assert report.outcomes[0].reason == TOO_LARGE.format(8_388_608)
    assert files(tmp_path) == {}
    assert largest < 11 << 20


@everywhere
def test_what_is_coded_is_saved_as_it_comes(tmp_path: Path, way: Way) -> None:
    judge(CODED, tmp_path, way)


#: Prints the most memory that a command has used, in KiB, after the command's own output.
MEASURE = (
    "import resource, subprocess, sys\n"
    "code = subprocess.run(sys.argv[1:]).returncode\n"
    "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, flush=True)\n"
    "sys.exit(code)\n"
)
#: What may not be held in memory; all at once, in one command.
HEAVY: dict[str, Answer] = {
    "/A11-lines": endless(PLAIN, b"X: y\r\n" * 1000),
    "/A11-line": endless(PLAIN + b"X: "),
    "/A18-chunks": endless(CHUNKED, CHUNK),
    "/A19-no-end": endless(PLAIN + b"\r\n"),
    "/B4-bomb": ok(BOMB, "Content-Encoding: gzip"),
    "/F4-no-end": endless(moved("/fine").replace(b"Content-Length: 0\r\n", b"")),
    "/F4-bomb": ok(BOMB, "Content-Encoding: gzip", "Location: /fine", status="302 Found"),
}
MOST = 100 * 1024  # KiB; the program itself takes about 50 MiB


@pytest.mark.parametrize("client", sorted(transport.CLIENTS))
def test_memory_does_not_grow_with_what_servers_send(tmp_path: Path, client: str) -> None:
    with RawServer({**HEAVY, "/fine": ok(b"fine")}) as server:
        words = ["-d", "d", "-q", "--client", client, "--retries", "0", "--max-filesize", "128M"]
        done = subprocess.run(
            [sys.executable, "-c", MEASURE, *command(*words, *map(server.url, HEAVY))],
            cwd=tmp_path, env={**ENVIRON, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
            timeout=50, check=False,
        )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert set(files(tmp_path / "d")) == {"B4-bomb", "F4-no-end", "F4-bomb"}
    assert int(done.stdout) < MOST, done.stdout
