"""Connections over real sockets, with both event loops."""

import asyncio
import errno
import json
import os
import resource
import socket
import struct
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

import pytest

from servers.app.connection import LONGEST_QUEUE, HttpProtocol, Service
from servers.content.folder import Folder
from servers.content.generated import Pattern
from servers.content.resources import Contents, Files, Flags
from servers.faults.draws import Behaviour, decide
from servers.http.representation import Representation
from servers.http.responses import Request, Response
from servers.state.server_state import ServerState
from tests.servers_kit import Factory, Running, flags, gif, request, running, until

GIF = "/flags/br/br.gif"
HOUR = Behaviour(delay=(3600.0, 3600.0))


@pytest.fixture
def served(tmp_path: Path) -> Flags:
    """Return a few flags as content."""
    return flags(tmp_path)


@pytest.fixture
def local(served: Contents, factory: Factory | None) -> Iterator[Running]:
    """Run a server without faults."""
    with running(served, factory=factory) as server:
        yield server


def test_a_connection_serves_many(local: Running) -> None:
    with local.client() as client:
        for _ in range(3):
            answer = client.ask(GIF)
            assert (answer.status, answer.body) == (200, gif("br"))
            assert answer.fields["server"] == "getflags-servers"
            assert answer.fields["date"].endswith(" GMT")
            assert "connection" not in answer.fields
        assert client.ask("/flags/zz/zz.gif").status == 404
        assert client.ask(GIF, "POST").status == 405
        assert client.ask(GIF, if_none_match=answer.fields["etag"]).status == 304
        assert client.ask(GIF, range="bytes=-2").body == b"br"
    counts = local.counts()
    assert counts["responses"] == {"200": 3, "206": 1, "304": 1, "404": 1, "405": 1}
    assert counts["attempts"] == {GIF: 6, "/flags/zz/zz.gif": 1}
    assert (counts["in_flight"], counts["peak_in_flight"]) == (0, 1)


@pytest.mark.parametrize(
    "target",
    [GIF, "/flags/br/metadata.json", "/", "/bytes/7/x", "/bytes/9999999/x", "/-/about", "/none"],
)
def test_head_on_everything(local: Running, target: str) -> None:
    with local.client() as client:
        get, head = client.ask(target), client.ask(target, "HEAD")
        assert head.status == get.status
        varying = {"date"}
        assert {k: v for k, v in head.fields.items() if k not in varying} == {
            k: v for k, v in get.fields.items() if k not in varying
        }
        assert int(head.fields["content-length"]) == len(get.body)


def test_the_closing_of_a_connection(local: Running) -> None:
    with local.client() as client:
        answer = client.ask(GIF, connection="close")
        assert answer.fields["connection"] == "close"
        assert answer.body == gif("br")
        client.send(request(GIF))  # data after the end must not cause a reset
        assert client.at_end()
    with local.client() as client:
        client.send(b"GET / HTTP/1.0\r\n\r\n")
        assert client.receive().status == 200
        assert client.at_end()
    until(lambda: not local.service.connections)


