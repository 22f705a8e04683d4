"""The httpx client: the functions of ``Client``, and the asyncio transport.

``httpx.AsyncHTTPTransport`` is used instead of ``httpx.AsyncClient``, which keeps cookies, may
follow redirects and decodes bodies. Those decisions are made in ``getflags.transfer``, and httpx's
client costs more time than its transport. Each connection has its own pool, because the time that a
shared pool takes grows with the square of its connections (httpcore #1035), and a shared pool leaks
connections when requests are cancelled (httpcore #1093).

``_AsyncConnection`` repeats the code of ``HttpxTransport``: a test removes ``async`` and ``await``
and compares the two.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from time import monotonic
from typing import Any

import httpx

from getflags.core.errors import Expired, Fault
from getflags.core.models import Fields, Network
from getflags.core.response_head import Head
from getflags.transport import proxies
from getflags.transport.dns import HOST_LOOKUPS
from getflags.transport.httpx.exceptions import translate
from getflags.transport.httpx.public_backend import use_public_addresses
from getflags.transport.httpx.setup import (
    CONNECTING,
    DRAIN_SECONDS,
    apieces,
    build_request,
    check,
    check_end,
    check_version,
    has_excess,
    is_short,
    options,
    read_head,
    slow_body,
    slow_head,
)
from getflags.transport.httpx.sync_client import HttpxTransport

__all__ = ["about", "check", "open_async_transport", "open_transport"]


def open_transport(network: Network) -> HttpxTransport:
    """See ``getflags.transport.Client``."""
    return HttpxTransport(network)


def open_async_transport(network: Network) -> AsyncHttpxTransport:
    """See ``getflags.transport.Client``."""
    return AsyncHttpxTransport(network)


def about() -> str:
    """See ``getflags.transport.Client``."""
    return f"httpx {httpx.__version__}, HTTP/1.1"


class AsyncHttpxTransport:
    """See ``getflags.transport.AsyncTransport``. Each request in flight has its own connection."""

    def __init__(self, network: Network) -> None:
        self._network = network
        # A stack: the connection used last is the least likely to be closed.
        self._idle: list[_AsyncConnection] = []

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
        """See ``getflags.transport.AsyncTransport``."""
        proxy = proxies.choose(self._network, url)
        within = await HOST_LOOKUPS.await_for(proxy or url, self._network.connect_timeout, within)
        connection = self._idle.pop() if self._idle else _AsyncConnection(self._network)
        try:
            async with asyncio.timeout(within) as time:
                await connection.exchange(
                    url, proxy, headers, on_head, on_body, certified=certified
                )
        except TimeoutError:
            await connection.close()
            if time.expired():
                raise Expired from None
            raise
        except Fault:
            self._idle.append(connection)
            raise
        except BaseException:  # a cancelled request leaves the connection in an unknown state
            await connection.close()
            raise
        self._idle.append(connection)

    async def close(self) -> None:
        """See ``getflags.transport.AsyncTransport``."""
        for connection in self._idle:
            await connection.close()


class _AsyncConnection:
    """One connection, like ``HttpxTransport``; it has no ``abort``, because tasks are cancelled."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._transports: dict[tuple[str, str | None, bool], httpx.AsyncHTTPTransport] = {}
        self._fresh = False

    async def exchange(
        self,
        url: str,
        proxy: str | None,
        headers: Fields,
        on_head: Callable[[Head], bool],
        on_body: Callable[[bytes], Awaitable[None]],
        *,
        certified: bool,
    ) -> None:
        """See ``HttpxTransport.exchange``."""
        request = build_request(url, headers, self._network, self._trace)
        self._fresh = head_arrived = False
        try:
            transport = self._transport(url, proxy, certified=certified)
            response = await self._send(transport, request)
            head_arrived = True
            try:
                check_version(response)
                if on_head(read_head(response)):
                    body = apieces(response)
                    piece = await self._next(body)
                    while piece is not None:
                        await on_body(piece)
                        piece = await self._next(body)
                elif is_short(response):
                    await self._drain(request, response)
            finally:
                await response.aclose()
            check_end(url, response)
            if has_excess(transport):
                await transport.aclose()
        except (httpx.TransportError, ssl.SSLError) as error:
            stale = not (self._fresh or head_arrived)
            raise translate(error, self._network, proxy, stale=stale) from error

    async def _send(
        self, transport: httpx.AsyncHTTPTransport, request: httpx.Request
    ) -> httpx.Response:
        try:
            async with asyncio.timeout(self._network.connect_timeout + self._network.timeout):
                return await transport.handle_async_request(request)
        except TimeoutError:
            await transport.aclose()  # after a cancelled request, its state is unknown
            raise slow_head(self._network) from None

    async def _next(self, body: AsyncIterator[bytes]) -> bytes | None:
        try:
            async with asyncio.timeout(self._network.timeout):
                return await anext(body, None)
        except TimeoutError:
            await self.close()  # as in ``_send``
            raise slow_body(self._network) from None

    async def _drain(self, request: httpx.Request, response: httpx.Response) -> None:
        request.extensions["timeout"]["read"] = DRAIN_SECONDS
        deadline = monotonic() + DRAIN_SECONDS
        with contextlib.suppress(httpx.TransportError):  # the body is not needed
            async for _ in apieces(response):
                if monotonic() > deadline:
                    break

    def _transport(
        self, url: str, proxy: str | None, *, certified: bool
    ) -> httpx.AsyncHTTPTransport:
        scheme = url.partition(":")[0]
        key = (scheme, proxy, certified)
        if key not in self._transports:
            settings = options(self._network, scheme, proxy, certified=certified)
            self._transports[key] = httpx.AsyncHTTPTransport(**settings)
        transport = self._transports[key]
        if self._network.no_private_addresses:
            use_public_addresses(transport, self._network, url)
        return transport

    async def _trace(self, name: str, info: dict[str, Any]) -> None:  # noqa: ARG002 - httpcore's signature
        if name.endswith(CONNECTING):
            self._fresh = True

    async def close(self) -> None:
        for transport in self._transports.values():
            await transport.aclose()
