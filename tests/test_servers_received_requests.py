"""The requests that a private server keeps: as they were sent, and only the last ones."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from shutil import which

import httpx
import pytest

from getflags.testing.flag_server import StartFlagServer
from servers.http.recording_parser import LONGEST_RECORDED_BODY
from servers.http.responses import Request
from servers.state.received_requests import MOST_BYTES, MOST_REQUESTS, ReceivedRequests
from tests.servers_kit import Running, flags, running

GIF = "/flags/br/br.gif"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    """Run a server that keeps requests."""
    with running(flags(tmp_path), keep_requests=True) as found:
        yield found


def kept(server: Running) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(server.ask("/-/requests").body)["requests"]
    return found


def test_fields_have_the_order_and_the_case_in_which_they_were_sent(server: Running) -> None:
    with server.client() as client:
        client.send(
            f"GET {GIF} HTTP/1.1\r\nX-b: 1\r\nHOST: x\r\nx-B:  2 \r\nRange: bytes=0-0\r\n".encode()
            + b"Cookie: a=\xe9\r\n\r\n"
        )
        assert client.receive().status == 206
    fields = [["X-b", "1"], ["HOST", "x"], ["x-B", "2"], ["Range", "bytes=0-0"], ["Cookie", "a=é"]]
    assert kept(server) == [{"method": "GET", "target": GIF, "headers": fields, "body": ""}]


def test_pieces_and_trailers_make_no_difference(server: Running) -> None:
    data = (
        b"POST /x?y HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"3\r\na\0b\r\n2\r\ncd\r\n0\r\nTrailer: x\r\n\r\n"
    )
    with server.client() as client:
        for number in range(len(data)):
            client.send(data[number : number + 1])
        client.receive()
        client.send(data)
        client.receive()
    first, second = kept(server)
    assert first == second
    assert first["headers"] == [["Host", "x"], ["Transfer-Encoding", "chunked"]]
    assert first["body"] == "a\0bcd"


def test_only_the_beginning_of_a_body_is_kept(server: Running) -> None:
    size = LONGEST_RECORDED_BODY
    with server.client() as client:
        client.send(f"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: {size + 9}\r\n\r\n".encode())
        client.send(b"x" * (size + 9))
        client.receive()
        client.ask(GIF)
    assert [each["body"] for each in kept(server)] == ["x" * size, ""]


def test_only_requests_that_the_ledger_counts_are_kept(server: Running) -> None:
    with server.client() as client:
        for target in ("/", "/-/ledger", GIF):
            client.ask(target)
        client.send(b"NONSENSE\r\n\r\n")
        client.receive()
    with server.client() as client:
        client.send(b"GET /no-host HTTP/1.1\r\n\r\n")
        assert client.receive().status == 400
    assert [each["target"] for each in kept(server)] == [GIF]
    server.ask("/-/reset", "POST", content_length="0")
    assert kept(server) == []


def test_what_is_added_whole_is_not_cut(server: Running) -> None:
    body = b"x" * 200_000
    with server.client() as client:
        head = f"POST /-/add?path=/x&status=200 HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}"
        client.send(f"{head}\r\n\r\n".encode() + body)
        assert client.receive().status == 200
        assert client.ask("/x").body == body


def test_the_oldest_requests_are_dropped() -> None:
    many, large = ReceivedRequests(), ReceivedRequests()
    for number in range(MOST_REQUESTS + 5):
        many.add(Request("GET", f"/{number}", {}))
    found = json.loads(json.dumps(many.as_dict()))["requests"]
    assert [each["target"] for each in found] == [f"/{n}" for n in range(5, MOST_REQUESTS + 5)]
    for number in range(100):
        large.add(
            Request("GET", f"/{number}", {}, body=b"x" * 60_000, received=(("a", "b" * 60_000),))
        )
    found = json.loads(json.dumps(large.as_dict()))["requests"]
    assert found[-1]["target"] == "/99"
    assert MOST_BYTES - 120_010 < sum(120_006 for _ in found) <= MOST_BYTES


def test_a_server_that_others_may_use_keeps_nothing(tmp_path: Path) -> None:
    with running(flags(tmp_path)) as server:
        server.ask(GIF)
        assert server.ask("/-/requests").status == 404


def test_the_fixture_shows_the_requests_of_two_foreign_clients(
    flag_server: StartFlagServer,
) -> None:
    server = flag_server()
    url = server.add("/api", "{}", status=201)
    httpx.post(url + "?token=t0ps3cret", json={"a": 1}, headers={"X-A": "1"}, trust_env=False)
    if which("curl") is None:
        pytest.skip("curl is not installed")
    words = ["curl", "-q", "-sS", "--noproxy", "*", "-u", "jo:hunter2", "-d", "a=1", "-H", "x-a: 2"]
    subprocess.run([*words, "-H", "X-a: 3", url], check=True, capture_output=True)
    first, second = server.requests()
    assert (first.method, first.target, first.body) == ("POST", "/api?token=t0ps3cret", b'{"a":1}')
    assert ("X-A", "1") in first.headers
    assert (first.header("content-type"), first.header("none")) == ("application/json", None)
    assert (second.body, second.header("X-A")) == (b"a=1", "2, 3")
    assert [name for name, _ in second.headers][:3] == ["Host", "Authorization", "User-Agent"]
    assert second.header("authorization") == "Basic am86aHVudGVyMg=="
    shown = repr((first, second))
    assert "<ReceivedRequest POST /api?token=***: " in shown
    assert not any(each in shown for each in ("t0ps3cret", "am86", "a=1"))
    server.reset()
    assert server.requests() == ()
