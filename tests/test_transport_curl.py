"""The curl transport: what is its own. All that clients have in common is in test_engines.py."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pycurl
import pytest

import getflags
from getflags import transport
from getflags.core.errors import (
    Aborted,
    Expired,
    Fault,
    Malformed,
    Refused,
    TimedOut,
    Unreachable,
    Untrusted,
    UsageError,
)
from getflags.core.models import Fields, Network
from getflags.core.response_head import Head
from getflags.transport.curl import client as curl_client
from getflags.transport.curl import easy_handle, multi_handle
from getflags.transport.curl.easy_handle import Handle
from getflags.transport.curl.error_codes import translate
from getflags.transport.curl.sockets import Sockets
from tests.kit import files
from tests.messages import (
    INVALID_HTTP,
    NO_CERTIFICATES,
    NO_CONNECTION,
    NOT_A_PROXY,
    NOTHING_CAME,
    REFUSED,
)
from tests.rawserver import RawServer, moved, ok, silence, stall_after
from tests.servers_kit import until

Get = Callable[..., tuple[Head | None, bytes]]


def sync_get(
    url: str, *, network: Network | None = None, wanted: bool = True, headers: Fields = ()
) -> tuple[Head | None, bytes]:
    heads: list[Head] = []
    pieces: list[bytes] = []

    def on_head(head: Head) -> bool:
        heads.append(head)
        return wanted

    transport = curl_client.open_transport(network or Network())
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
        transport = curl_client.open_async_transport(network or Network())
        try:
            await transport.get(url, headers, on_head, on_body)
        finally:
            await transport.close()

    asyncio.run(scenario())
    return (heads[0] if heads else None), b"".join(pieces)


both = pytest.mark.parametrize("get", [sync_get, async_get], ids=["sync", "async"])


@both
def test_head_and_body_are_pushed_as_they_came(get: Get) -> None:
    interim = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
    answer = interim + ok(b"abc", "X-One: 1", "x-one:2", "X-Raw: \xe9")
    with RawServer({"/x": answer}) as server:
        head, body = get(server.url("/x"), headers=(("x-mine", "\xe9"), ("x-empty", "")))

    assert head is not None
    assert head.status == 200
    assert head.all("x-one") == ["1", "2"]
    assert head.all("x-raw") == ["\xc3\xa9"]
    assert body == b"abc"
    assert b"x-mine: \xe9\r\n" in server.heads[0]
    assert b"x-empty:\r\n" in server.heads[0]


LONG = b"Content-Length: 3"
CHUNKED = b"Transfer-Encoding: chunked"


@both
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (b"HTTP/1.1\t200 OK\r\n" + LONG + b"\r\n\r\nabc", b"abc"),
        (b"HTTP/1.1 200\tOK\r\n" + LONG + b"\r\n\r\nabc", b"abc"),
        (b"HTTP/1.1 200\r\n" + LONG + b"\r\n\r\nabc", b"abc"),
        (b"HTTP/1.1 200 OK\n" + LONG + b"\n\r\nabc", b"abc"),
        (b"HTTP/1.1 200 OK\r\n" + LONG + b"\r\n\r\r\nabc", b"abc"),
        (b"HTTP/1.1 103\tX\n\r\nHTTP/1.1 200 OK\n" + LONG + b"\n\nabc", b"abc"),
        (b"HTTP/1.1 200 OK\r\n" + CHUNKED + b"\r\n\r\n0\r\nX-T: 1\r\n\r\n", b""),
        (b"HTTP/1.1 200 OK\r\n" + CHUNKED + b"\r\n\r\n3\r\nabc\r\n0\r\nX-T: 1\r\n\r\n", b"abc"),
    ],
)
def test_a_head_is_read_as_generously_as_libcurl_reads_it(
    get: Get, answer: bytes, expected: bytes
) -> None:
    with RawServer({"/x": answer}) as server:
        head, body = get(server.url("/x"))
    assert head is not None
    assert head.status == 200
    assert head.all("x-t") == []
    assert body == expected


@both
@pytest.mark.parametrize("end", [b"", b"Content-Length: 2\r\n"])
@pytest.mark.parametrize("body", [b"", b"hi"])
def test_a_head_that_libcurl_reads_and_we_do_not_is_malformed(
    get: Get, end: bytes, body: bytes
) -> None:
    """Whoever finds it: the body's beginning, the look for silence or the end of it all."""
    mute = stall_after(b"HTTP/1.1 200OK\r\n" + end + b"\r\n" + body)
    over = b"HTTP/1.1 200OK\r\n" + end + b"\r\n" + body.ljust(2)
    with RawServer({"/mute": mute, "/over": over}) as server:
        for path in ("/mute", "/over"):
            with pytest.raises(Malformed, match=f"the response is {INVALID_HTTP}: no status code"):
                get(server.url(path), network=Network(timeout=5))


