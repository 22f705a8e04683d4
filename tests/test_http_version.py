"""Which version of HTTP is spoken: ``--http1.1``, ``--http2`` and ``--http3``.

The versions that were really spoken are in the log of an nginx with TLS, which has no HTTP/3.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep
from types import SimpleNamespace
from typing import Any

import pytest

import getflags
from benchmarks.grounds import Ground, find_nginx, nginx
from getflags import transport
from getflags.core.errors import UsageError
from getflags.core.models import Network
from getflags.transport.curl import client as curl_client
from getflags.transport.curl import easy_handle
from tests.kit import files, run_main
from tests.rawserver import RawServer, ok

ENGINES = ("asyncio", "processes", "sequential", "threads")
needs_nginx = pytest.mark.skipif(find_nginx() is None, reason="there is no nginx")
needs_http3 = pytest.mark.skipif(
    not easy_handle.speaks_http3(), reason="this libcurl has no HTTP/3"
)


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """Run an nginx that serves a few files with HTTP/1.1 and, with TLS, HTTP/2."""
    served = tmp_path_factory.mktemp("served")
    for name in "abc":
        (served / name).write_text(f"this is {name}")
    with nginx(tmp_path_factory.mktemp("nginx") / "own", served) as ground:
        yield ground


def _spoken(ground: Ground, start: int) -> list[str]:
    """Return the versions of the three requests since the log had the length ``start``."""
    assert ground.log
    end = monotonic() + 20
    while len(found := ground.log.read_text()[start:].split()) < 3 and monotonic() < end:
        sleep(0.01)  # nginx writes a line after the response has left
    return found


def _download(ground: Ground, scheme: str, folder: Path, **settings: Any) -> list[str]:
    """Download three files, which must succeed; return the versions that were spoken."""
    start = ground.noted()
    urls = [f"{ground.probes[scheme]}{name}" for name in "abc"]
    report = getflags.download(urls, dir=folder, cacert=ground.cacert, **settings)
    assert report.exit_status == 0, [each.reason for each in report.outcomes]
    assert files(folder) == {name: f"this is {name}".encode() for name in "abc"}
    return _spoken(ground, start)


@needs_nginx
@pytest.mark.parametrize(
    ("version", "scheme", "spoken"),
    [
        ("1.1", "h2", "HTTP/1.1"),
        ("2", "h2", "HTTP/2.0"),
        ("2", "https", "HTTP/1.1"),  # the server lacks it
        ("2", "http", "HTTP/1.1"),  # no h2c
        ("1.1", "http", "HTTP/1.1"),
    ],
)
@pytest.mark.parametrize("engine", ENGINES)
def test_the_version_that_was_asked_for_is_spoken(  # noqa: PLR0917 - a table
    ground: Ground, tmp_path: Path, engine: str, version: str, scheme: str, spoken: str
) -> None:
    found = _download(ground, scheme, tmp_path, engine=engine, http_version=version)
    assert found == [spoken] * 3


@needs_nginx
@pytest.mark.parametrize("engine", ENGINES)
def test_http1_limits_the_curl_client_too(ground: Ground, tmp_path: Path, engine: str) -> None:
    ways = {"engine": engine, "client": "curl"}
    assert _download(ground, "h2", tmp_path / "a", **ways) == ["HTTP/2.0"] * 3
    one = _download(ground, "h2", tmp_path / "b", http_version="1.1", **ways)
    assert one == ["HTTP/1.1"] * 3


@needs_nginx
@needs_http3
@pytest.mark.parametrize(("scheme", "spoken"), [("h2", "HTTP/2.0"), ("https", "HTTP/1.1")])
@pytest.mark.parametrize("engine", ENGINES)
def test_http3_is_tried_and_another_version_serves(
    ground: Ground, tmp_path: Path, engine: str, scheme: str, spoken: str
) -> None:
    port = int(ground.probes[scheme].rpartition(":")[2].strip("/"))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", port))
        listener.settimeout(20)
        found = _download(ground, scheme, tmp_path, engine=engine, http_version="3")
        first = listener.recv(2048)
    assert first[0] & 0xC0 == 0xC0, "a QUIC packet with a long header (RFC 9000 section 17.2)"
    assert found == [spoken] * 3


@needs_nginx
def test_on_the_command_line_the_last_one_wins(ground: Ground, tmp_path: Path) -> None:
    words = ["-d", "d", "--cacert", str(ground.cacert), "-v"]
    words += [f"{ground.probes['h2']}{name}" for name in "abc"]
    start = ground.noted()
    done = run_main(*words, "--http1.1", "--http3", "--http2", cwd=tmp_path)
    assert done.returncode == 0
    assert _spoken(ground, start) == ["HTTP/2.0"] * 3
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("Engine: ")]
    assert "client: curl (libcurl " in line
    assert line.endswith("), chosen for --http2.")
    start = ground.noted()
    done = run_main(*words, "--http2", "--http1.1", cwd=tmp_path)
    assert done.returncode == 0
    assert _spoken(ground, start) == ["HTTP/1.1"] * 3
    assert "client: h1 (getflags' own HTTP/1.1).\n" in done.stdout
    done = run_main(*words, "--http2", "--client", "curl", cwd=tmp_path)
    assert done.returncode == 0
    assert "chosen" not in done.stdout


def test_the_configuration_can_choose_a_version(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('http2 = true\nclient = "h1"\n')
    done = run_main("--config", "config.toml", "http://h/f", cwd=tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "--http2 needs --client curl; h1 speaks only HTTP/1.1" in done.stderr


@pytest.mark.parametrize("client", ["h1", "httpx"])
@pytest.mark.parametrize("version", ["2", "3"])
def test_a_client_that_lacks_the_version(tmp_path: Path, client: str, version: str) -> None:
    message = f"--http{version} needs --client curl; {client} speaks only HTTP/1.1"
    with RawServer({"/f": ok(b"hello")}) as server:
        done = run_main(
            f"--http{version}", "--client", client, "-d", "d", server.url("/f"), cwd=tmp_path
        )
        with pytest.raises(UsageError, match=message):
            getflags.download(
                [server.url("/f")], dir=tmp_path / "d", client=client, http_version=version
            )
        assert not server.heads
    assert (done.returncode, done.stderr) == (2, f"getflags: {message}\n")
    assert files(tmp_path) == {}


@pytest.mark.parametrize("client", ["h1", "httpx"])
def test_every_client_speaks_http1(tmp_path: Path, client: str) -> None:
    with RawServer({"/f": ok(b"hello")}) as server:
        report = getflags.download(
            [server.url("/f")], dir=tmp_path, client=client, http_version="1.1"
        )
    assert report.exit_status == 0


@pytest.mark.parametrize("version", ["2", "3"])
def test_without_pycurl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    monkeypatch.setattr(transport, "_has_pycurl", lambda: False)
    message = f"--http{version} needs the curl client, which is not installed; "
    message += "run: pip install 'getflags[curl]'"
    done = run_main(f"--http{version}", "http://h/f", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (2, f"getflags: {message}\n")
    with pytest.raises(UsageError) as error:
        getflags.download(["http://h/f"], dir=tmp_path, http_version=version)
    assert str(error.value) == message
    assert files(tmp_path) == {}


def _older_libcurl(monkeypatch: pytest.MonkeyPatch, features: int, number: int) -> None:
    """Let libcurl say that it is another one."""
    version = (11, "7.87.1", number, "Linux", features)
    real = sys.modules["pycurl"]
    names = {name: getattr(real, name) for name in dir(real) if not name.startswith("__")}
    fake = SimpleNamespace(**{**names, "version_info": lambda: version})
    monkeypatch.setattr(easy_handle, "pycurl", fake)
    monkeypatch.setattr(curl_client, "pycurl", fake)


@pytest.mark.parametrize(
    ("version", "features", "number"),
    [
        ("2", 0, 0x080000),
        ("3", 1 << 16, 0x080000),
        ("3", (1 << 16) | (1 << 25), 0x075701),  # it could not fall back
    ],
)
def test_a_libcurl_that_lacks_the_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, features: int, number: int
) -> None:
    _older_libcurl(monkeypatch, features, number)
    done = run_main(f"--http{version}", "http://h/f", cwd=tmp_path)
    message = f"--http{version} cannot be used: the installed libcurl 7.87.1 does not support "
    assert (done.returncode, done.stderr) == (2, f"getflags: {message}HTTP/{version}\n")
    curl_client.check(Network(http_version="1.1"))


@pytest.mark.parametrize(
    ("features", "text"),
    [
        (0, "libcurl 7.87.1, HTTP/1.1; this libcurl has no HTTP/2"),
        (1 << 16, "libcurl 7.87.1, HTTP/1.1 and HTTP/2"),
        ((1 << 16) | (1 << 25), "libcurl 7.87.1, HTTP/1.1, HTTP/2 and HTTP/3"),
    ],
)
def test_the_client_says_what_it_speaks(
    monkeypatch: pytest.MonkeyPatch, features: int, text: str
) -> None:
    _older_libcurl(monkeypatch, features, 0x080000)
    assert curl_client.about() == text


@pytest.mark.parametrize("version", ["1", "1.0", 2, 1.1, ""])
def test_a_version_that_there_is_not(tmp_path: Path, version: Any) -> None:
    with pytest.raises(UsageError, match=r"^http_version is .*; it must be one of 1.1, 2, 3, or N"):
        getflags.download(["http://h/f"], dir=tmp_path, http_version=version)
