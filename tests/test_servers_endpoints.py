"""The endpoints of the servers, as two foreign clients see them: curl and httpx."""

import gzip
import hashlib
import json
import re
import shutil
import subprocess
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
import requests

from servers.content.generated import Pattern
from servers.faults.draws import Behaviour
from tests.servers_kit import Running, flags, running

BROWSERS = ["httpx", "curl"]
NONCE = re.compile(r'nonce="([0-9a-f]+)"')


class Got(NamedTuple):
    """A final response; `fields` has names in lower case."""

    status: int
    fields: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, parsed as JSON."""
        assert self.fields["content-type"] == "application/json; charset=utf-8"
        return json.loads(self.body)


Get = Callable[..., Got]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    """Run a server with a few flags."""
    with running(flags(tmp_path)) as found:
        yield found


@pytest.fixture(params=BROWSERS)
def get(request: pytest.FixtureRequest, server: Running, tmp_path: Path) -> Get:
    """Return a function that gets a path with a foreign client."""
    root = f"http://127.0.0.1:{server.port}"

    def by_curl(
        path: str, auth: tuple[str, str, str] | None = None, *, follow: bool = False, **fields: str
    ) -> Got:
        words = ["curl", "-q", "-s", "-S", "-g", "--noproxy", "*", "-D", "-", "--max-time", "20"]
        words += ["-o", str(tmp_path / "body"), "-w", "\n"]
        words += [f"--{auth[0]}", "--user", ":".join(auth[1:])] if auth else []
        words += ["--location", "--cookie", ""] if follow else []
        for name, value in fields.items():
            words += ["--header", f"{name}: {value}"]
        (tmp_path / "body").write_bytes(b"")
        done = subprocess.run([*words, root + path], capture_output=True, check=True, timeout=30)
        line, *rest = done.stdout.decode("latin-1").strip().split("\r\n\r\n")[-1].splitlines()
        named = dict(each.split(": ", 1) for each in rest)
        return Got(
            int(line.split()[1]),
            {name.lower(): value for name, value in named.items()},
            (tmp_path / "body").read_bytes(),
        )

    def by_httpx(
        path: str, auth: tuple[str, str, str] | None = None, *, follow: bool = False, **fields: str
    ) -> Got:
        schemes = {"basic": httpx.BasicAuth, "digest": httpx.DigestAuth}
        scheme = schemes[auth[0]](*auth[1:]) if auth else None
        with (
            httpx.Client(
                trust_env=False, timeout=20, auth=scheme, follow_redirects=follow
            ) as client,
            client.stream("GET", root + path, headers=fields) as answer,
        ):
            return Got(answer.status_code, dict(answer.headers), b"".join(answer.iter_raw()))

    if request.param == "curl" and shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    return by_curl if request.param == "curl" else by_httpx


def test_any_status(get: Get) -> None:
    for status, text in [(200, "OK"), (404, "Not Found"), (503, "Service Unavailable")]:
        answer = get(f"/status/{status}")
        assert (answer.status, answer.body) == (status, f"{status} {text}\n".encode())
        assert answer.fields["content-length"] == str(len(answer.body))
    assert get("/status/599/name.bin").body == b"599 Unassigned\n"
    assert get("/status/299").status == 299


@pytest.mark.parametrize("status", [204, 205, 304])
def test_a_status_without_a_body_has_none(get: Get, server: Running, status: int) -> None:
    assert get(f"/status/{status}").body == b""
    with server.client() as client:
        client.send(
            f"GET /status/{status} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
        )
        head, _ = client.rest()
    assert head.startswith(f"HTTP/1.1 {status} ".encode())
    assert (b"Content-Length" in head) == (status == 205)


def test_a_redirect_to_any_place(get: Get, server: Running) -> None:
    for status in (301, 302, 303, 307, 308):
        answer = get(f"/redirect-to?url=https%3A%2F%2Fexample.org%2Fa%3Fb&status={status}")
        assert (answer.status, answer.fields["location"]) == (status, "https://example.org/a?b")
    assert get("/redirect-to?url=/status/418").status == 302
    followed = get(f"/redirect-to?url=http://127.0.0.1:{server.port}/bytes/1K/x", follow=True)
    assert (followed.status, len(followed.body)) == (200, 1024)


def test_cookies_are_set_and_come_back(get: Get) -> None:
    answer = get("/cookies/set?a=1")
    assert (answer.status, answer.fields["location"]) == (302, "/cookies")
    assert answer.fields["set-cookie"] == "a=1; Path=/"
    assert get("/cookies/set?a=1&b=x-y&c=", follow=True).json == {
        "cookies": {"a": "1", "b": "x-y", "c": ""}
    }
    assert get("/cookies", Cookie="a=1;b = 2; nothing").json == {"cookies": {"a": "1", "b": "2"}}
    assert get("/cookies").json == {"cookies": {}}


def test_headers_come_back(get: Get, server: Running) -> None:
    found = get("/headers?x", **{"X-One": "1", "Range": "bytes=0-0", "User-Agent": "me"}).json[
        "headers"
    ]
    assert found.items() >= {"x-one": "1", "range": "bytes=0-0", "user-agent": "me"}.items()
    assert found["host"] == f"127.0.0.1:{server.port}"


def test_a_repeated_field_is_a_list(server: Running) -> None:
    with server.client() as client:
        client.send(b"GET /headers HTTP/1.1\r\nHost: x\r\nA: 1\r\na: 2\r\nExpect: \xe9\r\n\r\n")
        found = json.loads(client.receive().body)
    assert found == {"headers": {"host": "x", "a": "1, 2", "expect": "é"}}


@pytest.mark.parametrize("scheme", ["basic", "digest", "digest SHA-256"])
def test_a_password_is_needed(get: Get, scheme: str) -> None:
    kind, _, algorithm = scheme.partition(" ")
    path = f"/{kind}-auth/jo/s%3Ae cret/{algorithm}".rstrip("/").replace(" ", "%20")
    assert get(path, (kind, "jo", "s:e cret")).json == {"authenticated": True}
    for wrong in [None, (kind, "jo", "other"), (kind, "other", "s:e cret")]:
        answer = get(path, wrong)
        assert answer.status == 401
        assert answer.fields["www-authenticate"].lower().startswith(kind)
    assert get(path, Authorization="Bearer x").status == 401


def test_a_user_need_not_be_ascii(get: Get) -> None:
    assert get("/basic-auth/j%C3%B6/p%C3%A4", ("basic", "jö", "pä")).status == 200


def test_any_token_will_do(get: Get) -> None:
    assert get("/bearer", Authorization="Bearer abc.d-e==").json == {"authenticated": True}
    for wrong in ["Bearer", "Bearer a b", "Basic YQ=="]:
        assert get("/bearer", Authorization=wrong).status == 401
    answer = get("/bearer")
    assert (answer.status, answer.fields["www-authenticate"]) == (
        401,
        'Bearer realm="getflags-servers"',
    )


def digest(server: Running, **changed: str) -> int:
    """Return the status for a digest by RFC 7616, computed here, with changed parameters."""
    path = "/digest-auth/jo/secret"
    challenge = server.ask(path).fields["www-authenticate"]
    nonce = NONCE.search(challenge)
    assert nonce is not None
    given = {
        "username": "jo",
        "realm": "getflags-servers",
        "nonce": nonce[1],
        "uri": path,
        "qop": "auth",
        "nc": "00000001",
        "cnonce": 'a"\\b',
        "algorithm": "MD5",
        **changed,
    }

    def md5(text: str) -> str:
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

    first = md5(f"{given['username']}:{given['realm']}:secret")
    second = md5(f"GET:{path}")
    middle = f"{given['nonce']}:{given['nc']}:{given['cnonce']}:{given['qop']}"
    given.setdefault("response", md5(f"{first}:{middle}:{second}"))
    quoted = {name: re.sub(r'(["\\])', r"\\\1", value) for name, value in given.items()}
    words = ", ".join(f'{name}="{value}"' for name, value in quoted.items())
    return server.ask(path, authorization=f"Digest {words}").status


def test_each_parameter_of_a_digest_is_checked(server: Running) -> None:
    assert digest(server) == 200
    for name, value in [
        ("username", "x"),
        ("realm", "x"),
        ("nonce", "x"),
        ("uri", "/x"),
        ("qop", "auth-int"),
        ("nc", "1"),
        ("algorithm", "SHA-256"),
        ("response", "0" * 32),
    ]:
        assert digest(server, **{name: value}) == 401, name


def test_a_gzip_body_decodes_to_the_generated_bytes(get: Get) -> None:
    plain = get("/bytes/100K/x").body
    for accepted in ("gzip", "identity"):
        answer = get("/gzip/100K/x", **{"Accept-Encoding": accepted})
        assert answer.fields["content-encoding"] == "gzip"
        assert gzip.decompress(answer.body) == plain
    assert gzip.decompress(get("/gzip/0").body) == b""
    part = get("/gzip/100K/x", Range="bytes=10-19")
    assert (part.status, part.body) == (206, answer.body[10:20])


def test_a_cut_gzip_body_has_a_length_that_fits(get: Get) -> None:
    answer = get("/gzip-cut/64K")
    assert answer.fields["content-length"] == str(len(answer.body))
    unpacker = zlib.decompressobj(wbits=31)
    assert 0 < len(unpacker.decompress(answer.body)) < 2**16
    assert not unpacker.eof


def decoded_by_curl(url: str) -> bytes:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    words = ["curl", "-q", "-sS", "--noproxy", "*", "--compressed", "--max-time", "20", url]
    return subprocess.run(words, capture_output=True, check=True, timeout=30).stdout


def decoded_by_requests(url: str) -> bytes:
    with requests.Session() as session:
        session.trust_env = False
        return session.get(url, timeout=20).content


@pytest.mark.parametrize("decoded", [decoded_by_curl, decoded_by_requests])
def test_foreign_clients_decode_gzip(server: Running, decoded: Callable[[str], bytes]) -> None:
    root = f"http://127.0.0.1:{server.port}"
    plain = decoded(f"{root}/bytes/64K/x")
    assert (len(plain), decoded(f"{root}/gzip/64K/x")) == (2**16, plain)
    cut = decoded(f"{root}/gzip-cut/64K/x")
    assert 0 < len(cut) < len(plain), "they don't notice that it is cut"
    assert plain.startswith(cut)
    assert decoded(f"{root}/gzip-bomb/1M") == bytes(2**20)


def test_a_large_file_comes_whole_and_in_parts(get: Get) -> None:
    answer = get("/bytes/10M/x")
    size = 10 * 2**20
    assert (answer.status, answer.fields["content-length"]) == (200, str(size))
    assert answer.body == Pattern("x", size).read(0, size)
    part = get("/bytes/10M/x", Range=f"bytes={size - 5}-")
    assert (part.status, part.body) == (206, answer.body[-5:])


@pytest.mark.parametrize(
    ("text", "size"), [("0", 0), ("1000", 1000), ("1M", 2**20), ("3.5M", 7 * 2**19)]
)
def test_a_bomb_is_small_until_it_is_decoded(get: Get, text: str, size: int) -> None:
    answer = get(f"/gzip-bomb/{text}")
    assert len(answer.body) < 100 + size // 500
    unpacker = zlib.decompressobj(wbits=31)
    assert unpacker.decompress(answer.body) == bytes(size)
    assert unpacker.eof  # one member, whose length and CRC are right
    assert not unpacker.unused_data


def test_a_bomb_of_a_gigabyte(server: Running) -> None:
    answer = server.ask("/gzip-bomb/1G", "HEAD")
    assert int(answer.fields["content-length"]) < 2**21


def test_a_file_that_is_not_ready_yet(get: Get) -> None:
    for _ in range(2):
        answer = get("/accepted/2/x")
        assert (answer.status, answer.fields["retry-after"]) == (202, "1")
    assert get("/accepted/2/x").status == 200
    assert get("/accepted/2/y").status == 202
    assert get("/accepted/0").status == 200


def test_faults_count_the_attempts_of_an_endpoint_too(tmp_path: Path) -> None:
    with running(flags(tmp_path), Behaviour(bandwidth=10**6)) as server:
        assert [server.ask("/accepted/1").status for _ in range(3)] == [202, 200, 200]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/status", 404),
        ("/status/", 404),
        ("/status/199", 400),
        ("/status/600", 400),
        ("/status/2000", 400),
        ("/status/-1", 400),
        ("/status/%00", 404),
        ("/status/%zz", 400),
        ("/status/%d9%a3%d9%a3%d9%a3", 400),
        ("/status/" + "9" * 5000, 400),
        ("/status//", 404),
        ("/accepted", 404),
        ("/accepted/x", 400),
        ("/accepted/" + "9" * 5000, 400),
        ("/redirect-to", 400),
        ("/redirect-to/x?url=/", 404),
        ("/redirect-to?url=ftp://x/", 400),
        ("/redirect-to?url=javascript:x", 400),
        ("/redirect-to?url=/%0d%0aX:1", 400),
        ("/redirect-to?url=/%0dX:1", 400),
        ("/redirect-to?url=/%20", 400),
        ("/redirect-to?url=/%ff", 400),
        ("/redirect-to?url=/%f", 400),
        ("/redirect-to?url=/x&status=200", 400),
        ("/redirect-to?" + "&" * 200, 400),
        ("/cookies/x", 404),
        ("/cookies/set", 400),
        ("/cookies/set?a%0d%0ab=1", 400),
        ("/cookies/set?a=1;b", 400),
        ("/cookies/set?=1", 400),
        ("/headers/x", 404),
        ("/bearer/x", 404),
        ("/basic-auth/x", 404),
        ("/basic-auth/x/y/z", 404),
        ("/basic-auth/%ff/%fe", 400),
        ("/digest-auth/x", 404),
        ("/digest-auth/%ff/%fe", 400),
        ("/digest-auth/x/y/SHA-1", 404),
        ("/digest-auth/x/y/MD5/z", 404),
        ("/gzip/x", 404),
        ("/gzip/17M", 404),
        ("/gzip-bomb/2G", 404),
        ("/gzip/1.5", 404),
        ("/gzip-cut/" + "9" * 5000, 404),
    ],
)
def test_a_bad_path_is_an_error_of_the_client(server: Running, path: str, status: int) -> None:
    with server.client() as client:
        assert client.ask(path).status == status
        assert client.ask(path, "HEAD").status == status
        assert client.ask("/status/200").status == 200


@pytest.mark.parametrize(
    "value",
    [
        "Digest " + "a" * 60_000,
        "Digest " + 'a="\\' * 15_000,
        "Digest \xff",
        "Basic \xff",
        "Basic",
        "",
        "Digest ,,=",
    ],
)
def test_bad_credentials_are_no_credentials(server: Running, value: str) -> None:
    for path in ("/basic-auth/a/b", "/digest-auth/a/b", "/bearer"):
        assert server.ask(path, authorization=value).status in {400, 401}


def test_an_endpoint_takes_only_gets(server: Running) -> None:
    assert server.ask("/status/200", "POST", content_length="0").status == 405
    assert server.ask("/accepted/0", "HEAD").body == b""
