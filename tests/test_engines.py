"""One scenario table for all engines: same outcomes, same files, same exit codes.

The server is a real one on a real socket; what it does is written in the table.
"""

from __future__ import annotations

import pickle
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from time import monotonic

import pytest

import getflags
from getflags import Entry, Status, UsageError, engines, transport
from getflags.core.events import Adjusted, Event, Finished, Progressed, Retrying, Started
from getflags.engines import event_loop, sequential, threads, worker
from getflags.transfer import retry
from tests.kit import files
from tests.messages import (
    CLOSED,
    INCOMPLETE,
    INVALID_HTTP,
    NO_SUCH_HOST,
    NOT_SAVED,
    NOTHING_CAME,
    REFUSED,
    TOO_LARGE,
    TOO_MANY_REDIRECTS,
    UNWANTED_PART,
    WRONG_SCHEME,
)
from tests.rawserver import Answer, RawServer, moved, ok, reset, silence
from tests.siteserver import serve

BODY = b"GIF89a" + bytes(range(256)) * 40
HEAD = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: "
CHUNKED = b"HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"

#: path → what the server does
ANSWERS: dict[str, Answer] = {
    "/200": ok(BODY),
    "/empty": ok(b""),
    "/chunked": CHUNKED + b"5\r\nhello\r\n0\r\n\r\n",
    "/unsized": b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nto the end",
    "/202": ok(b"", status="202 Accepted"),
    "/203": ok(BODY, status="203 Non-Authoritative Information"),
    "/207": ok(BODY, status="207 Multi-Status"),
    "/299": ok(BODY, status="299 Whatever"),
    "/204": b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n",
    "/205": ok(b"", status="205 Reset Content"),
    "/206": ok(BODY[:5], "Content-Range: bytes 0-4/100", status="206 Partial Content"),
    "/304": b"HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n",
    "/chain": moved("chain2"),
    "/chain2": moved("/chain3?a=b#c", "307 Temporary Redirect"),
    "/chain3?a=b": moved("/200", "302 Found"),
    "/loop": moved("/loop"),
    "/file": moved("file:///etc/passwd"),
    "/nowhere": ok(b"", status="302 Found"),
    "/404": ok(b"no", status="404 Not Found"),
    "/410": ok(b"no", status="410 Gone"),
    "/418": ok(b"I'm a teapot", status="418 I'm a teapot"),
    "/500": ok(b"x" * 100_000, status="500 Internal Server Error"),
    "/999": ok(b"", status="999 \x1b]0;pwned\x07"),
    "/silent": silence,
    "/cut": HEAD + b"100\r\n\r\n" + b"x" * 40,
    "/cut-in-head": b"HTTP/1.1 200 OK\r\nCont",
    "/cut-chunk": CHUNKED + b"5\r\nhello\r\n",
    "/bad-chunk": CHUNKED + b"ZZ\r\nhello\r\n",
    "/reset": reset,
    "/two-lengths": HEAD + b"5\r\nContent-Length: 6\r\n\r\nhello!",
    "/same-lengths": HEAD + b"5, 5\r\n\r\nhello",
    "/bad-length": HEAD + b"+5\r\n\r\nhello",
    "/not-http": b"\x15\x03\x01\x00\x02\x02\x16",
    "/odd-version": ok(BODY).replace(b"HTTP/1.1", b"HTTP/1.2"),
    "/endless-head": b"HTTP/1.1 200 OK\r\n" + b"X-Filler: y\r\n" * 20_000,
}

