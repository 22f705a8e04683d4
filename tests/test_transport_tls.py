"""TLS: fails closed, says why, and is set up once. The CA is made for the test."""

from __future__ import annotations

import multiprocessing
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import product
from pathlib import Path
from typing import Any, TypedDict

import certifi
import pytest
import trustme

import getflags
from getflags import transport
from getflags.core.errors import Aborted, Fault, Untrusted
from getflags.core.models import Network
from getflags.core.response_head import Head
from getflags.transfer import retry
from getflags.transport import tls
from getflags.transport.httpx import client as httpx_client
from tests.kit import files
from tests.messages import NO_CERTIFICATES
from tests.rawserver import RawServer, ok


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/down":
            self.send_response(302)
            self.send_header("Location", self.headers["X-Down"])
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(200)
        if self.path != "/unsized":
            self.send_header("Content-Length", "99" if self.path == "/stall" else "6")
        self.end_headers()
        self.wfile.write(b"secret")
        if self.path == "/stall":
            self.connection.recv(1)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Stay silent."""


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again soon; how long it is, is not the matter here."""
    monkeypatch.setattr(retry, "_FIRST_DELAY", 0.05)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def cafile(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


def server_context(authority: trustme.CA) -> ssl.SSLContext:
    """Return the context of a server called localhost."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    return context


@pytest.fixture(scope="module")
def port(authority: trustme.CA) -> Iterator[int]:
    context = server_context(authority)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None  # type: ignore[method-assign] # clients that hang up
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    tls._contexts.clear()
    for name in ("CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)


class How(TypedDict):
    """A way to download."""

    engine: str
    client: str


@pytest.fixture(params=sorted(product(["asyncio", "threads"], transport.CLIENTS)), ids=" ".join)
def way(request: pytest.FixtureRequest) -> How:
    return {"engine": request.param[0], "client": request.param[1]}


def test_a_trusted_server(port: int, cafile: str, tmp_path: Path, way: How) -> None:
    report = getflags.download(
        [f"https://localhost:{port}/f"] * 3,
        dir=tmp_path,
        cacert=cafile,
        **way,
    )
    assert report.exit_status == 0
    assert set(files(tmp_path).values()) == {b"secret"}


@pytest.mark.parametrize(
    ("host", "with_ca", "reason"),
    [
        ("localhost", False, "unable to get local issuer certificate"),
        ("127.0.0.1", True, "127.0.0.1"),
    ],
)
def test_who_is_not_trusted_gives_nothing(  # noqa: PLR0917 - a table
    port: int,
    cafile: str,
    tmp_path: Path,
    way: How,
    host: str,
    reason: str,
    *,
    with_ca: bool,
) -> None:
    report = getflags.download(
        [f"https://{host}:{port}/f"],
        dir=tmp_path,
        cacert=cafile if with_ca else None,
        **way,
    )
    assert report.outcomes[0].reason.startswith("certificate not trusted: ")
    assert reason in report.outcomes[0].reason
    assert files(tmp_path) == {}


def test_insecure_asks_nothing(port: int, tmp_path: Path, way: How) -> None:
    report = getflags.download([f"https://127.0.0.1:{port}/f"], dir=tmp_path, insecure=True, **way)
    assert report.exit_status == 0


@pytest.mark.parametrize(
    ("host", "trust", "reason"),
    [
        ("localhost", "cacert", ""),
        ("localhost", "variable", ""),
        ("127.0.0.1", "insecure", ""),
        ("localhost", "none", "certificate"),
        ("127.0.0.1", "cacert", "certificate"),
    ],
)
def test_a_proxy_that_speaks_tls_is_trusted_as_servers_are(  # noqa: PLR0917 - a table
    port: int,
    cafile: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    way: How,
    host: str,
    trust: str,
    reason: str,
) -> None:
    if trust == "variable":
        monkeypatch.setenv("SSL_CERT_FILE", cafile)
    report = getflags.download(
        ["http://far.example/f"],
        dir=tmp_path,
        proxy=f"https://{host}:{port}",
        cacert=cafile if trust == "cacert" else None,
        insecure=trust == "insecure",
        **way,
    )
    assert reason in report.outcomes[0].reason
    assert files(tmp_path) == ({} if reason else {"f": b"secret"})


def test_a_server_that_speaks_no_tls(tmp_path: Path, way: How) -> None:
    with RawServer({}) as server:
        url = server.url("/f").replace("http:", "https:")
        report = getflags.download(
            [url], dir=tmp_path, **way, timeout=0.4, connect_timeout=0.4, retries=0
        )
    assert report.outcomes[0].failed
    assert report.outcomes[0].reason


def test_a_server_that_speaks_plain_http(tmp_path: Path, way: How) -> None:
    """It answers what it takes for a bad request."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        url = f"https://127.0.0.1:{listener.getsockname()[1]}/f"
        report = getflags.download([url], dir=tmp_path, **way, timeout=5)
        thread.join()
    reason = report.outcomes[0].reason
    assert reason.startswith("TLS failed: ")
    assert reason.endswith("; the port may speak plain HTTP: does http:// work?")
    assert report.outcomes[0].requests == 1


def test_a_server_that_closes_in_the_handshake_may_be_restarting(
    authority: trustme.CA, cafile: str, tmp_path: Path, way: How
) -> None:
    """It says nothing about trust, so it is retried as a refused connection is."""
    context = server_context(authority)

    def answer() -> None:
        for number in range(3):
            connection, _ = listener.accept()
            if number == 1:
                connection.recv(5)  # it closes when all has come, so it is no reset
                connection.recv(65536)
                connection.close()
                continue
            with context.wrap_socket(connection, server_side=True) as secure:
                secure.recv(65536)
                secure.sendall(ok(b"fine"))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        urls = [f"https://localhost:{listener.getsockname()[1]}/{name}" for name in "fg"]
        report = getflags.download(urls, dir=tmp_path, cacert=cafile, max_req=1, **way)
        thread.join(20)
    assert [each.reason for each in report.outcomes] == ["", ""]
    assert [each.requests for each in report.outcomes] == [1, 2]


def test_a_slow_handshake_is_connecting_and_no_silence(
    authority: trustme.CA, cafile: str, tmp_path: Path, way: How
) -> None:
    context = server_context(authority)

    def answer() -> None:
        connection, _ = listener.accept()
        time.sleep(0.6)
        with context.wrap_socket(connection, server_side=True) as secure:
            secure.recv(65536)
            time.sleep(0.1)
            secure.sendall(ok(b"late"))
            secure.recv(1)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=answer, daemon=True).start()
        url = f"https://localhost:{listener.getsockname()[1]}/f"
        report = getflags.download(
            [url], dir=tmp_path, cacert=cafile, timeout=0.4, connect_timeout=9, retries=0, **way
        )
    assert report.outcomes[0].reason == ""
    assert files(tmp_path) == {"f": b"late"}