def test_who_does_not_close_is_closed(local: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("servers.app.connection.LINGER", 0.01)
    with local.client() as client:
        client.ask(GIF, connection="close")
        until(lambda: not local.service.connections)


def test_pipelined_requests_are_answered_in_order(
    served: Contents, factory: Factory | None
) -> None:
    slow = Behaviour(delay=(0.0, 0.01))
    paths = [f"/bytes/{size}/x" for size in (5, 300_000, 0, 70_000, 1)] * 3
    with running(served, slow, factory=factory) as server, server.client() as client:
        client.send(b"".join(map(request, paths)))
        for path in paths:
            size = int(path.split("/")[2])
            assert client.receive().body == Pattern("x", size).read(0, size)
        assert server.counts()["peak_in_flight"] == 1


def test_many_pipelined_bodies_of_one_piece(local: Running) -> None:
    """On a transport that accepts everything immediately, the calls must not recurse."""
    count, size = 2000, 65_536
    with local.client() as client, ThreadPoolExecutor(1) as pool:
        sent = pool.submit(client.send, request(f"/bytes/{size}/x", range="bytes=0-9") * count)
        bodies = {client.receive().body for _ in range(count)}
        sent.result()
    assert bodies == {Pattern("x", size).read(0, 10)}


def test_a_client_that_sends_and_does_not_read(local: Running) -> None:
    """Neither responses nor requests may accumulate, and none may get lost."""
    count = 5000
    with local.client() as client, ThreadPoolExecutor(1) as pool:
        sent = pool.submit(client.send, request(GIF) * count)
        until(lambda: bool(local.service.connections))
        (connection,) = local.connections
        until(lambda: connection._reading_paused)
        assert connection._transport.get_write_buffer_size() < 2**20
        assert local.counts()["requests"] != count
        for _ in range(count):
            assert client.receive().body == gif("br")
        sent.result()
    assert local.counts()["requests"] == count
    assert count > LONGEST_QUEUE


def test_a_request_in_pieces_with_a_body(local: Running) -> None:
    data = request("/-/reset?seed=3", "POST", content_length="5") + b"abcde" + request(GIF)
    with local.client() as client:
        for at in range(len(data)):
            client.send(data[at : at + 1])
        assert json.loads(client.receive().body)["seed"] == 3
        assert client.receive().body == gif("br")


def test_permission_to_send_a_body(local: Running) -> None:
    with local.client() as client:
        client.send(request(GIF, "POST", expect="100-continue", content_length="3"))
        assert client.receive().status == 100
        client.send(b"abc")
        assert client.receive().status == 405


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"BREW / HTTP/1.1\r\nHost: x\r\n\r\n", 501),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 200_000, 431),
    ],
)
def test_what_is_no_request(local: Running, data: bytes, status: int) -> None:
    with local.client() as client:
        client.send(request(GIF))
        assert client.receive().status == 200
        client.send(data)
        answer = client.receive()
        assert (answer.status, answer.fields["connection"]) == (status, "close")
        assert client.at_end()
    assert local.counts()["responses"] == {"200": 1}


def test_refused_methods_of_no_resource(local: Running) -> None:
    with local.client() as client:
        answer = client.ask("*", "OPTIONS")
        assert (answer.status, answer.fields["allow"]) == (405, "GET, HEAD")


def ask_all(server: Running, paths: list[str], workers: int) -> dict[str, int]:
    """Request `paths` over a number of simultaneous connections; return the statuses."""
    with ThreadPoolExecutor(workers) as pool:
        return dict(zip(paths, pool.map(lambda path: server.ask(path).status, paths), strict=True))


def test_faults_do_not_depend_on_order_or_concurrency(served: Contents) -> None:
    behaviour = Behaviour(delay=(0.0, 0.02), error_rate=0.25)
    paths = [f"/bytes/10/{number}" for number in range(60)]
    expected = {path: decide(behaviour, 7, path, 1).status or 200 for path in paths}
    assert 418 in expected.values()
    with running(served, behaviour) as server:
        assert ask_all(server, paths, 1) == expected
        about = server.ask("/-/reset", "POST")
        assert about.status == 200
        assert ask_all(server, paths[::-1], 20) == expected
        assert server.ask("/-/reset?seed=8", "POST").status == 200
        assert ask_all(server, paths, 20) != expected


def test_an_error_has_a_body_except_for_head(served: Contents) -> None:
    with running(served, Behaviour(error_rate=1.0)) as server, server.client() as client:
        assert client.ask(GIF).body == b"418 I'm a Teapot\n"
        assert client.ask(GIF, "HEAD").body == b""
        assert client.ask("/").status == 200
        assert server.counts()["bytes"] == 17


def test_what_is_in_flight(served: Contents, factory: Factory | None) -> None:
    """All waiting requests are in flight until their clients disconnect."""
    with running(served, HOUR, factory=factory) as server:
        clients = [server.client() for _ in range(10)]
        for client in clients:
            client.send(request(GIF))
        until(lambda: server.counts()["in_flight"] == 10)
        ledger = json.loads(server.ask("/-/ledger").body)
        assert (ledger["in_flight"], ledger["peak_in_flight"]) == (10, 10)
        assert (ledger["requests"], ledger["responses"], ledger["bytes"]) == (10, {}, 0)
        assert ledger["delay"] == [3600.0, 3600.0]
        for client in clients[:5]:
            client.close()
        until(lambda: server.counts()["in_flight"] == 5)
        for client in clients[5:]:  # a reset instead of an orderly close
            linger = struct.pack("ii", 1, 0)
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            client.close()
        until(lambda: server.counts()["in_flight"] == 0)
        assert server.counts()["peak_in_flight"] == 10
        until(lambda: not server.service.connections)