#: path → (status, what the reason says); no entry in FILES: nothing may stand on disk
EXPECTED = {
    "/200": (Status.OK, ""),
    "/empty": (Status.OK, ""),
    "/chunked": (Status.OK, ""),
    "/unsized": (Status.OK, ""),
    "/202": (Status.FAILED, "202 Accepted: the server has not got the file ready"),
    "/203": (Status.FAILED, "203 Non-Authoritative Information: a proxy has changed the file"),
    "/207": (Status.FAILED, "207 Multi-Status: the response is not the file"),
    "/299": (Status.FAILED, "299"),
    "/same-lengths": (Status.OK, ""),
    "/chain": (Status.OK, ""),
    "/204": (Status.FAILED, "204 No Content"),
    "/205": (Status.FAILED, "205 Reset Content"),
    "/206": (Status.FAILED, UNWANTED_PART),
    "/304": (Status.FAILED, "304 Not Modified"),
    "/loop": (Status.FAILED, TOO_MANY_REDIRECTS),
    "/file": (Status.FAILED, WRONG_SCHEME),
    "/nowhere": (Status.FAILED, "no Location"),
    "/404": (Status.NOT_FOUND, "404 Not Found"),
    "/410": (Status.FAILED, "410 Gone"),
    "/418": (Status.FAILED, "418 I'm a Teapot"),
    "/500": (Status.FAILED, "500 Internal Server Error"),
    "/999": (Status.FAILED, "999"),
    "/silent": (Status.FAILED, f"{NOTHING_CAME} 1.5 s"),
    "/cut": (Status.FAILED, f"{INCOMPLETE}40 of 100 bytes"),
    "/cut-in-head": (Status.FAILED, CLOSED),
    "/cut-chunk": (Status.FAILED, f"{INCOMPLETE}5 bytes"),
    "/bad-chunk": (Status.FAILED, INVALID_HTTP),
    "/reset": (Status.FAILED, "connection reset"),
    "/two-lengths": (Status.FAILED, INVALID_HTTP),
    "/bad-length": (Status.FAILED, INVALID_HTTP),
    "/not-http": (Status.FAILED, INVALID_HTTP),
    "/odd-version": (Status.FAILED, INVALID_HTTP),
    "/endless-head": (Status.FAILED, INVALID_HTTP),
}
FILES = {
    "200": BODY,
    "empty": b"",
    "chunked": b"hello",
    "unsized": b"to the end",
    "same-lengths": b"hello",
    "chain": BODY,
}

ENGINES = sorted(engines.ENGINES)
CLIENTS = sorted(transport.CLIENTS)


