"""The blocking half of the httpx wire: one connection, for one thread at a time.

``httpx_wire`` has the other half, and what both have in common is in ``httpx_common``. ``exchange``
and what it calls are twins: a test washes ``await`` out of the other half and compares.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable
from time import monotonic
from typing import Any

import httpx

from getflags.core.errors import EXPIRED, Aborted, Expired, Fault
from getflags.core.models import Fields, Network
from getflags.core.response_head import Head
from getflags.transport import proxies
from getflags.transport.deadlines import Watchdog
from getflags.transport.dns import NAMES
from getflags.transport.httpx.exceptions import translate
from getflags.transport.httpx.setup import (
    CONNECTED,
    CONNECTING,
    DRAIN_SECONDS,
    check_end,
    check_version,
    has_excess,
    head,
    is_short,
    options,
    pieces,
    request,
    slow_head,
)

_watchdog = Watchdog()


class HttpxWire:
    """See ``getflags.transport.Wire``. ``exchange`` is ``get`` without a limit of time."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._transports: dict[tuple[str, str | None], httpx.HTTPTransport] = {}
        self._sockets: set[socket.socket] = set()
        self._fresh = False  # whether the request under way made its connection
        self._ended: Fault | None = None  # why we have shut the sockets down ourselves

    def get(
        self,
        url: str,
        headers: Fields,
        on_head: Callable[[Head], bool],
        on_body: Callable[[bytes], None],
        within: float | None = None,
    ) -> None:
        """See ``getflags.transport.Wire``."""
        if not isinstance(self._ended, Aborted):
            self._ended = None
        place = proxies.choose(self._network, url) or url
        within = NAMES.wait_for(place, self._network.connect_timeout, within)
        if within is None:
            self.exchange(url, headers, on_head, on_body)
            return
        with _watchdog.limit(within, lambda: self._end(Expired(EXPIRED))):
            self.exchange(url, headers, on_head, on_body)

    def exchange(
        self,
        url: str,
        headers: Fields,
        on_head: Callable[[Head], bool],
        on_body: Callable[[bytes], None],
    ) -> None:
        """Make one GET and return when its response is over, or not wanted. Raises Fault."""
        proxy = proxies.choose(self._network, url)
        asked = request(url, headers, self._network, self._trace)
        self._fresh = head_arrived = False
        try:
            transport = self._transport(url, proxy)
            response = self._answer(transport, asked)
            head_arrived = True
            try:
                check_version(response)
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
            self._check_ended()
            stale = not (self._fresh or head_arrived)
            raise translate(error, self._network, proxy, stale=stale) from error
        self._check_ended()

    def _answer(self, transport: httpx.HTTPTransport, asked: httpx.Request) -> httpx.Response:
        seconds = self._network.connect_timeout + self._network.timeout
        with _watchdog.limit(seconds, lambda: self._end(slow_head(self._network))):
            return transport.handle_request(asked)

    def _drain(self, asked: httpx.Request, response: httpx.Response) -> None:
        asked.extensions["timeout"]["read"] = DRAIN_SECONDS
        patience = monotonic() + DRAIN_SECONDS
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
        if name.endswith(CONNECTING):
            self._fresh = True
        elif name.endswith(CONNECTED):
            # After TLS it is another object for the same connection, and the first one is void.
            self._sockets = {each for each in self._sockets if each.fileno() >= 0}  # else closed
            self._sockets.add(info["return_value"].get_extra_info("socket"))
        if self._ended:
            self._shut_down()

    def _check_ended(self) -> None:
        """Raise what applies: a body that ends with the connection looks whole now."""
        if self._ended:
            raise self._ended

    def abort(self) -> None:
        """See ``getflags.transport.Wire``."""
        self._end(Aborted("interrupted"))

    def _end(self, why: Fault) -> None:
        if not isinstance(self._ended, Aborted):  # that is for good
            self._ended = why
        self._shut_down()

    def _shut_down(self) -> None:
        """Wake the thread that waits for the sockets; closing them would not."""
        for each in list(self._sockets):
            with contextlib.suppress(OSError):  # it is closed already
                each.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """See ``getflags.transport.Wire``."""
        for transport in self._transports.values():
            transport.close()
