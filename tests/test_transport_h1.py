"""The h1 transport: connections made, kept, given up and woken; proxies and tunnels."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import Self

import pytest
import trustme

from getflags import transport
from getflags.core import resource_limits
from getflags.core.errors import (
    Aborted,
    Disconnected,
    Malformed,
    Refused,
    TimedOut,
    Unreachable,
    Untrusted,
    UsageError,
)
from getflags.core.models import Fields, Network
from getflags.core.response_head import Head
from getflags.transport import client, dns, tls
from getflags.transport.h1 import async_transport, sync_transport
from getflags.transport.h1.async_connection import Connection
from getflags.transport.h1.open_sockets import OpenSockets
from getflags.transport.h1.plain_stream import PlainStream
from getflags.transport.h1.response_reader import ResponseReader
from getflags.transport.h1.route import interleaved, route
from getflags.transport.h1.sync_connection import SyncConnection
from tests.messages import NO_CONNECTION, NOTHING_CAME
from tests.rawserver import RawServer, ok, reset, silence

h1 = client("h1")
KEPT = ok(b"fine").replace(b"Connection: close", b"X: y")


class Sync:
    """A synchronous transport, with the outcome of its requests as values."""

    def __init__(self, network: Network = Network()) -> None:  # noqa: B008 - immutable
        self.transport = h1.open_transport(network)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.transport.close()

    def get(
        self,
        url: str,
        *,
        headers: Fields = (),
        wanted: bool = True,
        within: float | None = None,
        pieces: list[bytes] | None = None,
    ) -> tuple[Head, bytes]:
        heads: list[Head] = []
        pieces = [] if pieces is None else pieces

        def on_head(head: Head) -> bool:
            heads.append(head)
            return wanted

        self.transport.get(url, headers, on_head, lambda piece: pieces.append(bytes(piece)), within)
        return heads[0], b"".join(pieces)


class Asyncio:
    """The same for an asyncio transport."""

    def __init__(self, network: Network = Network()) -> None:  # noqa: B008 - immutable
        self._runner = asyncio.Runner()
        self.transport = h1.open_async_transport(network)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._runner:
            self._runner.run(self.transport.close())

    def get(
        self,
        url: str,
        *,
        headers: Fields = (),
        wanted: bool = True,
        within: float | None = None,
    ) -> tuple[Head, bytes]:
        heads: list[Head] = []
        pieces: list[bytes] = []

        def on_head(head: Head) -> bool:
            heads.append(head)
            return wanted

        async def on_body(piece: bytes) -> None:
            pieces.append(piece)

        self._runner.run(self.transport.get(url, headers, on_head, on_body, within))
        return heads[0], b"".join(pieces)


Make = type[Sync] | type[Asyncio]
both = pytest.mark.parametrize("make", [Sync, Asyncio])


def keeping(
    *answers: bytes, connections: list[int] | None = None
) -> Callable[[socket.socket, RawServer], None]:
    """Answer several requests on one connection."""

    def answer(connection: socket.socket, _: RawServer) -> None:
        if connections is not None:
            connections.append(connection.fileno())
        for number, each in enumerate(answers):
            if number and not connection.recv(65536):
                return
            connection.sendall(each)
        connection.recv(65536)

    return answer


@both
def test_a_connection_serves_several_requests(make: Make) -> None:
    used: list[int] = []
    with RawServer({"/f": keeping(KEPT, KEPT, KEPT, connections=used)}) as server, make() as one:
        for _ in range(3):
            head, body = one.get(server.url("/f"))
            assert (head.status, body) == (200, b"fine")
    assert len(used) == 1


@both
@pytest.mark.parametrize(
    "answer",
    [
        ok(b"fine"),
        KEPT + b"HTTP/1.1 200 OK\r\n",
        KEPT.replace(b"1.1", b"1.0"),
        KEPT.replace(b"Content-Length: 4", b"Transfer-Encoding: chunked\r\nContent-Length: 4")
        .replace(b"fine", b"4\r\nfine\r\n0\r\n\r\n"),
    ],
    ids=["close", "goes on", "HTTP/1.0", "chunks and a length"],
)  # fmt: skip
def test_a_connection_in_doubt_is_not_used_again(make: Make, answer: bytes) -> None:
    used: list[int] = []
    with RawServer({"/f": keeping(answer, connections=used)}) as server, make() as one:
        for _ in range(2):
            assert one.get(server.url("/f"))[1] == b"fine"
    assert len(used) == 2


@both
def test_what_comes_between_two_requests_is_no_response(make: Make) -> None:
    forged, used = threading.Event(), list[int]()

    def answer(connection: socket.socket, server: RawServer) -> None:
        used.append(1)
        connection.sendall(KEPT)
        if len(used) == 1:
            connection.sendall(KEPT.replace(b"fine", b"evil"))
            forged.set()
        server.over.wait(30)

    with RawServer({"/f": answer}) as server, make() as one:
        assert one.get(server.url("/f"))[1] == b"fine"
        assert forged.wait(9)
        assert one.get(server.url("/f"))[1] == b"fine"
        assert len(used) == 2


@both
def test_a_server_that_has_closed_the_connection_gets_a_new_one(make: Make) -> None:
    closed = threading.Event()

    def answer(connection: socket.socket, _: RawServer) -> None:
        connection.sendall(KEPT)
        connection.shutdown(socket.SHUT_RDWR)
        closed.set()

    with RawServer({"/f": answer}) as server, make() as one:
        one.get(server.url("/f"))
        assert closed.wait(9)
        assert one.get(server.url("/f"))[1] == b"fine"


@both
def test_a_kept_connection_that_breaks_says_so(make: Make) -> None:
    def keep_then_reset(connection: socket.socket, server: RawServer) -> None:
        connection.sendall(KEPT)
        connection.recv(65536)
        reset(connection, server)

    with RawServer({"/f": keep_then_reset, "/r": reset}) as server, make() as one:
        one.get(server.url("/f"))
        with pytest.raises(Disconnected) as raised:
            one.get(server.url("/f"))
        assert raised.value.stale
        with pytest.raises(Disconnected) as raised:
            one.get(server.url("/r"))
        assert not raised.value.stale


@both
def test_a_short_body_that_is_not_wanted_is_read(make: Make) -> None:
    used: list[int] = []
    with RawServer({"/f": keeping(KEPT, KEPT, connections=used)}) as server, make() as one:
        for _ in range(2):
            assert one.get(server.url("/f"), wanted=False)[1] == b""
    assert len(used) == 1


@both
@pytest.mark.parametrize(
    "head", [b"Content-Length: 99999999", b"Transfer-Encoding: chunked", b"X: y"]
)
def test_a_long_body_that_is_not_wanted_is_not_read(make: Make, head: bytes) -> None:
    def answer(connection: socket.socket, server: RawServer) -> None:
        connection.sendall(b"HTTP/1.1 404 No\r\n" + head + b"\r\n\r\n")
        server.over.wait(30)

    with RawServer({"/f": answer}) as server, make() as one:
        start = monotonic()
        assert one.get(server.url("/f"), wanted=False)[0].status == 404
        assert monotonic() - start < 2


@both
@pytest.mark.parametrize("rest", [b"", b"1"])
def test_a_short_body_that_does_not_come_is_not_waited_for(make: Make, rest: bytes) -> None:
    def answer(connection: socket.socket, server: RawServer) -> None:
        connection.sendall(b"HTTP/1.1 404 No\r\nContent-Length: 9\r\n\r\n")
        with suppress(OSError):
            while rest and not server.over.wait(0.03):
                connection.sendall(rest)
        server.over.wait(30)

    with RawServer({"/f": answer}) as server, make() as one:
        start = monotonic()
        assert one.get(server.url("/f"), wanted=False)[0].status == 404
        assert monotonic() - start < 2


@both
def test_the_fields_are_sent_as_they_are(make: Make) -> None:
    with RawServer({"/f?a=%2f": ok(b"x")}) as server, make() as one:
        one.get(server.url("/f?a=%2f"), headers=(("A", "\xe9"), ("b", "")))
        one.get(server.url("/g"), headers=(("HOST", "me"),))
    first = f"GET /f?a=%2f HTTP/1.1\r\nhost: 127.0.0.1:{server.port}\r\nA: \xe9\r\nb: \r\n\r\n"
    assert server.heads[0] == first.encode("latin-1")
    assert server.heads[1] == b"GET /g HTTP/1.1\r\nHOST: me\r\n\r\n"


@both
@pytest.mark.parametrize(
    "field", [("Content-Length", "0"), ("a b", "c"), ("a", "b\nc"), ("a", "\u0100")]
)
def test_a_field_that_cannot_be_sent_is_a_fault(make: Make, field: tuple[str, str]) -> None:
    with make() as one, pytest.raises(Malformed, match="the request cannot be sent"):
        one.get("http://127.0.0.1:1/", headers=(field,))


@both
def test_silence_ends_in_time(make: Make) -> None:
    with RawServer({"/f": silence}) as server, make(Network(timeout=0.2)) as one:
        with pytest.raises(TimedOut, match=f"{NOTHING_CAME} 0.2 s"):
            one.get(server.url("/f"))
        with pytest.raises(TimedOut, match=f"{NOTHING_CAME} 0.2 s"):
            one.get(server.url("/f"), within=30)


@both
def test_a_bug_in_a_callback_is_raised_as_itself(make: Make) -> None:
    def bug(_: object) -> bool:
        raise ZeroDivisionError

    with RawServer({"/f": ok(b"x")}) as server, make() as one:
        with pytest.raises(ZeroDivisionError):
            if isinstance(one, Sync):
                one.transport.get(server.url("/f"), (), bug, lambda _: None)
            else:
                take = asyncio.sleep
                one._runner.run(one.transport.get(server.url("/f"), (), bug, take))  # type: ignore[arg-type]
        assert one.get(server.url("/f"))[1] == b"x"


@pytest.fixture
def full() -> Iterator[int]:
    """Give the port of a listener whose queue is full: it lets nobody in."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        port = listener.getsockname()[1]
        waiting = [socket.socket() for _ in range(8)]
        for each in waiting:
            each.setblocking(False)  # noqa: FBT003 - the standard library's form
            each.connect_ex(("127.0.0.1", port))
        yield port
        for each in waiting:
            each.close()


