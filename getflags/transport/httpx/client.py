"""The reference wire: httpx, one transport a worker.

It uses httpx's *transports*, not its clients: a client keeps cookies, may follow redirects and
decodes bodies, all of which is decided elsewhere, and costs more than the transport itself. Each
wire has a pool of one connection, because a pool shared by many is quadratic in them (httpcore
#1035) and leaks places when requests are cancelled (httpcore #1093). The two classes are twins: a
test washes ``await`` out of the one ``get`` and compares it with the other.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any

import httpx

from getflags.core.errors import EXPIRED, Expired, Fault
from getflags.core.models import Fields, Network
from getflags.core.response_head import Head
from getflags.transport import proxies
from getflags.transport.dns import NAMES
from getflags.transport.httpx.exceptions import translate
from getflags.transport.httpx.setup import (
    CONNECTING,
    DRAIN_SECONDS,
    apieces,
    check,
    check_end,
    check_version,
    has_excess,
    head,
    is_short,
    options,
    request,
    slow_head,
)
from getflags.transport.httpx.sync_client import HttpxWire

__all__ = ["about", "check", "open_async_wire", "open_wire"]  # what a client offers


def open_wire(network: Network) -> HttpxWire:
    """See ``getflags.transport.Client``."""
    return HttpxWire(network)


def open_async_wire(network: Network) -> AsyncHttpxWire:
    """See ``getflags.transport.Client``."""
    return AsyncHttpxWire(network)


def about() -> str:
    """See ``getflags.transport.Client``."""
    return f"httpx {httpx.__version__}, HTTP/1.1"


class AsyncHttpxWire:
    """See ``getflags.transport.AsyncWire``. A connection for each request under way, used again."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._idle: list[_AsyncConnection] = []  # a stack: the last one used is likeliest alive

    async def get(
        self,
        url: str,
        headers: Fields,
        on_head: Callable[[Head], bool],
        on_body: Callable[[bytes], Awaitable[None]],
        within: float | None = None,
    ) -> None:
        """See ``getflags.transport.AsyncWire``."""
        place = proxies.choose(self._network, url) or url
        within = await NAMES.await_for(place, self._network.connect_timeout, within)
        connection = self._idle.pop() if self._idle else _AsyncConnection(self._network)
        try:
            async with asyncio.timeout(within) as time:
                await connection.exchange(url, headers, on_head, on_body)
        except TimeoutError:
            await connection.close()
            if time.expired():
                raise Expired(EXPIRED) from None
            raise
        except Fault:
            self._idle.append(connection)
            raise
        except BaseException:  # cancelled: what it left behind is not to be used again
            await connection.close()
            raise
        self._idle.append(connection)

    async def close(self) -> None:
        """See ``getflags.transport.AsyncWire``."""
        for connection in self._idle:
            await connection.close()


class _AsyncConnection:
    """The twin of ``HttpxWire``, but for waking blocked threads: a task can be cancelled."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._transports: dict[tuple[str, str | None], httpx.AsyncHTTPTransport] = {}
        self._fresh = False

    async def exchange(
        self,
        url: str,
        headers: Fields,
        on_head: Callable[[Head], bool],
        on_body: Callable[[bytes], Awaitable[None]],
    ) -> None:
        """See ``HttpxWire.exchange``."""
        proxy = proxies.choose(self._network, url)
        asked = request(url, headers, self._network, self._trace)
        self._fresh = head_arrived = False
        try:
            transport = self._transport(url, proxy)
            response = await self._answer(transport, asked)
            head_arrived = True
            try:
                check_version(response)
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

    async def _answer(
        self, transport: httpx.AsyncHTTPTransport, asked: httpx.Request
    ) -> httpx.Response:
        try:
            async with asyncio.timeout(self._network.connect_timeout + self._network.timeout):
                return await transport.handle_async_request(asked)
        except TimeoutError:
            await transport.aclose()  # what a cancelled request leaves behind can't be used again
            raise slow_head(self._network) from None

    async def _drain(self, asked: httpx.Request, response: httpx.Response) -> None:
        asked.extensions["timeout"]["read"] = DRAIN_SECONDS
        patience = monotonic() + DRAIN_SECONDS
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
        if name.endswith(CONNECTING):
            self._fresh = True

    async def close(self) -> None:
        for transport in self._transports.values():
            await transport.aclose()
