"""Slow TLS: the delay before each handshake, as foreign clients see it, with both event loops."""

import asyncio
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from getflags.testing import local_server
from servers.app.slow_tls import SlowTlsServer
from servers.app.tls import Certificate
from servers.faults.draws import Behaviour
from servers.state.server_state import ServerState
from tests.servers_kit import PATIENCE, Client, Factory, Running, flags, running, until

DELAY = 0.4
HOUR = (3600.0, 3600.0)


@pytest.fixture
def server(tmp_path: Path, factory: Factory | None, certificate: Certificate) -> Iterator[Running]:
    """Run a server that takes DELAY for each handshake."""
    behaviour = Behaviour(tls_delay=(DELAY, DELAY))
    with running(flags(tmp_path), behaviour, factory=factory, tls=certificate.context) as found:
        yield found


def test_curl_reports_the_time_of_the_handshake(server: Running) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    words = ["curl", "-q", "-sSk", "--noproxy", "*", "-o", "/dev/null", "-w"]
    words += ["%{time_connect} %{time_appconnect} %{num_connects}\n", "-o", "/dev/null"]
    url = f"https://127.0.0.1:{server.port}/bytes/3/x"
    done = subprocess.run([*words, url, url], capture_output=True, check=True, timeout=PATIENCE)
    first, second = (line.split() for line in done.stdout.decode().splitlines())
    assert float(first[0]) < float(first[1])
    assert float(first[1]) >= DELAY * 0.9
    assert (first[2], second[2]) == ("1", "0"), "a connection has one handshake"


def by_httpx(server: Running, certificate: Certificate, connect: float) -> bytes:
    """Download three bytes with httpx."""
    trusting = ssl.create_default_context(cadata=certificate.authority)
    timeout = httpx.Timeout(PATIENCE, connect=connect)
    url = f"https://127.0.0.1:{server.port}/bytes/3/x"
    return httpx.get(url, trust_env=False, verify=trusting, timeout=timeout).content


def test_httpx_waits(server: Running, certificate: Certificate) -> None:
    assert len(by_httpx(server, certificate, PATIENCE)) == 3


def test_httpx_times_out(tmp_path: Path, factory: Factory | None, certificate: Certificate) -> None:
    behaviour = Behaviour(tls_delay=HOUR)
    with running(flags(tmp_path), behaviour, factory=factory, tls=certificate.context) as server:
        with pytest.raises(httpx.ConnectTimeout):
            by_httpx(server, certificate, 0.1)
        assert server.counts()["requests"] == 0


def test_a_connection_that_waits_holds_up_no_other(
    server: Running, certificate: Certificate
) -> None:
    trusting = ssl.create_default_context(cadata=certificate.authority)

    def ask(_: int) -> int:
        with Client(server.port, tls=trusting) as client:
            return client.ask("/bytes/3/x").status

    began = time.monotonic()
    with ThreadPoolExecutor(40) as pool:
        assert set(pool.map(ask, range(40))) == {200}
    assert (
        DELAY * 0.9 <= time.monotonic() - began < DELAY * 35
    )  # one after the other would take 40 times


def test_what_is_no_handshake_ends_only_its_connection(
    server: Running, certificate: Certificate
) -> None:
    with socket.create_connection(("127.0.0.1", server.port), PATIENCE) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\n\r\n")
        with Client(server.port, tls=ssl.create_default_context(cadata=certificate.authority)):
            while plain.recv(4096):
                pass


def test_a_server_that_ends_closes_the_connections_that_wait(
    tmp_path: Path, factory: Factory | None, certificate: Certificate
) -> None:
    behaviour = Behaviour(tls_delay=HOUR)
    with running(flags(tmp_path), behaviour, factory=factory, tls=certificate.context) as server:
        waiting = socket.create_connection(("127.0.0.1", server.port), PATIENCE)
        until(lambda: bool(server.service.state._handshakes))
    with waiting, suppress(ConnectionResetError):
        assert waiting.recv(1) == b""


@pytest.mark.skipif(sys.platform != "linux", reason="a way in which only Linux cannot accept")
def test_a_server_that_cannot_accept_tries_again(certificate: Certificate) -> None:
    async def scenario() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.shutdown(socket.SHUT_RD)
            server = SlowTlsServer(listener, asyncio.Protocol, certificate.context, lambda: 0, 1)
            for _ in range(3):
                await asyncio.sleep(0)
            assert server._retry is not None, "the first attempt has failed"
            listener.listen()
            trusting = ssl.create_default_context(cadata=certificate.authority)
            host, port = listener.getsockname()
            _, writer = await asyncio.open_connection(host, port, ssl=trusting)
            writer.close()
            server._accept()  # a client may be gone before it is accepted
            server.close()

    asyncio.run(asyncio.wait_for(scenario(), PATIENCE))


def test_the_delays_follow_from_the_seed() -> None:
    state = ServerState("LOCAL", Behaviour(tls_delay=(1, 3)), 7)
    first = [state.tls_delay() for _ in range(5)]
    assert all(1 <= each < 3 for each in first)
    assert len(set(first)) == 5
    state.reset()
    assert [state.tls_delay() for _ in range(5)] == first
    state.reset(8)
    assert state.tls_delay() != first[0]
    assert state.about()["tls_delay"] == (1, 3)


def test_the_option_outside_of_pytest() -> None:
    with local_server(tls=True, tls_delay=(0.2, 0.3)) as server:
        began = time.monotonic()
        assert server.ledger().requests == 0
        assert time.monotonic() - began >= 0.19
