"""The client certificate: which server gets it, and what is wrong with it or without it."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from math import inf
from pathlib import Path
from typing import Any, NamedTuple, Self, cast

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

import getflags
from getflags import transport
from getflags.core.errors import Disconnected, Untrusted
from getflags.core.models import Network
from getflags.transfer.parts import split
from getflags.transport import tls
from getflags.transport.h1.async_connection import Connection as AsyncConnection
from getflags.transport.h1.plain_stream import PlainStream
from getflags.transport.h1.response_reader import ResponseReader
from getflags.transport.h1.route import route
from getflags.transport.h1.sync_connection import SyncConnection
from getflags.transport.h1.tls_stream import TlsStream
from tests import test_split
from tests.hazards import Way, everywhere
from tests.kit import files, free_port, run_main
from tests.rawserver import Answer, RawServer, ok
from tests.servers_kit import until
from tests.test_hazards_tls import (
    AUTHORITY,
    STRANGER,
    SecureServer,
    issued,
    secure_url,
    trust_authority,
)
from tests.test_servers_leaky_bucket import NGINX
from tests.test_transport_h1 import tunnel

VERSIONS = {"TLS 1.2": ssl.TLSVersion.TLSv1_2, "TLS 1.3": ssl.TLSVersion.TLSv1_3}


class Identity(NamedTuple):
    """The files of a client certificate."""

    cert: str
    key: str
    both: str


def identity(folder: Path, by: trustme.CA, name: str = "client") -> Identity:
    """Write a client certificate and its key."""
    issued = by.issue_cert(f"{name}@example.org")
    made = Identity(*(str(folder / f"{name}-{part}.pem") for part in Identity._fields))
    issued.cert_chain_pems[0].write_to_path(made.cert)
    issued.private_key_pem.write_to_path(made.key)
    issued.private_key_and_cert_chain_pem.write_to_path(made.both)
    return made


@pytest.fixture(scope="module")
def me(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    return identity(tmp_path_factory.mktemp("me"), AUTHORITY)


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    return identity(tmp_path_factory.mktemp("stranger"), STRANGER, "stranger")


@pytest.fixture(autouse=True)
def ca(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> str:
    return trust_authority(tmp_path_factory, monkeypatch)


def asking(demand: ssl.VerifyMode) -> ssl.SSLContext:
    """Return the context of a server that asks for client certificates, or demands them."""
    context = issued(AUTHORITY, "localhost")
    context.verify_mode = demand
    context.load_verify_locations(cadata=AUTHORITY.cert_pem.bytes().decode())
    return context


class CertificateServer(SecureServer):
    """A server that demands a certificate, and remembers which requests came with one."""

    def __init__(
        self,
        answers: dict[str, Answer],
        version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3,
    ) -> None:
        context = asking(ssl.CERT_REQUIRED)
        context.minimum_version = context.maximum_version = version
        self.certified: dict[str, bool] = {}
        super().__init__({path: self.recorded(each) for path, each in answers.items()}, context)

    def _serve(self, connection: socket.socket) -> None:
        """Serve as others do who wait until the client has read why it is rejected."""
        with connection.dup() as spare:
            super()._serve(connection)
            with suppress(OSError):
                spare.shutdown(socket.SHUT_WR)
                while spare.recv(65536):
                    pass

    def recorded(self, reply: Answer) -> Answer:
        """Return an answer that first looks at the connection."""

        def answer(connection: Any, server: RawServer) -> None:
            path = server.head.split(b" ")[1].decode()
            self.certified[path] = connection.getpeercert(binary_form=True) is not None
            if callable(reply):
                reply(connection, server)
            else:
                connection.sendall(reply)

        return answer


@pytest.mark.parametrize("form", ["two files", "one file"])
@pytest.mark.parametrize("version", VERSIONS)
@everywhere
def test_a_server_that_demands_a_certificate_gets_it(  # noqa: PLR0917 - a table
    tmp_path: Path, way: Way, me: Identity, ca: str, version: str, form: str
) -> None:
    answers: dict[str, Answer] = {f"/{number}": ok(b"%d" % number) for number in range(4)}
    words = ["--cert", me.cert, "--key", me.key] if form == "two files" else ["--cert", me.both]
    words += ["--engine", way["engine"], "--client", way["client"], "--cacert", ca]
    with CertificateServer(answers, version=VERSIONS[version]) as server:
        urls = [secure_url(server, path) for path in answers]
        done = run_main(*urls, *words, "-d", "d", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert files(tmp_path / "d") == {f"{n}": b"%d" % n for n in range(4)}
    assert set(server.certified.values()) == {True}


@pytest.mark.parametrize("with_one", [False, True])
@pytest.mark.parametrize("version", VERSIONS)
@everywhere
def test_a_server_that_demands_another_certificate_is_asked_once(
    tmp_path: Path, way: Way, stranger: Identity, version: str, *, with_one: bool
) -> None:
    settings: dict[str, Any] = {"cert": stranger.both} if with_one else {}
    with CertificateServer({"/a": ok(b"a")}, version=VERSIONS[version]) as server:
        report = getflags.download(
            [secure_url(server, "/a")], dir=tmp_path, retries=3, **settings, **way
        )
    reason = report.outcomes[0].reason
    if with_one:
        expected = "the server rejects the client certificate, or the lack of one (unknown ca)"
    elif version == "TLS 1.3":
        expected = "the server demands a client certificate (--cert)"
    else:
        expected = "; the server may demand a client certificate (--cert)"
    assert reason.startswith("TLS failed: ")
    assert reason.endswith(expected), reason
    assert (server.connections, server.heads) == (1, []), reason
    assert files(tmp_path) == {}


class KeepingServer(ThreadingHTTPServer):
    """A server that keeps connections, asks for certificates, and remembers who has shown one."""

    def __init__(self, moves: dict[str, str]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.moves = moves
        self.certified: dict[str, bool] = {}
        self.socket = asking(ssl.CERT_OPTIONAL).wrap_socket(self.socket, server_side=True)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing about clients that hang up."""

    def url(self, path: str) -> str:
        return f"https://localhost:{self.server_port}{path}"

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: KeepingServer

    def do_GET(self) -> None:
        shown = cast("ssl.SSLSocket", self.connection).getpeercert(binary_form=True)
        self.server.certified[self.path] = shown is not None
        to = self.server.moves.get(self.path)
        self.send_response(301 if to else 200)
        if to:
            self.send_header("Location", to)
        self.send_header("Content-Length", "0" if to else "4")
        self.end_headers()
        self.wfile.write(b"" if to else b"fine")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Stay silent."""


@pytest.mark.parametrize("trusted", [False, True])
@everywhere
def test_only_the_targets_own_origin_gets_the_certificate(
    tmp_path: Path, way: Way, me: Identity, *, trusted: bool
) -> None:
    """Also if a connection to the other one is open that has shown it, or has not."""
    with KeepingServer({}) as other:
        moves = {"/1": other.url("/there"), "/2": "/here", "/3": other.url("/again")}
        with KeepingServer(moves) as home:
            urls = [other.url("/a"), home.url("/1"), other.url("/b"), home.url("/2")]
            urls += [home.url("/3"), other.url("/c")]
            report = getflags.download(
                urls, dir=tmp_path, cert=me.cert, key=me.key, location_trusted=trusted,
                max_req=1, **way,
            )  # fmt: skip
    assert [outcome.reason for outcome in report.outcomes] == [""] * len(urls)
    assert home.certified == dict.fromkeys(["/1", "/2", "/here", "/3"], True)
    own = dict.fromkeys(["/a", "/b", "/c"], True)
    assert other.certified == {**own, **dict.fromkeys(["/there", "/again"], trusted)}


@pytest.mark.parametrize("trusted", [False, True])
@everywhere
def test_a_mirror_at_another_origin_gets_no_certificate(
    tmp_path: Path, way: Way, me: Identity, *, trusted: bool
) -> None:
    refused = {"/x": "http://localhost/"}  # no redirect from https to http is followed
    with KeepingServer({}) as other, KeepingServer(refused) as home:
        entry = getflags.Entry(home.url("/x"), mirrors=(other.url("/there"),))
        report = getflags.download(
            [entry], dir=tmp_path, cert=me.cert, key=me.key, location_trusted=trusted, **way
        )
    assert [outcome.reason for outcome in report.outcomes] == [""]
    assert (home.certified, other.certified) == ({"/x": True}, {"/there": trusted})


@pytest.mark.parametrize("scheme", ["http", "https"])
@everywhere
def test_the_server_behind_a_proxy_gets_the_certificate(
    tmp_path: Path, way: Way, me: Identity, scheme: str
) -> None:
    context = issued(AUTHORITY, "localhost") if scheme == "https" else None
    with CertificateServer({"/a": ok(b"a")}) as server, tunnel(context=context) as (port, _):
        report = getflags.download(
            [secure_url(server, "/a")], dir=tmp_path, cert=me.both,
            proxy=f"{scheme}://localhost:{port}", **way,
        )  # fmt: skip
    assert report.outcomes[0].reason == ""
    assert server.certified == {"/a": True}


@everywhere
def test_a_proxy_gets_no_certificate(tmp_path: Path, way: Way, me: Identity) -> None:
    """Not even one that demands it."""
    with (
        CertificateServer({"/a": ok(b"a")}) as server,
        tunnel(context=asking(ssl.CERT_REQUIRED)) as (port, heads),
    ):
        report = getflags.download(
            [secure_url(server, "/a")], dir=tmp_path, cert=me.both, retries=0,
            proxy=f"https://localhost:{port}", **way,
        )  # fmt: skip
    assert report.outcomes[0].failed
    assert (heads, server.connections) == ([], 0)


@everywhere
def test_a_file_is_split_and_its_connections_have_the_certificate(
    tmp_path: Path, way: Way, me: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(split, "_WINDOWS", ((0.0, 1),))
    monkeypatch.setattr(split, "_GAIN", -1.0)
    parts = test_split.Site()
    parts.wait_for = 1 if way["client"] == "curl" else test_split.most(way)
    with CertificateServer({"/a": parts}) as server:
        report = getflags.download(
            [secure_url(server, "/a")], dir=tmp_path, cert=me.both, split=4,
            min_split_size=test_split.LEAST, **way,
        )  # fmt: skip
    assert report.outcomes[0].reason == ""
    assert files(tmp_path) == {"a": parts.body}
    assert server.certified == {"/a": True}


@contextmanager
def rejecting() -> Iterator[tuple[int, threading.Thread]]:
    """Run a server that rejects a client and closes the connection; yield its port and thread."""

    def reject() -> None:
        connection, _ = listener.accept()
        with suppress(OSError):
            asking(ssl.CERT_REQUIRED).wrap_socket(connection, server_side=True)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=reject)
        thread.start()
        yield listener.getsockname()[1], thread


DEMANDED = "the server demands a client certificate"


def test_the_alert_is_read_even_if_the_request_cannot_be_sent(ca: str) -> None:
    """The server has closed the connection at once, and the system has noticed."""
    with rejecting() as (port, thread):
        sock = socket.create_connection(("127.0.0.1", port))
        context = tls.context(Network(cacert=ca))
        stream = TlsStream(PlainStream(sock, 9.0), context, "localhost", time.monotonic() + 9)
        thread.join()
        with pytest.raises(OSError, match=r"Broken pipe|reset"):
            while True:
                stream.send(b"x")
    way = route("https://localhost", None)
    connection = SyncConnection(stream, way, 9.0, memoryview(bytearray(99)))
    with pytest.raises(Untrusted, match=DEMANDED):
        connection.ask(b"GET / HTTP/1.1", ResponseReader(), inf)
    connection.close()


def test_a_request_that_cannot_be_sent_and_no_alert() -> None:
    one, other = socket.socketpair()
    stream = PlainStream(one, 9.0)
    connection = SyncConnection(stream, route("http://h", None), 9.0, memoryview(bytearray(99)))
    other.close()
    with pytest.raises(Disconnected, match="broken pipe"):
        connection.ask(b"GET / HTTP/1.1", ResponseReader(), inf)
    connection.close()


class Watched(AsyncConnection):
    """A connection that tells when it is lost."""

    def __init__(self, timeout: float, buffer: memoryview, *, secure: bool) -> None:
        super().__init__(timeout, buffer, secure=secure)
        self.lost = asyncio.Event()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.lost.set()


def test_an_alert_before_the_request_is_the_reason(ca: str) -> None:
    """It may come with the end of the handshake."""

    async def ask(port: int) -> None:
        connection = Watched(9.0, memoryview(bytearray(99)), secure=True)
        await asyncio.get_running_loop().create_connection(
            lambda: connection, "127.0.0.1", port, ssl=tls.context(Network(cacert=ca)),
            server_hostname="localhost",
        )  # fmt: skip
        await connection.lost.wait()
        with pytest.raises(Untrusted, match=DEMANDED):
            await connection.exchange(b"GET / HTTP/1.1", lambda _: True, nothing)

    async def nothing(_: object) -> None:
        pytest.fail("there is no body")

    with rejecting() as (port, thread):
        asyncio.run(ask(port))
        thread.join()


#: Options, and the beginning of the usage error.
MISTAKES = {
    "--key client-key.pem": "--key needs --cert, the file of the certificate that the key belongs "
    "to\n",
    "--cert none": "cannot read the certificate in 'none': No such file or directory",
    "--cert client-both.pem:SECRET": "cannot read the certificate in 'client-both.pem:***': No "
    "such file or directory (a password cannot be given here)\n",
    "--cert .": "cannot read the certificate in '.': not a regular file",
    "--cert pipe": "cannot read the certificate in 'pipe': not a regular file",
    "--cert text": "there is no certificate in PEM format in 'text'",
    "--cert client-key.pem": "there is no certificate in PEM format in 'client-key.pem'",
    "--cert client-cert.pem": "there is no private key in PEM format in 'client-cert.pem'; --key "
    "names its file",
    "--cert client-both.pem --key none": "cannot read the private key in 'none': No such file or "
    "directory",
    "--cert client-both.pem --key text": "there is no private key in PEM format in 'text'",
    "--cert client-cert.pem --key other-key.pem": "the private key in 'other-key.pem' does not "
    "belong to the certificate in 'client-cert.pem'",
    "--cert client-cert.pem --key encrypted": "the private key in 'encrypted' has a password, "
    "which getflags never asks for; openssl pkey removes it",
    "--cert broken --key client-key.pem": "cannot use the client certificate in 'broken' with the "
    "private key in 'client-key.pem': ",
    "--cert=": "argument --cert: the value is empty",
    "--cert client-both.pem --cacert none": "cannot read the certificates in 'none': No such file "
    "or directory",
}


@pytest.mark.parametrize("client", sorted(transport.CLIENTS))
@pytest.mark.parametrize("words", MISTAKES)
def test_mistakes_are_one_sentence_before_any_request(
    tmp_path: Path, words: str, client: str
) -> None:
    identity(tmp_path, AUTHORITY)
    key = identity(tmp_path, AUTHORITY, "other").key
    secret = load_pem_private_key(Path(key).read_bytes(), None).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"SECRET")
    )
    (tmp_path / "encrypted").write_bytes(secret)
    (tmp_path / "text").write_text("no PEM")
    (tmp_path / "broken").write_text("-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----\n")
    os.mkfifo(tmp_path / "pipe")
    with KeepingServer({}) as server:
        done = run_main(server.url("/a"), *words.split(), "--client", client, cwd=tmp_path)
    assert (done.returncode, done.stdout, server.certified) == (2, "", {})
    assert done.stderr.startswith(f"getflags: {MISTAKES[words]}")
    assert done.stderr.count("\n") == 1
    assert "SECRET" not in done.stderr


@everywhere
def test_a_certificate_that_is_gone_is_no_failure_of_the_server(tmp_path: Path, way: Way) -> None:
    """The file is checked before the run, and read again by processes and by libcurl."""
    mine = identity(tmp_path, AUTHORITY)

    def targets() -> Iterator[str]:
        Path(mine.cert).unlink()
        yield server.url("/a")

    with KeepingServer({}) as server:
        report = getflags.download(
            targets(), dir=tmp_path, cert=mine.cert, key=mine.key, retry_all_errors=True, **way
        )
    outcome = report.outcomes[0]
    assert outcome.reason.startswith("cannot read the certificate in '")
    assert outcome.requests == 1
    assert server.certified == {}


NGINX_CONFIGURATION = """
daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{ }}
http {{
  access_log off;
  client_body_temp_path {folder}/1; proxy_temp_path {folder}/2; fastcgi_temp_path {folder}/3;
  uwsgi_temp_path {folder}/4; scgi_temp_path {folder}/5;
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {folder}/server.pem; ssl_certificate_key {folder}/server.pem;
    ssl_client_certificate {ca}; ssl_verify_client on; ssl_protocols {protocol};
    location / {{ return 200 "$ssl_client_verify"; }}
  }}
}}
"""


@pytest.mark.skipif(NGINX is None, reason="needs nginx")
@pytest.mark.parametrize("protocol", ["TLSv1.2", "TLSv1.3"])
@pytest.mark.parametrize("client", sorted(transport.CLIENTS))
def test_nginx_accepts_the_certificate(
    tmp_path: Path, me: Identity, ca: str, client: str, protocol: str
) -> None:
    port = free_port()
    words = {"folder": tmp_path, "port": port, "ca": ca, "protocol": protocol}
    (tmp_path / "nginx.conf").write_text(NGINX_CONFIGURATION.format(**words))
    AUTHORITY.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(
        str(tmp_path / "server.pem")
    )
    command = [str(NGINX), "-p", str(tmp_path), "-e", str(tmp_path / "e"), "-c", "nginx.conf"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            until((tmp_path / "pid").exists)
            url = f"https://localhost:{port}/a"
            for engine in ("sequential", "asyncio"):
                folder = tmp_path / engine
                settings: dict[str, Any] = {"engine": engine, "client": client, "dir": folder}
                without = getflags.download([url], **settings)
                assert without.outcomes[0].reason == "400 Bad Request"
                report = getflags.download([url], cert=me.cert, key=me.key, **settings)
                assert report.outcomes[0].reason == ""
                assert files(folder) == {"a": b"SUCCESS"}
        finally:
            process.terminate()
