"""Where a message ends, and whether it is one at all (RFC 9112); on every engine with every client.

More of this family, which is as old as the project, stands in test_engines.py.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import pytest

import getflags
from getflags import Entry
from tests.hazards import (
    CHUNKED,
    PLAIN,
    SIZED,
    Fails,
    Row,
    Way,
    Whole,
    everywhere,
    judge,
)
from tests.kit import files
from tests.messages import CHECKSUM, CLOSED, INCOMPLETE, INVALID_HTTP, UNWANTED_PART
from tests.rawserver import Answer, RawServer, ok, reset

INTERIM = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
SWITCHED = b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"


def reset_after(data: bytes) -> Callable[[socket.socket, RawServer], None]:
    """Send some bytes, and then a TCP reset."""

    def answer(connection: socket.socket, server: RawServer) -> None:
        connection.sendall(data)
        reset(connection, server)

    return answer


def again_and_again(first: bytes, rest: bytes) -> Callable[[socket.socket, RawServer], None]:
    """Send some bytes, and then others for as long as somebody listens."""

    def answer(connection: socket.socket, server: RawServer) -> None:
        with suppress(OSError):
            connection.sendall(first)
            while not server.over.is_set():
                connection.sendall(rest)

    return answer


#: The key begins with the hazard's id in docs/hazards.md.
ROWS: dict[str, Row] = {
    "A2 nothing": Fails(b"", CLOSED),
    "A2 a status line": Fails(b"HTTP/1.1 200 OK\r\n", CLOSED),
    "A2 no byte of the body": Fails(SIZED + b"100\r\n\r\n", f"{INCOMPLETE}0 of 100 bytes"),
    "A2 a reset after the head": Fails(reset_after(SIZED + b"100\r\n\r\n")),
    "A3 no chunk": Fails(CHUNKED, f"{INCOMPLETE}0 bytes"),
    "A3 within a chunk": Fails(CHUNKED + b"5\r\nhel", f"{INCOMPLETE}3 bytes"),
    "A3 within a size": Fails(CHUNKED + b"5\r\nhello\r\n1"),
    "A3 within the last chunk": Fails(CHUNKED + b"5\r\nhello\r\n0\r\n", f"{INCOMPLETE}5 bytes"),
    "A4 -1": Fails(CHUNKED + b"-1\r\nhello\r\n0\r\n\r\n", INVALID_HTTP),
    "A4 +5": Fails(CHUNKED + b"+5\r\nhello\r\n0\r\n\r\n", INVALID_HTTP),
    "A4 0x5": Fails(CHUNKED + b"0x5\r\nhello\r\n0\r\n\r\n", INVALID_HTTP),
    "A4 no number": Fails(CHUNKED + b"\r\nhello\r\n0\r\n\r\n", INVALID_HTTP),
    "A4 2^64 and more": Fails(CHUNKED + b"12345678123456789\r\nhello\r\n0\r\n\r\n"),
    "A4 30 digits": Fails(CHUNKED + b"1" * 30 + b"\r\nhello\r\n0\r\n\r\n", INVALID_HTTP),
    "A4 longer than its size": Fails(CHUNKED + b"5\r\nhello!!\r\n0\r\n\r\n", INVALID_HTTP),
    "A4 an extension": Whole(CHUNKED + b"5;a=b\r\nhello\r\n0\r\n\r\n"),
    "A6 -5": Fails(SIZED + b"-5\r\n\r\nhello", INVALID_HTTP),
    "A6 0x5": Fails(SIZED + b"0x5\r\n\r\nhello", INVALID_HTTP),
    "A6 5x": Fails(SIZED + b"5x\r\n\r\nhello", INVALID_HTTP),
    "A6 1 0": Fails(SIZED + b"1 0\r\n\r\nhello", INVALID_HTTP),
    "A6 empty": Fails(SIZED + b"\r\n\r\nhello", INVALID_HTTP),
    "A6 5, 6": Fails(SIZED + b"5, 6\r\n\r\nhello!", INVALID_HTTP),
    "A6 folded": Fails(SIZED + b"1\r\n 0\r\n\r\nhello", INVALID_HTTP),
    "A6 2^63": Fails(SIZED + b"%d\r\n\r\nhello" % 2**63, "invalid Content-Length"),
    "A6 2^65": Fails(SIZED + b"%d\r\n\r\nhello" % 2**65, "invalid Content-Length"),
    "A6 2^63 - 1": Fails(SIZED + b"%d\r\n\r\nhello" % (2**63 - 1), f"{INCOMPLETE}5 of 9,223,"),
    "A6 twice the same": Whole(SIZED + b"5\r\nContent-Length: 5\r\n\r\nhello"),
    "A7 chunks after a length": Whole(
        SIZED + b"3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
    ),
    "A7 chunks before a length": Whole(
        CHUNKED[:-2] + b"Content-Length: 100\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
    ),
    "A7 cut chunks with a length": Fails(
        SIZED + b"5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", f"{INCOMPLETE}5 bytes"
    ),
    "A8 a reset": Fails(reset_after(PLAIN + b"\r\nhello"), f"{INCOMPLETE}5 bytes"),
    "A11 a line of 200 KB": Fails(PLAIN + b"X: %b\r\n\r\nhello" % (b"y" * 200_000)),
    "A11 a reason of 200 KB": Fails(b"HTTP/1.1 200 %b\r\n\r\nhello" % (b"y" * 200_000)),
    "A11 lines without end": Fails(again_and_again(PLAIN, b"X: y\r\n" * 1000)),
    "A11 a line without end": Fails(again_and_again(PLAIN + b"X: ", b"y" * 6000)),
    "A11 trailers without end": Fails(
        again_and_again(CHUNKED + b"5\r\nhello\r\n0\r\n", b"X: y\r\n" * 1000)
    ),
    "A13 hello": Fails(b"hello\n"),
    "A13 every byte": Fails(bytes(range(256)), INVALID_HTTP),
    "A13 a mail server": Fails(b"220 mail.example ESMTP\r\n250 fine\r\n\r\n"),
    "A13 a radio station": Fails(b"ICY 200 OK\r\n\r\nhello", INVALID_HTTP),
    "A13 another version": Fails(ok(b"hello").replace(b"1.1", b"3"), INVALID_HTTP),
    "A13 a NUL in the head": Fails(ok(b"hello", "X: a\0b"), INVALID_HTTP),
    "A13 a line without a colon": Fails(ok(b"hello", "nonsense"), INVALID_HTTP),
    "A14 interim and nothing else": Fails(INTERIM * 3, CLOSED),
    "A14 interim and a file": Whole(INTERIM * 3 + ok(b"hello")),
    "A14 another protocol": Fails(SWITCHED + b"hello"),
    "A14 204 with a body": Fails(ok(b"hello", status="204 No Content"), "204 No Content"),
    "A15 all of it": Fails(
        ok(b"hello", "Content-Range: bytes 0-4/5", status="206 Partial Content"), UNWANTED_PART
    ),
    "A16 600": Fails(ok(b"hello", status="600 Fine"), "600"),
    "A16 099": Fails(ok(b"hello", status="099 Fine"), INVALID_HTTP),
    "A16 20": Fails(ok(b"hello", status="20 Fine"), INVALID_HTTP),
    "A16 2000": Fails(ok(b"hello", status="2000 Fine"), INVALID_HTTP),
    "A16 298": Fails(ok(b"hello", status="298 Fine"), "298"),
    "A17 no length, no body": Whole(PLAIN + b"\r\n", b""),
    "A17 no chunk but the last": Whole(CHUNKED + b"0\r\n\r\n", b""),
    "X4 a space before a length's colon": Fails(
        PLAIN + b"Content-Length : 100\r\n\r\nhello", INVALID_HTTP
    ),
    "X4 a space before a coding's colon": Fails(
        PLAIN + b"Transfer-Encoding : chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", INVALID_HTTP
    ),
    "X5 gzip as a transfer coding": Fails(
        PLAIN + b"Transfer-Encoding: gzip, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", INVALID_HTTP
    ),
    "X5 identity, cut": Fails(
        SIZED + b"100\r\nTransfer-Encoding: identity\r\n\r\nhello", INVALID_HTTP
    ),
    "X5 an unknown coding, cut": Fails(
        SIZED + b"100\r\nTransfer-Encoding: other\r\n\r\nhello", INVALID_HTTP
    ),
    "X5 an empty coding, cut": Fails(
        SIZED + b"100\r\nTransfer-Encoding:\r\n\r\nhello", INVALID_HTTP
    ),
    "X5 chunked twice": Fails(
        CHUNKED[:-2] + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", INVALID_HTTP
    ),
    "X5 chunked twice in a line": Fails(
        PLAIN + b"Transfer-Encoding: chunked, chunked\r\n\r\n"
        b"f\r\n5\r\nhello\r\n0\r\n\r\n\r\n0\r\n\r\n",
        INVALID_HTTP,
    ),
    "X5 chunked and then another": Fails(
        PLAIN + b"Transfer-Encoding: chunked, gzip\r\n\r\n5\r\nhello\r\n0\r\n\r\n", INVALID_HTTP
    ),
}


@pytest.mark.parametrize("limit", [1, 20])
@everywhere
def test_only_what_is_whole_becomes_a_file(tmp_path: Path, way: Way, limit: int) -> None:
    judge(ROWS, tmp_path, way, max_req=limit)


@everywhere
def test_interim_answers_without_end_come_to_one(tmp_path: Path, way: Way) -> None:
    """One client counts them, the other reads on until the time for the file is over."""
    flood = again_and_again(b"", INTERIM * 100)
    judge({"X3": Fails(flood)}, tmp_path, way, rounds=[b"old"], max_time=0.3)


@everywhere
def test_an_answer_that_nobody_has_asked_for_is_not_taken_for_the_next_one(
    tmp_path: Path, way: Way
) -> None:
    """It comes while the connection is idle, and the client is busy with another server."""
    idle, forged = threading.Event(), threading.Event()

    def first(connection: socket.socket, _: RawServer) -> None:
        connection.sendall(ok(b"first").replace(b"Connection: close", b"X: y"))
        assert idle.wait(10)
        connection.sendall(ok(b"EVIL").replace(b"Connection: close", b"X: y"))
        forged.set()
        if connection.recv(65536):  # who uses the connection again has thrown it away
            connection.sendall(ok(b"good"))

    def between(connection: socket.socket, _: RawServer) -> None:
        idle.set()
        assert forged.wait(10)
        connection.sendall(ok(b"between"))

    with (
        RawServer({"/first": first, "/next": ok(b"good")}) as server,
        RawServer({"/between": between}) as other,
    ):
        urls = [server.url("/first"), other.url("/between"), server.url("/next")]
        report = getflags.download(urls, dir=tmp_path, max_req=1, **way)
    assert report.exit_status == 0
    assert files(tmp_path) == {"first": b"first", "between": b"between", "next": b"good"}


@everywhere
def test_a_checksum_tells_whether_a_body_of_unknown_length_is_whole(
    tmp_path: Path, way: Way
) -> None:
    answers: dict[str, Answer] = {
        f"/{name}": PLAIN + b"\r\n" + body
        for name, body in (("whole", b"hello"), ("cut", b"hell"), ("unknown", b"hell"))
    }
    checksum = getflags.Checksum("sha256", sha256(b"hello").hexdigest())
    with RawServer(answers) as server:
        report = getflags.download(
            [
                Entry(server.url("/whole"), checksum=checksum),
                Entry(server.url("/cut"), checksum=checksum),
                server.url("/unknown"),
            ],
            dir=tmp_path, max_req=1, **way,
        )  # fmt: skip
    assert [outcome.reason[:17] for outcome in report.outcomes] == ["", CHECKSUM, ""]
    assert [outcome.unsized for outcome in report.outcomes] == [False, False, True]
    assert files(tmp_path) == {"whole": b"hello", "unknown": b"hell"}