@both
@pytest.mark.parametrize(
    "field", ["Content-Length : 5", "X-Y\t: z", "Transfer-Encoding  : chunked"]
)
def test_a_space_before_a_colon_is_malformed(get: Get, field: str) -> None:
    """Else a length would count for nothing, and chunks would be taken for the file."""
    answers = {"/x": b"HTTP/1.1 200 OK\r\nX: y :\r\n" + field.encode() + b"\r\n\r\nabc"}
    with (
        RawServer(answers) as server,
        pytest.raises(Malformed, match="whitespace before a field's"),
    ):
        get(server.url("/x"))


def test_a_coding_that_does_not_mark_the_end_of_the_body_fails_the_file(tmp_path: Path) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: %s\r\n\r\n"
    answers = {
        "/i": head % b"identity" + b"abc",
        "/c": head % b"chunked" + b"3\r\nabc\r\n0\r\n\r\n",
    }
    with RawServer(answers) as server:
        urls = [server.url(path) for path in answers]
        report = getflags.download(urls, dir=tmp_path, client="curl")
    assert {outcome.target.name: outcome.failed for outcome in report.outcomes} == {
        "i": True,
        "c": False,
    }
    assert not any(outcome.unsized for outcome in report.outcomes)
    assert files(tmp_path) == {"c": b"abc"}


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
def test_an_unwanted_body_is_not_waited_for(get: Get) -> None:
    def endless(connection: socket.socket, server: RawServer) -> None:
        connection.sendall(b"HTTP/1.1 301 Moved\r\nLocation: /\r\n\r\n")
        while not server.over.is_set():
            connection.send(b"x" * (1 << 16))

    def drip(connection: socket.socket, server: RawServer) -> None:
        connection.sendall(ok(b"x" * 60_000, status="404 Not Found")[:-60_000])
        while not server.over.wait(0.01):
            connection.sendall(b"x")

    mute = ok(b"x" * 100, status="404 Not Found")[:-100]
    with RawServer({"/endless": endless, "/drip": drip, "/mute": stall_after(mute)}) as server:
        for path in ("/endless", "/drip", "/mute"):
            head, body = get(server.url(path), wanted=False)
            assert head is not None
            assert body == b""


@both
def test_what_cannot_be_requested_is_a_fault(get: Get) -> None:
    with pytest.raises(Malformed, match="Illegal header value"):
        get("http://h/", headers=(("x", "a\r\nb: c"),))
    for value in ("t\u20acken", "t\udc80ken", "t\U0001f6a9ken"):
        with pytest.raises(Malformed, match=r"^the request cannot be sent: Illegal header value$"):
            get("http://127.0.0.1:1/", headers=(("x", value),))
    for name in ("", "x y", "x:", "x;", "x\r\nEvil", "x\n", "\xe9", "\u20ac"):
        with pytest.raises(Malformed, match=r"^the request cannot be sent: Illegal header name$"):
            get("http://127.0.0.1:1/", headers=((name, "1"),))
    with pytest.raises(Malformed, match="a GET request has no Content-Length or Transfer-Encoding"):
        get("http://h/", headers=(("Content-Length", "5"),))
    with pytest.raises(Fault):
        get("http://[::1")


