"""The httpx transport: facts pushed, exceptions translated, nothing decided.

respx stands in for the network where only httpx's exceptions matter; sockets everywhere else.
"""

from __future__ import annotations

import ast
import asyncio
import errno
import inspect
import os
import socket
import ssl
import textwrap
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import monotonic

import httpx
import pytest
import respx

import getflags
from getflags.core import errors
from getflags.core.errors import (
    Aborted,
    Disconnected,
    Fault,
    Malformed,
    Refused,
    TimedOut,
    Unreachable,
    UsageError,
)
from getflags.core.models import Fields, Network
from getflags.core.response_head import Head
from getflags.engines import async_fetch, fetch
from getflags.engines.splitting import async_streams, streams
from getflags.transport import client
from getflags.transport.httpx import client as httpx_client
from getflags.transport.httpx import sync_client
from getflags.transport.httpx.exceptions import translate
from tests.messages import (
    INVALID_HTTP,
    NO_CERTIFICATES,
    NO_CONNECTION,
    NO_SUCH_HOST,
    NOT_A_PROXY,
    NOTHING_CAME,
    REFUSED,
)
from tests.rawserver import RawServer, moved, ok, reset, silence, stall_after

URL = "http://example.org/f.gif"
Get = Callable[..., tuple[Head | None, bytes]]


def sync_get(
    url: str, *, network: Network | None = None, wanted: bool = True, headers: Fields = ()
) -> tuple[Head | None, bytes]:
    heads: list[Head] = []
    pieces: list[bytes] = []

    def on_head(head: Head) -> bool:
        heads.append(head)
        return wanted

    transport = httpx_client.open_transport(network or Network())
    try:
        transport.get(url, headers, on_head, lambda piece: pieces.append(bytes(piece)))
    finally:
        transport.close()
    return (heads[0] if heads else None), b"".join(pieces)


def async_get(
    url: str, *, network: Network | None = None, wanted: bool = True, headers: Fields = ()
) -> tuple[Head | None, bytes]:
    heads: list[Head] = []
    pieces: list[bytes] = []

    def on_head(head: Head) -> bool:
        heads.append(head)
        return wanted

    async def on_body(piece: bytes) -> None:
        pieces.append(piece)

    async def scenario() -> None:
        transport = httpx_client.open_async_transport(network or Network())
        try:
            await transport.get(url, headers, on_head, on_body)
        finally:
            await transport.close()

    asyncio.run(scenario())
    return (heads[0] if heads else None), b"".join(pieces)


def test_a_transport_forgets_the_sockets_that_are_closed() -> None:
    """One that lasts as long as its program would keep an object for every connection it had."""
    transport = sync_client.HttpxTransport(Network())
    with RawServer({"/f": ok(b"x")}) as server:
        for _ in range(20):
            transport.get(server.url("/f"), (), lambda _: True, lambda _: None)
        assert len(server.heads) == 20
    transport.close()
    assert len(transport._sockets) <= 2


both = pytest.mark.parametrize("get", [sync_get, async_get], ids=["sync", "async"])


