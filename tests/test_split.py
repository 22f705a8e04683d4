"""Several connections for one file: the same file, whatever the server does to one of them."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import json
import os
import random
import re
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple, TypeAlias

import pytest

import getflags
from getflags.core.events import Progressed, Resumed
from getflags.transfer import retry
from getflags.transfer.body import PROGRESS_STEP
from getflags.transfer.parts import split
from tests.hazards import Way, everywhere
from tests.kit import ENVIRON, ROOT, command, files, run_main
from tests.rawserver import RawServer, moved, ok, reset

SIZE = 1_500_000
OLD = random.Random(1).randbytes(SIZE)
NEW = random.Random(2).randbytes(SIZE)
LEAST = 100_000
PIECE = 8_192
ONE, TWO = 'ETag: "one"', 'ETag: "two"'
RANGE = re.compile(rb"(?i)\r\nrange: bytes=([0-9]+)-([0-9]*)\r\n")


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start further streams at once, whether they raise the throughput or not."""
    monkeypatch.setattr(split, "_WINDOWS", ((0.0, 1),))
    monkeypatch.setattr(split, "_GAIN", -1.0)
    monkeypatch.setattr(retry, "_FIRST_DELAY", 0.01)  # seconds


class Asked(NamedTuple):
    """What a request asks for: from ``first`` to ``end``; ``partial`` if it has a Range."""

    first: int
    end: int
    partial: bool


def asked(head: bytes, size: int = SIZE) -> Asked:
    match = RANGE.search(head)
    if match is None:
        return Asked(0, size, partial=False)
    return Asked(int(match[1]), int(match[2]) + 1 if match[2] else size, partial=True)


def response(
    body: bytes, part: Asked, *fields: str, etag: str = ONE, total: int | None = None,
    shift: int = 0,
) -> bytes:  # fmt: skip
    """Return the head of the response to a request."""
    first, end, partial = part
    lines = ["HTTP/1.1 206 Partial Content" if partial else "HTTP/1.1 200 OK", "Connection: close"]
    lines += [etag] if etag else []
    if partial:
        lines.append(f"Content-Range: bytes {first + shift}-{end - 1 + shift}/{total or len(body)}")
    lines += fields or [f"Content-Length: {end - first}"]
    return "\r\n".join([*lines, "", ""]).encode()


def most(way: Way) -> int:
    """Return how many connections there are, if four are allowed.

    On asyncio, the curl client waits for 256 KiB, so there is no time for more than two.
    """
    if way["engine"] == "sequential":
        return 1
    return 2 if way["client"] == "curl" and way["engine"] != "threads" else 4


Answer: TypeAlias = Callable[[socket.socket, RawServer, Asked], None]


class Site:
    """A server of one file, which sends a body slowly until ``enough`` is set.

    ``odd`` answers the first request for a part up to a certain byte, ``later`` those that follow;
    None for the part. The largest number of requests in flight until there is enough is in
    ``peak``; it should be at most ``most``.
    """

    def __init__(self, body: bytes = OLD, odd: Answer | None = None, etag: str = ONE) -> None:
        self.body = body
        self.etag = etag
        self.odd = odd
        self.later: Answer | None = None
        self.enough = threading.Event()
        self.wait_for = 0  # requests in flight, after which there is enough
        self.wait_for_all = 0  # the same, of all requests
        self.parts: list[Asked] = []
        self.most = 4
        self.peak = self._in_flight = 0
        self._lock = threading.Lock()

    def __call__(self, connection: socket.socket, server: RawServer) -> None:
        part = asked(server.head, len(self.body))
        bounded = part.partial and not server.head.lower().count(b"-\r\n")
        with self._lock:
            odd, self.odd = (self.odd, self.later) if bounded else (None, self.odd)
            self.parts.append(part)
            self._in_flight += 1
        self._settle()
        with self._lock:
            if not self.enough.is_set():
                self.peak = max(self.peak, self._in_flight)
            if self._in_flight == self.wait_for or len(self.parts) == self.wait_for_all:
                self.enough.set()
        try:
            (odd or self.send)(connection, server, part)
        finally:
            if odd:  # the client may have closed the connection before the end
                self.enough.set()
            with self._lock:
                self._in_flight -= 1

    def _settle(self) -> None:
        """Wait a moment for the ends of responses that the client has closed already."""
        for _ in range(100):
            if self._in_flight <= self.most or self.enough.wait(0.01):
                break

    def send_all(self, connection: socket.socket, count: int) -> None:
        """Send the beginning of the file, whatever is asked for."""
        self.send(connection, None, Asked(0, len(self.body), partial=False), count)

    def send(
        self, connection: socket.socket, _: RawServer | None, part: Asked, count: int = SIZE
    ) -> None:
        """Send a part of the file, or its beginning."""
        connection.sendall(response(self.body, part, etag=self.etag))
        for at in range(part.first, min(part.end, part.first + count), PIECE):
            connection.sendall(self.body[at : min(at + PIECE, part.end)])
            self.enough.wait(0.01)