@both
def test_a_bug_in_a_callback_is_raised_as_itself(get: Get) -> None:
    class Buggy:
        def __bool__(self) -> bool:
            raise ValueError("a bug")

    with RawServer({"/x": ok(b"x"), "/0": ok(b"")}) as server:
        for path in ("/x", "/0"):
            with pytest.raises(ValueError, match="a bug"):
                get(server.url(path), wanted=Buggy())


def test_a_bug_while_the_body_is_taken_is_raised_as_itself() -> None:
    def on_body(_: bytes) -> None:
        raise ZeroDivisionError

    with RawServer({"/x": ok(b"x")}) as server, pytest.raises(ZeroDivisionError):
        curl_client.open_transport(Network()).get(server.url("/x"), (), lambda _: True, on_body)


@both
def test_silence_ends_in_time(get: Get) -> None:
    network = Network(timeout=0.3)
    interim = b"HTTP/1.1 103 Early Hints\r\n\r\n"
    answers = {"/x": silence, "/y": stall_after(ok(b"x" * 9)[:-3]), "/z": stall_after(interim)}
    with RawServer(answers) as server:
        for path in answers:
            with pytest.raises(TimedOut, match=r"(received for|header took longer than) 0.3 s"):
                get(server.url(path), network=network)


def test_a_look_for_silence_that_fails_is_not_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Handle.check_silence
    looks: list[object] = []

    def check_silence(handle: Handle) -> None:
        looks.append(handle)
        if len(looks) == 1:
            raise ZeroDivisionError
        real(handle)

    monkeypatch.setattr(Handle, "check_silence", check_silence)
    with RawServer({"/x": silence}) as server, pytest.raises(TimedOut):
        async_get(server.url("/x"), network=Network(timeout=0.3))


