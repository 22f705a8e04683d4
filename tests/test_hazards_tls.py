"""Who is not trusted gives nothing, is asked once, and is never asked without TLS instead."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

import getflags
from getflags.transport import tls
from tests.hazards import Way, everywhere
from tests.kit import files
from tests.rawserver import Answer, RawServer, moved, ok


class SecureServer(RawServer):
    """A raw server behind TLS, which counts those who connect."""

    def __init__(self, answers: Mapping[str, Answer], context: ssl.SSLContext) -> None:
        super().__init__(answers)
        self.connections = 0
        self._context = context

    def _serve(self, connection: socket.socket) -> None:
        self.connections += 1
        with connection:
            try:
                secure = self._context.wrap_socket(connection, server_side=True)
            except OSError:  # it has hung up on us, or never spoke TLS
                return
            super()._serve(secure)


AUTHORITY = trustme.CA()
STRANGER = trustme.CA()


def issued(by: trustme.CA, host: str, days: int = 1) -> ssl.SSLContext:
    """Return a context with a certificate that ends in so many days."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    now = datetime.now(UTC)
    ends = now + timedelta(days)
    by.issue_cert(host, not_before=now - timedelta(9), not_after=ends).configure_cert(context)
    return context


def signed_by_itself(folder: Path) -> ssl.SSLContext:
    """Return a context whose certificate nobody else has signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(
        name, name, key.public_key(), 1, now - timedelta(1), now + timedelta(1)
    ).add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    (folder / "cert").write_bytes(made.sign(key, SHA256()).public_bytes(Encoding.PEM))
    (folder / "key").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert", folder / "key")
    return context


def of_old() -> ssl.SSLContext:
    """Return a context that speaks nothing newer than what nobody should speak any more."""
    context = issued(AUTHORITY, "localhost")
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    return context


#: What is wrong → the server's context, and words of the reason: httpx's and libcurl's.
BAD: dict[str, tuple[Callable[[Path], ssl.SSLContext], tuple[str, ...]]] = {
    "E6 expired": (lambda _: issued(AUTHORITY, "localhost", -1), ("certificate has expired",)),
    "E6 another host": (
        lambda _: issued(AUTHORITY, "other.example"),
        ("not valid for 'localhost'", "matches target hostname"),
    ),
    "E6 signed by itself": (signed_by_itself, ("self-signed", "self signed")),
    "E6 an unknown authority": (lambda _: issued(STRANGER, "localhost"), ("local issuer",)),
    "E6 an old protocol": (lambda _: of_old(), ("TLS failed",)),
}  # fmt: skip


def trust_authority(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> str:
    """Trust our authority, by the environment; return its file."""
    tls._contexts.clear()
    path = str(tmp_path_factory.mktemp("trust") / "ca.pem")
    AUTHORITY.cert_pem.write_to_path(path)
    for name in ("CURL_CA_BUNDLE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SSL_CERT_FILE", path)
    return path


@pytest.fixture(autouse=True)
def trust(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> str:
    return trust_authority(tmp_path_factory, monkeypatch)


@pytest.fixture(scope="module")
def contexts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ssl.SSLContext]:
    """Make the certificates once."""
    return {key: make(tmp_path_factory.mktemp("key")) for key, (make, _) in BAD.items()}


def secure_url(server: RawServer, path: str) -> str:
    return f"https://localhost:{server.port}{path}"


@everywhere
def test_who_is_not_trusted_is_asked_once_and_gives_nothing(
    tmp_path: Path, way: Way, contexts: dict[str, ssl.SSLContext]
) -> None:
    """All at once; beside them one that is trusted."""
    (tmp_path / "0").write_bytes(b"old")
    with ExitStack() as stack:
        servers = [
            stack.enter_context(SecureServer({f"/{number}": ok(b"evil")}, context))
            for number, context in enumerate(contexts.values())
        ]
        good = SecureServer({"/good": ok(b"good")}, issued(AUTHORITY, "localhost"))
        stack.enter_context(good)
        urls = [secure_url(server, f"/{number}") for number, server in enumerate(servers)]
        report = getflags.download(
            [*urls, secure_url(good, "/good")], dir=tmp_path, retries=3, **way
        )
    reasons = {outcome.target.name: outcome.reason for outcome in report.outcomes}
    assert reasons.pop("good") == ""
    for number, (key, (_, words)) in enumerate(BAD.items()):
        assert any(each in reasons[str(number)] for each in words), (key, reasons[str(number)])
    assert [server.connections for server in servers] == [1] * len(BAD)
    assert [server.heads for server in servers] == [[]] * len(BAD)
    assert files(tmp_path) == {"0": b"old", "good": b"good"}


@everywhere
def test_a_redirect_never_leads_from_https_to_http(tmp_path: Path, way: Way) -> None:
    with RawServer({"/plain": ok(b"evil")}) as plain:
        answers = {
            "/down": moved(plain.url("/plain")),
            "/way": moved("/down"),
            "/same": moved("/good"),
            "/good": ok(b"good"),
        }
        with SecureServer(answers, issued(AUTHORITY, "localhost")) as server:
            urls = [secure_url(server, path) for path in ("/down", "/way", "/same")]
            report = getflags.download(urls, dir=tmp_path, **way)
    reasons = {outcome.target.name: outcome.reason for outcome in report.outcomes}
    refused = "redirected from https to http, which is refused"
    assert reasons == {"down": refused, "way": refused, "same": ""}
    assert files(tmp_path) == {"same": b"good"}
    assert plain.heads == []
