"""The request log: one line per request, whatever happens to its response."""

from __future__ import annotations

import errno
import io
import re
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic

import pytest

from servers.faults.draws import Behaviour
from servers.faults.rules import parse
from servers.state.request_log import RequestLog, address_text
from tests.servers_kit import Client, Program, flags, gif, port_of, request, running, until

GIF = "/flags/br/br.gif"
SIZE = len(gif("br"))
LINE = re.compile(
    r"(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00) (?P<label>[A-Z]+) "
    r"(?P<client>127\.0\.0\.1:\d+) (?P<request>.*) (?P<seconds>\d+\.\d{3}|-)"
)
NOW = datetime(2026, 11, 28, 9, 30, tzinfo=UTC)
START = "2026-11-28T09:30:00.000+00:00 LOCAL 127.0.0.1:5 GET"


def requests(log: str) -> list[str]:
    """Return the method, target, status and size in each line of a log."""
    found = [LINE.fullmatch(line) for line in log.splitlines()]
    assert all(found), log
    return [each["request"] for each in found if each]


def write(log: RequestLog, target: str) -> None:
    log.write("127.0.0.1:5", "GET", target, 200, 5, 0.0123)


def test_each_request_is_a_line_with_status_and_body_bytes(tmp_path: Path) -> None:
    log = io.StringIO()
    with running(flags(tmp_path), log=log) as server, server.client() as client:
        client.ask(GIF)
        client.ask(GIF, "HEAD")
        client.ask("/bytes/300000/x?y")
        client.ask("/none")
        ledger = len(client.ask("/-/ledger").body)
        client.send(b"NONSENSE\r\n\r\n")
        client.receive()
        assert client.at_end()
    assert requests(log.getvalue()) == [
        f"GET {GIF} 200 {SIZE}",
        f"HEAD {GIF} 200 0",
        "GET /bytes/300000/x?y 200 300000",
        "GET /none 404 14",
        f"GET /-/ledger 200 {ledger}",
        "- - 400 16",
    ]
    assert log.getvalue().endswith(" -\n"), "an invalid request has no time"


@pytest.mark.parametrize(
    ("rule", "line"),
    [
        ("truncate:after=1000", f"GET {GIF} 200 1000"),
        ("reset:after=1000", f"GET {GIF} 200 1000"),
        ("garbage:size=50", f"GET {GIF} - 50"),
        ("busy", f"GET {GIF} 429 22"),
    ],
)
def test_a_fault_shows_in_the_log(tmp_path: Path, rule: str, line: str) -> None:
    log = io.StringIO()
    behaviour = Behaviour(rules=(parse(rule),))
    with running(flags(tmp_path), behaviour, log=log) as server, server.client() as client:
        client.send(request(GIF))
        until(lambda: requests(log.getvalue()) == [line])
    assert log.getvalue().count("\n") == 1


def test_a_client_that_disconnects_is_logged_with_what_was_sent_to_it(tmp_path: Path) -> None:
    log = io.StringIO()
    behaviour = Behaviour(
        rules=(parse("stall:after=1000"), parse("latency:seconds=fixed:99,match=/x"))
    )
    with running(flags(tmp_path), behaviour, log=log) as server:
        with server.client() as client:
            client.send(request(GIF))
            until(lambda: server.counts()["bytes"] == 1000)
        until(lambda: bool(log.getvalue()))
        with server.client() as client:
            client.send(request("/x"))
            until(lambda: server.counts()["in_flight"] == 1)
        until(lambda: server.counts()["in_flight"] == 0)
    assert requests(log.getvalue()) == [f"GET {GIF} 200 1000", "GET /x - 0"]


def test_a_line_is_one_line_and_drives_no_terminal() -> None:
    file = io.StringIO()
    write(RequestLog("LOCAL", file, lambda: NOW), "/\x1b[31m\n\u202e\udcff")
    assert file.getvalue() == f"{START} /\\x1b[31m\\n\\u202e\\udcff 200 5 0.012\n"