@pytest.fixture
def full() -> Iterator[str]:
    """Give the URL of a listener whose queue is full: it lets nobody in."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        port = listener.getsockname()[1]
        waiting = [socket.socket() for _ in range(8)]
        for each in waiting:
            each.setblocking(False)  # noqa: FBT003 - the standard library's form
            each.connect_ex(("127.0.0.1", port))
        yield f"http://127.0.0.1:{port}/"
        for each in waiting:
            each.close()


@both
def test_a_connection_that_is_not_made_in_time(get: Get, full: str) -> None:
    with pytest.raises(TimedOut, match=rf"{NO_CONNECTION} 0.2 s"):
        get(full, network=Network(connect_timeout=0.2))


@both
def test_connecting_is_no_silence(get: Get, full: str) -> None:
    with pytest.raises(TimedOut, match=rf"{NO_CONNECTION} 1.5 s"):
        get(full, network=Network(connect_timeout=1.5, timeout=0.2))


def test_where_pycurl_does_not_tell_connecting_from_silence_both_limits_hold(
    full: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(easy_handle, "PREREQUEST", None)
    with pytest.raises(TimedOut, match=rf"{NOTHING_CAME} 0.2 s"):
        async_get(full, network=Network(connect_timeout=9, timeout=0.2))


@both
def test_proxies(get: Get) -> None:
    answers = {
        "http://far.example/%2f": ok(b"via"),
        "far.example:443": ok(b"", status="403 \x1b[1m"),
    }
    with RawServer(answers) as proxy:
        through = proxy.url("").replace("//", "//me:secret@")
        network = Network(proxies=(("all", through),))
        assert get("http://far.example/%2f", network=network)[1] == b"via"
        with pytest.raises(Unreachable) as raised:
            get("https://far.example/f", network=network)
    assert b"proxy-authorization: basic bwu6c2vjcmv0" in proxy.heads[0].lower()
    assert str(raised.value) == f"proxy http://***@127.0.0.1:{proxy.port}: 403 Forbidden"
    with pytest.raises(Refused) as raised:
        get("http://far.example/f", network=network)
    assert str(raised.value) == f"proxy http://***@127.0.0.1:{proxy.port}: {REFUSED}"


@both
def test_which_proxy_is_asked_is_not_for_libcurl_to_say(
    get: Get, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.0/8")  # as no other client reads it
    monkeypatch.setenv("NO_PROXY", "127.0.0.0/8")
    with RawServer({"http://127.0.0.1:1/f": ok(b"via")}) as proxy:
        network = Network(proxies=(("all", proxy.url("")), ("no", "127.0.0.0/8")))
        assert get("http://127.0.0.1:1/f", network=network)[1] == b"via"


def test_a_blocking_transport_keeps_one_connection() -> None:
    closed = threading.Event()

    def keep(connection: socket.socket, server: RawServer) -> None:
        del server
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        if not connection.recv(1):
            closed.set()

    with RawServer({"/x": keep}) as one, RawServer({"/x": keep}) as other:
        transport = curl_client.open_transport(Network())
        for server in (one, other):
            transport.get(server.url("/x"), (), lambda _: True, lambda _: None)
        assert closed.wait(5)
        transport.close()


@both
@pytest.mark.parametrize(
    ("head", "words"),
    [
        (b"HTTP/1.1 103 X\r\n\r\n" * 20_000, "Too large response headers"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000, r"\w"),
    ],
)
def test_a_head_that_is_too_long_is_malformed_in_so_many_words(
    get: Get, head: bytes, words: str
) -> None:
    """Not a broken connection, though libcurl has one number for both; and never without words."""
    with (
        RawServer({"/x": head}) as server,
        pytest.raises(Malformed, match=f"^the response is {INVALID_HTTP}: {words}"),
    ):
        get(server.url("/x"))


def test_too_little_memory_is_not_taken_for_a_bad_answer() -> None:
    fault = translate(pycurl.E_OUT_OF_MEMORY, "Out of memory", pycurl.Curl(), Network(), None)
    assert isinstance(fault, Unreachable)
    assert str(fault) == "out of memory or of open files"


@both
def test_a_libcurl_without_http2_says_so_and_does_without(
    get: Get, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert " HTTP/2" in curl_client.about().partition("; this")[0]
    versions = (11, "7.88.1", 0, "Linux", 0)
    monkeypatch.setattr(pycurl, "version_info", lambda: versions)
    assert curl_client.about() == "libcurl 7.88.1, HTTP/1.1; this libcurl has no HTTP/2"
    with RawServer({"/f": ok(b"fine")}) as server:
        assert get(server.url("/f"))[1] == b"fine"


@pytest.mark.parametrize("used", [0, 1])
def test_an_abort_wakes_a_thread_that_waits(used: int) -> None:
    """At once, and without libcurl's second attempt where the connection was in use before."""
    with RawServer({"/ok": ok(b"fine"), "/x": silence}) as server:
        transport = curl_client.open_transport(Network())
        if used:
            transport.get(server.url("/ok"), (), lambda _: True, lambda _: None)
        caught: list[BaseException] = []

        def work() -> None:
            try:
                transport.get(server.url("/x"), (), lambda _: True, lambda _: None)
            except Fault as fault:
                caught.append(fault)

        thread = threading.Thread(target=work)
        thread.start()
        while len(server.heads) < 1 + used:
            thread.join(0.001)
        transport.abort()
        thread.join(0.5)  # libcurl by itself looks up once a second
        ended = not thread.is_alive()
        thread.join(5)
        transport.close()
    assert ended
    assert [type(fault) for fault in caught] == [Aborted]
    assert len(server.heads) == 1 + used


@both
def test_tls_with_a_server_that_speaks_none(get: Get) -> None:
    def answer() -> None:
        connection, _ = listener.accept()
        connection.sendall(b"220 mail ready\r\n")
        connection.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=answer, daemon=True).start()
        with pytest.raises(Untrusted, match="TLS failed: "):
            get(f"https://127.0.0.1:{listener.getsockname()[1]}/")


