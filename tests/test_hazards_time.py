"""Another try, or none, and when; and servers that say nothing more.

More of this family, which is as old as the project, stands in test_engines.py.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

import getflags
from getflags import engines
from getflags.core.events import Event, Retrying
from getflags.testing.flag_server import StartFlagServer
from getflags.transfer import retry
from getflags.transport import dns
from tests.hazards import CHUNKED, PLAIN, SIZED, Fails, Row, Way, Whole, everywhere, judge
from tests.kit import files
from tests.messages import NO_SUCH_HOST, NOTHING_CAME, REFUSED
from tests.rawserver import Answer, RawServer, ok, reset, silence, stall_after

FIRST = 0.02  # seconds before the second try, give or take a half
PASSING = (408, 500, 502, 504, 520, 521, 522, 523, 524)
REFUSING = (429, 503, 529)  # they do not count while others are served: see test_hazards_limits
LASTING = (
    *(400, 401, 402, 403, 404, 405, 406, 407, 409, 410, 411, 412, 413, 414, 415, 416, 417, 421),
    *(422, 423, 424, 425, 426, 428, 431, 451, 501, 505, 507, 508, 511, 525, 599),
)


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again soon; how long it is, is not the matter here."""
    monkeypatch.setattr(retry, "_FIRST_DELAY", FIRST)


def error(status: int, *fields: str) -> bytes:
    """Return an error's response."""
    return ok(b"no", *fields, status=f"{status} No")


@everywhere
def test_what_may_pass_is_tried_again_and_nothing_else(tmp_path: Path, way: Way) -> None:
    rows: dict[str, Row] = {
        str(status): Fails(error(status), str(status)) for status in PASSING + LASTING
    }
    asked = judge(rows, tmp_path, way, retries=1)
    assert asked == {**{str(n): 2 for n in PASSING}, **{str(n): 1 for n in LASTING}}
    for status in REFUSING:
        refused: dict[str, Row] = {"alone": Fails(error(status), str(status))}
        assert judge(refused, tmp_path / str(status), way, retries=1) == {"alone": 2}


FAR = "for another"
DATES = ("Date: Sun, 06 Nov 1994 12:00:00 GMT", "Retry-After: Mon, 07 Nov 1994 12:00:00 GMT")
#: What the server wants → the reason, and how often it is asked.
PAUSES: dict[str, tuple[Row, int]] = {
    "D5 a day": (Fails(error(503, "Retry-After: 86400"), f"{FAR} 86,400 seconds"), 1),
    "D5 a day, by the date": (Fails(error(503, *DATES), f"{FAR} 86,400 seconds"), 1),
    "D5 10^30": (Fails(error(429, "Retry-After: 1" + "0" * 30), FAR), 1),
    "D5 4,000 digits": (Fails(error(429, "Retry-After: " + "9" * 4000), FAR), 1),
    "D5 junk": (Fails(error(503, "Retry-After: soon"), "503"), 2),
    "D5 -1": (Fails(error(503, "Retry-After: -1"), "503"), 2),
    "D5 nothing": (Fails(error(503, "Retry-After:"), "503"), 2),
    "D5 two": (Fails(error(503, "Retry-After: 86400", "Retry-After: 1"), "503"), 2),
}


@everywhere
def test_a_handshake_that_is_not_answered_comes_to_an_end(
    flag_server: StartFlagServer, tmp_path: Path, way: Way
) -> None:
    server = flag_server(tls=True, tls_delay=60)
    report = getflags.download(
        [server.url_for("/bytes/3/x")], dir=tmp_path, cacert=server.cafile, connect_timeout=0.3,
        retries=0, **way,
    )  # fmt: skip
    assert report.outcomes[0].reason == "no connection within 0.3 s"
    assert files(tmp_path) == {}


@everywhere
def test_nobody_sleeps_for_a_day(tmp_path: Path, way: Way) -> None:
    rows = list(PAUSES.items())
    for start in range(0, len(rows), 2):  # three such answers are for all targets
        pair = rows[start : start + 2]
        began = monotonic()
        times = judge({key: row for key, (row, _) in pair}, tmp_path / str(start), way, retries=1)
        assert times == {key: count for key, (_, count) in pair}
        assert monotonic() - began < 5


