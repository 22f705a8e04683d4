"""Limits on connections: how many a client may have, and how many requests each of them serves."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from servers.faults.draws import Behaviour
from tests.servers_kit import Factory, Program, Running, flags, port_of, request, running, until

ONE = Behaviour(max_connections_per_client=1)


@pytest.fixture
def two_each(tmp_path: Path, factory: Factory | None) -> Iterator[Running]:
    """Run a server whose clients may have two connections."""
    behaviour = Behaviour(max_connections_per_client=2)
    with running(flags(tmp_path), behaviour, factory=factory) as server:
        yield server


def test_further_connections_are_closed_without_a_response(two_each: Running) -> None:
    with two_each.client() as one, two_each.client() as two:
        assert one.ask("/bytes/1/x").status == two.ask("/bytes/1/x").status == 200
        for _ in range(3):
            with two_each.client() as three:
                assert three.rest()[0] == b""
        assert one.ask("/bytes/1/x").status == two.ask("/bytes/1/x").status == 200
    assert two_each.counts()["requests"] == 4
    assert json.loads(two_each.ask("/-/about").body)["max_connections_per_client"] == 2


def test_a_connection_that_was_closed_does_not_count(
    tmp_path: Path, factory: Factory | None
) -> None:
    with running(flags(tmp_path), ONE, factory=factory) as server:
        for _ in range(200):
            with server.client() as client:
                assert client.ask("/bytes/1/x").status == 200
        with server.client() as client:
            client.send(b"GET /bytes/1/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            client.rest()
        assert server.ask("/bytes/1/x").status == 200
        with server.client() as client:  # it disconnects within a response
            client.send(request("/bytes/1G/x"))
            client.socket.recv(1)
        until(lambda: not server.connections)
        assert server.ask("/bytes/1/x").status == 200


def test_a_client_that_is_gone_at_once_does_not_count(two_each: Running) -> None:
    def served() -> bool:
        with two_each.client() as client:
            client.send(b"GET /bytes/1/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            return client.rest()[0].startswith(b"HTTP/1.1 200 ")

    for _ in range(50):
        two_each.client().close()
    until(served)  # the server may accept several connections before it notices that one is closed
    until(lambda: not two_each.connections)
    with two_each.client() as one, two_each.client() as two:
        assert one.ask("/bytes/1/x").status == two.ask("/bytes/1/x").status == 200


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has 127.0.0.2 without set-up")
def test_clients_are_counted_by_their_address(tmp_path: Path) -> None:
    with running(flags(tmp_path), ONE) as server:
        url = f"http://127.0.0.1:{server.port}/bytes/3/x"
        other = httpx.HTTPTransport(local_address="127.0.0.2")
        with server.client() as client:
            assert client.ask("/bytes/1/x").status == 200
            with httpx.Client(trust_env=False, timeout=20) as same, pytest.raises(httpx.HTTPError):
                same.get(url)
            with httpx.Client(transport=other, timeout=20) as another:
                assert len(another.get(url).content) == 3


def got_by_httpx(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False, timeout=20).is_success
    except httpx.HTTPError:
        return False


def got_by_curl(url: str) -> bool:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    words = ["curl", "-q", "-sS", "--noproxy", "*", "--max-time", "20", "-o", "/dev/null", url]
    done = subprocess.run(words, capture_output=True, check=False)
    assert done.returncode in {0, 52, 56}, "complete, an empty reply, or a reset"
    return done.returncode == 0


@pytest.mark.parametrize("got", [got_by_httpx, got_by_curl])
def test_a_foreign_client_gets_nothing_beyond_the_limit(
    tmp_path: Path, got: Callable[[str], bool]
) -> None:
    with running(flags(tmp_path), ONE) as server:
        url = f"http://127.0.0.1:{server.port}/bytes/3/x"
        with server.client() as client:
            assert client.ask("/bytes/1/x").status == 200
            assert not got(url)
            assert server.counts()["requests"] == 1
        until(lambda: not server.connections)
        assert got(url)


def test_a_connection_is_closed_after_its_last_response(
    tmp_path: Path, factory: Factory | None
) -> None:
    behaviour = Behaviour(requests_per_connection=2)
    with running(flags(tmp_path), behaviour, factory=factory) as server:
        with server.client() as client:
            first, second = client.ask("/bytes/1/x"), client.ask("/status/404")
            assert "connection" not in first.fields
            assert second.fields["connection"] == "close"
            assert client.at_end()
        with server.client() as client:
            client.send(request("/bytes/1/x") * 5)  # pipelined
            assert client.rest()[0].count(b"HTTP/1.1 200 OK") == 2
        assert json.loads(server.ask("/-/about").body)["requests_per_connection"] == 2
        assert server.counts()["requests"] == 4


def test_foreign_clients_connect_again(tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    with running(flags(tmp_path), Behaviour(requests_per_connection=2)) as server:
        url = f"http://127.0.0.1:{server.port}/bytes/3/x"
        with httpx.Client(trust_env=False, timeout=20) as client:
            assert [client.get(url).content for _ in range(5)] == [client.get(url).content] * 5
        words = ["curl", "-q", "-sS", "--noproxy", "*", "-w", "%{num_connects}", "-o", "/dev/null"]
        done = subprocess.run(
            [*words, *[url, "-o", "/dev/null"] * 4, url], capture_output=True, check=True
        )
        assert done.stdout == b"10101"


def test_the_options_and_the_description_of_the_server() -> None:
    words = ["--max-connections-per-client", "3", "--requests-per-connection", "1"]
    with Program("LOCAL", "--port", "0", *words) as program:
        root = f"http://127.0.0.1:{port_of(program.ready()[0][1])}"
        answer = httpx.get(f"{root}/-/about", trust_env=False, timeout=20)
        found = json.loads(answer.content)
        assert found["max_connections_per_client"] == 3
        assert found["requests_per_connection"] == 1
        assert answer.headers["connection"] == "close"


@pytest.mark.parametrize("option", ["--max-connections-per-client", "--requests-per-connection"])
def test_a_bad_limit_is_a_sentence(option: str) -> None:
    with Program("LOCAL", "--port", "0", option, "0") as program:
        code, errors = program.wait()
    assert code == 2
    assert errors.endswith(f"{option}: '0' is not a count: use a whole number, at least 1\n")