def _without_colour(function: object) -> str:
    """Return a function's code with its async and its names of colour washed out."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))  # type: ignore[arg-type]
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            node.body = [part for part in node.body if not _is_docstring(part)]
    text = ast.unparse(tree)
    for coloured, plain in (
        ("\n            self._check_ended()", ""),  # only a blocked thread has to be woken
        ("\n        self._check_ended()", ""),
        ("\n    self._check_ended()", ""),
        ("async def ", "def "),
        ("async with ", "with "),
        ("async for ", "for "),
        ("await ", ""),
        ("Awaitable[None]", "None"),
        ("Async", ""),
        ("StreamBatch", "Proof"),
        ("afetch", "fetch"),
        ("asleep", "limiter.wait"),
        ("apieces", "pieces"),
        ("handle_async_request", "handle_request"),
        ("aclose", "close"),
    ):
        text = text.replace(coloured, plain)
    return text


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


@pytest.mark.parametrize(
    ("plain", "coloured"),
    [
        (fetch.fetch, async_fetch.afetch),
        *[
            (getattr(streams.Streams, name), getattr(async_streams.AsyncStreams, name))
            for name in (
                "attach",
                "_get",
                "_head_arrived",
                "_body_arrived",
                "_request_more",
                "_request",
                "_open",
                "_receive",
                "_checkpoint",
                "_end",
            )
        ],
        (sync_client.HttpxTransport.exchange, httpx_client._AsyncConnection.exchange),
        (sync_client.HttpxTransport._drain, httpx_client._AsyncConnection._drain),
        (sync_client.HttpxTransport._transport, httpx_client._AsyncConnection._transport),
    ],
)
def test_twins_do_not_drift_apart(plain: object, coloured: object) -> None:
    assert _without_colour(coloured) == _without_colour(plain)
    assert "await" not in _without_colour(coloured)


@both
def test_head_and_body_are_pushed_as_they_came(get: Get) -> None:
    with RawServer({"/x": ok(b"abc", "X-One: 1", "x-one: 2", "X-Raw: \xe9")}) as server:
        head, body = get(server.url("/x"), headers=(("x-mine", "\xe9"),))

    assert head is not None
    assert head.status == 200
    assert head.all("x-one") == ["1", "2"]
    assert head.all("x-raw") == ["\xc3\xa9"]  # bytes, one character each
    assert body == b"abc"
    assert b"x-mine: \xe9" in server.heads[0]


@both
def test_nothing_is_followed_decoded_or_remembered(get: Get) -> None:
    coded = ok(b"not really gzip", "Content-Encoding: gzip", "Set-Cookie: a=b")
    with RawServer({"/gz": coded, "/301": moved("/gz")}) as server:
        assert get(server.url("/gz"))[1] == b"not really gzip"
        head, _ = get(server.url("/301"), wanted=False)

    assert head is not None
    assert head.status == 301
    assert server.asked("/gz") == 1


@both
def test_an_endless_body_that_nobody_wants_is_not_read(get: Get) -> None:
    sent = []

    def endless(connection: socket.socket, server: RawServer) -> None:
        connection.sendall(b"HTTP/1.1 301 Moved\r\nLocation: /\r\n\r\n")
        while not server.over.is_set():
            sent.append(connection.send(b"x" * (1 << 16)))

    with RawServer({"/x": endless}) as server:
        head, body = get(server.url("/x"), wanted=False)

    assert head is not None
    assert body == b""
    assert sum(sent) < 32 << 20  # what fits into the system's buffers, and not without end


@both
def test_a_short_body_that_drips_is_not_waited_for(get: Get) -> None:
    drip = ok(b"x" * 100, status="404 Not Found")[:-90]
    with RawServer({"/x": stall_after(drip)}) as server:
        began = monotonic()
        head, _ = get(server.url("/x"), wanted=False, network=Network(timeout=30))

    assert monotonic() - began < 5
    assert head is not None
    assert head.status == 404


@both
def test_a_short_body_that_keeps_dripping_is_given_up(get: Get) -> None:
    def drip(connection: socket.socket, server: RawServer) -> None:
        connection.sendall(ok(b"x" * 60_000, status="404 Not Found")[:-60_000])
        while not server.over.wait(0.01):
            connection.sendall(b"x")

    with RawServer({"/x": drip}) as server:
        head, body = get(server.url("/x"), wanted=False)

    assert head is not None
    assert body == b""


@both
def test_an_unwanted_body_whose_length_is_overridden_is_not_read(get: Get) -> None:
    """Its chunks may have endless extensions, and only a piece of body lets getflags give up."""
    head = b"HTTP/1.1 404 No\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5;"

    def drip(connection: socket.socket, server: RawServer) -> None:
        connection.sendall(head)
        for _ in range(300):
            if server.over.wait(0.01):
                return
            connection.sendall(b"a")
        server.stalled.release()

    with RawServer({"/x": drip}) as server:
        get(server.url("/x"), wanted=False)
        assert not server.stalled.acquire(blocking=False)


@pytest.mark.parametrize("coloured", [False, True])
def test_a_connection_is_used_again_after_an_unwanted_short_body(*, coloured: bool) -> None:
    ports = []

    def two(connection: socket.socket, server: RawServer) -> None:
        ports.append(connection.getpeername()[1])
        for _ in range(2):
            connection.sendall(ok(b"no", status="404 Not Found").replace(b"close", b"keep-alive"))
            server.heads.append(connection.recv(65536))

    with RawServer({"/x": two}) as server:
        if coloured:
            asyncio.run(_twice(server.url("/x")))
        else:
            transport = httpx_client.open_transport(Network())
            for _ in range(2):
                transport.get(server.url("/x"), (), lambda _: False, lambda _: None)
            transport.close()

    assert len(ports) == 1


async def _twice(url: str) -> None:
    async def on_body(_: bytes) -> None:
        pytest.fail("nobody wants it")

    transport = httpx_client.open_async_transport(Network())
    for _ in range(2):
        await transport.get(url, (), lambda _: False, on_body)
    await transport.close()


@both
@pytest.mark.parametrize("scheme", ["http://[::1", "http://a\x00b/"])
def test_what_cannot_be_requested_is_a_fault(get: Get, scheme: str) -> None:
    with pytest.raises(Fault):
        get(scheme, headers=())


@both
def test_a_header_that_cannot_be_sent_is_a_fault(get: Get) -> None:
    with RawServer({}) as server, pytest.raises(Malformed, match="cannot be sent: Illegal header"):
        get(server.url("/x"), headers=(("x", "a\r\nb: c"),))


@both
@pytest.mark.parametrize(
    ("raised", "fault", "text"),
    [
        (httpx.ConnectTimeout(""), TimedOut, f"{NO_CONNECTION} 10 s"),
        (httpx.ReadTimeout(""), TimedOut, f"{NOTHING_CAME} 30 s"),
        (httpx.ReadError(""), Disconnected, "the connection was lost"),
        (httpx.ConnectError("no luck"), Unreachable, "no luck"),
        (httpx.ConnectError(""), Unreachable, "no connection"),
        (httpx.LocalProtocolError("odd \x1b"), Malformed, r"cannot be sent: odd \\x1b"),
        (httpx.RemoteProtocolError("odd \x1b"), Malformed, rf"{INVALID_HTTP}: odd \\x1b"),
    ],
)
def test_httpx_exceptions_become_faults(
    get: Get, raised: Exception, fault: type[Fault], text: str
) -> None:
    with respx.mock:
        respx.get(URL).mock(side_effect=raised)
        with pytest.raises(fault, match=text):
            get(URL)


@both
def test_a_bug_in_a_callback_is_not_taken_for_a_fault(get: Get) -> None:
    class Buggy:
        def __bool__(self) -> bool:
            raise ValueError("a bug")

    with RawServer({"/x": ok(b"x")}) as server, pytest.raises(ValueError, match="a bug"):
        get(server.url("/x"), wanted=Buggy())


@both
@pytest.mark.parametrize("version", ["HTTP/0.9", "HTTP/2.0"])
def test_versions_that_nobody_asked_for(get: Get, version: str) -> None:
    with (
        RawServer({"/x": ok(b"x").replace(b"HTTP/1.1", version.encode())}) as server,
        pytest.raises(Malformed, match="unknown version"),
    ):
        get(server.url("/x"))


@both
def test_a_get_announces_no_body(get: Get) -> None:
    with pytest.raises(Malformed, match="a GET request has no Content-Length or Transfer-Encoding"):
        get(URL, headers=(("Content-Length", "5"),))


def _caused(error: Exception, cause: BaseException) -> httpx.TransportError:
    outer = httpx.ConnectError("All connection attempts failed")
    error.__cause__ = cause
    outer.__cause__ = error
    return outer


@pytest.mark.parametrize(
    ("cause", "fault", "text"),
    [
        (OSError(errno.EMFILE, "x"), Unreachable, os.strerror(errno.EMFILE).lower()),
        (ConnectionRefusedError(errno.ECONNREFUSED, "x"), Refused, REFUSED),
        (OSError(errno.EHOSTUNREACH, "x"), Refused, os.strerror(errno.EHOSTUNREACH).lower()),
        (OSError(errno.ENETUNREACH, "x"), Refused, os.strerror(errno.ENETUNREACH).lower()),
        (socket.gaierror(-2, "Name or service"), Unreachable, f"{NO_SUCH_HOST} (Name or"),
        (socket.gaierror(socket.EAI_AGAIN, "Later"), errors.Unresolved, "not resolved: later"),
        (ssl.SSLError(1, "odd"), errors.Untrusted, "TLS failed"),
        (
            ExceptionGroup("x", [ConnectionRefusedError(errno.ECONNREFUSED, "x")]),
            Refused,
            REFUSED,
        ),
    ],
)
def test_the_reason_is_dug_out_of_the_causes(
    cause: Exception, fault: type[Fault], text: str
) -> None:
    made = translate(_caused(OSError("All"), cause), Network(), None, stale=False)
    assert type(made) is fault
    assert text in str(made)
    behind = translate(
        _caused(OSError("All"), cause), Network(), "http://me:secret@proxy:3128", stale=False
    )
    assert str(behind).startswith("proxy http://***@proxy:3128: ")


def test_an_abort_wakes_a_thread_that_waits() -> None:
    with RawServer({"/x": silence}) as server:
        transport = httpx_client.open_transport(Network())
        caught: list[BaseException] = []

        def work() -> None:
            try:
                transport.get(server.url("/x"), (), lambda _: True, lambda _: None)
            except Fault as fault:
                caught.append(fault)

        thread = threading.Thread(target=work)
        thread.start()
        while not server.heads:
            thread.join(0.001)
        transport.abort()
        thread.join(5)
        assert [type(fault) for fault in caught] == [Aborted]

        # and from then on nothing gets anywhere
        with pytest.raises(Aborted):
            transport.get(server.url("/x"), (), lambda _: True, lambda _: None)
        transport.close()
        transport.abort()


def test_an_abort_before_the_first_request() -> None:
    with RawServer({"/x": ok(b"x")}) as server:
        transport = httpx_client.open_transport(Network())
        transport.abort()
        with pytest.raises(Aborted):
            transport.get(server.url("/x"), (), lambda _: True, lambda _: None)
        transport.close()


@both
def test_a_proxy_gets_the_absolute_form_and_its_password(get: Get) -> None:
    with RawServer({"http://far.example/f": ok(b"via")}) as proxy:
        through = proxy.url("").replace("//", "//me:secret@")
        _, body = get("http://far.example/f", network=Network(proxies=(("all", through),)))

    assert body == b"via"
    assert b"proxy-authorization: basic bwu6c2vjcmv0" in proxy.heads[0].lower()


@both
def test_a_proxy_that_refuses_is_named_without_its_password(get: Get, closed_port: int) -> None:
    network = Network(proxies=(("http", f"http://me:secret@127.0.0.1:{closed_port}"),))
    with pytest.raises(Refused) as raised:
        get("http://far.example/f", network=network)
    assert str(raised.value) == f"proxy http://***@127.0.0.1:{closed_port}: {REFUSED}"


@both
def test_a_proxy_that_says_no_to_a_tunnel(get: Get) -> None:
    with RawServer({"far.example:443": ok(b"", status="403 No \x1b[31m")}) as proxy:
        network = Network(proxies=(("https", proxy.url("")),))
        with pytest.raises(Unreachable) as raised:
            get("https://far.example/f", network=network)
    assert str(raised.value) == f"proxy {proxy.url('')}: 403 Forbidden"


@both
def test_reset_before_the_head(get: Get) -> None:
    with RawServer({"/x": reset}) as server, pytest.raises(Disconnected) as raised:
        get(server.url("/x"))
    assert str(raised.value) == "connection reset by peer"
    assert not raised.value.stale  # the connection was fresh


@pytest.mark.parametrize(
    ("network", "text"),
    [
        (Network(proxies=(("all", "socks5://localhost:1"),)), "pip install 'httpx[socks]'"),
        (Network(proxies=(("http", "ftp://me:secret@h"),)), r"proxy 'ftp://***@h' is not an http"),
        (Network(proxies=(("http", f"http://{'a' * 64}.b"),)), NOT_A_PROXY),
        (Network(proxies=(("http", "http://[::1"),)), f"{NOT_A_PROXY} URL"),
        (Network(cacert="/nonexistent"), f"{NO_CERTIFICATES} in '/nonexistent': No such"),
        (Network(cacert=__file__), "not a PEM certificate file"),
    ],
)
def test_settings_that_cannot_work_are_usage_errors(network: Network, text: str) -> None:
    with pytest.raises(UsageError) as raised:
        httpx_client.check(network)
    assert text in str(raised.value)
    assert "secret" not in str(raised.value)


def test_settings_that_can_work(tmp_path: Path) -> None:
    httpx_client.check(Network(cacert=str(tmp_path / "unused"), insecure=True))
    httpx_client.check(
        Network(proxies=(("http", "http://p:1"), ("https", "https://p:1"), ("no", "[::1]")))
    )


def test_an_unknown_client_is_refused_by_name() -> None:
    with pytest.raises(UsageError, match="unknown client 'telnet'; choose from curl, h1, httpx"):
        client("telnet")


def test_it_tells_its_version() -> None:
    assert httpx_client.about() == f"httpx {httpx.__version__}, HTTP/1.1"


def test_a_readers_own_timeout_is_not_taken_for_ours() -> None:
    async def on_body(_: bytes) -> None:
        raise TimeoutError("mine")

    async def scenario() -> None:
        transport = httpx_client.open_async_transport(Network())
        await transport.get(server.url("/x"), (), lambda _: True, on_body, 5)

    with RawServer({"/x": ok(b"abc")}) as server, pytest.raises(TimeoutError, match="mine"):
        asyncio.run(scenario())


def test_a_head_that_drips_is_not_waited_for_on_asyncio(tmp_path: Path) -> None:
    def drip(connection: socket.socket, server: RawServer) -> None:
        with suppress(OSError):  # the client has gone
            for byte in ok(b"fine"):
                connection.sendall(bytes([byte]))
                if server.over.wait(0.1):
                    return

    with RawServer({"/f": drip}) as server:
        report = getflags.download(
            [server.url("/f")], dir=tmp_path, engine="asyncio", client="httpx", timeout=0.3,
            connect_timeout=0.3, retries=0,
        )  # fmt: skip
    assert report.outcomes[0].reason == "the response header took longer than 0.3 s"
