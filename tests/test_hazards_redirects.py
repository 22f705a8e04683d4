"""Redirects, proxies and addresses: where a request ends up, and what it carries there."""

from __future__ import annotations

import socket
from base64 import b64encode
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import monotonic

import pytest

import getflags
from getflags import UsageError
from getflags.transport import tls
from tests.hazards import Fails, Row, Way, Whole, everywhere, judge
from tests.kit import files
from tests.messages import NO_CERTIFICATES, NOT_A_PROXY, REFUSED, TOO_MANY_REDIRECTS
from tests.rawserver import Answer, RawServer, moved, ok, stall_after


def moved_to(location: str) -> Callable[[socket.socket, RawServer], None]:
    """Redirect to a place with the server's own HOST:PORT in it."""

    def answer(connection: socket.socket, server: RawServer) -> None:
        place = server.url("").removeprefix("http://")
        connection.sendall(moved(location.replace("HOST:PORT", place)))

    return answer


def longer_each_time(connection: socket.socket, server: RawServer) -> None:
    """Redirect to where the request came, and a letter."""
    path = server.head.split(b" ")[1].decode() + "x"
    server.answers[path] = longer_each_time
    connection.sendall(moved(path))


THERE = ok(b"hello", "Content-Disposition: attachment; filename=evil")
BESIDE: dict[str, Answer] = {
    "/there": THERE,
    "/%C3%A4": THERE,
    "/a%20b": THERE,
    "/.bashrc": THERE,
    "/deep/x": moved("?q"),
    "/deep/x?q": THERE,
    "/ping": moved("/pong"),
    "/pong": moved("/ping"),
}
NOWHERE = "redirected to a URL that cannot be requested"

ROWS: dict[str, Row] = {
    "F1 two that lead to each other": Fails(moved("/ping"), TOO_MANY_REDIRECTS),
    "F1 a place that is longer each time": Fails(longer_each_time, TOO_MANY_REDIRECTS),
    "F1 an empty Location": Fails(moved(""), TOO_MANY_REDIRECTS),
    "F2 relative": Whole(moved("there")),
    "F2 dots": Whole(moved("./x/../there")),
    "F2 beyond the root": Whole(moved("../../there")),
    "F2 a query": Whole(moved("/deep/x")),
    "F2 a fragment": Whole(moved("/there#part")),
    "F2 another host": Whole(moved_to("//HOST:PORT/there")),
    "F2 absolute": Whole(moved_to("HTTP://HOST:PORT/there")),
    "F2 with a password": Whole(moved_to("http://thief:trap@HOST:PORT/there")),
    "F2 a space": Whole(moved("/a b")),
    "F2 not ASCII": Whole(moved("/\u00e4")),
    "F3 two": Fails(moved("/there\r\nLocation: /ping"), "Location"),
    "F3 file:": Fails(moved("file:///etc/passwd"), NOWHERE),
    "F3 ftp:": Fails(moved("ftp://127.0.0.1/x"), NOWHERE),
    "F3 data:": Fails(moved("data:,hello"), NOWHERE),
    "F3 javascript:": Fails(moved("javascript:alert(1)"), NOWHERE),
    "F3 no port": Fails(moved("http://127.0.0.1:99999/"), NOWHERE),
    "F3 half an address": Fails(moved("http://[::1"), NOWHERE),
    "F3 no host": Fails(moved("https:///there"), NOWHERE),
    "F3 a control character": Fails(moved("/there\x01"), NOWHERE),
    "F3 several places": Fails(moved("/there", "300 Multiple Choices"), "300 Multiple Choices"),
    "F6 another name": Whole(moved("/.bashrc")),
}


@everywhere
def test_redirects_lead_to_the_file_or_to_a_reason(tmp_path: Path, way: Way) -> None:
    judge(ROWS, tmp_path, way, BESIDE)


def endless(connection: socket.socket, server: RawServer) -> None:
    """Redirect, with a body that never ends."""
    with suppress(OSError):
        connection.sendall(moved("/there").replace(b"Content-Length: 0\r\n", b""))
        while not server.over.is_set():
            connection.sendall(b"x" * 65536)


@everywhere
def test_a_redirects_body_is_not_waited_for(tmp_path: Path, way: Way) -> None:
    mute = moved("/there").replace(b"Length: 0", b"Length: 100")
    rows: dict[str, Row] = {"F4 no end": Whole(endless), "F4 silence": Whole(stall_after(mute))}
    began = monotonic()
    judge(rows, tmp_path, way, BESIDE, rounds=[None], timeout=20)
    assert monotonic() - began < 10  # the timeout is 20 s; under load, starting takes seconds


SECRETS = {
    "Authorization": "Basic hidden",
    "Proxy-Authorization": "Basic hidden",
    "Cookie": "hidden",
    "X-Api-Key": "hidden",
}