@pytest.mark.parametrize("engine", sorted(engines.ENGINES))
def test_a_pause_until_a_date_is_kept(tmp_path: Path, engine: str) -> None:
    times: list[float] = []
    busy = error(429, DATES[0], "Retry-After: Sun, 06 Nov 1994 12:00:01 GMT")

    def answer(connection: socket.socket, _: RawServer) -> None:
        times.append(monotonic())
        connection.sendall(busy if len(times) == 1 else ok(b"fine"))

    with RawServer({"/f": answer}) as server:
        report = getflags.download([server.url("/f")], dir=tmp_path, engine=engine)
    assert report.exit_status == 0
    assert times[1] - times[0] >= 1
    assert files(tmp_path) == {"f": b"fine"}


def gone(connection: socket.socket, server: RawServer) -> None:
    """Close the connection as a server does that has been idle for long enough."""
    del server
    connection.close()


@pytest.mark.parametrize("end", [gone, reset])
@everywhere
def test_a_connection_that_ends_between_two_requests_costs_no_try(
    tmp_path: Path, way: Way, end: Callable[[socket.socket, RawServer], None]
) -> None:
    def keep(connection: socket.socket, server: RawServer) -> None:
        connection.sendall(ok(b"first").replace(b"Connection: close", b"X: y"))
        server.heads.append(connection.recv(65536))
        end(connection, server)

    with RawServer({"/1": keep, "/2": ok(b"second")}) as server:
        urls = [server.url("/1"), server.url("/2")]
        report = getflags.download(urls, dir=tmp_path, max_req=1, retries=0, **way)
        assert server.asked("/2") == 2
    assert [outcome.reason for outcome in report.outcomes] == ["", ""]
    assert files(tmp_path) == {"1": b"first", "2": b"second"}


@everywhere
def test_dead_servers_are_told_of_soon_and_the_others_go_on(
    tmp_path: Path, way: Way, closed_port: int, unknown_host: str
) -> None:
    events: list[Event] = []
    with RawServer({f"/{number}": ok(b"fine") for number in range(9)}) as server:
        urls = [f"http://127.0.0.1:{closed_port}/a{number}" for number in range(9)]
        urls += [f"http://{unknown_host}/b{number}" for number in range(2)]
        urls += [server.url(f"/{number}") for number in range(9)]
        began = monotonic()
        report = getflags.download(urls, dir=tmp_path, emit=events.append, **way)
        assert monotonic() - began < 10
    reasons = {outcome.target.name: outcome.reason for outcome in report.outcomes}
    assert {reasons[f"a{number}"] for number in range(9)} == {REFUSED}
    assert all(NO_SUCH_HOST in reasons[f"b{number}"] for number in range(2))
    assert files(tmp_path) == {str(number): b"fine" for number in range(9)}
    assert not any(isinstance(event, Retrying) for event in events)
    assert report.exit_status == 1


@everywhere
def test_those_that_failed_together_do_not_come_back_together(tmp_path: Path, way: Way) -> None:
    paths = [f"/{number}" for number in range(30)]
    waits: list[float] = []

    def emit(event: Event) -> None:
        if isinstance(event, Retrying):
            waits.append(event.seconds)

    with RawServer(dict.fromkeys(paths, error(500))) as server:
        getflags.download(map(server.url, paths), dir=tmp_path, retries=2, emit=emit, **way)
    assert len(waits) == 60
    assert len(set(waits)) > 50
    assert FIRST * 0.5 <= min(waits) < FIRST * 0.75
    assert FIRST * 2 * 1.25 < max(waits) <= FIRST * 2 * 1.5


SILENT: dict[str, Answer] = {
    "E1 no answer": silence,
    "E2 of a length": stall_after(SIZED + b"9\r\n\r\nabc"),
    "E2 without a length": stall_after(PLAIN + b"\r\nabc"),
}


@everywhere
def test_silence_comes_to_an_end(tmp_path: Path, way: Way) -> None:
    rows: dict[str, Row] = {
        key: Fails(answer, f"{NOTHING_CAME} 0.2 s") for key, answer in SILENT.items()
    }
    judge(rows, tmp_path, way, rounds=[b"old"], timeout=0.2)


def dripping(
    first: bytes, drop: bytes, rest: bytes = b""
) -> Callable[[socket.socket, RawServer], None]:
    """Send some bytes, others every 50 ms for 1.5 s, and then the rest."""

    def answer(connection: socket.socket, server: RawServer) -> None:
        connection.sendall(first)
        for _ in range(30):
            if server.over.wait(0.05):
                return
            connection.sendall(drop)
        connection.sendall(rest)

    return answer