def test_https_never_steps_down_to_http(port: int, cafile: str, tmp_path: Path, way: How) -> None:
    with RawServer({"/plain": ok(b"x")}) as plain:
        report = getflags.download(
            [f"https://localhost:{port}/down"],
            dir=tmp_path,
            cacert=cafile,
            **way,
            headers={"X-Down": plain.url("/plain")},
        )
    assert report.outcomes[0].reason == "redirected from https to http, which is refused"
    assert plain.heads == []


@pytest.mark.parametrize("variable", ["CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_the_environment_names_the_store(
    port: int, cafile: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, cafile)
    report = getflags.download([f"https://localhost:{port}/f"], dir=tmp_path)
    assert report.exit_status == 0


@pytest.mark.parametrize(
    ("variable", "reason"),
    [("SSL_CERT_FILE", "No such file or directory"), ("SSL_CERT_DIR", "not a directory")],
)
def test_a_store_that_is_not_there_is_said_once_for_each_target(
    port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, reason: str
) -> None:
    monkeypatch.setenv(variable, "/nonexistent")
    report = getflags.download([f"https://localhost:{port}/f"], dir=tmp_path)
    expected = f"{NO_CERTIFICATES} in '/nonexistent': {reason}"
    assert report.outcomes[0].reason == expected


def test_a_folder_of_certificates_is_used_by_both_clients(
    port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: How
) -> None:
    (tmp_path / "certificates").mkdir()
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "certificates"))
    report = getflags.download([f"https://localhost:{port}/f"], dir=tmp_path / "d", **way)
    assert report.outcomes[0].reason.startswith("certificate not trusted: ")


