"""HTTP transports: the protocol that they implement, and a table of the clients.

A transport makes one GET request. It calls ``on_head`` with the response's head and, if that
returns True, ``on_body`` with each piece of the body. Such callbacks suit both a loop over a stream
(h1, httpx) and a library that uses callbacks itself (libcurl). A transport does not follow
redirects, decode bodies, retry or keep cookies: ``getflags.transfer`` makes those decisions. With
``--compressed``, the transports in ``decoding`` wrap those of a client, and decode the bodies.
Exceptions from the library are converted to ``Fault``; exceptions from ``on_head`` and ``on_body``
are not caught.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import Protocol, cast

from getflags.core.accepted import AUTO
from getflags.core.errors import UsageError
from getflags.core.models import Fields, Network, Piece
from getflags.core.response_head import Head
from getflags.transport import proxies
from getflags.transport.http_version import needs_curl

#: The module of each client, which contains the functions of ``Client``.
CLIENTS = {
    "curl": "getflags.transport.curl.client",
    "h1": "getflags.transport.h1.client",
    "httpx": "getflags.transport.httpx.client",
}


#: The client of ``auto``: docs/decisions/0022-a-transport-of-our-own.md has the measurements.
DEFAULT = "h1"


def resolved(name: str, http_version: str | None = None) -> str:
    """Return the client's name; for ``auto``, that of one which speaks the HTTP version.

    If the environment names a SOCKS proxy, ``auto`` is curl, provided that it is installed. Raises
    UsageError if the version needs curl, and it is not installed.
    """
    if name != AUTO:
        return name
    if needs_curl(http_version):
        if not _has_pycurl():
            raise UsageError(
                f"--http{http_version} needs the curl client, which is not installed; run: "
                "pip install 'getflags[curl]'"
            )
        return "curl"
    found = proxies.from_environment(os.environ)
    socks = any(url.lower().startswith("socks") for kind, url in found if kind != "no")
    return "curl" if socks and _has_pycurl() else DEFAULT


class Transport(Protocol):
    """A synchronous transport with one connection; only one thread may use it at a time."""

    def get(
        self,
        url: str,
        headers: Fields,
        on_head: Callable[[Head], bool],
        on_body: Callable[[Piece], None],
        within: float | None = None,
        *,
        certified: bool = False,
    ) -> None:
        """Make one GET request; return when the response has ended or its body is not wanted.

        ``within`` is the time limit in seconds. Raises Expired when it has passed, and other
        Faults. ``certified`` says that the server may see the client certificate, if there is one;
        a connection that has shown it is not used for other requests.
        """
        ...

    def abort(self) -> None:
        """Abort the current request from another thread; it and all later ones raise Aborted."""
        ...

    def close(self) -> None:
        """Close the connections."""
        ...


class AsyncTransport(Protocol):
    """An asyncio transport for any number of concurrent tasks; it manages the connections."""

    async def get(
        self,
        url: str,
        headers: Fields,
        on_head: Callable[[Head], bool],
        on_body: Callable[[bytes], Awaitable[None]],
        within: float | None = None,
        *,
        certified: bool = False,
    ) -> None:
        """Do what ``Transport.get`` does."""
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...


class Client(Protocol):
    """The functions of a client module, such as ``getflags.transport.httpx.client``."""

    def open_transport(self, network: Network) -> Transport:
        """Return a synchronous transport; it connects at its first request."""
        ...

    def open_async_transport(self, network: Network) -> AsyncTransport:
        """Return an asyncio transport; it connects at its first request."""
        ...

    def about(self) -> str:
        """Return the library's name, version and HTTP versions, for ``--verbose``."""
        ...

    def check(self, network: Network) -> None:
        """Check these settings before the first request. Raises UsageError if they can't work."""
        ...


def client(name: str, *, decoding: bool = False) -> Client:
    """Return the module of the client called ``name``. Raises UsageError.

    With ``decoding``, its transports decode compressed bodies.
    """
    if name not in CLIENTS:
        raise UsageError(f"unknown client {name!r}; choose from {', '.join(CLIENTS)}")
    if name == "curl" and not _has_pycurl():
        raise UsageError("the curl client is not installed; run: pip install 'getflags[curl]'")
    found = cast("Client", import_module(CLIENTS[name]))
    if decoding:
        from getflags.transport.decoding.client import DecodingClient  # most runs do not need it

        return DecodingClient(found)
    return found


def _has_pycurl() -> bool:
    from importlib.util import find_spec  # the import takes 5 ms

    return find_spec("pycurl") is not None