def test_a_reset_while_requests_are_under_way(served: Contents) -> None:
    with running(served, HOUR) as server, server.client() as client:
        client.send(request(GIF))
        until(lambda: server.counts()["in_flight"] == 1)
        assert server.ask("/-/reset", "POST").status == 200
        assert server.counts()["in_flight"] == 0
        client.close()
        until(lambda: not server.service.connections)
        assert server.counts()["in_flight"] == 0


def test_requests_that_wait_for_their_turn_are_dropped_with_their_client(
    served: Contents,
) -> None:
    with running(served, HOUR) as server:
        with server.client() as client:
            client.send(request(GIF) * 3)
            until(lambda: server.counts()["in_flight"] == 1)
        until(lambda: server.counts()["in_flight"] == 0)
        assert server.counts()["requests"] == 1


def test_bodies_larger_than_memory(local: Running) -> None:
    size = 3 * 2**30
    pattern = Pattern("x", size)
    with local.client() as client:
        answer = client.ask(f"/bytes/{size}/x", range=f"bytes={size - 5}-")
        assert (answer.status, answer.body) == (206, pattern.read(size - 5, 5))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # KiB
        client.send(request(f"/bytes/{size}/x", range=f"bytes={2**30}-"))
        piece = client.socket.recv(2**20)
        assert b"206 Partial" in piece
        received = len(piece)
        while received < 2**27:
            received += len(client.socket.recv(2**20))
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 2**15
    until(lambda: local.counts()["in_flight"] == 0)
    sent = local.counts()["bytes"]
    assert isinstance(sent, int)
    assert sent < 2**28


class Trap(Contents):
    """A large file that runs a callback, once it is set, when it is read."""

    ready: ClassVar[Mapping[str, Response]] = {}

    def __init__(self) -> None:
        self.springs: Callable[[], object] = object

    def find(self, path: str) -> Representation:
        del path
        return Representation(self, 2**30, "image/gif", '"x"', 0)

    def page(self, label: str, path: str) -> None: ...

    def endpoint(self, request: Request, attempt: int) -> None: ...

    def read(self, offset: int, size: int) -> bytes:
        del offset
        self.springs()
        return bytes(size)

    def close(self) -> None: ...


def test_a_client_may_go_just_when_sending_goes_on(factory: Factory | None) -> None:
    """The next write then fails immediately, inside the transport's own write."""
    trap = Trap()
    with running(trap, factory=factory) as server, server.client() as client:
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.send(request("/large"))
        until(lambda: any(each._writing_paused for each in server.connections))
        trap.springs = client.close
        while client.socket.fileno() >= 0:
            with suppress(OSError):  # the file is not there yet, or just closed
                client.socket.recv(2**20, socket.MSG_DONTWAIT)
        until(lambda: not server.service.connections)