def test_a_store_that_cannot_be_read_is_never_replaced_by_libcurls_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CURL_CA_BUNDLE", "/nonexistent")

    async def on_body(_: bytes) -> None:
        """Take nothing."""

    async def scenario() -> None:
        async_transport = curl_client.open_async_transport(Network())
        for _ in range(2):
            with pytest.raises(Untrusted, match=NO_CERTIFICATES):
                await async_transport.get("https://127.0.0.1:1/", (), lambda _: True, on_body)
        await async_transport.close()

    asyncio.run(scenario())
    transport = curl_client.open_transport(Network())
    for _ in range(2):
        with pytest.raises(Untrusted, match=NO_CERTIFICATES):
            transport.get("https://127.0.0.1:1/", (), lambda _: True, lambda _: None)
    transport.close()


def test_a_body_that_comes_faster_than_it_is_taken_is_made_to_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Three megabytes at once, for a taker that lets the loop run on before it goes on."""
    monkeypatch.setattr(
        multi_handle, "_CHECK_INTERVAL", 0.005
    )  # they must ignore a paused transfer
    body = os.urandom(3 << 20)
    sizes: list[int] = []
    pieces: list[bytes] = []

    async def on_body(piece: bytes) -> None:
        sizes.append(len(piece))
        pieces.append(piece)
        await asyncio.sleep(0.02)

    async def scenario(url: str) -> None:
        transport = curl_client.open_async_transport(Network())
        await transport.get(url, (), lambda _: True, on_body)
        await transport.close()

    with RawServer({"/x": ok(body)}) as server:
        asyncio.run(scenario(server.url("/x")))
    assert b"".join(pieces) == body
    assert max(sizes) <= (1 << 20) + curl_client.BUFFER


def test_a_transfer_that_ends_while_it_is_paused_ends_with_its_own_fault() -> None:
    """With libcurl, resuming such a transfer is an error: "pause/unpause failed"."""

    async def scenario(url: str) -> None:
        transport = curl_client.open_async_transport(Network())

        async def on_body(_: bytes) -> None:
            (transfer,) = transport._in_flight.values()
            while not transfer.ended:  # noqa: ASYNC110 - libcurl has no event for it
                await asyncio.sleep(0.01)

        try:
            with pytest.raises(Expired):
                await transport.get(url, (), lambda _: True, on_body, 0.2)
        finally:
            await transport.close()

    with RawServer({"/x": ok(bytes(8 << 20))}) as server:
        asyncio.run(scenario(server.url("/x")))


def test_what_comes_while_the_taker_is_busy_is_taken_though_nothing_follows() -> None:
    """Else up to a megabyte would wait in memory for as long as the server says nothing more."""
    busy = threading.Event()

    def answer(connection: socket.socket, server: RawServer) -> None:
        connection.sendall(ok(bytes(900_001))[:-600_001])
        assert busy.wait(10)
        connection.sendall(bytes(600_000))
        server.over.wait(20)

    async def scenario(url: str) -> None:
        transport = curl_client.open_async_transport(Network())
        came = 0
        all_came = asyncio.Event()

        async def on_body(piece: bytes) -> None:
            nonlocal came
            came += len(piece)
            if came < 900_000:
                busy.set()
                (transfer,) = transport._in_flight.values()
                while came + transfer.size < 900_000:  # noqa: ASYNC110 - libcurl has no event for it
                    await asyncio.sleep(0)
            else:
                all_came.set()

        job = asyncio.create_task(transport.get(url, (), lambda _: True, on_body))
        await asyncio.wait_for(all_came.wait(), 10)
        job.cancel()
        await asyncio.wait([job])
        await transport.close()

    with RawServer({"/x": answer}) as server:
        asyncio.run(scenario(server.url("/x")))


@pytest.mark.parametrize(
    ("network", "text"),
    [
        (Network(proxies=(("http", "ftp://me:secret@h"),)), "proxy 'ftp://***@h' is not an http"),
        (Network(proxies=(("http", f"http://{'a' * 64}.b"),)), NOT_A_PROXY),
        (Network(cacert="/nonexistent"), f"{NO_CERTIFICATES} in '/nonexistent': No such"),
    ],
)
def test_settings_that_cannot_work_are_usage_errors(network: Network, text: str) -> None:
    with pytest.raises(UsageError) as raised:
        curl_client.check(network)
    assert text in str(raised.value)
    assert "secret" not in str(raised.value)


def test_settings_that_can_work(tmp_path: Path) -> None:
    curl_client.check(Network(cacert=str(tmp_path / "unused"), insecure=True))
    curl_client.check(Network(proxies=(("http", "socks5://p:1"), ("no", "[::1]"))))


def test_without_pycurl_curl_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "_has_pycurl", lambda: False)
    with pytest.raises(UsageError, match=r"pip install 'getflags\[curl\]'"):
        transport.client("curl")


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ours = socket.create_connection(listener.getsockname())
        theirs, _ = listener.accept()
        with ours, theirs:
            yield ours, theirs


def ends(connection: socket.socket) -> tuple[str, int, int]:
    return *connection.getpeername(), connection.getsockname()[1]


def test_who_speaks_before_being_asked_is_known_by_both_ends(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = pair
    sockets = Sockets()
    sockets.opened(ours.fileno(), 0)
    assert not sockets.has_data(ends(ours))
    theirs.sendall(b"psst")
    address, port, local = ends(ours)
    until(lambda: sockets.has_data((address, port, local)))
    assert not sockets.has_data((address, port + 1, local)), "another connection from the same port"
    assert ours.recv(9) == b"psst", "it was not taken away"


def test_a_number_that_the_system_has_given_away_is_believed_no_longer(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = pair
    theirs.sendall(b"psst")
    sockets, number, known = Sockets(), ours.fileno(), ends(ours)
    sockets.opened(number, 0)
    until(lambda: sockets.has_data(known))
    one, other = socket.socketpair()
    with one, other:
        os.dup2(one.fileno(), number)  # the connection is closed by that
        assert not sockets.has_data(known), "a socket without addresses"
        sockets.opened(number, 0)
        assert not sockets.has_data(known)
        sockets.opened(number, 0)
        assert not sockets.has_data(known), "and it had been forgotten before"


def test_a_signal_is_not_lost_while_libcurl_closes_its_sockets(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It calls us back for each, and what is raised there is printed and forgotten."""
    close = curl_client._Sockets.close

    def interrupted(sockets: curl_client._Sockets, descriptor: int) -> int:
        signal.raise_signal(signal.SIGINT)
        return close(sockets, descriptor)

    monkeypatch.setattr(curl_client._Sockets, "close", interrupted)
    with RawServer({"/f": ok(b"x").replace(b"Connection: close\r\n", b"")}) as server:
        transport = curl_client.open_transport(Network())
        transport.get(server.url("/f"), (), lambda _: True, lambda _: None)
        with pytest.raises(KeyboardInterrupt):
            transport.close()


def test_what_has_arrived_before_a_cancellation_is_delivered() -> None:
    """Less than a batch is buffered, and the task is not woken for it before it is cancelled."""
    taken: list[bytes] = []
    head = b'HTTP/1.1 200 OK\r\nETag: "one"\r\nContent-Length: 9000\r\n\r\n'

    async def scenario(url: str) -> None:
        open_transport = transport.client("curl").open_async_transport
        opened = open_transport(Network())

        def on_head(_: Head) -> bool:
            asyncio.get_running_loop().call_soon(task.cancel)
            return True

        async def on_body(piece: bytes) -> None:
            taken.append(piece)
            await asyncio.sleep(30)  # a rate limit, which an interrupt does not wait for

        task = asyncio.create_task(opened.get(url, (), on_head, on_body))
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(task, 5)
        await opened.close()

    with RawServer({"/f": stall_after(head + b"x" * 5000)}) as server:
        asyncio.run(scenario(server.url("/f")))
    assert b"".join(taken) == b"x" * 5000
