"""TLS certificates, with both event loops."""

import ssl
import sys
from pathlib import Path

import pytest

from servers.app.tls import Certificate, MissingPackageError, make_certificate
from servers.content.resources import Flags
from servers.faults.draws import Behaviour
from servers.faults.rules import parse
from tests.servers_kit import Client, Factory, Running, flags, gif, request, running, until

GIF = "/flags/br/br.gif"


@pytest.fixture
def served(tmp_path: Path) -> Flags:
    """Return a few flags as content."""
    return flags(tmp_path)


def connect(server: Running, certificate: Certificate) -> Client:
    trusting = ssl.create_default_context(cadata=certificate.authority)
    return Client(server.port, tls=trusting)


def test_a_conversation(served: Flags, factory: Factory | None, certificate: Certificate) -> None:
    with running(served, factory=factory, tls=certificate.context) as server:
        with connect(server, certificate) as client:
            assert client.ask(GIF).body == gif("br")
            assert client.ask("/bytes/3000000/x").fields["content-length"] == "3000000"
            assert client.ask(GIF, connection="close").fields["connection"] == "close"
            assert client.at_end()
        until(lambda: not server.service.connections)


def test_who_does_not_know_the_authority_does_not_trust(
    served: Flags, certificate: Certificate
) -> None:
    with (
        running(served, tls=certificate.context) as server,
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        Client(server.port, tls=ssl.create_default_context())


@pytest.mark.parametrize(
    ("fault", "end"),
    [("truncate:after=2000", "end"), ("reset:after=2000", "reset"), ("garbage:size=9", "end")],
)
def test_cut_short(
    served: Flags, factory: Factory | None, certificate: Certificate, fault: str, end: str
) -> None:
    behaviour = Behaviour(rules=(parse(fault),))
    with running(served, behaviour, factory=factory, tls=certificate.context) as server:
        with connect(server, certificate) as client:
            client.send(request(GIF))
            data, how = client.rest()
        body = data.partition(b"\r\n\r\n")[2] if data.startswith(b"HTTP/1.1 200 ") else data
        assert how == end
        assert len(body) == server.counts()["bytes"]
        until(lambda: not server.service.connections)


def test_drops(served: Flags, factory: Factory | None, certificate: Certificate) -> None:
    behaviour = Behaviour(rules=(parse("drip:size=1000,every=0.001"),))
    with (
        running(served, behaviour, factory=factory, tls=certificate.context) as server,
        connect(server, certificate) as client,
    ):
        assert client.ask(GIF).body == client.ask(GIF).body == gif("br")


@pytest.mark.parametrize("bind", ["localhost", "::", "192.0.2.1"])
def test_addresses(bind: str) -> None:
    assert make_certificate(bind).authority.startswith("-----BEGIN CERTIFICATE-----")


def test_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "trustme", None)
    with pytest.raises(
        MissingPackageError, match=r"^--tls needs the package trustme: pip install '.*'$"
    ):
        make_certificate("localhost")
