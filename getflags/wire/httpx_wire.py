"""The reference wire: httpx, one transport a worker.

It uses httpx's *transports*, not its clients: a client keeps cookies, may follow redirects and
decodes bodies, all of which is decided elsewhere, and costs more than the transport itself. Each
wire has a pool of one connection, because a pool shared by many is quadratic in them (httpcore
#1035) and leaks places when requests are cancelled (httpcore #1093). The two classes are twins: a
test washes ``await`` out of the one ``get`` and compares it with the other.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any

import httpx

from getflags import proxies
from getflags.errors import Aborted, Fault
from getflags.message import Head
from getflags.model import Fields, Network
from getflags.wire.httpx_common import (
    apieces,
    check,
    check_end,
    check_version,
    has_excess,
    head,
    is_short,
    options,
    pieces,
    request,
)
from getflags.wire.httpx_faults import translate

__all__ = ["about", "check", "open_async_wire", "open_wire"]  # what a client offers

# An unwanted body is read off where that is cheap, so that the connection can be used again:
# only so many bytes (announced), and only for so long.
_DRAIN_SECONDS = 0.1
# How httpcore ends the names of its trace events, whatever kind of connection begins them.
_CONNECTING = ".connect_tcp.started"
_CONNECTED = (".connect_tcp.complete", ".start_tls.complete")


def open_wire(network: Network) -> HttpxWire:
    """See ``getflags.wire.Client``."""
    return HttpxWire(network)


def open_async_wire(network: Network) -> AsyncHttpxWire:
    """See ``getflags.wire.Client``."""
    return AsyncHttpxWire(network)


def about() -> str:
    """See ``getflags.wire.Client``."""
    return f"httpx {httpx.__version__}, HTTP/1.1"


class HttpxWire:
    """See ``getflags.wire.Wire``."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._transports: dict[tuple[str, str | None], httpx.HTTPTransport] = {}
        self._sockets: set[socket.socket] = set()
        self._fresh = False  # whether the request under way made its connection
        self._aborted = False

    def get(
        self,
        url: str,
        headers: Fields,
        on_head: Callable[[Head], bool],
        on_body: Callable[[bytes], None],
    ) -> None:
        """See ``getflags.wire.Wire``."""
        proxy = proxies.choose(self._network, url)
        asked = request(url, headers, self._network, self._trace)
        self._fresh = head_arrived = False
        try:
            transport = self._transport(url, proxy)
            response = transport.handle_request(asked)
            check_version(response)
            head_arrived = True
            try:
                if on_head(head(response)):
                    for piece in pieces(response):
                        on_body(piece)
                elif is_short(response):
                    self._drain(asked, response)
            finally:
                response.close()
            check_end(url, response)
            if has_excess(transport):
                transport.close()
        except httpx.TransportError as error:
            self._check_aborted()
            stale = not (self._fresh or head_arrived)
            raise translate(error, self._network, proxy, stale=stale) from error
        self._check_aborted()

    def _drain(self, asked: httpx.Request, response: httpx.Response) -> None:
        asked.extensions["timeout"]["read"] = _DRAIN_SECONDS
        patience = monotonic() + _DRAIN_SECONDS
        with contextlib.suppress(httpx.TransportError):  # nobody wanted it
            for _ in pieces(response):
                if monotonic() > patience:
                    break

    def _transport(self, url: str, proxy: str | None) -> httpx.HTTPTransport:
        key = (url.partition(":")[0], proxy)
        if key not in self._transports:
            self._transports[key] = httpx.HTTPTransport(**options(self._network, *key))
        return self._transports[key]

    def _trace(self, name: str, info: dict[str, Any]) -> None:
        """Learn of new connections and their sockets; called at every step of a request."""
        if name.endswith(_CONNECTING):
            self._fresh = True
        elif name.endswith(_CONNECTED):
            # After TLS it is another object for the same connection, and the first one is void.
            self._sockets.add(info["return_value"].get_extra_info("socket"))
        if self._aborted:
            self.abort()

    def _check_aborted(self) -> None:
        """Raise Aborted where it applies: a body that ends with the connection looks whole now."""
        if self._aborted:
            raise Aborted("interrupted")

    def abort(self) -> None:
        """See ``getflags.wire.Wire``. Closing would not wake the thread; shutting down does."""
        self._aborted = True
        for each in list(self._sockets):
            with contextlib.suppress(OSError):  # it is closed already
                each.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """See ``getflags.wire.Wire``."""
        for transport in self._transports.values():
            transport.close()


class AsyncHttpxWire:
    """See ``getflags.wire.AsyncWire``. A connection for each request under way, used again."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._idle: list[_AsyncConnection] = []  # a stack: the last one used is likeliest alive

    async def get(
        self,
        url: str,
        headers: Fields,
        on_head: Callable[[Head], bool],
        on_body: Callable[[bytes], Awaitable[None]],
    ) -> None:
        """See ``getflags.wire.AsyncWire``."""
        connection = self._idle.pop() if self._idle else _AsyncConnection(self._network)
        try:
            await connection.get(url, headers, on_head, on_body)
        except Fault:
            self._idle.append(connection)
            raise
        except BaseException:  # cancelled: what it left behind is not to be used again
            await connection.close()
            raise
        self._idle.append(connection)

    async def close(self) -> None:
        """See ``getflags.wire.AsyncWire``."""
        for connection in self._idle:
            await connection.close()


class _AsyncConnection:
    """The twin of ``HttpxWire``, but for waking blocked threads: a task can be cancelled."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._transports: dict[tuple[str, str | None], httpx.AsyncHTTPTransport] = {}
        self._fresh = False

    async def get(
        self,
        url: str,
        headers: Fields,
        on_head: Callable[[Head], bool],
        on_body: Callable[[bytes], Awaitable[None]],
    ) -> None:
        """See ``getflags.wire.AsyncWire``."""
        proxy = proxies.choose(self._network, url)
        asked = request(url, headers, self._network, self._trace)
        self._fresh = head_arrived = False
        try:
            transport = self._transport(url, proxy)
            response = await transport.handle_async_request(asked)
            check_version(response)
            head_arrived = True
            try:
                if on_head(head(response)):
                    async for piece in apieces(response):
                        await on_body(piece)
                elif is_short(response):
                    await self._drain(asked, response)
            finally:
                await response.aclose()
            check_end(url, response)
            if has_excess(transport):
                await transport.aclose()
        except httpx.TransportError as error:
            stale = not (self._fresh or head_arrived)
            raise translate(error, self._network, proxy, stale=stale) from error

    async def _drain(self, asked: httpx.Request, response: httpx.Response) -> None:
        asked.extensions["timeout"]["read"] = _DRAIN_SECONDS
        patience = monotonic() + _DRAIN_SECONDS
        with contextlib.suppress(httpx.TransportError):  # nobody wanted it
            async for _ in apieces(response):
                if monotonic() > patience:
                    break

    def _transport(self, url: str, proxy: str | None) -> httpx.AsyncHTTPTransport:
        key = (url.partition(":")[0], proxy)
        if key not in self._transports:
            self._transports[key] = httpx.AsyncHTTPTransport(**options(self._network, *key))
        return self._transports[key]

    async def _trace(self, name: str, info: dict[str, Any]) -> None:  # noqa: ARG002 - httpcore's form
        if name.endswith(_CONNECTING):
            self._fresh = True

    async def close(self) -> None:
        for transport in self._transports.values():
            await transport.aclose()
