"""The blocking half of the httpx wire: one connection, for one thread at a time.

``httpx_wire`` has the other half, and what both have in common is in ``httpx_common``. ``exchange``
and what it calls are twins: a test washes ``await`` out of the other half and compares.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from time import monotonic
from typing import Any

import httpx

from getflags import proxies
from getflags.errors import EXPIRED, Aborted, Expired
from getflags.message import Head
from getflags.model import Fields, Network
from getflags.wire.httpx_common import (
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
)
from getflags.wire.httpx_faults import translate


class HttpxWire:
    """See ``getflags.wire.Wire``. ``exchange`` is ``get`` without a limit of time."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._transports: dict[tuple[str, str | None], httpx.HTTPTransport] = {}
        self._sockets: set[socket.socket] = set()
        self._fresh = False  # whether the request under way made its connection
        self._aborted = False
        self._expired = False

    def get(
        self,
        url: str,
        headers: Fields,
        on_head: Callable[[Head], bool],
        on_body: Callable[[bytes], None],
        within: float | None = None,
    ) -> None:
        """See ``getflags.wire.Wire``."""
        self._expired = False
        if within is None:
            self.exchange(url, headers, on_head, on_body)
            return
        timer = threading.Timer(within, self._expire)
        timer.daemon = True
        timer.start()
        try:
            self.exchange(url, headers, on_head, on_body)
        finally:
            timer.cancel()
            timer.join()  # or it might end the next request

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
            self._check_ended()
            stale = not (self._fresh or head_arrived)
            raise translate(error, self._network, proxy, stale=stale) from error
        self._check_ended()

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
            self._sockets.add(info["return_value"].get_extra_info("socket"))
        if self._aborted or self._expired:
            self._shut_down()

    def _check_ended(self) -> None:
        """Raise what applies: a body that ends with the connection looks whole now."""
        if self._aborted:
            raise Aborted("interrupted")
        if self._expired:
            raise Expired(EXPIRED)

    def abort(self) -> None:
        """See ``getflags.wire.Wire``."""
        self._aborted = True
        self._shut_down()

    def _expire(self) -> None:
        self._expired = True
        self._shut_down()

    def _shut_down(self) -> None:
        """Wake the thread that waits for the sockets; closing them would not."""
        for each in list(self._sockets):
            with contextlib.suppress(OSError):  # it is closed already
                each.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """See ``getflags.wire.Wire``."""
        for transport in self._transports.values():
            transport.close()
