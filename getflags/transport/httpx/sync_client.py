"""The synchronous httpx transport: one connection, used by one thread at a time.

``client`` contains the asyncio version, and ``setup`` the code that both share. A test removes
``async`` and ``await`` from the asyncio version of ``exchange`` and its helpers, and compares the
two.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Callable, Iterator
from math import inf
from time import monotonic
from typing import Any

import httpx

from getflags.core.errors import Aborted, Expired, Fault
from getflags.core.models import Fields, Network
from getflags.core.response_head import Head
from getflags.transport import proxies
from getflags.transport.deadlines import Watchdog
from getflags.transport.dns import HOST_LOOKUPS
from getflags.transport.httpx.exceptions import translate
from getflags.transport.httpx.public_backend import use_public_addresses
from getflags.transport.httpx.setup import (
    CONNECTED,
    CONNECTING,
    DRAIN_SECONDS,
    STEPS,
    build_request,
    check_end,
    check_version,
    has_excess,
    is_short,
    options,
    pieces,
    read_head,
    slow_body,
    slow_head,
)

_watchdog = Watchdog()
_AFTER_WATCHDOG = 0.1  # seconds, so that the reason is that of the watchdog


class HttpxTransport:
    """See ``getflags.transport.Transport``. ``exchange`` is ``get`` without the time limit."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._transports: dict[tuple[str, str | None, bool], httpx.HTTPTransport] = {}
        self._sockets: set[socket.socket] = set()
        self._fresh = False  # whether the current request opened its connection
        self._ended: Fault | None = None  # why ``_end`` shut down the sockets
        self._deadline = inf  # of the current request, on the monotonic clock

    def get(
        self,
        url: str,
        headers: Fields,
        on_head: Callable[[Head], bool],
        on_body: Callable[[bytes], None],
        within: float | None = None,
        *,
        certified: bool = False,
    ) -> None:
        """See ``getflags.transport.Transport``."""
        if not isinstance(self._ended, Aborted):
            self._ended = None
        proxy = proxies.choose(self._network, url)
        within = HOST_LOOKUPS.wait_for(proxy or url, self._network.connect_timeout, within)
        self._deadline = inf if within is None else monotonic() + within
        if within is None:
            self.exchange(url, proxy, headers, on_head, on_body, certified=certified)
            return
        with _watchdog.limit(within, lambda: self._end(Expired())):
            self.exchange(url, proxy, headers, on_head, on_body, certified=certified)

    def exchange(
        self,
        url: str,
        proxy: str | None,
        headers: Fields,
        on_head: Callable[[Head], bool],
        on_body: Callable[[bytes], None],
        *,
        certified: bool,
    ) -> None:
        """Make one GET; return when the response ends or its body is not wanted. Raises Fault."""
        request = build_request(url, headers, self._network, self._trace)
        self._fresh = head_arrived = False
        try:
            transport = self._transport(url, proxy, certified=certified)
            response = self._send(transport, request)
            head_arrived = True
            try:
                check_version(response)
                if on_head(read_head(response)):
                    body = pieces(response)
                    piece = self._next(body)
                    while piece is not None:
                        on_body(piece)
                        piece = self._next(body)
                elif is_short(response):
                    self._drain(request, response)
            finally:
                response.close()
            check_end(url, response)
            if has_excess(transport):
                transport.close()
        except (httpx.TransportError, ssl.SSLError) as error:
            self._check_ended()
            stale = not (self._fresh or head_arrived)
            raise translate(error, self._network, proxy, stale=stale) from error
        self._check_ended()

    def _send(self, transport: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        seconds = self._network.connect_timeout + self._network.timeout
        with _watchdog.limit(seconds, lambda: self._end(slow_head(self._network))):
            return transport.handle_request(request)

    def _next(self, body: Iterator[bytes]) -> bytes | None:
        """Wait for the next piece of a body; return None at its end."""
        with _watchdog.limit(self._network.timeout, lambda: self._end(slow_body(self._network))):
            return next(body, None)

    def _drain(self, request: httpx.Request, response: httpx.Response) -> None:
        request.extensions["timeout"]["read"] = DRAIN_SECONDS
        deadline = monotonic() + DRAIN_SECONDS
        with contextlib.suppress(httpx.TransportError):  # the body is not needed
            for _ in pieces(response):
                if monotonic() > deadline:
                    break

    def _transport(self, url: str, proxy: str | None, *, certified: bool) -> httpx.HTTPTransport:
        scheme = url.partition(":")[0]
        key = (scheme, proxy, certified)
        if key not in self._transports:
            settings = options(self._network, scheme, proxy, certified=certified)
            self._transports[key] = httpx.HTTPTransport(**settings)
        transport = self._transports[key]
        if self._network.no_private_addresses:
            use_public_addresses(transport, self._network, url)
        return transport

    def _trace(self, name: str, info: dict[str, Any]) -> None:
        """Record new connections and their sockets; httpcore calls this at each step."""
        if self._deadline < inf and name.endswith(STEPS):
            # The watchdog cannot end these steps, because their socket is not known yet.
            left = self._deadline - monotonic() + _AFTER_WATCHDOG
            info["timeout"] = min(info["timeout"], max(_AFTER_WATCHDOG, left))
        if name.endswith(CONNECTING):
            self._fresh = True
        elif name.endswith(CONNECTED):
            # The TLS handshake replaces the socket object. The old one, like those of closed
            # connections, has no descriptor any more.
            self._sockets = {each for each in self._sockets if each.fileno() >= 0}
            self._sockets.add(info["return_value"].get_extra_info("socket"))
        if self._ended:
            self._shut_down()

    def _check_ended(self) -> None:
        """Raise the reason for a shutdown; a body that it cut off would seem complete."""
        if self._ended:
            raise self._ended

    def abort(self) -> None:
        """See ``getflags.transport.Transport``."""
        self._end(Aborted("interrupted"))

    def _end(self, reason: Fault) -> None:
        if not isinstance(self._ended, Aborted):  # ``abort`` is final
            self._ended = reason
        self._shut_down()

    def _shut_down(self) -> None:
        """Wake the thread that is blocked on a socket; closing the socket would not wake it."""
        for each in list(self._sockets):
            with contextlib.suppress(OSError):  # the socket is closed already
                each.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """See ``getflags.transport.Transport``."""
        for transport in self._transports.values():
            transport.close()