@pytest.mark.parametrize("differs", ["port", "host"])
@everywhere
def test_another_origin_gets_no_secret(tmp_path: Path, way: Way, differs: str) -> None:
    with RawServer({"/far": ok(b"far")}) as other, RawServer({"/far": ok(b"far")}) as home:
        far = other if differs == "port" else home
        away = far.url("/far").replace("127.0.0.1", "127.0.0.1" if far is other else "localhost")
        home.answers |= {"/a": moved("/b"), "/b": moved(away)}
        report = getflags.download([home.url("/a")], dir=tmp_path, headers=SECRETS, **way)
        assert report.exit_status == 0
        url = home.url("/a").replace("//", "//me:hidden@")
        report = getflags.download([url], dir=tmp_path, **way)
        heads = home.heads + other.heads
    assert report.exit_status == 0
    assert set(files(tmp_path).values()) == {b"far"}
    for head in heads:
        told = b"hidden" in head or b64encode(b"me:hidden") in head
        assert told == (b" /far " not in head)
    assert len(heads) == 6


@everywhere
def test_a_proxy_is_asked_in_the_absolute_form_and_not_for_what_no_proxy_names(
    tmp_path: Path, way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RawServer({"/near": ok(b"near")}) as server, RawServer({}) as proxy:
        proxy.answers = {"http://far.example/f?q": ok(b"via")}
        monkeypatch.setenv("http_proxy", proxy.url(""))
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        urls = ["http://far.example/f?q", server.url("/near")]
        report = getflags.download(urls, dir=tmp_path, **way)
    assert report.exit_status == 0
    assert files(tmp_path) == {"f": b"via", "near": b"near"}
    (head,) = proxy.heads
    assert head.startswith(b"GET http://far.example/f?q HTTP/1.1\r\n")
    assert b"\r\nhost: far.example\r\n" in head.lower()


@everywhere
def test_a_proxy_that_refuses_is_named_and_not_the_host(
    tmp_path: Path, way: Way, closed_port: int
) -> None:
    proxy = f"http://127.0.0.1:{closed_port}"
    urls = ["http://far.example/f", "https://far.example/g"]
    report = getflags.download(urls, dir=tmp_path, proxy=proxy, **way)
    expected = f"proxy {proxy}: {REFUSED}"
    assert [outcome.reason for outcome in report.outcomes] == [expected] * 2
    assert [outcome.requests for outcome in report.outcomes] == [1, 1]


#: What the environment says → what becomes of an http and an https URL: the words of a usage error,
#: or of two reasons. The https server is not there.
ENVIRONMENTS: dict[str, tuple[dict[str, str], str | tuple[str, str]]] = {
    "E9 half an address": ({"http_proxy": "http://[::1"}, f"{NOT_A_PROXY} URL"),
    "E9 another scheme": ({"https_proxy": "ftp://h"}, f"{NOT_A_PROXY} URL"),
    "E9 an address in brackets": (
        {"http_proxy": "http://127.0.0.1:CLOSED", "no_proxy": "[::1],,:,127.0.0.1"},
        ("", REFUSED),
    ),
    "E9 no certificates": (
        {"SSL_CERT_FILE": "/nonexistent"},
        ("", f"{NO_CERTIFICATES} in '/nonexistent'"),
    ),
    "E9 socks": ({"all_proxy": "socks5://127.0.0.1:CLOSED"}, ""),
}
#: Only one of the clients speaks it as it is installed.
SOCKS: dict[str, str | tuple[str, str]] = {
    "curl": ("proxy socks5://127.0.0.1:", "proxy socks5://127.0.0.1:"),
    "h1": "SOCKS proxies need --client curl",
    "httpx": "SOCKS proxies need another package; run: pip install",
}


@pytest.mark.parametrize("row", ENVIRONMENTS)
@everywhere
def test_an_odd_environment_is_a_sentence(
    tmp_path: Path, way: Way, row: str, closed_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ, expected = ENVIRONMENTS[row]
    expected = expected or SOCKS[way["client"]]
    tls._contexts.clear()
    for name in ("CURL_CA_BUNDLE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value.replace("CLOSED", str(closed_port)))
    with RawServer({"/f": ok(b"fine")}) as server:
        urls = [server.url("/f"), f"https://127.0.0.1:{closed_port}/g"]
        if isinstance(expected, str):
            with pytest.raises(UsageError, match=expected):
                getflags.download(urls, dir=tmp_path, retries=0, **way)
            return
        report = getflags.download(urls, dir=tmp_path, retries=0, **way)
    for outcome in report.outcomes:
        words = expected[outcome.target.name == "g"]
        assert words in outcome.reason
        assert bool(words) == outcome.failed


@everywhere
def test_localhost_is_found_wherever_it_listens(tmp_path: Path, way: Way) -> None:
    found = socket.getaddrinfo("localhost", 80, type=socket.SOCK_STREAM)
    for address in {str(each[4][0]) for each in found}:
        with RawServer({"/f": ok(b"fine")}, host=address) as server:
            url = f"http://localhost:{server.port}/f"
            report = getflags.download([url], dir=tmp_path / address, **way)
        assert report.outcomes[0].reason == ""