def download(
    server: RawServer, folder: Path, way: Way, *paths: str, **settings: object
) -> getflags.Report:
    named = {"split": 4, "min_split_size": LEAST, "timeout": 5, **way, **settings}
    return getflags.download(map(server.url, paths or ("/f",)), dir=folder, **named)  # type: ignore[arg-type]


@everywhere
def test_several_connections_receive_one_file(tmp_path: Path, way: Way) -> None:
    site, events = Site(), list[object]()
    site.wait_for = most(way)
    with RawServer({"/f": site}) as server:
        report = download(server, tmp_path, way, emit=events.append)
    assert report.exit_status == 0
    assert files(tmp_path) == {"f": OLD}
    assert most(way) <= site.peak <= 4
    assert site.parts[0] == (0, SIZE, False)
    others = site.parts[1:]
    assert len({part.first for part in others}) == len(others), "no byte is asked for twice"
    assert all(part.end - part.first >= LEAST for part in others)
    assert all(b'if-range: "one"' in head.lower() for head in server.heads[1:])
    assert report.outcomes[0].requests == len(site.parts)
    received = [event.received for event in events if isinstance(event, Progressed)]
    assert received == sorted(received)
    assert received
    assert received[-1] <= SIZE


@everywhere
def test_with_one_request_at_a_time_there_is_one_connection(tmp_path: Path, way: Way) -> None:
    site = Site()
    site.enough.set()
    with RawServer({"/f": site}) as server:
        report = download(server, tmp_path, way, max_req=1)
    assert report.exit_status == 0
    assert site.parts == [(0, SIZE, False)]


@everywhere
def test_all_streams_together_keep_to_the_number_of_requests(tmp_path: Path, way: Way) -> None:
    site = Site()
    site.most = 3
    site.wait_for_all = 1 if way["engine"] == "sequential" else 5
    with RawServer(dict.fromkeys(("/f", "/g", "/h", "/i"), site)) as server:
        report = download(server, tmp_path, way, "/f", "/g", "/h", "/i", max_req=3)
    assert report.exit_status == 0
    assert files(tmp_path) == dict.fromkeys("fghi", OLD)
    assert site.peak <= 3
    # The processes share the three requests, so that a file may have one connection only.
    assert len(site.parts) > 4 or way["engine"] in {"sequential", "processes"}


@pytest.mark.parametrize("engine", ["threads", "asyncio"])
def test_streams_also_share_an_adaptive_number_of_requests(tmp_path: Path, engine: str) -> None:
    site = Site()
    site.wait_for = 3
    with RawServer({"/f": site}) as server:
        report = download(
            server, tmp_path, Way(engine=engine, client="h1"), "/f", max_req="auto", split=3
        )
    assert report.exit_status == 0
    assert site.peak == 3