NO_BODY: dict[str, Answer] = {
    "X18 an extension of a chunk": dripping(
        CHUNKED + b"5\r\nhello\r\n1;", b"a", b"\r\n!\r\n0\r\n\r\n"
    ),
    "X18 an extension of the first chunk": dripping(
        CHUNKED + b"5;", b"a", b"\r\nhello\r\n0\r\n\r\n"
    ),
    "X18 a trailer": dripping(CHUNKED + b"5\r\nhello\r\n0\r\nX: ", b"a", b"\r\n\r\n"),
    "X18 trailers": dripping(CHUNKED + b"5\r\nhello\r\n0\r\n", b"X: y\r\n", b"\r\n"),
}


@everywhere
def test_bytes_that_are_no_body_do_not_postpone_the_timeout(tmp_path: Path, way: Way) -> None:
    rows: dict[str, Row] = {
        key: Fails(answer, f"{NOTHING_CAME} 0.5 s") for key, answer in NO_BODY.items()
    }
    rows["a slow body"] = Whole(dripping(SIZED + b"120\r\n\r\n", b"drop"), b"drop" * 30)
    judge(rows, tmp_path, way, rounds=[b"old"], timeout=0.5)


@everywhere
def test_the_rate_limit_does_not_use_up_the_timeout(tmp_path: Path, way: Way) -> None:
    body = b"x" * 3000
    began = monotonic()
    judge(
        {"slow": Whole(ok(body), body)}, tmp_path, way, rounds=[None], timeout=0.3, limit_rate=2000
    )
    assert monotonic() - began > 0.6


AGAIN = "host name not resolved: temporary failure in name resolution"


@pytest.fixture
def failures(monkeypatch: pytest.MonkeyPatch) -> list[socket.gaierror]:
    """Return a list of failures; each lookup of localhost takes one, and succeeds after the last.

    Only this process and processes forked from it are affected, not the lookups of libcurl.
    """
    left: list[socket.gaierror] = []
    system = socket.getaddrinfo

    def look_up(host: str | bytes, *rest: Any, **named: Any) -> Any:
        if host in {"localhost", b"localhost"} and left:
            raise left.pop()
        return system(host, *rest, **named)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(dns.HOST_LOOKUPS, "_complete", {})  # what other tests have looked up
    return left


@everywhere
def test_a_temporary_failure_of_the_resolver_is_tried_again(
    tmp_path: Path, way: Way, failures: list[socket.gaierror]
) -> None:
    failures += [socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")] * 2
    events: list[Event] = []
    with RawServer({"/f": ok(b"fine")}) as server:
        url = server.url("/f").replace("127.0.0.1", "localhost")
        report = getflags.download([url], dir=tmp_path, emit=events.append, **way)
    assert [outcome.reason for outcome in report.outcomes] == [""]
    assert files(tmp_path) == {"f": b"fine"}
    assert [event.reason for event in events if isinstance(event, Retrying)] == [AGAIN] * 2


@everywhere
def test_a_resolver_that_keeps_failing_costs_the_other_targets_nothing(
    tmp_path: Path, way: Way, failures: list[socket.gaierror]
) -> None:
    failures += [socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")] * 99
    with RawServer({"/f": ok(b"fine")}) as server:
        urls = [f"http://localhost:{server.port}/lost", server.url("/f")]
        report = getflags.download(urls, dir=tmp_path, retries=1, **way)
    reasons = {outcome.target.name: outcome.reason for outcome in report.outcomes}
    assert reasons == {"lost": f"{AGAIN} (2 tries)", "f": ""}
    assert files(tmp_path) == {"f": b"fine"}


@everywhere
def test_the_time_for_a_file_ends_a_transfer_that_the_rate_limit_holds_back(
    tmp_path: Path, way: Way
) -> None:
    rows = {key: Fails(ok(bytes(6 << 20)), "the time for the whole file") for key in ("one", "two")}
    judge(rows, tmp_path, way, rounds=[b"old"], max_time=0.4, limit_rate=4 << 20)


@everywhere
def test_a_rate_limit_does_not_outlast_the_time_for_a_file(tmp_path: Path, way: Way) -> None:
    with RawServer({"/f": ok(bytes(30_000_000))}) as server:
        began = monotonic()
        report = getflags.download(
            [server.url("/f")], dir=tmp_path, limit_rate=1, max_time=0.5, retries=0, **way
        )
        assert monotonic() - began < 5
    (outcome,) = report.outcomes
    assert outcome.reason == "the time for the whole file is over"