def addresses(monkeypatch: pytest.MonkeyPatch, *ports: int) -> None:
    """Let any host have these ports of this machine as its addresses."""
    found = tuple((socket.AF_INET, ("127.0.0.1", port)) for port in ports)
    monkeypatch.setattr(dns.HOST_LOOKUPS, "addresses", lambda *_: found)


@both
def test_another_address_is_tried_beside_one_that_is_silent(
    make: Make, full: int, closed_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RawServer({"/f": ok(b"fine")}) as server, make() as one:
        addresses(monkeypatch, full, closed_port, server.port)
        start = monotonic()
        assert one.get("http://127.0.0.1/f")[1] == b"fine"
        assert monotonic() - start < 5


@both
def test_no_address_answers(
    make: Make, full: int, closed_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with make(Network(connect_timeout=0.5)) as one:
        addresses(monkeypatch, closed_port, closed_port)
        with pytest.raises(Refused):
            one.get("http://127.0.0.1/f")
        for ports in ((full, full), (full, closed_port)):
            addresses(monkeypatch, *ports)
            with pytest.raises(TimedOut, match=f"{NO_CONNECTION} 0.5 s"):
                one.get("http://127.0.0.1/f")


@both
def test_an_address_that_cannot_be_used_at_all(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    broadcast = (socket.AF_INET, ("255.255.255.255", 80))  # refused by the system itself
    with RawServer({"/f": ok(b"fine")}) as server, make() as one:
        good = (socket.AF_INET, ("127.0.0.1", server.port))
        monkeypatch.setattr(dns.HOST_LOOKUPS, "addresses", lambda *_: (broadcast, good))
        assert one.get("http://127.0.0.1/f")[1] == b"fine"
        monkeypatch.undo()
        with pytest.raises(Unreachable):
            one.get("http://1.2.3.4.5/f")  # neither a name nor an address


def test_the_families_take_turns() -> None:
    four, six = [(socket.AF_INET, (str(each),)) for each in "abc"], [(socket.AF_INET6, ("x",))]
    assert [each[1][0] for each in interleaved([*six, *four])] == ["x", "a", "b", "c"]
    assert [each[1][0] for each in interleaved([*four, *six])] == ["a", "x", "b", "c"]


@pytest.mark.parametrize("silent", ["connect", "head", "body"])
def test_an_abort_wakes_a_thread_that_waits(silent: str, full: int) -> None:
    started = threading.Event()

    def answer(connection: socket.socket, server: RawServer) -> None:
        if silent == "body":
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\nx")
        started.set()
        server.over.wait(30)

    with RawServer({"/f": answer}) as server, Sync() as one:
        caught: list[BaseException] = []

        def run() -> None:
            try:
                one.get(f"http://127.0.0.1:{full}/" if silent == "connect" else server.url("/f"))
            except Aborted as fault:
                caught.append(fault)

        thread = threading.Thread(target=run)
        thread.start()
        if silent != "connect":
            assert started.wait(9)
        one.transport.abort()
        thread.join(9)
        assert len(caught) == 1
        with pytest.raises(Aborted):
            one.get(server.url("/f"))


def test_idle_connections_are_kept_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(async_transport, "max_idle_connections", lambda: 1)
    assert resource_limits.max_idle_connections() > 1
    used: list[int] = []
    answer = keeping(KEPT, KEPT, connections=used)
    with RawServer({"/f": answer}) as first, RawServer({"/f": answer}) as second, Asyncio() as one:
        for server in (first, second, second, first):
            one.get(server.url("/f"))
    assert len(used) == 3


@contextmanager
def tunnel(*, context: ssl.SSLContext | None = None) -> Iterator[tuple[int, list[bytes]]]:
    """Run a proxy that makes tunnels; yield its port and the heads of its requests."""
    heads: list[bytes] = []
    over = threading.Event()

    def relay(one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(65536):
                other.sendall(data)
            other.shutdown(socket.SHUT_WR)

    def serve(connection: socket.socket) -> None:
        with suppress(OSError):
            if context:
                connection = context.wrap_socket(connection, server_side=True)
            heads.append(connection.recv(65536))
            port = int(heads[-1].split()[1].rpartition(b":")[2])
            with connection, socket.create_connection(("127.0.0.1", port)) as there:
                connection.sendall(b"HTTP/1.1 200 Fine\r\nContent-Length: 5\r\n\r\n")
                threading.Thread(target=relay, args=(there, connection), daemon=True).start()
                relay(connection, there)
                over.wait(30)

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1], heads
        over.set()
        listener.shutdown(socket.SHUT_RDWR)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def cafile(authority: trustme.CA, tmp_path: Path) -> str:
    tls._contexts.clear()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return str(tmp_path / "ca.pem")


@pytest.fixture
def server_context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    return context


@contextmanager
def secure_server(context: ssl.SSLContext, *answers: bytes) -> Iterator[int]:
    """Run a server that gives these answers on each of its connections; yield its port."""

    def serve(connection: socket.socket) -> None:
        with suppress(OSError), context.wrap_socket(connection, server_side=True) as secure:
            for each in answers:
                if not secure.recv(65536):
                    return
                secure.sendall(each)
            secure.recv(65536)

    with listening(serve) as port:
        yield port


@contextmanager
def listening(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """Serve each connection in a thread; yield the port."""

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


@both
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_tunnel_through_a_proxy(
    make: Make, scheme: str, cafile: str, server_context: ssl.SSLContext
) -> None:
    with (
        secure_server(server_context, KEPT, KEPT) as port,
        tunnel(context=server_context if scheme == "https" else None) as (proxy, heads),
        make(
            Network(cacert=cafile, proxies=(("all", f"{scheme}://me:secret@localhost:{proxy}"),))
        ) as one,
    ):
        for _ in range(2):
            assert one.get(f"https://localhost:{port}/f")[1] == b"fine"
    assert len(heads) == 1
    assert heads[0].startswith(
        b"CONNECT localhost:%d HTTP/1.1\r\nhost: localhost:%d\r\n" % (port, port)
    )
    assert b"proxy-authorization: Basic bWU6c2VjcmV0\r\n" in heads[0]


@both
def test_a_proxy_that_makes_no_tunnel(make: Make, closed_port: int) -> None:
    no = ok(b"no", status="407 Proxy Authentication Required")
    with RawServer({"h.example:443": no, "i.example:443": reset}) as server:
        network = Network(proxies=(("all", f"http://me:secret@127.0.0.1:{server.port}"),))
        with make(network) as one:
            with pytest.raises(Unreachable) as raised:
                one.get("https://h.example/f")
            where = f"proxy http://***@127.0.0.1:{server.port}: "
            assert str(raised.value) == f"{where}407 Proxy Authentication Required"
            with pytest.raises(Unreachable, match=r"^proxy http://"):
                one.get("https://i.example/f")
    network = Network(proxies=(("all", f"http://127.0.0.1:{closed_port}"),))
    with make(network) as one, pytest.raises(Refused, match=r"^proxy http://127\.0\.0\.1"):
        one.get("http://h.example/f")


@both
def test_a_proxy_gets_the_absolute_form_and_its_password(make: Make) -> None:
    url = "http://h.example/f?x"
    with RawServer({url: ok(b"fine")}) as server:
        network = Network(proxies=(("http", f"http://me:secret@127.0.0.1:{server.port}"),))
        with make(network) as one:
            assert one.get(url)[1] == b"fine"
    assert server.heads[0].startswith(b"GET http://h.example/f?x HTTP/1.1\r\nhost: h.example\r\n")
    assert b"proxy-authorization: Basic bWU6c2VjcmV0\r\n" in server.heads[0]


@both
def test_a_connection_over_tls_serves_several_requests(
    make: Make, cafile: str, server_context: ssl.SSLContext
) -> None:
    """The tickets that a server sends after the handshake are no response (RFC 8446, 4.6.1)."""
    with (
        secure_server(server_context, KEPT, KEPT) as port,
        make(Network(cacert=cafile)) as one,
    ):
        for _ in range(2):
            assert one.get(f"https://localhost:{port}/f")[1] == b"fine"


@both
def test_data_between_two_requests_over_tls_is_no_response(
    make: Make, cafile: str, server_context: ssl.SSLContext
) -> None:
    with (
        secure_server(server_context, KEPT + KEPT.replace(b"fine", b"evil")) as port,
        make(Network(cacert=cafile)) as one,
    ):
        for _ in range(3):
            assert one.get(f"https://localhost:{port}/f")[1] == b"fine"


@both
def test_data_that_comes_later_over_tls_is_no_response(
    make: Make, cafile: str, server_context: ssl.SSLContext
) -> None:
    asked, forged = threading.Event(), threading.Event()

    def serve(connection: socket.socket) -> None:
        with suppress(OSError), server_context.wrap_socket(connection, server_side=True) as secure:
            secure.recv(65536)
            secure.sendall(KEPT)
            if asked.wait(9) and not forged.is_set():
                secure.sendall(KEPT.replace(b"fine", b"evil"))
                forged.set()
            secure.recv(65536)

    with listening(serve) as port, make(Network(cacert=cafile)) as one:
        assert one.get(f"https://localhost:{port}/f")[1] == b"fine"
        asked.set()
        assert forged.wait(9)
        assert one.get(f"https://localhost:{port}/f")[1] == b"fine"


@both
def test_a_tls_connection_that_breaks_is_a_sentence(
    make: Make, cafile: str, server_context: ssl.SSLContext
) -> None:
    def serve(connection: socket.socket) -> None:
        with suppress(OSError), server_context.wrap_socket(connection, server_side=True) as secure:
            secure.recv(65536)
            with socket.socket(fileno=secure.detach()) as plain:
                plain.sendall(b"this is not TLS at all " * 10)
                plain.recv(65536)

    with (
        listening(serve) as port,
        make(Network(cacert=cafile)) as one,
        pytest.raises(Disconnected),
    ):
        one.get(f"https://localhost:{port}/f")


@both
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_server_in_a_tunnel_that_says_nothing(
    make: Make, scheme: str, cafile: str, server_context: ssl.SSLContext
) -> None:
    with (
        secure_server(server_context) as port,
        tunnel(context=server_context if scheme == "https" else None) as (proxy, _),
        make(Network(cacert=cafile, proxies=(("all", f"{scheme}://localhost:{proxy}"),))) as one,
        pytest.raises(Disconnected, match="closed the connection without a response"),
    ):
        one.get(f"https://localhost:{port}/f")


def test_a_connection_that_is_closed_before_the_request() -> None:
    ours, theirs = socket.socketpair()
    way = route("http://h:80", None)
    with theirs:
        stream = PlainStream(ours, 9)
        connection = SyncConnection(stream, way, 9, memoryview(bytearray(9)))
        ours.close()
        with pytest.raises(Disconnected):
            connection.ask(b"GET", ResponseReader(), 1e9)

    async def scenario() -> None:
        connection = Connection(9, memoryview(bytearray(9)), secure=False)
        connection.closed = True
        with pytest.raises(Disconnected):
            await connection.exchange(b"GET", lambda _: True, asyncio.sleep)  # type: ignore[arg-type]

    asyncio.run(scenario())


def test_a_readers_own_timeout_is_not_taken_for_ours() -> None:
    async def on_body(_: bytes) -> None:
        raise TimeoutError

    async def scenario(url: str) -> None:
        one = h1.open_async_transport(Network())
        with pytest.raises(TimeoutError):
            await one.get(url, (), lambda _: True, on_body, 9)
        await one.close()

    with RawServer({"/f": ok(b"fine")}) as server:
        asyncio.run(scenario(server.url("/f")))


@both
def test_tls_that_fails_is_a_sentence(
    make: Make, cafile: str, server_context: ssl.SSLContext
) -> None:
    with (
        secure_server(server_context, KEPT) as port,
        make(Network(cacert=cafile)) as one,
        pytest.raises(Untrusted, match="certificate not trusted"),
    ):
        one.get(f"https://127.0.0.1:{port}/f")
    with (
        RawServer({}) as server,
        make(Network(cacert=cafile, connect_timeout=0.3)) as one,
        pytest.raises(TimedOut, match=rf"{NO_CONNECTION} 0\.3 s"),
    ):
        one.get(server.url("/f").replace("http:", "https:"))


@pytest.mark.parametrize(
    ("network", "words"),
    [
        (Network(proxies=(("all", "socks5://h:1"),)), "SOCKS proxies need --client curl"),
        (Network(proxies=(("all", "ftp://h:1"),)), "is not an http, https or socks5 URL"),
        (Network(cacert="/nonexistent"), "cannot read the certificates"),
    ],
)
def test_settings_that_cannot_work_are_usage_errors(network: Network, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        h1.check(network)


def test_settings_that_can_work(cafile: str) -> None:
    h1.check(Network(cacert=cafile, proxies=(("all", "http://h:1"), ("no", "a,b"))))
    assert h1.about() == "getflags' own HTTP/1.1"


def test_a_socks_proxy_in_the_environment_takes_the_client_that_speaks_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("pycurl")
    monkeypatch.setenv("no_proxy", "socks.example")
    assert transport.resolved("auto") == "h1"
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1")
    assert transport.resolved("auto") == "curl"
    assert transport.resolved("h1") == "h1"
    monkeypatch.setattr(transport, "_has_pycurl", lambda: False)
    assert transport.resolved("auto") == "h1"


def test_a_transport_forgets_the_sockets_that_are_closed() -> None:
    transport = sync_transport.H1Transport(Network())
    with RawServer({"/f": ok(b"x")}) as server:
        for _ in range(20):
            transport.get(server.url("/f"), (), lambda _: True, lambda _: None)
    transport.close()
    assert len(transport._sockets._open) <= 2


def test_a_body_that_nobody_takes_makes_the_server_wait() -> None:
    sent = 0

    def answer(connection: socket.socket, _: RawServer) -> None:
        nonlocal sent
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (64 << 20))
        for _megabyte in range(64):
            connection.sendall(bytes(1 << 20))
            sent += 1

    async def scenario(url: str) -> int:
        transport = h1.open_async_transport(Network())
        most = received = 0

        async def on_body(piece: bytes) -> None:
            nonlocal most, received
            received += len(piece)
            most = max(most, sent * (1 << 20) - received)
            await asyncio.sleep(0.001 if received < (8 << 20) else 0)

        await transport.get(url, (), lambda _: True, on_body)
        await transport.close()
        assert received == 64 << 20
        return most

    with RawServer({"/f": answer}) as big:
        assert asyncio.run(scenario(big.url("/f"))) < 24 << 20


@both
@pytest.mark.parametrize("phase", ["handshake", "response"])
def test_tls_that_drips_is_not_waited_for(
    make: Make, cafile: str, server_context: ssl.SSLContext, phase: str
) -> None:
    """Each byte of a record comes in time, but not the record."""

    def serve(connection: socket.socket) -> None:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        secure = server_context.wrap_bio(incoming, outgoing, server_side=True)

        def send(*, slowly: bool) -> None:
            if not slowly:
                connection.sendall(outgoing.read())
            while data := outgoing.read(1):
                connection.sendall(data)
                threading.Event().wait(0.1)

        with suppress(OSError), connection:
            while True:
                try:
                    secure.do_handshake()
                    break
                except ssl.SSLWantReadError:
                    send(slowly=phase == "handshake")
                    incoming.write(connection.recv(65536))
            secure.write(KEPT)
            send(slowly=True)

    network = Network(cacert=cafile, timeout=0.5, connect_timeout=0.5)
    with listening(serve) as port, make(network) as one:
        began = monotonic()
        with pytest.raises(TimedOut):
            one.get(f"https://localhost:{port}/f")
        assert monotonic() - began < 3


@pytest.mark.parametrize("seconds", [0.9999995, 1.0, 2.9999999, 0.0000001])
def test_every_time_limit_of_a_socket_is_one(seconds: float) -> None:
    """For the system, 0 is no limit."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        PlainStream(ours, seconds)
        size = struct.calcsize("ll")
        found = ours.getsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, size)
        whole, micro = struct.unpack("ll", found)
        assert whole + micro / 1e6 == pytest.approx(max(seconds, 0.001), abs=0.02)


def test_a_connection_that_is_made_during_the_end_is_closed() -> None:
    """Otherwise, its thread would wait for a response that nobody wants."""
    sockets = OpenSockets()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        sock = socket.create_connection(listener.getsockname())
        sockets.shut_down()
        with pytest.raises(Aborted):
            sockets._add(sock)
        assert sock.fileno() < 0


def test_what_came_before_damaged_tls_is_kept(cafile: str, server_context: ssl.SSLContext) -> None:
    """Both come at once; the bytes before the damage are right. The event loops drop them."""

    def serve(connection: socket.socket) -> None:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        secure = server_context.wrap_bio(incoming, outgoing, server_side=True)
        with suppress(OSError), connection:
            for step in (secure.do_handshake, secure.read):  # the request may come with the former
                while True:
                    try:
                        step()
                        break
                    except ssl.SSLWantReadError:
                        connection.sendall(outgoing.read())
                        incoming.write(connection.recv(65536))
            secure.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nright")
            connection.sendall(outgoing.read() + b"\x17\x03\x03\x00\x20" + b"x" * 32)
            connection.recv(65536)

    pieces: list[bytes] = []
    with (
        listening(serve) as port,
        Sync(Network(cacert=cafile, timeout=9)) as one,
        pytest.raises(Disconnected, match="the TLS connection broke"),
    ):
        one.get(f"https://localhost:{port}/f", pieces=pieces)
    assert b"".join(pieces) == b"right"


def test_a_connection_that_is_broken_is_not_idle() -> None:
    ours, theirs = socket.socketpair()
    stream = PlainStream(ours, 9)
    connection = SyncConnection(stream, route("http://h:80", None), 9, memoryview(bytearray(9)))
    with theirs:
        assert connection.is_idle()
        ours.close()
        assert not connection.is_idle()


def test_all_idle_connections_are_dropped_when_one_of_them_is_dead() -> None:
    """As after a long pause, in which a firewall has forgotten them without a word."""
    used, dead = list[int](), threading.Barrier(3)

    def answer(connection: socket.socket, _: RawServer) -> None:
        used.append(1)
        early = len(used) <= 3
        if early:
            dead.wait(20)  # so that no connection serves two of the first requests
        connection.sendall(KEPT)
        if early:
            while connection.recv(65536):  # nothing is answered any more
                pass

    async def get_all() -> list[object]:
        async_transport = h1.open_async_transport(Network(timeout=0.5))

        async def on_body(_: bytes) -> None: ...

        def get() -> Coroutine[None, None, None]:
            return async_transport.get(server.url("/f"), (), lambda _: True, on_body)

        await asyncio.gather(get(), get(), get())
        (late,) = await asyncio.gather(get(), return_exceptions=True)
        (fine,) = await asyncio.gather(get(), return_exceptions=True)
        await async_transport.close()
        return [late, fine]

    with RawServer({"/f": answer}) as server:
        late, fine = asyncio.run(get_all())
    assert isinstance(late, TimedOut)
    assert fine is None
    assert len(used) == 4


def test_what_came_while_the_loop_was_held_up_is_not_late() -> None:
    async def run() -> None:
        connection = Connection(1, memoryview(bytearray(9)), secure=False)
        connection.deadline = 5
        connection._waiter = asyncio.get_running_loop().create_future()
        connection._waiter.set_result(None)
        connection.check_time(9)
        assert connection._fault is None

    asyncio.run(run())


@both
def test_a_proxy_that_says_nothing_is_no_connection_within_the_time_for_one(make: Make) -> None:
    with RawServer({"localhost:443": silence}) as proxy:
        proxies = (("all", f"http://127.0.0.1:{proxy.port}"),)
        network = Network(proxies=proxies, connect_timeout=0.3, timeout=9)
        began = monotonic()
        with make(network) as one, pytest.raises(TimedOut, match=NO_CONNECTION):
            one.get("https://localhost/f")
    assert monotonic() - began < 5