def test_the_time_runs_from_the_request_to_the_end_of_its_response(tmp_path: Path) -> None:
    log = io.StringIO()
    with running(flags(tmp_path), Behaviour(delay=(0.1, 0.1)), log=log) as server:
        server.ask(GIF)
    found = LINE.fullmatch(log.getvalue().rstrip())
    assert found
    assert 0.1 <= float(found["seconds"]) < 20
    age = datetime.now(UTC) - datetime.fromisoformat(found["time"])
    assert timedelta() <= age < timedelta(minutes=1)


def test_a_client_is_its_address_and_port() -> None:
    assert address_text(("127.0.0.1", 80)) == "127.0.0.1:80"
    assert address_text(("::1", 80, 0, 0)) == "[::1]:80"
    assert address_text(None) == "-"


@pytest.mark.parametrize(
    ("target", "shown"),
    [
        ("/a?b=c", None),
        ("/a?b", None),
        ("/cookies", None),
        ("/bearer", None),
        ("/redirect-to?url=http://127.0.0.1:5/b?c&status=302", None),
        ("/a?token=x1&b=c", "/a?token=***&b=c"),
        ("/a?b=c&X-Amz-Signature=x1", "/a?b=c&X-Amz-Signature=***"),
        ("/a?%74oken=x1", "/a?%74oken=***"),
        ("/a?access_token=x1;api_key=x1#auth=x1", "/a?access_token=***;api_key=***#auth=***"),
        ("/redirect-to?url=http%3A//h/%3Ftoken%3Dx1", "/redirect-to?url=***"),
        ("/redirect-to?url=http://u:x1@h/", "/redirect-to?url=***"),
        ("/redirect-to?url=/cookies/set%3Fa=x1", "/redirect-to?url=***"),
        ("/cookies/set?a=x1&b=x1", "/cookies/set?a=***&b=***"),
        ("/basic-auth/u/x1", "/basic-auth/u/***"),
        ("/basic-auth/u", None),
        ("/digest%2Dauth/u/x1/MD5?q", "/digest%2Dauth/u/***/MD5?q"),
        ("/-/add?path=/x&header=Set-Cookie:x1", "/-/add?path=/x&header=***"),
        ("*", None),
    ],
)
def test_no_secret_is_logged(target: str, shown: str | None) -> None:
    file = io.StringIO()
    write(RequestLog("LOCAL", file, lambda: NOW), target)
    assert file.getvalue() == f"{START} {shown or target} 200 5 0.012\n"


def test_a_hostile_target_takes_no_time() -> None:
    for part in ("?a=", "?", "=", "&%3d", "/basic-auth"):
        began = monotonic()
        write(RequestLog("LOCAL", io.StringIO()), "/" + part * 20_000)
        assert monotonic() - began < 5


def test_credentials_in_header_fields_are_not_logged(tmp_path: Path) -> None:
    log = io.StringIO()
    with running(flags(tmp_path), log=log) as server:
        for name in ("Authorization", "Cookie", "Proxy_Authorization"):
            server.ask("/headers", **{name: "Basic hunter2"})
    assert len(requests(log.getvalue())) == 3
    assert "hunter2" not in log.getvalue()


def test_a_log_that_cannot_be_written_ends() -> None:
    class Full(io.StringIO):
        def flush(self) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

    full = Full()
    log = RequestLog("LOCAL", full, lambda: NOW)
    for _ in range(2):
        write(log, "/")
    assert full.getvalue() == f"{START} / 200 5 0.012\n", "not tried again"
    write(RequestLog("LOCAL", None), "/")


def test_serve_logs_to_standard_error_if_asked_to() -> None:
    for words, logged in ([], []), (["-v"], ["GET /bytes/5/x 200 5"]):
        with Program("local", "--port", "0", *words) as program:
            ((_, address),) = program.ready()
            with Client(port_of(address)) as client:
                client.ask("/bytes/5/x")
            code, errors = program.end(signal.SIGTERM)
            assert (code, requests(errors)) == (0, logged)