@pytest.fixture(params=CLIENTS, autouse=True)
def client(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run every test here with every client, by making each the default in its turn."""
    monkeypatch.setattr(transport, "DEFAULT", request.param)
    monkeypatch.setattr(
        retry, "_FIRST_DELAY", 0.05
    )  # seconds; how long it is, is not the matter here
    return str(request.param)


@pytest.fixture
def server() -> Iterator[RawServer]:
    with RawServer(ANSWERS) as running:
        yield running


@pytest.mark.parametrize("limit", [1, 7])
@pytest.mark.parametrize("engine", ENGINES)
def test_the_scenario_table(server: RawServer, tmp_path: Path, engine: str, limit: int) -> None:
    report = getflags.download(
        map(server.url, EXPECTED),
        dir=tmp_path,
        engine=engine,
        max_req=limit,
        timeout=1.5,
        retries=0,
    )

    for outcome in report.outcomes:
        status, words = EXPECTED[outcome.target.url.removeprefix(server.url(""))]
        assert (outcome.status, words in outcome.reason) == (status, True), outcome
        assert bool(outcome.reason) == (status is not Status.OK)
        assert outcome.unsized == (outcome.target.name == "unsized")
    assert report.total == len(EXPECTED)
    assert files(tmp_path) == FILES
    assert report.bytes == sum(map(len, FILES.values()))
    assert report.exit_status == getflags.ExitStatus.SOME_FAILED
    assert server.asked("/loop") == 11  # the first and ten redirects
    assert server.asked("/404") == server.asked("/500") == server.asked("/reset") == 1


@pytest.mark.parametrize("engine", ENGINES)
def test_an_older_file_survives_every_failure(
    server: RawServer, tmp_path: Path, engine: str
) -> None:
    failing = [path for path, (status, _) in EXPECTED.items() if status is not Status.OK]
    for path in failing:
        (tmp_path / path[1:]).write_bytes(b"old")

    report = getflags.download(
        map(server.url, failing), dir=tmp_path, engine=engine, timeout=0.5, retries=0
    )

    assert report.exit_status == getflags.ExitStatus.ALL_FAILED
    assert files(tmp_path) == {path[1:]: b"old" for path in failing}


@pytest.mark.parametrize("engine", ENGINES)
def test_every_target_is_started_and_finished_once(
    server: RawServer, tmp_path: Path, engine: str
) -> None:
    events: list[Event] = []
    urls = [server.url(f"/200?{number}") for number in range(30)]
    server.answers = {f"/200?{number}": ok(BODY) for number in range(30)}

    getflags.download(urls, dir=tmp_path, engine=engine, max_req=4, emit=events.append)

    started = [event.target.number for event in events if isinstance(event, Started)]
    finished = [event.outcome.target.number for event in events if isinstance(event, Finished)]
    assert sorted(started) == sorted(finished) == list(range(30))
    assert set(files(tmp_path)) == {"200"} | {f"200.{number}" for number in range(1, 30)}


@pytest.mark.parametrize("engine", ENGINES)
def test_it_is_told_how_long_a_target_took_with_all_its_tries(tmp_path: Path, engine: str) -> None:
    def slow(connection: socket.socket, server: RawServer) -> None:
        server.over.wait(0.2)
        first = server.asked("/slow") == 1
        connection.sendall(ok(b"", status="503 No") if first else ok(b"fine"))

    events: list[Event] = []
    with RawServer({"/slow": slow, "/quick": ok(b"fine")}) as server:
        urls = map(server.url, ["/slow", "/quick"])
        getflags.download(urls, dir=tmp_path, engine=engine, max_req=2, emit=events.append)
    took = {event.outcome.target.name: event.seconds for event in events
            if isinstance(event, Finished)}  # fmt: skip
    assert 0.4 <= took["slow"] < 2
    assert 0 < took["quick"] < took["slow"]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_long_body_tells_of_its_progress(tmp_path: Path, engine: str) -> None:
    body = bytes(range(256)) * 4096
    events: list[Event] = []
    with RawServer({"/big": ok(body)}) as server:
        getflags.download([server.url("/big")], dir=tmp_path, engine=engine, emit=events.append)

    steps = [event for event in events if isinstance(event, Progressed)]
    assert 1 <= len(steps) <= 4  # each tells of a quarter of a mebibyte at least
    assert {step.expected for step in steps} == {len(body)}
    assert [step.received for step in steps] == sorted({step.received for step in steps})
    assert files(tmp_path) == {"big": body}


@pytest.mark.parametrize("engine", ENGINES)
def test_what_the_disk_refuses_is_a_failure_with_its_reason(tmp_path: Path, engine: str) -> None:
    (tmp_path / "is-a-folder").mkdir()
    (tmp_path / "is-a-file").touch()
    with RawServer({"/is-a-folder": ok(b"x"), "/below": ok(b"x")}) as server:
        report = getflags.download(
            [
                server.url("/is-a-folder"),
                Entry(server.url("/below"), folder=str(tmp_path / "is-a-file")),
            ],
            dir=tmp_path, engine=engine, max_req=1,
        )  # fmt: skip

    assert [outcome.reason for outcome in report.outcomes] == [
        f"{NOT_SAVED}Is a directory",
        f"{NOT_SAVED}Not a directory",
    ]
    assert files(tmp_path) == {"is-a-file": b""}


@pytest.mark.parametrize("engine", ENGINES)
def test_an_empty_query_is_asked_for_as_it_was_typed(
    tmp_path: Path, engine: str, client: str
) -> None:
    """``/p`` and ``/p?`` are two resources: RFC 3986 section 6.2.3."""
    answers = {"/p?": ok(b"p"), "/a": moved("/q?"), "/q?": ok(b"q"), "/u?": ok(b"u")}
    with RawServer(answers) as server:
        with_login = server.url("/u?").replace("//", "//user:secret@")
        report = getflags.download(
            [server.url("/p?"), server.url("/a"), with_login],
            dir=tmp_path, engine=engine, client=client,
        )  # fmt: skip

    assert report.exit_status == 0
    assert files(tmp_path) == {"p": b"p", "a": b"q", "u": b"u"}


@pytest.mark.parametrize("engine", ENGINES)
def test_nobody_listens(tmp_path: Path, engine: str, closed_port: int) -> None:
    report = getflags.download([f"http://127.0.0.1:{closed_port}/x"], dir=tmp_path, engine=engine)

    assert report.outcomes[0].reason == REFUSED


@pytest.mark.parametrize("engine", ENGINES)
def test_a_host_that_does_not_exist(tmp_path: Path, engine: str, unknown_host: str) -> None:
    report = getflags.download([f"http://{unknown_host}/x"], dir=tmp_path, engine=engine)

    assert NO_SUCH_HOST in report.outcomes[0].reason


@pytest.mark.parametrize("engine", ENGINES)
def test_secrets_stay_at_home_when_redirected_to_another_host(tmp_path: Path, engine: str) -> None:
    with RawServer({"/far": ok(b"far")}) as other:
        away = other.url("/far").replace("127.0.0.1", "localhost")
        with RawServer({"/a": moved("/b"), "/b": moved(away)}) as home:
            report = getflags.download(
                [home.url("/a").replace("//", "//user:secret@")],
                dir=tmp_path,
                engine=engine,
                headers={"X-Api-Key": "hidden", "User-Agent": "me"},
            )

    assert report.exit_status == 0
    assert files(tmp_path) == {"a": b"far"}
    for head in home.heads:
        assert b"Authorization: Basic dXNlcjpzZWNyZXQ=" in _titled(head)
        assert b"hidden" in head
    (head,) = other.heads
    assert b"Authorization" not in _titled(head)
    assert b"hidden" not in head
    assert b"User-Agent: me" in _titled(head)


def _titled(head: bytes) -> bytes:
    return b"\r\n".join(
        line.partition(b":")[0].title() + b":" + line.partition(b":")[2]
        for line in head.split(b"\r\n")
    )


@pytest.mark.parametrize("engine", ENGINES)
def test_a_connection_closed_between_two_requests_is_tried_once_more(
    tmp_path: Path, engine: str, client: str
) -> None:
    """The server keeps the first connection, and resets it when the second request comes."""

    def keep_then_reset(connection: socket.socket, server: RawServer) -> None:
        connection.sendall(ok(b"first").replace(b"Connection: close", b"X: y"))
        connection.recv(65536)
        reset(connection, server)

    with RawServer({"/1": keep_then_reset, "/2": ok(b"second")}) as server:
        report = getflags.download(
            [server.url("/1"), server.url("/2")], dir=tmp_path, engine=engine, max_req=1
        )

    assert files(tmp_path) == {"1": b"first", "2": b"second"}
    tries = {"h1": 2, "httpx": 2, "curl": 1}[
        client
    ]  # libcurl does it by itself, and doesn't say so
    assert [outcome.requests for outcome in report.outcomes] == [1, tries]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_bug_in_a_reader_is_raised_as_itself(
    server: RawServer, tmp_path: Path, engine: str
) -> None:
    def emit(event: Event) -> None:
        if isinstance(event, Finished):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        getflags.download([server.url("/200")] * 9, dir=tmp_path, engine=engine, emit=emit)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_failing_source_of_targets_is_raised_as_itself(
    server: RawServer, tmp_path: Path, engine: str
) -> None:
    def urls() -> Iterator[str]:
        yield server.url("/200")
        raise LookupError

    with pytest.raises(LookupError):
        getflags.download(urls(), dir=tmp_path, engine=engine)


@pytest.mark.parametrize("engine", ENGINES)
def test_ipv6_works(tmp_path: Path, engine: str) -> None:
    with RawServer({"/x": ok(b"six")}, host="::1") as server:
        report = getflags.download([server.url("/x")], dir=tmp_path, engine=engine)

    assert report.outcomes[0].reason == ""
    assert files(tmp_path) == {"x": b"six"}


EXCESS = {
    "after a body": ok(b"hello"),
    "after chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "after no content": b"HTTP/1.1 204 No Content\r\n\r\n",
    "after an unwanted body": ok(b"no", status="404 Not Found"),
    "after a redirect": moved("/b"),
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("first", EXCESS.values(), ids=EXCESS)
def test_bytes_after_a_response_are_never_taken_for_the_next_one(
    tmp_path: Path, first: bytes, engine: str
) -> None:
    forged = ok(b"EVIL").replace(b"Connection: close\r\n", b"")

    def answer(connection: socket.socket, _: RawServer) -> None:
        connection.sendall(first.replace(b"Connection: close\r\n", b"") + forged)
        if connection.recv(65536):  # who uses the connection again has thrown the excess away
            connection.sendall(ok(b"good"))

    with RawServer({"/a": answer, "/b": ok(b"good")}) as server:
        urls = [server.url("/a"), server.url("/b")]
        getflags.download(urls, dir=tmp_path, engine=engine, max_req=1)
    assert (tmp_path / "b").read_bytes() == b"good"


# Another try

NO = b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n"


def in_turn(*answers: Answer) -> Answer:
    """Give one answer after the other; the last one from then on."""
    rest = list(answers)

    def answer(connection: socket.socket, server: RawServer) -> None:
        now = rest.pop(0) if len(rest) > 1 else rest[0]
        if isinstance(now, bytes):
            connection.sendall(now)
        else:
            now(connection, server)

    return answer


PASSING: dict[str, Answer] = {
    "an error": NO + b"\r\n",
    "an error with a pause": NO + b"Retry-After: 0\r\n\r\n",
    "a cut body": HEAD + b"100\r\n\r\n" + b"x" * 40,
    "a cut chunk": CHUNKED + b"5\r\nhello\r\n",
    "a cut head": b"HTTP/1.1 200 OK\r\nCont",
    "a reset": reset,
    "silence": silence,
}


@pytest.mark.parametrize("engine", ENGINES)
def test_what_passes_is_tried_again(tmp_path: Path, engine: str) -> None:
    """All at once; the file is what came last and nothing else."""
    answers = {
        f"/{number}": in_turn(first, ok(BODY)) for number, first in enumerate(PASSING.values())
    }
    events: list[Event] = []
    with RawServer(answers) as server:
        report = getflags.download(
            map(server.url, answers), dir=tmp_path, engine=engine, timeout=0.5, emit=events.append
        )
        for path in answers:
            assert server.asked(path) == 2
    assert [outcome.reason for outcome in report.outcomes] == [""] * len(PASSING)
    assert files(tmp_path) == {path[1:]: BODY for path in answers}
    retried = [event.target.number for event in events if isinstance(event, Retrying)]
    assert sorted(retried) == list(range(len(PASSING)))
    assert sum(isinstance(event, Started) for event in events) == len(PASSING)
    assert report.retries == len(PASSING)


@pytest.mark.parametrize("engine", ENGINES)
def test_tries_come_to_an_end(tmp_path: Path, engine: str) -> None:
    with RawServer({"/x": NO + b"Retry-After: 0\r\n\r\n", "/y": NO + b"\r\n"}) as server:
        report = getflags.download(
            [server.url("/x"), server.url("/y")], dir=tmp_path, engine=engine, retries=1
        )
        assert server.asked("/x") == server.asked("/y") == 2
    assert {outcome.reason for outcome in report.outcomes} == {"503 Service Unavailable (2 tries)"}
    assert [outcome.requests for outcome in report.outcomes] == [2, 2]
    assert files(tmp_path) == {}


@pytest.mark.parametrize("engine", ENGINES)
def test_a_pause_is_kept_by_all(tmp_path: Path, engine: str) -> None:
    times: list[float] = []

    def busy(connection: socket.socket, _: RawServer) -> None:
        times.append(monotonic())
        connection.sendall(NO + b"Retry-After: 1\r\n\r\n")

    def fine(connection: socket.socket, _: RawServer) -> None:
        times.append(monotonic())
        connection.sendall(ok(b"fine"))

    answers: dict[str, Answer] = {"/0": in_turn(busy, fine)}
    answers |= {f"/{number}": fine for number in range(1, 9)}
    with RawServer(answers) as server:
        report = getflags.download(map(server.url, answers), dir=tmp_path, engine=engine, max_req=1)
    assert report.exit_status == 0
    assert len(times) == 10
    assert min(time - times[0] for time in times[1:]) >= 1
    assert report.pauses == {server.url(""): 1}


@pytest.fixture
def over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Name a file that ends all waits between tries when it is made; until then, none ends.

    A file, because a worker process has a copy of all else.
    """
    file = tmp_path / "over"
    for room in (sequential, threads, event_loop, worker):
        monkeypatch.setattr(room, "monotonic", lambda: 1000.0 if file.exists() else 0.0)
    return file


@pytest.mark.parametrize("engine", ENGINES)
def test_who_waits_for_another_try_is_in_nobodys_way(
    tmp_path: Path, engine: str, over: Path
) -> None:
    def last(connection: socket.socket, _: RawServer) -> None:
        over.touch()
        connection.sendall(ok(b"fine"))

    later = NO.replace(b"503", b"500") + b"Retry-After: 1\r\n\r\n"  # of this file alone
    answers: dict[str, Answer] = {"/slow": in_turn(later, ok(b"slow"))}
    answers |= {f"/{number}": ok(b"fine") for number in range(8)} | {"/8": last}
    with RawServer(answers) as server:
        urls = map(server.url, answers)
        report = getflags.download(urls, dir=tmp_path / "d", engine=engine, max_req=1)
    assert report.exit_status == 0
    asked = [head.split(b" ")[1].decode() for head in server.heads]
    assert asked == [*answers, "/slow"]


# Limits


def endless(connection: socket.socket, server: RawServer) -> None:
    """Send for as long as somebody listens."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    with suppress(OSError):
        while not server.over.is_set():
            connection.sendall(b"x" * 65536)


def dripping(first: bytes) -> Answer:
    """Send a byte now and then, so that it is never silent for long."""

    def answer(connection: socket.socket, server: RawServer) -> None:
        connection.sendall(first)
        with suppress(OSError):
            while not server.over.wait(0.05):
                connection.sendall(b"x")

    return answer


@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_too_large_leaves_nothing(tmp_path: Path, engine: str) -> None:
    answers: dict[str, Answer] = {
        "/announced": ok(b"x" * 2000), "/endless": endless, "/fits": ok(b"x" * 1000)
    }  # fmt: skip
    with RawServer(answers) as server:
        report = getflags.download(
            map(server.url, answers), dir=tmp_path, engine=engine, max_filesize=1000
        )
    reasons = {outcome.target.name: outcome.reason for outcome in report.outcomes}
    large = TOO_LARGE.format(1_000)
    assert reasons == {"announced": large, "endless": large, "fits": ""}
    assert files(tmp_path) == {"fits": b"x" * 1000}


@pytest.mark.parametrize("engine", ENGINES)
def test_a_file_has_its_time_and_no_more(tmp_path: Path, engine: str) -> None:
    answers: dict[str, Answer] = {
        "/mute": silence,
        "/body": dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"),
        "/head": dripping(b"HTTP/1.1 200 OK\r\nX-Filler: "),
        "/fine": ok(b"fine"),
    }
    with RawServer(answers) as server:
        began = monotonic()
        report = getflags.download(
            map(server.url, answers), dir=tmp_path, engine=engine, max_time=0.25, max_req=1
        )
        assert 0.75 <= monotonic() - began < 3
    reasons = {outcome.target.name: outcome.reason for outcome in report.outcomes}
    over = "the time for the whole file is over"
    assert reasons == {"mute": over, "body": over, "head": over, "fine": ""}
    assert files(tmp_path) == {"fine": b"fine"}
    assert all(server.asked(path) == 1 for path in answers)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_drip_is_ended(tmp_path: Path, engine: str) -> None:
    answers: dict[str, Answer] = {
        "/body": dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"),
        "/chunks": dripping(CHUNKED + b"fff\r\n"),
        "/head": dripping(b"HTTP/1.1 200 OK\r\nX-Filler: "),
        "/fine": ok(b"fine"),
    }
    with RawServer(answers) as server:
        began = monotonic()
        report = getflags.download(
            map(server.url, answers), dir=tmp_path, engine=engine, retries=0,
            timeout=0.5, connect_timeout=0.5, speed_limit=1000,
        )  # fmt: skip
        assert monotonic() - began < 5
    reasons = {outcome.target.name: outcome.reason for outcome in report.outcomes}
    slow = "slower than 1000 bytes a second for 0.5 s"
    head = "the response header took longer than 0.5 s"
    assert reasons == {"body": slow, "chunks": slow, "head": head, "fine": ""}
    assert files(tmp_path) == {"fine": b"fine"}


@pytest.mark.parametrize("engine", ENGINES)
def test_a_drip_may_take_its_time_where_nothing_forbids_it(tmp_path: Path, engine: str) -> None:
    def drip(connection: socket.socket, server: RawServer) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n")
        for _ in range(12):
            server.over.wait(0.05)
            connection.sendall(b"x")

    with RawServer({"/drip": drip}) as server:
        report = getflags.download(
            [server.url("/drip")], dir=tmp_path, engine=engine, retries=0, timeout=0.3,
            speed_limit=0,
        )  # fmt: skip
    assert report.arrived == 1
    assert files(tmp_path) == {"drip": b"x" * 12}


@pytest.mark.parametrize("engine", ENGINES)
def test_a_file_that_is_confirmed_by_the_disk(tmp_path: Path, engine: str) -> None:
    with RawServer({"/long": ok(BODY * 200), "/short": ok(BODY)}) as server:
        report = getflags.download(
            map(server.url, ["/long", "/short"]), dir=tmp_path / "new", engine=engine, fsync=True
        )
    assert report.arrived == 2
    assert files(tmp_path) == {"new/long": BODY * 200, "new/short": BODY}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("connections", [1, 10])
def test_the_rate_is_for_all_together(tmp_path: Path, engine: str, connections: int) -> None:
    body = bytes(range(250)) * 200  # 50,000 bytes
    answers = {f"/{number}": ok(body) for number in range(10)}
    with RawServer(answers) as server:
        report = getflags.download(
            map(server.url, answers), dir=tmp_path, engine=engine, max_req=connections,
            limit_rate=2_000_000,
        )  # fmt: skip
    assert report.bytes == 500_000
    assert 0.25 <= report.elapsed < 3, "a quarter of a second, and what a busy machine adds"
    assert set(files(tmp_path).values()) == {body}


@pytest.mark.parametrize("engine", ENGINES)
def test_a_rate_limit_of_our_own_is_not_taken_for_a_slow_server(
    tmp_path: Path, engine: str
) -> None:
    body = bytes(300_000)
    with RawServer({"/large": ok(body)}) as server:
        report = getflags.download(
            [server.url("/large")], dir=tmp_path, engine=engine, retries=0, timeout=0.3,
            limit_rate=300_000, speed_limit=1_000_000,
        )  # fmt: skip
    assert [outcome.reason for outcome in report.outcomes] == [""]
    assert report.elapsed > 0.6, "longer than two windows of the minimum speed"


@pytest.mark.parametrize("engine", ENGINES)
def test_a_disk_that_refuses_before_a_second_try_ends_the_target(
    tmp_path: Path, engine: str
) -> None:
    def busy(connection: socket.socket, _: RawServer) -> None:
        (tmp_path / "file").mkdir()
        connection.sendall(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")

    with RawServer({"/file": busy}) as server:
        report = getflags.download(
            [server.url("/file")], dir=tmp_path, engine=engine, exists="skip", retries=2
        )
    (outcome,) = report.outcomes
    assert "it exists and is not a regular file" in outcome.reason
    assert (outcome.requests, server.asked("/file")) == (1, 1)


@pytest.mark.parametrize("engine", ["sequential", "threads", "asyncio"])
def test_auto_finds_out_how_many_at_a_time(tmp_path: Path, engine: str) -> None:
    count = 10 if engine == "sequential" else 200
    events: list[Event] = []
    with serve("LOCAL", latency="fixed:0.1", slots=16) as site:
        urls = [f"{site.root}/bytes/100/{number}" for number in range(count)]
        report = getflags.download(
            urls, dir=tmp_path, engine=engine, max_req="auto", emit=events.append
        )
        peak = site.ledger()["peak_in_flight"]
    assert report.arrived == count
    levels = [event.level for event in events if isinstance(event, Adjusted)]
    if engine == "sequential":
        assert (peak, levels) == (1, [])
    else:
        # This depends on the machine, too; tests/test_adaptive_concurrency.py uses a model.
        assert levels[0] == 32
        assert 16 < peak <= max(levels), "a doubling is tried, to know what it brings"


def test_auto_wants_one_process_to_decide(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="-m auto cannot be used with --engine processes; use"):
        getflags.download(["http://h/"], dir=tmp_path, engine="processes", max_req="auto")
    assert engines.select("auto", 10**6, 100, adaptive=True) == "asyncio"


def test_an_unknown_engine_is_refused_by_name() -> None:
    with pytest.raises(UsageError, match="unknown engine 'warp'; choose from auto, sequential"):
        engines.engine("warp")


def test_an_outcome_is_a_plain_frozen_value(server: RawServer, tmp_path: Path) -> None:
    report = getflags.download([server.url("/200")], dir=tmp_path)

    with pytest.raises(AttributeError):
        report.outcomes[0].size = 0  # type: ignore[misc]
    assert pickle.loads(pickle.dumps(report.outcomes)) == report.outcomes  # noqa: S301 - our own
