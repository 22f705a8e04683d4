"""``--compressed``: files that are sent compressed and saved decoded, and those that are cut.

The decoder is zlib's; what is tested is that nothing but a whole body becomes a file, with every
engine and client, in little memory.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import socket
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import getflags
from getflags import Entry
from getflags.core.errors import Malformed, UsageError
from getflags.core.models import Status
from getflags.storage.records import fetch_record
from getflags.transfer import retry
from getflags.transport.decoding.decoder import Decoder
from tests.hazards import CHUNKED, PLAIN, SIZED, Fails, Row, Way, Whole, everywhere, judge
from tests.kit import ENVIRON, ROOT, command, files, run_main
from tests.messages import INCOMPLETE, TOO_LARGE
from tests.rawserver import RawServer, moved, ok
from tests.test_hazards_bodies import MEASURE, MOST, endless

TEXT = b"".join(b"line %d\n" % number for number in range(100_000))  # 1.1 MB
GZIP = gzip.compress(TEXT, mtime=0)
CODED = "Content-Encoding: gzip"
EARLY = "the server's compressed data ends too early"
DAMAGED = "the server's {} data is damaged ({})"
FOLLOWED = "the server's {} data is followed by something else"
UNKNOWN = "the server sent Content-Encoding: {}, which cannot be decoded; try it without --compress"


def raw_deflate(body: bytes) -> bytes:
    """Return deflate data without the header and the checksum of the zlib format."""
    stream = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return stream.compress(body) + stream.flush()


def chunked(body: bytes, coding: str = "gzip", size: int = 10_000) -> bytes:
    """Return a coded response in chunks."""
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    return CHUNKED[:-2] + f"Content-Encoding: {coding}\r\n\r\n".encode() + chunks + b"0\r\n\r\n"


def unsized(body: bytes) -> bytes:
    """Return a coded response that ends with the connection."""
    return PLAIN + CODED.encode() + b"\r\n\r\n" + body


RIGHT: dict[str, Row] = {
    "gzip": Whole(ok(GZIP, CODED), TEXT),
    "gzip in chunks": Whole(chunked(GZIP), TEXT),
    "gzip, byte by byte": Whole(chunked(gzip.compress(b"hello"), size=1)),
    "gzip that ends with the connection": Whole(unsized(GZIP), TEXT),
    "x-gzip": Whole(ok(GZIP, "Content-Encoding: X-GZip"), TEXT),
    "zlib": Whole(ok(zlib.compress(TEXT), "Content-Encoding: deflate"), TEXT),
    "zlib, byte by byte": Whole(chunked(zlib.compress(b"hello"), "deflate", 1)),
    "raw deflate": Whole(ok(raw_deflate(TEXT), "Content-Encoding: deflate"), TEXT),
    "raw deflate, byte by byte": Whole(chunked(raw_deflate(b"hello"), "deflate", 1)),
    "several members": Whole(ok(GZIP + gzip.compress(b"more"), CODED), TEXT + b"more"),
    "several members, byte by byte": Whole(
        chunked(gzip.compress(b"he") + gzip.compress(b"") + gzip.compress(b"llo"), size=1)
    ),
    "zeros after the end": Whole(ok(GZIP + bytes(100), CODED), TEXT),
    "zeros after the end, byte by byte": Whole(chunked(gzip.compress(b"hello") + bytes(5), size=1)),
    "nothing, compressed": Whole(ok(gzip.compress(b""), CODED), b""),
    "not compressed": Whole(ok(TEXT), TEXT),
    "identity": Whole(ok(b"hello", "Content-Encoding: identity")),
    "identity and gzip": Whole(ok(GZIP, "Content-Encoding: identity, gzip"), TEXT),
    "an empty field": Whole(ok(b"hello", "Content-Encoding: ")),
    "an empty file": Whole(ok(b""), b""),
    "not compressed, without a length": Whole(PLAIN + b"\r\nhello"),
}


def with_end(crc: int = 0, size: int = 0) -> bytes:
    """Return gzip data whose checksum or length at the end are wrong by these differences."""
    values = int.from_bytes(GZIP[-8:-4], "little") ^ crc, int.from_bytes(GZIP[-4:], "little") + size
    return GZIP[:-8] + b"".join(value.to_bytes(4, "little") for value in values)


WRONG: dict[str, Row] = {
    "X31 cut at the server": Fails(ok(GZIP[:-1000], CODED), EARLY),
    "X31 cut at the server, within the end": Fails(ok(GZIP[:-1], CODED), EARLY),
    "X31 cut at the server, in chunks": Fails(chunked(GZIP[:-1000]), EARLY),
    "X31 cut at the server, within the header": Fails(ok(GZIP[:5], CODED), EARLY),
    "X31 cut within the second member": Fails(ok(GZIP + GZIP[:-9], CODED), EARLY),
    "X31 cut at the server, zlib": Fails(
        ok(zlib.compress(TEXT)[:-1], "Content-Encoding: deflate"), EARLY
    ),
    "X31 cut at the server, raw": Fails(
        ok(raw_deflate(TEXT)[:-1], "Content-Encoding: deflate"), EARLY
    ),
    "X31 one byte": Fails(ok(b"x", "Content-Encoding: deflate"), EARLY),
    "X31 cut on the way": Fails(
        SIZED + b"%d\r\n%b\r\n\r\n%b" % (len(GZIP), CODED.encode(), GZIP[:-1000]), INCOMPLETE
    ),
    "X31 cut on the way, without a length": Fails(unsized(GZIP[:-1000]), INCOMPLETE),
    "X31 an empty body": Fails(ok(b"", CODED), EARLY),
    "X31 an empty body, in chunks": Fails(chunked(b""), EARLY),
    "X32 a wrong checksum": Fails(
        ok(with_end(crc=1), CODED), DAMAGED.format("gzip", "incorrect data check")
    ),
    "X32 a wrong length": Fails(
        ok(with_end(size=1), CODED), DAMAGED.format("gzip", "incorrect length check")
    ),
    "X32 a wrong checksum, zlib": Fails(
        ok(zlib.compress(TEXT)[:-1] + b"!", "Content-Encoding: deflate"),
        DAMAGED.format("deflate", "incorrect data check"),
    ),
    "X32 a damaged block": Fails(
        ok(GZIP[:1000] + bytes(1000) + GZIP[2000:], CODED), "the server's gzip data is damaged ("
    ),
    "X32 what is none": Fails(ok(b"hello", CODED), "the server's gzip data is damaged ("),
    "X32 what is none, as deflate": Fails(
        ok(b"hello", "Content-Encoding: deflate"), "the server's deflate data is damaged ("
    ),
    "X32 something behind it": Fails(
        ok(GZIP + b"hello", CODED), DAMAGED.format("gzip", "incorrect header check")
    ),
    "X32 something behind zeros": Fails(ok(GZIP + b"\0\0!", CODED), FOLLOWED.format("gzip")),
    "X32 a member behind zeros": Fails(ok(GZIP + b"\0\0" + GZIP, CODED), FOLLOWED.format("gzip")),
    "X32 something behind zlib": Fails(
        ok(zlib.compress(TEXT) + b"\0", "Content-Encoding: deflate"), FOLLOWED.format("deflate")
    ),
    "X32 something behind raw deflate": Fails(
        ok(raw_deflate(TEXT) + b"!!", "Content-Encoding: deflate"), FOLLOWED.format("deflate")
    ),
    "X33 br": Fails(ok(TEXT, "Content-Encoding: br"), UNKNOWN.format("br")),
    "X33 twice": Fails(
        ok(gzip.compress(GZIP), "Content-Encoding: gzip, gzip"), UNKNOWN.format("gzip, gzip")
    ),
    "X33 twice, in two fields": Fails(
        ok(gzip.compress(GZIP), CODED, CODED), UNKNOWN.format("gzip, gzip")
    ),
    "X33 what drives a terminal": Fails(
        ok(TEXT, "Content-Encoding: \x9b31m"), "which cannot be decoded"
    ),
    "X33 a part that was not asked for": Fails(
        ok(GZIP, CODED, f"Content-Range: bytes 0-{len(GZIP) - 1}/{len(GZIP)}",
           status="206 Partial Content"),
        "not asked for",
    ),
}  # fmt: skip


@everywhere
def test_what_is_compressed_is_saved_decoded(tmp_path: Path, way: Way) -> None:
    asked = judge(RIGHT, tmp_path, way, compressed=True)
    assert set(asked.values()) == {1}


@everywhere
def test_what_is_not_whole_is_no_file(tmp_path: Path, way: Way) -> None:
    judge(WRONG, tmp_path, way, compressed=True)


def test_the_end_of_compressed_data_does_not_mark_that_of_the_body(tmp_path: Path) -> None:
    """Another member may have followed."""
    answers = {"/coded": unsized(GZIP), "/plain": PLAIN + b"\r\nhello", "/sized": ok(GZIP, CODED)}
    with RawServer(answers) as server:
        report = getflags.download(map(server.url, answers), dir=tmp_path, compressed=True)
    assert {each.target.name: each.unsized for each in report.outcomes} == {
        "coded": True, "plain": True, "sized": False,
    }  # fmt: skip
    assert {each.size for each in report.outcomes} == {len(TEXT), 5}


def in_turn(*answers: bytes) -> Callable[[socket.socket, RawServer], None]:
    """Give one answer after the other; the last one from then on."""

    def answer(connection: socket.socket, server: RawServer) -> None:
        connection.sendall(answers[min(server.asked("/f"), len(answers)) - 1])

    return answer


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "_FIRST_DELAY", 0.01)


CUT = SIZED + b'%d\r\nETag: "one"\r\n%b\r\n\r\n%b' % (len(GZIP), CODED.encode(), GZIP[:-1000])


@pytest.mark.parametrize(
    ("first", "settings", "requests"),
    [
        (CUT, {}, 2),  # the connection broke
        (unsized(GZIP[:-1000]), {}, 2),  # it may have broken
        (ok(GZIP[:-1000], CODED), {}, 1),  # the server has no more
        (ok(GZIP[:-1000], CODED), {"retry_all_errors": True}, 2),
        (ok(with_end(crc=1), CODED), {}, 1),
        (ok(with_end(crc=1), CODED), {"retry_all_errors": True}, 2),
    ],
    ids=["cut", "cut without a length", "cut at the server", "and retried", "CRC", "CRC, retried"],
)
@everywhere
def test_a_retry_begins_again_without_a_range(
    tmp_path: Path, way: Way, first: bytes, settings: dict[str, Any], requests: int
) -> None:
    with RawServer({"/f": in_turn(first, ok(GZIP, CODED, 'ETag: "one"'))}) as server:
        report = getflags.download(
            [server.url("/f")], dir=tmp_path, compressed=True, **settings, **way
        )
        assert len(server.heads) == requests
        for head in server.heads:
            assert b"\r\naccept-encoding: gzip, deflate\r\n" in head.lower()
            assert b"range" not in head.lower()
    assert files(tmp_path) == ({"f": TEXT} if requests > 1 else {})
    assert report.exit_status == (0 if requests > 1 else 3)


NOISE = hashlib.shake_256(b"noise").digest(1 << 20)
SHARED = 'ETag: "one"'  # of a server that gives one tag to all codings


def beginning(body: bytes, *fields: str) -> bytes:
    """Return a response that breaks off after three quarters of its body."""
    return ok(body, *fields)[: -len(body) // 4]


@everywhere
def test_x35_what_an_ordinary_run_has_left_is_not_continued(tmp_path: Path, way: Way) -> None:
    with RawServer({"/f": beginning(NOISE, SHARED)}) as server:
        urls = [server.url("/f")]
        getflags.download(urls, dir=tmp_path, retries=0, **way)
        assert any(len(body) > 500_000 for body in files(tmp_path).values()), "a part file"
        server.answers["/f"] = ok(GZIP, CODED, SHARED)
        report = getflags.download(urls, dir=tmp_path, compressed=True, **way)
        assert b"range" not in server.heads[-1].lower()
    assert report.exit_status == 0
    assert files(tmp_path) == {"f": TEXT}


@everywhere
def test_x35_a_run_leaves_nothing_that_an_ordinary_run_continues(tmp_path: Path, way: Way) -> None:
    coded = gzip.compress(NOISE, mtime=0)
    answers = {"/f": beginning(coded, CODED, SHARED), "/g": beginning(NOISE, SHARED)}
    with RawServer(answers) as server:
        urls = [server.url("/f"), server.url("/g")]
        getflags.download(urls, dir=tmp_path, compressed=True, retries=0, **way)
        assert files(tmp_path) == {}
        server.answers.update({"/f": ok(NOISE, SHARED), "/g": ok(NOISE, SHARED)})
        report = getflags.download(urls, dir=tmp_path, **way)
    assert report.exit_status == 0
    assert files(tmp_path) == {"f": NOISE, "g": NOISE}


BOMB = gzip.compress(bytes(1 << 20), mtime=0) * 1000  # a megabyte that would be a gigabyte
SMALL = gzip.compress(NOISE[:1000], mtime=0)  # larger than what it decodes to
LARGE = TOO_LARGE.format(1000)
SLOW = "slower than"  # as decoded bytes count

#: With at most 1,000 bytes allowed.
SIZES: dict[str, Row] = {
    "X34 a bomb": Fails(ok(BOMB, CODED), LARGE),
    "X34 a bomb in chunks": Fails(chunked(BOMB), LARGE),
    "X34 a bomb without end": Fails(endless(unsized(b""), gzip.compress(bytes(1 << 20))), LARGE),
    "X34 as large as allowed": Whole(ok(SMALL, CODED), NOISE[:1000]),
    "X34 a byte more": Fails(ok(gzip.compress(NOISE[:1001]), CODED), LARGE),
    "X34 not compressed": Fails(ok(NOISE[:1001]), LARGE),
    "X34 a header without end": Fails(
        endless(unsized(b"\x1f\x8b\x08\x08\0\0\0\0\0\x03"), b"x" * 1000, 0.01), SLOW
    ),
    "X34 a header without end, fast": Fails(
        endless(unsized(b"\x1f\x8b\x08\x08\0\0\0\0\0\x03")), SLOW
    ),
    "X34 empty members without end": Fails(endless(unsized(b""), gzip.compress(b"") * 1000), SLOW),
    "X34 zeros without end": Fails(endless(unsized(gzip.compress(b"hello")), bytes(65536)), SLOW),
}


@everywhere
def test_sizes_are_those_of_the_decoded_file(tmp_path: Path, way: Way) -> None:
    assert len(SMALL) > 1000
    judge(SIZES, tmp_path, way, rounds=[b"old"], compressed=True, max_filesize=1000, timeout=1)


@everywhere
def test_a_bomb_is_never_in_memory(tmp_path: Path, way: Way) -> None:
    """One that is stopped, and one that is allowed: 128 MiB from 128 KiB."""
    small = gzip.compress(bytes(1 << 20), mtime=0)
    answers = {"/stopped": ok(small * 1000, CODED), "/allowed": ok(small * 128, CODED)}
    with RawServer(answers) as server:
        words = ["-d", "d", "-q", "--retries", "0", "--compressed", "--max-filesize", "128M"]
        words += ["--engine", way["engine"], "--client", way["client"]]
        done = subprocess.run(
            [sys.executable, "-c", MEASURE, *command(*words, *map(server.url, answers))],
            cwd=tmp_path, env={**ENVIRON, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
            timeout=50, check=False,
        )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert done.stderr.count(TOO_LARGE.format(128 << 20)) == 1
    assert files(tmp_path) == {"d/allowed": bytes(128 << 20)}
    assert int(done.stdout) < MOST, done.stdout


@everywhere
def test_a_checksum_is_that_of_the_decoded_file(tmp_path: Path, way: Way) -> None:
    checksum = getflags.Checksum("sha256", hashlib.sha256(TEXT).hexdigest())
    other = getflags.Checksum("sha256", hashlib.sha256(GZIP).hexdigest())
    with RawServer({"/f": ok(GZIP, CODED), "/g": ok(GZIP, CODED)}) as server:
        entries = [
            Entry(server.url("/f"), checksum=checksum),
            Entry(server.url("/g"), checksum=other),
        ]
        report = getflags.download(entries, dir=tmp_path, compressed=True, **way)
    assert report.exit_status == 1
    assert files(tmp_path) == {"f": TEXT}


def tagged(coded_tag: str, plain_tag: str, *fields: str) -> Callable[..., None]:
    """Answer as a server that compresses what may be compressed, with these entity tags."""

    def answer(connection: socket.socket, server: RawServer) -> None:
        coded = b"accept-encoding: gzip" in server.head.lower()
        tag = coded_tag if coded else plain_tag
        if re.search(rb"(?i)if-none-match: " + re.escape(tag).encode(), server.head):
            connection.sendall(b"HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n")
        elif coded:
            connection.sendall(ok(GZIP, CODED, f"ETag: {tag}", *fields))
        else:
            connection.sendall(ok(TEXT, f"ETag: {tag}", *fields))

    return answer


DATE = "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT"
OK, PRESENT = Status.OK, Status.PRESENT


def refresh(url: str, folder: Path, way: Way, *, compressed: bool) -> Status:
    report = getflags.download([url], dir=folder, exists="refresh", compressed=compressed, **way)
    assert report.exit_status == 0
    assert files(folder) == {"f": TEXT}
    return report.outcomes[0].status


@pytest.mark.parametrize("plain", ['"abc"', '"abc-gzip"'], ids=["two tags", "one tag"])
@everywhere
def test_x35_refresh_asks_for_the_coding_that_was_saved(
    tmp_path: Path, way: Way, plain: str
) -> None:
    with RawServer({"/f": tagged('"abc-gzip"', plain)}) as server:
        url = server.url("/f")
        assert refresh(url, tmp_path, way, compressed=True) is OK
        assert refresh(url, tmp_path, way, compressed=True) is PRESENT
        assert b'\r\nif-none-match: "abc-gzip"\r\n' in server.heads[-1].lower()
        assert refresh(url, tmp_path, way, compressed=False) is OK
        assert b"if-none-match" not in server.heads[-1].lower()
        assert refresh(url, tmp_path, way, compressed=False) is PRESENT
        assert refresh(url, tmp_path, way, compressed=True) is OK
        assert b"if-none-match" not in server.heads[-1].lower()


@everywhere
def test_x35_refresh_compares_no_size_with_that_of_compressed_data(
    tmp_path: Path, way: Way
) -> None:
    """An older file has by chance the size and the date of the compressed response."""
    with RawServer({"/f": ok(GZIP, CODED, 'ETag: W/"abc"', DATE)}) as server:
        url = server.url("/f")
        assert refresh(url, tmp_path, way, compressed=True) is OK
        record = fetch_record.read(str(tmp_path / "f"))
        (tmp_path / "f").write_bytes(bytes(len(GZIP)))
        os.utime(tmp_path / "f", (784111777, 784111777))
        if record:
            with (tmp_path / "f").open("rb") as file:
                fetch_record.write(file.fileno(), record, len(GZIP), 784111777 * 10**9)
        assert refresh(url, tmp_path, way, compressed=True) is OK


@everywhere
def test_refresh_keeps_what_was_not_compressed(tmp_path: Path, way: Way) -> None:
    with RawServer({"/f": ok(TEXT, 'ETag: W/"abc"', DATE)}) as server:
        url = server.url("/f")
        assert refresh(url, tmp_path, way, compressed=True) is OK
        assert refresh(url, tmp_path, way, compressed=True) is PRESENT


@everywhere
def test_the_users_own_accept_encoding_wins(tmp_path: Path, way: Way) -> None:
    with RawServer({"/f": ok(GZIP, CODED), "/g": ok(GZIP, CODED)}) as server:
        entries = [Entry(server.url("/g"), headers=(("Accept-Encoding", "x-gzip"),))]
        settings: dict[str, Any] = {"dir": tmp_path, "compressed": True, **way}
        report = getflags.download(
            [server.url("/f")], headers={"ACCEPT-ENCODING": "gzip;q=0.5"}, **settings
        )
        assert report.exit_status == 0
        assert report.exit_status == getflags.download(entries, **settings).exit_status
        fields = [re.findall(rb"(?i)accept-encoding: (.*)\r\n", head) for head in server.heads]
    assert fields == [[b"gzip;q=0.5"], [b"x-gzip"]]
    assert files(tmp_path) == {"f": TEXT, "g": TEXT}


@everywhere
def test_a_server_beyond_a_redirect_compresses_too(tmp_path: Path, way: Way) -> None:
    with RawServer({"/g": ok(GZIP, CODED)}) as other:
        answer = moved(other.url("/g")).replace(b"\r\n\r\n", b"\r\nContent-Encoding: br\r\n\r\n")
        with RawServer({"/f": answer}) as server:
            report = getflags.download([server.url("/f")], dir=tmp_path, compressed=True, **way)
        assert b"accept-encoding: gzip, deflate\r\n" in other.heads[0].lower()
    assert report.exit_status == 0
    assert files(tmp_path) == {"f": TEXT}


def test_without_the_option_nothing_is_decoded(tmp_path: Path) -> None:
    with RawServer({"/f.gz": ok(GZIP, CODED)}) as server:
        done = run_main("--no-compressed", "-d", "d", server.url("/f.gz"), cwd=tmp_path)
        assert b"accept-encoding: identity\r\n" in server.heads[0].lower()
    assert done.returncode == 0
    assert files(tmp_path) == {"d/f.gz": GZIP}
    script = (
        "import sys, getflags.cli; getflags.cli.main(sys.argv[1:])\n"
        "sys.exit(any('decoding' in name for name in sys.modules))"
    )
    with RawServer({"/f": ok(b"hello")}) as server:
        words = [sys.executable, "-c", script, "-q", "-d", "d", server.url("/f")]
        environ = {**ENVIRON, "PYTHONPATH": str(ROOT)}
        assert subprocess.run(words, cwd=tmp_path, env=environ, check=False).returncode == 0


@pytest.mark.parametrize("engine", ["threads", "sequential"])
def test_to_standard_output(tmp_path: Path, engine: str) -> None:
    def stream(*words: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            command("-q", "-o", "-", "--compressed", "--engine", engine, *words), cwd=tmp_path,
            env={**ENVIRON, "PYTHONPATH": str(ROOT)}, capture_output=True, timeout=50, check=False,
        )  # fmt: skip

    with RawServer({"/f": ok(GZIP, CODED), "/cut": ok(GZIP[:-9], CODED)}) as server:
        done = stream(server.url("/f"))
        assert (done.returncode, done.stdout, done.stderr) == (0, TEXT, b"")
        done = stream(server.url("/cut"))
        assert (done.returncode, TEXT.startswith(done.stdout)) == (1, True)
        assert EARLY.encode() in done.stderr
        server.answers["/f"] = in_turn(CUT, ok(GZIP, CODED))
        server.heads.clear()
        done = stream(server.url("/f"))
        assert (done.returncode, TEXT.startswith(done.stdout)) == (1, True)
        assert b"bytes have gone to standard output" in done.stderr
        server.heads.clear()
        checksum = f"sha256={hashlib.sha256(TEXT).hexdigest()}"
        done = stream("--checksum", checksum, server.url("/f"))
        assert (done.returncode, done.stdout, done.stderr) == (0, TEXT, b"")


def test_a_file_that_is_split_cannot_be_compressed(tmp_path: Path) -> None:
    with RawServer({"/f": ok(b"hello")}) as server:
        done = run_main("--compressed", "--split", "2", "-d", "d", server.url("/f"), cwd=tmp_path)
        assert (done.returncode, done.stderr.count("\n")) == (2, 1)
        assert "--compressed cannot be used with --split" in done.stderr
        with pytest.raises(UsageError, match="--compressed cannot be used with --split"):
            getflags.download([server.url("/f")], dir=tmp_path / "d", compressed=True, split=2)
        assert not server.heads
    assert files(tmp_path) == {}
    assert not (tmp_path / "d").exists()


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000, 1 << 20])
@pytest.mark.parametrize(
    ("coding", "compress"),
    [("gzip", gzip.compress), ("deflate", zlib.compress), ("deflate", raw_deflate)],
)
def test_a_decoder_takes_pieces_of_any_size(
    coding: str, compress: Callable[[bytes], bytes], size: int
) -> None:
    decoder, body = Decoder(coding), TEXT[:20_000] + NOISE[:5_000] + bytes(1_000_000)
    data = compress(body)
    pieces = [memoryview(data)[start : start + size] for start in range(0, len(data), size)]
    outputs = []
    for piece in pieces:
        assert not decoder.complete
        outputs += [*decoder.decode(piece)]
    assert decoder.complete
    assert b"".join(outputs) == body
    assert max(map(len, outputs)) <= 256 * 1024


@pytest.mark.parametrize("at", range(18))
def test_every_byte_of_the_end_and_the_header_counts(at: int) -> None:
    """Damage that does not matter (the time, the name of the system) leaves the same bytes."""
    data = bytearray(gzip.compress(b"hello", mtime=0))
    place = at if at < 10 else at - 18
    data[place] ^= 0x10
    decoder = Decoder("gzip")
    try:
        body = b"".join(decoder.decode(bytes(data)))
    except Malformed:
        return
    assert body == b"hello" or not decoder.complete
