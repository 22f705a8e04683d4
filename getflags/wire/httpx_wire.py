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
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from time import monotonic
from typing import Any, cast

import httpx

from getflags import proxies
from getflags.errors import Fault, Malformed, UsageError
from getflags.message import Head
from getflags.model import Fields, Network
from getflags.text import printable
from getflags.urls import clean, redact
from getflags.wire import tls
from getflags.wire.httpx_faults import translate

_ONE = httpx.Limits(max_connections=1, max_keepalive_connections=1)
# An unwanted body is read off where that is cheap, so that the connection can be used again:
# only so many bytes (announced), and only for so long.
_DRAIN_BYTES = 64 * 1024
_DRAIN_SECONDS = 0.1


def open_wire(network: Network) -> HttpxWire:
    """See ``getflags.wire.Client``."""
    return HttpxWire(network)


def open_async_wire(network: Network) -> AsyncHttpxWire:
    """See ``getflags.wire.Client``."""
    return AsyncHttpxWire(network)


def check(network: Network) -> None:
    """See ``getflags.wire.Client``."""
    try:
        if network.cacert and not network.insecure:
            tls.context(network)
        for kind, proxy in network.proxies:
            if proxy.startswith("http"):
                clean(proxy)  # an impossible host would only show when it is looked up
            if kind != "no":
                httpx.HTTPTransport(**_options(network, "http", proxy)).close()
    except ImportError:
        raise UsageError("a SOCKS proxy needs: pip install 'httpx[socks]'") from None
    except Fault as fault:
        raise UsageError(str(fault)) from None
    except (httpx.InvalidURL, ValueError):
        shown = printable(redact(proxy))
        raise UsageError(f"proxy {shown!r} is not an http, https or socks5 URL") from None


def _options(network: Network, scheme: str, proxy: str | None) -> dict[str, Any]:
    """Return the arguments of a transport, the same in both colours."""
    return {
        "verify": tls.context(network) if scheme == "https" else tls.UNUSED,
        "limits": _ONE,
        "trust_env": False,  # the environment was read already, for all clients alike
        "proxy": proxy
        and httpx.Proxy(
            proxy, ssl_context=tls.context(network) if proxy.startswith("https:") else None
        ),
    }


def _request(url: str, headers: Fields, network: Network, trace: object = None) -> httpx.Request:
    extensions: dict[str, Any] = {
        "timeout": {
            "connect": network.connect_timeout,
            "read": network.timeout,
            "write": network.timeout,
        }
    }
    if trace:
        extensions["trace"] = trace
    try:
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        return httpx.Request("GET", url, headers=raw, extensions=extensions)
    except (httpx.InvalidURL, ValueError) as error:  # UnicodeError is a ValueError
        raise Malformed(f"the URL cannot be requested: {printable(str(error))}") from error


def _head(response: httpx.Response) -> Head:
    return Head(
        response.status_code,
        tuple(
            (name.lower().decode("latin-1"), value.decode("latin-1"))
            for name, value in response.headers.raw
        ),
    )


def _pieces(response: httpx.Response) -> Iterator[bytes]:
    """Return the body as it comes; ``iter_raw`` would count and copy it once more."""
    return iter(cast("httpx.SyncByteStream", response.stream))


def _apieces(response: httpx.Response) -> AsyncIterator[bytes]:
    return aiter(cast("httpx.AsyncByteStream", response.stream))


def _is_short(response: httpx.Response) -> bool:
    length = response.headers.get("content-length", "")
    return length.isdigit() and len(length) <= 5 and int(length) <= _DRAIN_BYTES  # noqa: PLR2004 - digits of _DRAIN_BYTES


class HttpxWire:
    """See ``getflags.wire.Wire``."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._transports: dict[tuple[str, str | None], httpx.HTTPTransport] = {}
        self._served = False  # a later failure may be a stale connection's
        self._socket: socket.socket | None = None
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
        request = _request(url, headers, self._network, self._trace)
        head_arrived = False
        try:
            response = self._transport(url, proxy).handle_request(request)
            head_arrived = True
            try:
                if on_head(_head(response)):
                    for piece in _pieces(response):
                        on_body(piece)
                elif _is_short(response):
                    self._drain(request, response)
            finally:
                response.close()
        except httpx.TransportError as error:
            stale = self._served and not head_arrived
            raise translate(error, self._network, proxy, stale=stale) from error
        self._served = True

    def _drain(self, request: httpx.Request, response: httpx.Response) -> None:
        request.extensions["timeout"]["read"] = _DRAIN_SECONDS
        patience = monotonic() + _DRAIN_SECONDS
        with contextlib.suppress(httpx.TransportError):  # nobody wanted it
            for _ in _pieces(response):
                if monotonic() > patience:
                    break

    def _transport(self, url: str, proxy: str | None) -> httpx.HTTPTransport:
        key = (url.partition(":")[0], proxy)
        if key not in self._transports:
            self._transports[key] = httpx.HTTPTransport(**_options(self._network, *key))
        return self._transports[key]

    def _trace(self, name: str, info: dict[str, Any]) -> None:
        """Learn of the socket as soon as there is one; only ``abort`` needs it.

        Called at every step of a request, so that none gets far after an abort.
        """
        if name == "connection.connect_tcp.complete":
            self._socket = info["return_value"].get_extra_info("socket")
        if self._aborted:
            self.abort()

    def abort(self) -> None:
        """See ``getflags.wire.Wire``. Closing would not wake the thread; shutting down does."""
        self._aborted = True
        if self._socket:
            with contextlib.suppress(OSError):  # it is closed already
                self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """See ``getflags.wire.Wire``."""
        for transport in self._transports.values():
            transport.close()


class AsyncHttpxWire:
    """See ``getflags.wire.AsyncWire``."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._transports: dict[tuple[str, str | None], httpx.AsyncHTTPTransport] = {}
        self._served = False

    async def get(
        self,
        url: str,
        headers: Fields,
        on_head: Callable[[Head], bool],
        on_body: Callable[[bytes], Awaitable[None]],
    ) -> None:
        """See ``getflags.wire.AsyncWire``."""
        proxy = proxies.choose(self._network, url)
        request = _request(url, headers, self._network)
        head_arrived = False
        try:
            response = await self._transport(url, proxy).handle_async_request(request)
            head_arrived = True
            try:
                if on_head(_head(response)):
                    async for piece in _apieces(response):
                        await on_body(piece)
                elif _is_short(response):
                    await self._drain(request, response)
            finally:
                await response.aclose()
        except httpx.TransportError as error:
            stale = self._served and not head_arrived
            raise translate(error, self._network, proxy, stale=stale) from error
        self._served = True

    async def _drain(self, request: httpx.Request, response: httpx.Response) -> None:
        request.extensions["timeout"]["read"] = _DRAIN_SECONDS
        patience = monotonic() + _DRAIN_SECONDS
        with contextlib.suppress(httpx.TransportError):  # nobody wanted it
            async for _ in _apieces(response):
                if monotonic() > patience:
                    break

    def _transport(self, url: str, proxy: str | None) -> httpx.AsyncHTTPTransport:
        key = (url.partition(":")[0], proxy)
        if key not in self._transports:
            self._transports[key] = httpx.AsyncHTTPTransport(**_options(self._network, *key))
        return self._transports[key]

    async def close(self) -> None:
        """See ``getflags.wire.AsyncWire``."""
        for transport in self._transports.values():
            await transport.aclose()