def descriptors() -> int:
    """Return how many files this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.fixture
def file(tmp_path: Path, factory: Factory | None) -> Path:
    """Return the path of a file of 3 MB."""
    with running(Files(Folder(tmp_path)), factory=factory):
        pass  # uvloop's first event loop opens a descriptor that stays open
    path = tmp_path / "a b.bin"
    path.write_bytes(Pattern("x", 3_000_000).read(0, 3_000_000))
    return path


def test_a_file_from_disk(file: Path, factory: Factory | None) -> None:
    before = descriptors()
    with running(Files(Folder(file.parent)), factory=factory) as server:
        answer = server.ask("/a%20b.bin")
        assert answer.body == file.read_bytes()
        with server.client() as client:
            part = client.ask("/a%20b.bin", range="bytes=1000000-", if_range=answer.fields["etag"])
            assert (part.status, part.body) == (206, answer.body[1_000_000:])
            assert client.ask("/a%20b.bin", "HEAD").fields["content-length"] == "3000000"
            assert client.ask("/../secret").status == 404
            assert b"a%20b.bin" in client.ask("/").body
        assert server.counts()["bytes"] == 5_000_000 + len("404 Not Found\n")
        assert server.counts()["in_flight"] == 0
    assert descriptors() == before


def test_a_file_whose_client_leaves_is_closed(file: Path, factory: Factory | None) -> None:
    before = descriptors()
    os.truncate(file, 2**30)
    with running(Files(Folder(file.parent)), factory=factory) as server:
        with server.client() as client:
            client.send(request("/a%20b.bin"))
            assert client.socket.recv(100)
        until(lambda: server.counts()["in_flight"] == 0)
    assert descriptors() == before


def test_a_file_that_shrinks_ends_the_connection(file: Path, factory: Factory | None) -> None:
    os.truncate(file, 2**30)
    with running(Files(Folder(file.parent)), factory=factory) as server:
        with server.client() as client:
            client.send(request("/a%20b.bin"))
            assert client.socket.recv(100)
            os.truncate(file, 0)
            received = 0
            with suppress(ConnectionResetError):  # the system decides how the connection ends
                while piece := client.socket.recv(2**20):
                    received += len(piece)
            assert received < 2**30
        until(lambda: server.counts()["in_flight"] == 0)


class BrokenTransport:
    """A transport whose connection is broken, before `connection_lost` was called."""

    def __init__(self) -> None:
        self.parameter_values: list[bytes] = []
        self.closing = False

    def is_closing(self) -> bool:
        """Return whether the connection is broken."""
        return self.closing

    def write(self, data: bytes) -> None:
        """Record the data."""
        self.parameter_values.append(data)

    def abort(self) -> None:
        """Break the connection."""
        self.closing = True


def test_a_disk_that_breaks_ends_the_connection(
    served: Contents, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(Pattern, "read", broken)
    with running(served) as server:
        with server.client() as client:
            client.send(request("/bytes/100000/x"))
            with pytest.raises((ConnectionResetError, AssertionError)):
                client.receive()
        until(lambda: server.counts()["in_flight"] == 0)


@pytest.mark.parametrize("behaviour", [Behaviour(delay=(0.0, 0.001)), Behaviour()])
def test_nothing_is_sent_into_a_broken_connection(served: Contents, behaviour: Behaviour) -> None:
    """A timer may fire after the connection broke and before `connection_lost` is called."""

    async def story() -> None:
        service = Service(ServerState("TEST", behaviour, 7), served)
        protocol, transport = HttpProtocol(service), BrokenTransport()
        protocol.connection_made(transport)  # type: ignore[arg-type]
        protocol.data_received(request("/bytes/10000000/x"))
        transport.closing = True
        parameter_values = list(transport.parameter_values)
        await asyncio.sleep(0.01)
        protocol.pause_writing()
        protocol.resume_writing()
        assert transport.parameter_values == parameter_values
        assert service.state.about_and_counts()["in_flight"] == 1
        protocol.connection_lost(None)
        assert service.state.about_and_counts()["in_flight"] == 0

    asyncio.run(story())


def test_no_more_is_sent_than_asked_for_between_pauses(served: Contents) -> None:
    """The transport pauses the protocol while the next piece is already scheduled."""

    async def story() -> None:
        service = Service(ServerState("TEST", Behaviour(), 7), served)
        protocol, transport = HttpProtocol(service), BrokenTransport()
        protocol.connection_made(transport)  # type: ignore[arg-type]
        protocol.data_received(request("/bytes/10000000/x"))
        protocol.pause_writing()
        parameter_values = len(transport.parameter_values)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert len(transport.parameter_values) == parameter_values
        protocol.resume_writing()
        protocol.resume_writing()  # schedules the next piece; twice would be out of order
        await asyncio.sleep(0)
        assert len(transport.parameter_values) == parameter_values + 1
        protocol.abort()
        protocol.connection_lost(None)

    asyncio.run(story())
