"""Connections that the system refuses, on every transport."""

from __future__ import annotations

import asyncio
import errno
import shutil
import socket
import subprocess
import sys

import pytest

from getflags import transport
from getflags.core.errors import Fault, Refused, Unreachable, Unresolved
from getflags.core.models import Network
from getflags.transport.system_errors import message, no_connection, not_resolved
from tests.kit import ENVIRON, ROOT
from tests.messages import REFUSED

each_transport = pytest.mark.parametrize("blocking", [True, False], ids=["blocking", "asyncio"])
each_client = pytest.mark.parametrize("client", sorted(transport.CLIENTS))


def fault(url: str, client: str, *, blocking: bool) -> Fault:
    """Return the fault of a request that fails."""
    module = transport.client(client)

    async def take(_: bytes) -> None:
        """Do nothing with a piece of the body."""

    async def request() -> None:
        opened = module.open_async_transport(Network())
        try:
            await opened.get(url, (), lambda _: True, take)
        finally:
            await opened.close()

    with pytest.raises(Fault) as raised:
        if blocking:
            opened = module.open_transport(Network())
            try:
                opened.get(url, (), lambda _: True, lambda _: None)
            finally:
                opened.close()
        else:
            asyncio.run(request())
    return raised.value


@each_client
@each_transport
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_closed_port_refuses(client: str, host: str, closed_port: int, *, blocking: bool) -> None:
    found = fault(f"http://{host}:{closed_port}/", client, blocking=blocking)
    assert (type(found), str(found)) == (Refused, REFUSED)


@each_client
@each_transport
def test_an_unknown_host_is_not_refused(client: str, unknown_host: str, *, blocking: bool) -> None:
    assert type(fault(f"http://{unknown_host}/", client, blocking=blocking)) is Unreachable


def _isolated(script: str) -> str:
    """Return the standard output of a script that runs without any network."""
    unshare = shutil.which("unshare")
    if unshare is None or subprocess.run([unshare, "-rn", "true"], check=False).returncode:
        pytest.skip("needs a network namespace")
    command = [unshare, "-rn", sys.executable, "-c", script]
    done = subprocess.run(
        command, cwd=ROOT, env=ENVIRON, capture_output=True, text=True, timeout=50, check=False
    )
    assert not done.stderr, done.stderr
    return done.stdout


def test_without_a_network_every_transport_says_that_it_is_unreachable() -> None:
    found = _isolated(
        "from tests.test_transport_system_errors import fault\n"
        "for client in ('curl', 'httpx'):\n"
        "    for blocking in (True, False):\n"
        "        found = fault('http://127.0.0.1:9/', client, blocking=blocking)\n"
        "        print(type(found).__name__, found)\n"
        "        found = fault('http://host.example/', client, blocking=blocking)\n"
        "        print(type(found).__name__, found)\n"
    )
    assert (
        found.splitlines()
        == [
            "Refused network is unreachable",
            "Unresolved host name not resolved: temporary failure in name resolution",
        ]
        * 4
    )


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ECONNREFUSED, Refused),
        (errno.EHOSTUNREACH, Refused),
        (errno.ENETUNREACH, Refused),
        (errno.ECONNRESET, Refused),
        (errno.ECONNABORTED, Refused),
        (errno.EMFILE, Unreachable),
        (0, Unreachable),
    ],
)
def test_what_is_a_refusal(number: int, kind: type[Fault]) -> None:
    found = no_connection("proxy x: ", number, "no connection")
    assert type(found) is kind
    assert str(found) == f"proxy x: {message(number) or 'no connection'}"


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        (socket.gaierror(socket.EAI_NONAME, "Not known"), Unreachable, "not found (Not known)"),
        (socket.gaierror(socket.EAI_FAIL, "Never"), Unreachable, "not found (Never)"),
        (socket.gaierror(socket.EAI_AGAIN, "Later"), Unresolved, "not resolved: later"),
        (socket.gaierror(socket.EAI_MEMORY, "Full"), Unresolved, "not resolved: full"),
        (OSError(errno.EMFILE, "Too many"), Unresolved, "not resolved: too many"),
        (OSError(), Unresolved, "not resolved: no reason given"),
    ],
)
def test_a_resolver_that_fails_is_told_from_an_unknown_host(
    error: OSError, kind: type[Fault], text: str
) -> None:
    found = not_resolved("proxy x: ", error)
    assert (type(found), str(found)) == (kind, f"proxy x: host name {text}")
