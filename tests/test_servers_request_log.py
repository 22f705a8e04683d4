"""The request log: one line per request, whatever happens to its response."""

from __future__ import annotations

import errno
import io
import signal
from pathlib import Path

import pytest

from servers.faults.draws import Behaviour
from servers.faults.rules import parse
from servers.state.request_log import RequestLog
from tests.servers_kit import Client, Program, flags, gif, port_of, request, running, until

GIF = "/flags/br/br.gif"
SIZE = len(gif("br"))


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
    assert log.getvalue().splitlines() == [
        f"TEST GET {GIF} 200 {SIZE}",
        f"TEST HEAD {GIF} 200 0",
        "TEST GET /bytes/300000/x?y 200 300000",
        "TEST GET /none 404 14",
        f"TEST GET /-/ledger 200 {ledger}",
        "TEST - - 400 16",
    ]


@pytest.mark.parametrize(
    ("rule", "line"),
    [
        ("truncate:after=1000", f"TEST GET {GIF} 200 1000"),
        ("reset:after=1000", f"TEST GET {GIF} 200 1000"),
        ("garbage:size=50", f"TEST GET {GIF} - 50"),
        ("busy", f"TEST GET {GIF} 429 22"),
    ],
)
def test_a_fault_shows_in_the_log(tmp_path: Path, rule: str, line: str) -> None:
    log = io.StringIO()
    behaviour = Behaviour(rules=(parse(rule),))
    with running(flags(tmp_path), behaviour, log=log) as server, server.client() as client:
        client.send(request(GIF))
        until(lambda: log.getvalue() == f"{line}\n")
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
    assert log.getvalue() == f"TEST GET {GIF} 200 1000\nTEST GET /x - 0\n"


def test_a_line_is_one_line_and_drives_no_terminal() -> None:
    file = io.StringIO()
    RequestLog("LOCAL", file).write("GET", "/\x1b[31m\n\u202e\udcff", 200, 5)
    assert file.getvalue() == "LOCAL GET /\\x1b[31m\\n\\u202e\\udcff 200 5\n"


def test_a_log_that_cannot_be_written_ends() -> None:
    class Full(io.StringIO):
        def flush(self) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

    full = Full()
    log = RequestLog("LOCAL", full)
    for _ in range(2):
        log.write("GET", "/", 200, 5)
    assert full.getvalue() == "LOCAL GET / 200 5\n", "not tried again"
    RequestLog("LOCAL", None).write("GET", "/", 200, 5)


def test_serve_logs_to_standard_error_if_asked_to() -> None:
    for words, errors in ([], ""), (["-v"], "LOCAL GET /bytes/5/x 200 5\n"):
        with Program("local", "--port", "0", *words) as program:
            ((_, address),) = program.ready()
            with Client(port_of(address)) as client:
                client.ask("/bytes/5/x")
            assert program.end(signal.SIGTERM) == (0, errors)
