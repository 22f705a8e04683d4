"""The wire: the only rooms that know an HTTP library, one file each.

A wire *pushes* facts: it makes one GET, hands the head to ``on_head`` and, if that wants the body,
each piece to ``on_body``. Push suits a loop over a stream and a library of callbacks alike. It
follows no redirect, decodes nothing, tries nothing again, keeps no cookie: those are decisions.
Every exception of its library leaves it as a ``Fault``; those of ``on_head`` and ``on_body`` pass
through untouched. Here stand the types that engines rely on and the table of libraries.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Protocol, cast

from getflags.core.accepted import AUTO
from getflags.core.errors import UsageError
from getflags.core.models import Fields, Network
from getflags.core.response_head import Head

#: Module of each client. It has what ``Client`` lists.
CLIENTS = {"httpx": "getflags.transport.httpx.client", "curl": "getflags.transport.curl.client"}


def default() -> str:
    """Name the client that is used when nobody asks for one: the faster one where it is installed.

    docs/decisions/0007-two-http-libraries.md has the measurements.
    """
    return "curl" if find_spec("pycurl") else "httpx"


def resolved(name: str) -> str:
    """Return the client's name, for ``auto`` that of the default."""
    return default() if name == AUTO else name


class Wire(Protocol):
    """One connection's worth of synchronous HTTP; used by one thread at a time."""

    def get(
        self,
        url: str,
        headers: Fields,
        on_head: Callable[[Head], bool],
        on_body: Callable[[bytes], None],
        within: float | None = None,
    ) -> None:
        """Make one GET and return when its response is over, or not wanted. Raises Fault.

        ``within`` so many seconds, or Expired is raised.
        """
        ...

    def abort(self) -> None:
        """End the request under way, from another thread; it and all later ones raise Aborted."""
        ...

    def close(self) -> None:
        """Let go of the connections."""
        ...


class AsyncWire(Protocol):
    """Asynchronous HTTP for any number of tasks at a time; it sees to the connections."""

    async def get(
        self,
        url: str,
        headers: Fields,
        on_head: Callable[[Head], bool],
        on_body: Callable[[bytes], Awaitable[None]],
        within: float | None = None,
    ) -> None:
        """As ``Wire.get``."""
        ...

    async def close(self) -> None:
        """Let go of the connections."""
        ...


class Client(Protocol):
    """What a module in the table offers."""

    def open_wire(self, network: Network) -> Wire:
        """Return a wire; it connects when it is first used."""
        ...

    def open_async_wire(self, network: Network) -> AsyncWire:
        """Return a wire; it connects when it is first used."""
        ...

    def about(self) -> str:
        """Return the library's name and version, and what it can't do."""
        ...

    def check(self, network: Network) -> None:
        """Find out, before any request, whether these settings can work. Raises UsageError."""
        ...


def client(name: str) -> Client:
    """Load the client of that name. Raises UsageError."""
    if name not in CLIENTS:
        raise UsageError(f"unknown client {name!r}; there are {', '.join(CLIENTS)}")
    if name == "curl" and find_spec("pycurl") is None:
        raise UsageError("the curl client needs one more package: pip install 'getflags[curl]'")
    return cast("Client", import_module(CLIENTS[name]))