@everywhere
def test_files_that_are_small_are_not_split(tmp_path: Path, way: Way) -> None:
    site = Site()
    site.enough.set()
    with RawServer({"/f": site}) as server:
        report = download(server, tmp_path, way, min_split_size=SIZE // 2 + 1)
    assert report.exit_status == 0
    assert site.parts == [(0, SIZE, False)]


@everywhere
def test_files_that_are_too_large_are_not_begun(tmp_path: Path, way: Way) -> None:
    site = Site()
    site.enough.set()
    with RawServer({"/f": site}) as server:
        report = download(server, tmp_path, way, max_filesize=SIZE - 1)
    assert report.exit_status == 3
    assert files(tmp_path) == {}
    assert len(site.parts) == 1


@everywhere
def test_a_redirect_is_followed_once(tmp_path: Path, way: Way) -> None:
    site = Site()
    site.wait_for = most(way)
    with RawServer({"/f": moved("/elsewhere"), "/elsewhere": site}) as server:
        report = download(server, tmp_path, way)
        assert server.asked("/f") == 1
    assert report.exit_status == 0
    assert files(tmp_path) == {"f": OLD}


@everywhere
@pytest.mark.parametrize("right", [True, False])
def test_the_checksum_is_that_of_the_whole_file(tmp_path: Path, way: Way, *, right: bool) -> None:
    site = Site()
    site.wait_for = most(way)
    digest = sha256(OLD if right else NEW).hexdigest()
    with RawServer({"/f": site}) as server:
        entry = getflags.Entry(server.url("/f"), checksum=getflags.Checksum("sha256", digest))
        report = getflags.download([entry], dir=tmp_path, split=4, min_split_size=LEAST, **way)
    assert (report.exit_status == 0) is right
    assert files(tmp_path) == ({"f": OLD} if right else {})
    assert right or report.outcomes[0].reason.startswith("checksum mismatch: sha256 expected")


@everywhere
def test_a_file_that_cannot_be_had_fails_as_usual(
    tmp_path: Path, way: Way, closed_port: int
) -> None:
    with RawServer({}) as server:
        report = download(server, tmp_path, way)
    assert report.outcomes[0].reason == "404 Not Found"
    report = getflags.download([f"http://127.0.0.1:{closed_port}/f"], dir=tmp_path, split=4, **way)
    assert "refused" in report.outcomes[0].reason
    assert files(tmp_path) == {}


def half(server_of_half: threading.Event) -> Callable[[socket.socket, RawServer], None]:
    """Send the first half of the file, and the beginning of the second."""

    def answer(connection: socket.socket, server: RawServer) -> None:
        part = asked(server.head)
        connection.sendall(response(OLD, part))
        if part.partial:
            connection.sendall(OLD[part.first :][:300_000])
            server_of_half.set()
            server.stalled.release()
            server.over.wait(30)
            return
        for at in range(0, SIZE, PIECE):
            connection.sendall(OLD[at : at + PIECE])
            server_of_half.wait(0.01)

    return answer


def test_a_task_that_is_cancelled_while_it_waits_for_other_streams_keeps_all(
    tmp_path: Path,
) -> None:
    arrived = asyncio.Event()

    def emit(event: getflags.Event) -> None:
        if isinstance(event, Progressed) and event.received >= SIZE // 2 + 300_000 - PROGRESS_STEP:
            arrived.set()

    async def run(server: RawServer) -> None:
        task = asyncio.ensure_future(
            getflags.adownload(
                [server.url("/f")], dir=tmp_path, split=2, min_split_size=SIZE // 4, emit=emit
            )
        )
        await arrived.wait()
        for _ in range(20):  # the first stream ends, and waits for the other one
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with RawServer({"/f": half(threading.Event())}) as server:
        asyncio.run(run(server))
        assert sum(map(len, proved(tmp_path))) >= SIZE // 2 + 200_000
        site = Site()
        site.enough.set()
        server.answers["/f"] = site
        report = download(server, tmp_path, Way(engine="asyncio", client="h1"))
    assert report.exit_status == 0
    assert files(tmp_path) == {"f": OLD}


def says(data: bytes) -> Answer:
    """Answer with these bytes."""
    return lambda connection, _server, _part: connection.sendall(data)


def gives(body: bytes, *fields: str, count: int | None = None, **named: object) -> Answer:
    """Answer with a part of a file, or with the beginning of that part."""

    def answer(connection: socket.socket, _server: RawServer, part: Asked) -> None:
        data = body[part.first : part.end]
        if "Transfer-Encoding: chunked" in fields:
            data = data + bytes(PIECE) if count is None else data[:count]
            data = b"%x\r\n%b\r\n0\r\n\r\n" % (len(data), data)
        connection.sendall(response(body, part, *fields, **named) + data[:count])  # type: ignore[arg-type]

    return answer


def all_of(body: bytes, etag: str = ONE) -> Answer:
    """Answer with the whole file to whatever is asked for."""
    head = response(body, Asked(0, len(body), partial=False), etag=etag)
    return says(head + body)


def gives_from_start(body: bytes, count: int) -> bytes:
    """Return the beginning of a file."""
    return response(body, Asked(0, len(body), partial=False)) + body[:count]


def broken(connection: socket.socket, server: RawServer, part: Asked) -> None:
    del part
    reset(connection, server)


CHUNKS = "Transfer-Encoding: chunked"
#: what one stream gets → (that answer, the answers to all later requests, the right file)
ROWS: dict[str, tuple[Answer, Answer | None, bytes]] = {
    "J20 all of it": (all_of(OLD), None, OLD),
    "J20 no such range": (says(ok(b"", status="416 Range Not Satisfiable")), None, OLD),
    "J20 not found": (says(ok(b"", status="404 Not Found")), None, OLD),
    "J20 a redirect": (says(moved("/elsewhere")), None, OLD),
    "J20 too many": (says(ok(b"", "Retry-After: 1", status="429 Too Many Requests")), None, OLD),
    "J20 busy": (says(ok(b"", status="503 Service Unavailable")), None, OLD),
    "J20 a reset": (broken, None, OLD),
    "J20 another part": (gives(OLD, shift=-1), None, OLD),
    "J20 no validator": (gives(OLD, etag=""), None, OLD),
    "J20 too few bytes": (gives(OLD, count=10_000), None, OLD),
    "J20 too few bytes, after some progress": (gives(OLD, count=70_000), None, OLD),
    "J20 too few bytes in chunks": (gives(OLD, CHUNKS, count=10_000), None, OLD),
    "J20 too few bytes until the end": (gives(OLD, "X: y", count=10_000), None, OLD),
    "J21 too many bytes in chunks": (gives(OLD, CHUNKS), None, OLD),
    "J21 all of another version": (all_of(NEW, TWO), all_of(NEW, TWO), NEW),
    "J21 a part of another version": (gives(NEW, etag=TWO), all_of(NEW, TWO), NEW),
    "J21 a part of a longer version": (
        gives(OLD, total=SIZE + 4), all_of(OLD + b"more", TWO), OLD + b"more"
    ),
    "J21 all of a longer version": (
        all_of(OLD + b"more", TWO), all_of(OLD + b"more", TWO), OLD + b"more"
    ),
}  # fmt: skip


@pytest.mark.parametrize("row", ROWS)
@everywhere
def test_j20_a_stream_that_fails_costs_nothing_but_time(tmp_path: Path, way: Way, row: str) -> None:
    """One connection gets something else than its part; the others are served."""
    odd, later, right = ROWS[row]
    site = Site(odd=odd)
    site.later = later

    def answer(connection: socket.socket, server: RawServer) -> None:
        if later and site.enough.is_set():  # the file has changed, for all that ask from now on
            later(connection, server, asked(server.head))
        else:
            site(connection, server)

    if way["engine"] == "sequential":
        site.enough.set()
        right = OLD
        answer = site
    with RawServer({"/f": answer}) as server:
        report = download(server, tmp_path, way)
        assert [outcome.reason for outcome in report.outcomes] == [""]
    # A run that has received all of the old version before it hears of the new one is right, too.
    assert files(tmp_path) in ({"f": right}, {"f": OLD})
    assert way["engine"] == "sequential" or len(server.heads) >= 2


@everywhere
def test_j21_an_older_part_is_no_part_of_a_new_version(tmp_path: Path, way: Way) -> None:
    """It was received by one connection; the new version is split, and fails at first, too."""
    site = Site(NEW, etag=TWO)
    with RawServer({"/f": gives_from_start(OLD, 300_000)}) as server:
        assert download(server, tmp_path, way, retries=0, split=1).exit_status == 3
        assert proved(tmp_path)[-1].stop == 300_000
        server.answers["/f"] = lambda connection, _: site.send_all(connection, 500_000)
        assert download(server, tmp_path, way, retries=0).exit_status == 3
        server.answers["/f"] = site
        site.enough.set()
        report = download(server, tmp_path, way)
    assert report.exit_status == 0
    assert files(tmp_path) == {"f": NEW}


@pytest.mark.parametrize("etag", ["", 'ETag: W/"one"'])
@everywhere
def test_j20_without_a_strong_validator_there_is_one_connection(
    tmp_path: Path, way: Way, etag: str
) -> None:
    site = Site(etag=etag)
    site.enough.set()
    with RawServer({"/f": site}) as server:
        report = download(server, tmp_path, way)
    assert report.exit_status == 0
    assert files(tmp_path) == {"f": OLD}
    assert site.parts == [(0, SIZE, False)]


@everywhere
def test_j20_connections_that_break_again_and_again_bring_the_file(
    tmp_path: Path, way: Way
) -> None:
    """Each response ends after some of its bytes, that of the transfer, too."""

    def answer(connection: socket.socket, server: RawServer) -> None:
        part = asked(server.head)
        body = OLD[part.first : min(part.end, part.first + 200_000)]
        connection.sendall(response(OLD, part))
        for at in range(0, len(body), PIECE):
            connection.sendall(body[at : at + PIECE])
            server.over.wait(0.001)

    with RawServer({"/f": answer}) as server:
        report = download(server, tmp_path, way, retries=1)
        parts = [asked(head) for head in server.heads]
    assert report.exit_status == 0
    assert files(tmp_path) == {"f": OLD}
    assert len({part.first for part in parts}) == len(parts), "what came is kept"


@everywhere
def test_a_file_whose_parts_are_refused_later_fails_and_is_resumed(
    tmp_path: Path, way: Way
) -> None:
    """The last stream is cut, and then nothing is to be had any more."""
    site = Site(odd=gives(OLD, count=50_000))
    site.later = says(ok(b"", status="403 Forbidden"))
    with RawServer({"/f": site}) as server:
        report = download(server, tmp_path, way, retries=0, split=2)
        if way["engine"] == "sequential":
            assert report.exit_status == 0
            return
        assert report.exit_status == 3
        assert "403 Forbidden" in report.outcomes[0].reason
        kept = proved(tmp_path)
        assert sum(map(len, kept)) > SIZE // 2
        site.odd = site.later = None
        events = list[object]()
        report = download(server, tmp_path, way, retries=0, emit=events.append)
    assert report.exit_status == 0
    assert files(tmp_path) == {"f": OLD}
    asked_for = [part for part in site.parts if part.partial][-1]
    assert all(not overlaps(asked_for, each) for each in kept)
    assert [event.offset for event in events if isinstance(event, Resumed)] == [sum(map(len, kept))]
    assert report.outcomes[0].resumed == sum(map(len, kept))


@everywhere
def test_a_gap_of_which_nothing_comes_is_given_up(tmp_path: Path, way: Way) -> None:
    """The body of the part ends with the connection, before its first byte."""
    site = Site(odd=gives(OLD, count=50_000))
    site.later = gives(OLD, "X: y", count=0)
    with RawServer({"/f": site}) as server:
        report = download(server, tmp_path, way, retries=0, split=2)
    if way["engine"] == "sequential":
        assert report.exit_status == 0
        return
    reason = report.outcomes[0].reason
    assert re.fullmatch(r"incomplete: [0-9,]+ of 1,500,000 bytes received", reason)
    assert len(site.parts) <= 5


def proved(folder: Path) -> list[range]:
    """Return the proved ranges of the part file in a folder."""
    (record,) = folder.glob(".getflags-*.json")
    return [range(start, end) for start, end, _ in json.loads(record.read_text())["ranges"]]


def overlaps(part: Asked, other: range) -> bool:
    return part.first < other.stop and other.start < part.end


def stalling(site: Site, count: int) -> Callable[[socket.socket, RawServer], None]:
    """Send the beginning of what is asked for, and then nothing."""

    def answer(connection: socket.socket, server: RawServer) -> None:
        part = asked(server.head)
        site.parts.append(part)
        connection.sendall(response(OLD, part))
        for at in range(part.first, min(part.first + count, part.end - PIECE), PIECE):
            connection.sendall(OLD[at : at + PIECE])
            server.over.wait(0.004)  # so that even a busy client gets it in several pieces
        server.stalled.release()
        server.over.wait(30)

    return answer


in_parts = pytest.mark.parametrize("engine", ["threads", "asyncio", "processes"])


@pytest.fixture
def stopped(engine: str, tmp_path: Path) -> Callable[..., Way]:
    """Return a function that begins a download with several connections, and stops it."""

    def stop(server: RawServer, client: str, how: signal.Signals) -> Way:
        words = ["--engine", engine, "--client", client, "-d", ".", server.url("/f")]
        words += ["--split", "3", "--min-split-size", "1K"]
        script = (
            "import sys\n"
            "from getflags.transfer import body\n"
            "from getflags.transfer.parts import split\n"
            "from getflags.storage import async_part_file as file\n"
            "from getflags.transport.curl import multi_handle\n"
            "split._WINDOWS = ((0.0, 1),); split._GAIN = -1; body.PROGRESS_STEP = 10_000\n"
            "file.BATCH = multi_handle._READY = 10_000\n"
            "from getflags.cli import main; sys.exit(main(sys.argv[1:]))"
        )
        program = [command()[0], "-c", script, *words]
        environ = {**ENVIRON, "PYTHONPATH": str(ROOT)}
        with subprocess.Popen(program, cwd=tmp_path, env=environ, stdout=-3, stderr=-3) as process:
            try:
                for _ in range(3):
                    assert server.stalled.acquire(timeout=30)
                deadline = time.monotonic() + 30
                while not any(path.stat().st_size for path in tmp_path.glob(".*.json")):
                    assert process.poll() is None
                    assert time.monotonic() < deadline
                begun = time.monotonic()
                process.send_signal(how)
                process.wait(20)
                assert time.monotonic() - begun < 4
            finally:
                process.kill()
        (part_file,) = tmp_path.glob(".getflags-*.part")
        with part_file.open() as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # a worker process ends a moment after its parent
        return Way(engine=engine, client=client)

    return stop


@in_parts
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
@pytest.mark.parametrize("client", ["h1", "curl", "httpx"])
def test_j22_what_was_proved_is_not_asked_for_again(
    tmp_path: Path, stopped: Callable[..., Way], client: str, how: signal.Signals
) -> None:
    site = Site()
    with RawServer({"/f": stalling(site, 300_000)}) as server:
        way = stopped(server, client, how)
        kept = proved(tmp_path)
        if how is signal.SIGINT:
            assert len(kept) >= 3
            assert sum(map(len, kept)) > 600_000
        site.enough.set()
        site.parts.clear()
        server.answers["/f"] = site
        report = download(server, tmp_path, way)
    assert report.exit_status == 0
    assert files(tmp_path) == {"f": OLD}
    assert site.parts[0].partial
    for part in site.parts:
        assert not any(overlaps(part, each) for each in kept), (part, kept)
    assert report.outcomes[0].resumed == sum(map(len, kept))


@in_parts
@pytest.mark.parametrize("client", ["h1", "curl", "httpx"])
def test_j22_without_split_the_bytes_before_the_first_gap_are_used(
    tmp_path: Path, stopped: Callable[..., Way], client: str
) -> None:
    site = Site()
    with RawServer({"/f": stalling(site, 300_000)}) as server:
        way = stopped(server, client, signal.SIGINT)
        kept = proved(tmp_path)
        end = 0
        for each in kept:
            end = each.stop if each.start == end else end
        assert 0 < end < kept[-1].stop
        site.enough.set()
        site.parts.clear()
        server.answers["/f"] = site
        report = download(server, tmp_path, way, split=1)
    assert report.exit_status == 0
    assert files(tmp_path) == {"f": OLD}
    assert site.parts == [(end, SIZE, True)]


def spoil_first(data: bytearray, kept: list[range]) -> None:
    data[kept[0].start] ^= 1


def spoil_last(data: bytearray, kept: list[range]) -> None:
    data[kept[-1].start] ^= 1


def shorten(data: bytearray, kept: list[range]) -> None:
    del data[kept[-1].start + 5 :]


@in_parts
@pytest.mark.parametrize("spoil", [spoil_first, spoil_last, shorten])
@pytest.mark.parametrize("answer", ["the parts", "another version", "a wrong part"])
def test_j22_a_part_file_that_was_changed_is_used_where_it_is_right(
    tmp_path: Path,
    stopped: Callable[..., Way],
    spoil: Callable[[bytearray, list[range]], None],
    answer: str,
) -> None:
    site = Site()
    with RawServer({"/f": stalling(site, 300_000)}) as server:
        way = stopped(server, "h1", signal.SIGINT)
        (part_file,) = tmp_path.glob(".getflags-*.part")
        data = bytearray(part_file.read_bytes())
        spoil(data, proved(tmp_path))
        part_file.write_bytes(data)
        site.parts.clear()
        site.enough.set()
        if answer == "another version":
            site.body, site.etag = NEW, TWO
            site.odd = site.later = all_of(NEW, TWO)
        elif answer == "a wrong part":
            site.odd = gives(OLD, shift=1)
        server.answers["/f"] = site
        report = download(server, tmp_path, way)
    assert [outcome.reason for outcome in report.outcomes] == [""]
    assert files(tmp_path) == {"f": NEW if answer == "another version" else OLD}
    assert site.parts[0].partial


@pytest.mark.parametrize("engine", ["threads", "asyncio"])
@pytest.mark.parametrize("own", [True, False])
def test_a_full_disk_fails_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: str, *, own: bool
) -> None:
    """It is noticed by the transfer's own request, or by another stream."""
    write = os.pwrite

    def pwrite(descriptor: int, data: bytes, at: int) -> int:
        if (at < SIZE // 4) is own and at >= 20_000:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(descriptor, data, at)

    monkeypatch.setattr(os, "pwrite", pwrite)
    monkeypatch.setattr("getflags.storage.async_part_file.BATCH", 10_000)
    site = Site()
    site.wait_for = 2
    with RawServer({"/f": site}) as server:
        report = download(server, tmp_path, Way(engine=engine, client="h1"), split=2, retries=0)
    assert report.exit_status == 3
    assert "No space left on device" in report.outcomes[0].reason
    assert "f" not in files(tmp_path)


@everywhere
def test_the_limits_hold_for_all_streams_together(tmp_path: Path, way: Way) -> None:
    site = Site()
    site.wait_for = most(way)
    with RawServer({"/f": site}) as server:
        begun = time.monotonic()
        report = download(server, tmp_path, way, limit_rate=2_000_000, fsync=True)
        seconds = time.monotonic() - begun
    assert report.exit_status == 0
    assert files(tmp_path) == {"f": OLD}
    assert seconds > 0.4 * SIZE / 2_000_000


@everywhere
def test_the_time_for_the_file_ends_all_streams(tmp_path: Path, way: Way) -> None:
    site = Site()
    with RawServer({"/f": stalling(site, 700_000)}) as server:
        report = download(server, tmp_path, way, max_time=2)
    assert report.exit_status == 3
    assert "time" in report.outcomes[0].reason
    assert (len(site.parts) == 1) is (way["engine"] == "sequential")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--split", "0"), "argument --split: '0' is not a whole number, 1 or more"),
        (("--split", "many"), "argument --split: 'many' is not a whole number, 1 or more"),
        (("--min-split-size", "0"), "argument --min-split-size: "),
        (("--min-split-size", "large"), "argument --min-split-size: "),
    ],
)
def test_values_that_make_no_sense_are_usage_errors(
    tmp_path: Path, words: tuple[str, ...], message: str
) -> None:
    done = run_main(*words, "http://127.0.0.1:1/f", cwd=tmp_path)
    assert done.returncode == 2
    assert message in done.stderr
    for settings in ({"split": 0}, {"min_split_size": "1M"}):
        with pytest.raises(getflags.UsageError, match="it must be a whole number, 1 or more"):
            getflags.download([], **settings)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["threads", "asyncio"])
def test_four_connections_are_nearly_four_times_as_fast(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    """At a server that sends 1 MB a second on each connection, with the usual settings."""
    monkeypatch.undo()
    body, rate = random.Random(3).randbytes(20_000_000), 1_000_000

    def answer(connection: socket.socket, server: RawServer) -> None:
        part = asked(server.head, len(body))
        connection.sendall(response(body, part))
        begun = time.monotonic()
        for at in range(part.first, part.end, PIECE):
            connection.sendall(body[at : min(at + PIECE, part.end)])
            server.over.wait(max(0, begun + (at - part.first) / rate - time.monotonic()))

    with RawServer({"/f": answer}) as server:
        begun = time.monotonic()
        report = download(
            server, tmp_path, Way(engine=engine, client="h1"), min_split_size=1024 * 1024
        )
        seconds = time.monotonic() - begun
    assert report.exit_status == 0
    assert files(tmp_path) == {"f": body}
    assert seconds < 1.15 * len(body) / rate / 4