def test_a_folder_of_certificates_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    assert tls.context(Network()).get_ca_certs() == []


def test_one_context_serves_all(cafile: str) -> None:
    assert tls.context(Network(cacert=cafile)) is tls.context(Network(cacert=cafile))
    assert tls.context(Network(cacert=cafile)).verify_mode is ssl.CERT_REQUIRED


def test_a_store_is_read_once_and_one_that_cannot_be_read_is_tried_again(
    cafile: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built: list[int] = []

    class Counted(ssl.SSLContext):
        def load_verify_locations(self, *args: Any, **more: Any) -> None:
            built.append(1)
            super().load_verify_locations(*args, **more)

    monkeypatch.setattr(ssl, "SSLContext", Counted)
    late = tmp_path / "late.pem"
    for _ in range(2):
        with pytest.raises(Untrusted, match="No such file"):
            tls.store(Network(cacert=str(late)))
    assert len(built) == 2
    late.write_bytes(Path(cafile).read_bytes())
    for _ in range(2):
        assert tls.store(Network(cacert=str(late))) == (str(late), None)
    assert len(built) == 3
    monkeypatch.setenv("SSL_CERT_FILE", "/nonexistent")
    with pytest.raises(Untrusted, match="No such file"):
        tls.store(Network())


def test_without_a_system_store_certifi_serves(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As with a Python on macOS: nothing is found where OpenSSL looks by itself."""
    paths = ssl.get_default_verify_paths()
    empty = paths._replace(cafile="", capath=str(tmp_path))
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: empty)
    assert tls.store(Network()) == (certifi.where(), None)
    (tmp_path / "a").touch()
    assert tls.store(Network()) == (None, str(tmp_path))
    nothing = paths._replace(cafile="", capath="")
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: nothing)
    assert tls.store(Network()) == (certifi.where(), None)


def test_a_body_without_a_length_might_have_been_cut(
    port: int, cafile: str, tmp_path: Path, way: How
) -> None:
    """Python's TLS doesn't tell a proper end from a cut, libcurl's does (RFC 9112 section 9.8)."""
    report = getflags.download(
        [f"https://localhost:{port}/unsized"],
        dir=tmp_path,
        cacert=cafile,
        **way,
    )
    cut = "unexpected eof" if way["client"] == "curl" else "its end cannot be verified"
    assert cut in report.outcomes[0].reason
    assert files(tmp_path) == {}


def test_a_stalled_https_reader_wakes_up_when_it_is_told_to(port: int, cafile: str) -> None:
    transport = httpx_client.open_transport(Network(cacert=cafile))
    caught: list[BaseException] = []
    stalled = threading.Event()

    def on_head(_: Head) -> bool:
        stalled.set()
        return True

    def work() -> None:
        try:
            transport.get(f"https://localhost:{port}/stall", (), on_head, lambda _: None)
        except Fault as fault:
            caught.append(fault)

    thread = threading.Thread(target=work)
    thread.start()
    assert stalled.wait(10)
    transport.abort()
    thread.join(5)
    transport.close()
    assert [type(fault) for fault in caught] == [Aborted]


def test_a_process_that_is_forked_while_a_context_is_built_builds_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun, over = threading.Event(), threading.Event()
    build = tls._build

    def slow(network: Network) -> ssl.SSLContext:
        begun.set()
        over.wait(10)
        return build(network)

    monkeypatch.setattr(tls, "_build", slow)
    builder = threading.Thread(target=tls.context, args=(Network(insecure=True),))
    builder.start()
    assert begun.wait(10)
    monkeypatch.setattr(tls, "_build", build)
    child = multiprocessing.get_context("fork").Process(
        target=tls.context, args=(Network(insecure=True),)
    )
    child.start()
    child.join(5)
    child.kill()
    over.set()
    builder.join()
    assert child.exitcode == 0


def test_only_so_many_contexts_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program may have any number of runs in its life, each with settings of its own."""
    built: list[Network] = []
    build = tls._build

    def counted(network: Network) -> ssl.SSLContext:
        built.append(network)
        return build(network)

    monkeypatch.setattr(tls, "_build", counted)
    many = [Network(insecure=True, timeout=seconds) for seconds in range(1, 18)]
    for network in [*many, *many[1:], many[0]]:
        tls.context(network)
    assert built == [*many, many[0]]
