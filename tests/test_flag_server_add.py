"""Responses that a test adds to a bundled server, and a server without pytest."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from getflags.core.errors import GetflagsError
from getflags.testing import local_server
from getflags.testing.flag_server import FlagServer, StartFlagServer
from tests.rawserver import RawServer, ok
from tests.servers_kit import Client, Program, port_of

Send = Callable[..., tuple[int, bytes]]


def by_httpx(url: str, method: str = "GET", body: bytes = b"") -> tuple[int, bytes]:
    answer = httpx.request(method, url, content=body, trust_env=False, timeout=20)
    return answer.status_code, answer.content


def by_curl(url: str, method: str = "GET", body: bytes = b"") -> tuple[int, bytes]:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    words = ["curl", "-q", "-sS", "--noproxy", "*", "--max-time", "20", "-w", "%{http_code}"]
    words += ["--data-binary", "@-"] if method == "POST" else []
    done = subprocess.run([*words, url], input=body, capture_output=True, check=True)
    return int(done.stdout[-3:]), done.stdout[:-3]


@pytest.fixture(params=[by_httpx, by_curl], ids=["httpx", "curl"])
def send(request: pytest.FixtureRequest) -> Send:
    """Return a function that sends a request with a foreign client."""
    function: Send = request.param
    return function


def raw(server: FlagServer) -> Client:
    return Client(int(server.root.rpartition(":")[2]))


def test_a_test_adds_its_own_responses(flag_server: StartFlagServer, send: Send) -> None:
    server = flag_server()
    url = server.add("/x", b"body\0\xff")
    assert url == f"{server.root}/x"
    assert send(url) == send(f"{url}?query") == send(url, "POST", b"form") == (200, b"body\0\xff")
    assert send(server.add("own.txt", "täxt", status=503)) == (503, "täxt".encode())
    assert send(f"{server.root}/flags/own.txt")[0] == 503
    assert send(server.add("/empty")) == (200, b"")
    assert send(server.add("/x", b"later")) == (200, b"later")
    assert send(server.add("br/br.gif", b"mine")) == (200, b"mine")
    assert send(f"{server.root}/flags/cn/cn.gif")[1].startswith(b"GIF8")
    assert server.ledger().responses == {200: 7, 503: 2}
    server.reset()
    assert send(url) == (200, b"later")
    assert send(f"{server.root}/bytes/10/x", "POST", b"form")[0] == 405


def test_a_large_response_comes_whole(flag_server: StartFlagServer, send: Send) -> None:
    body = bytes(range(256)) * 2**14
    assert send(flag_server().add("/large", body)) == (200, body)


def test_header_fields_are_sent_as_they_are_given(flag_server: StartFlagServer) -> None:
    server = flag_server()
    server.add("/x", b"0123456789", headers={"content-type": "text/x", "ETag": '"mine"'})
    server.add("/two", status=299, headers=[("Set-Cookie", "a=1"), ("Set-Cookie", "b=é")])
    with raw(server) as client:
        answer = client.ask("/x")
        assert (answer.status, answer.body) == (200, b"0123456789")
        assert answer.fields["content-type"] == "text/x"
        assert answer.fields["etag"] == '"mine"'
        part = client.ask("/x", range="bytes=2-3", if_range='"mine"')
        assert (part.status, part.body) == (206, b"23")
        assert client.ask("/x", if_none_match='"mine"').status == 304
        assert client.ask("/x", "HEAD").fields["content-length"] == "10"
        assert client.ask("/x", "DELETE").status == 405
        server.add("/none", b"x" * 500, status=404)
        assert client.ask("/none", "HEAD").fields["content-length"] == "500"
        client.send(b"GET /two HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        lines = client.rest()[0].split(b"\r\n")
    assert lines[0] == b"HTTP/1.1 299 Unassigned"
    assert [each for each in lines if each.startswith(b"Set-Cookie")] == [
        b"Set-Cookie: a=1",
        b"Set-Cookie: b=\xe9",
    ]


@pytest.mark.parametrize("status", [204, 304])
def test_a_status_without_a_body_is_sent_without_one(
    flag_server: StartFlagServer, send: Send, status: int
) -> None:
    assert send(flag_server().add("/x", b"body", status=status)) == (status, b"")


def test_the_options_apply_to_added_responses(flag_server: StartFlagServer, send: Send) -> None:
    url = flag_server(fail_first=1).add("/x", b"body")
    assert [send(url), send(url)] == [(503, b"503 Service Unavailable\n"), (200, b"body")]


def test_a_folder_may_have_more_than_its_files(
    flag_server: StartFlagServer, send: Send, tmp_path: Any
) -> None:
    server = flag_server(directory=tmp_path)
    assert send(server.add("x", b"body")) == (200, b"body")


def test_https(flag_server: StartFlagServer) -> None:
    server = flag_server(tls=True)
    trusting = ssl.create_default_context(cafile=server.cafile)
    answer = httpx.get(server.add("/x", b"body"), verify=trusting, trust_env=False, timeout=20)
    assert answer.content == b"body"


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"path": "/a b"}, "'/a b' is not a path: use the characters of URLs, without a query"),
        ({"path": "/a?b"}, "is not a path"),
        ({"path": "/\n"}, "is not a path"),
        ({"path": "/-/ledger"}, "'/-/ledger' belongs to the server: use a path outside of /-/"),
        ({"status": 199}, "199 is not a status: use one from 200 to 599"),
        ({"status": 600}, "600 is not a status: use one from 200 to 599"),
        ({"headers": {"a b": "c"}}, "'a b: c' is not a header field"),
        ({"headers": {"a": "b\r\nc: d"}}, "is not a header field"),
        ({"headers": {"a": "☃"}}, "is not a header field"),
        ({"headers": {"content-length": "1"}}, "the server sends Content-Length itself"),
        ({"headers": {"Connection": "x"}}, "the server sends Connection itself"),
    ],
)
def test_what_cannot_be_sent_is_a_sentence(
    flag_server: StartFlagServer, given: dict[str, Any], sentence: str
) -> None:
    server = flag_server()
    with pytest.raises(ValueError, match=sentence.replace("?", r"\?")) as caught:
        server.add(**{"path": "/x", **given})
    assert "\n" not in str(caught.value)
    assert server.ledger().requests == 0


def test_a_server_that_cannot_add_is_named() -> None:
    with RawServer({"/-/add?path=%2Fx&status=200": ok(b"<html>")}) as stranger:
        server = FlagServer(stranger.url("/flags"))
        with pytest.raises(GetflagsError, match=f"^POST /-/add at {server.root}: "):
            server.add("/x", b"secret")


@pytest.mark.parametrize(
    "query",
    [
        "",
        "path=/x",
        "status=200",
        "path=/x&status=x",
        "path=/x&status=" + "9" * 5000,
        "path=/x&status=700",
        "path=%ff&status=200",
        "path=/x&status=200&header=a%0d%0ab",
        "path=/x&status=200&header=nocolon",
        "path=/x&status=200&header=a:%20%e2%98%83",
        "&" * 3000,
    ],
)
def test_a_bad_addition_is_refused(flag_server: StartFlagServer, query: str) -> None:
    with raw(flag_server()) as client:
        assert client.ask(f"/-/add?{query}", "POST", content_length="0").status == 400
        assert client.ask("/-/add?path=/x&status=200").status == 405
        fields = {"content_length": "0", "origin": "http://x"}
        assert client.ask("/-/add?path=/x&status=200", "POST", **fields).status == 403
        assert client.ask("/x").status == 404


def test_a_server_of_the_command_line_cannot_be_added_to() -> None:
    with Program("LOCAL", "--port", "0") as program:
        port = port_of(program.ready()[0][1])
        with Client(port) as client:
            answer = client.ask("/-/add?path=/x&status=200", "POST", content_length="0")
            assert answer.status == 404


def test_a_server_without_pytest(send: Send) -> None:
    with local_server(fail_first=1) as server:
        url = server.url_for("/bytes/10/x")
        assert send(url)[0] == 503
        assert len(send(url)[1]) == 10
        assert server.ledger().requests == 2
    with pytest.raises(GetflagsError, match="refused"):
        server.ledger()
    with pytest.raises(ValueError, match="has no option 'port'"), local_server(port=1):  # type: ignore[call-arg]
        pytest.fail("it has no such option")


def test_a_server_without_pytest_may_speak_https() -> None:
    with local_server(tls=True) as server:
        trusting = ssl.create_default_context(cafile=server.cafile)
        answer = httpx.get(server.url_for("/bytes/10/x"), verify=trusting, trust_env=False)
        assert len(answer.content) == 10
