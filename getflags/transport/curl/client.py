"""The curl client: the functions of ``Client``, and the synchronous transport.

Each synchronous transport has one easy handle; ``multi_handle`` contains the asyncio version.
``abort`` sets a flag that libcurl's progress callback reads. The callback may be called up to a
second later, so the sockets are shut down as well, which wakes libcurl. (pycurl does not offer
curl_multi_wakeup, which would do that.)
"""

from __future__ import annotations

import os
import re
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import cast

import pycurl

from getflags.core.deferred_signals import signals_deferred
from getflags.core.errors import Aborted, Fault, UsageError
from getflags.core.models import Fields, Network
from getflags.core.response_head import Head
from getflags.core.text import quoted
from getflags.core.urls import BadURL, clean, redact
from getflags.transport import proxies, tls
from getflags.transport.curl.easy_handle import BUFFER, Handle, speaks_http2, speaks_http3
from getflags.transport.curl.multi_handle import AsyncCurlTransport
from getflags.transport.curl.sockets import Sockets
from getflags.transport.dns import HOST_LOOKUPS, is_known

__all__ = ["BUFFER", "about", "check", "open_async_transport", "open_transport"]

_PROXY = re.compile(r"(?:https?|socks4a?|socks5h?)://(.*)", re.DOTALL)


def open_transport(network: Network) -> CurlTransport:
    """See ``getflags.transport.Client``."""
    return CurlTransport(network)


def open_async_transport(network: Network) -> AsyncCurlTransport:
    """See ``getflags.transport.Client``."""
    return AsyncCurlTransport(network)


def about() -> str:
    """See ``getflags.transport.Client``."""
    versions = "HTTP/1.1 and HTTP/2" if speaks_http2() else "HTTP/1.1; this libcurl has no HTTP/2"
    if speaks_http2() and speaks_http3():
        versions = "HTTP/1.1, HTTP/2 and HTTP/3"
    return f"libcurl {pycurl.version_info()[1]}, {versions}"


def check(network: Network) -> None:
    """See ``getflags.transport.Client``."""
    missing = {"2": not speaks_http2(), "3": not speaks_http3()}
    if missing.get(network.http_version or ""):
        raise UsageError(
            f"--http{network.http_version} cannot be used: the installed libcurl "
            f"{pycurl.version_info()[1]} does not support HTTP/{network.http_version}"
        )
    if network.no_private_addresses and not hasattr(pycurl, "OPENSOCKETFUNCTION"):
        raise UsageError(
            "--no-private-addresses cannot be used with the installed pycurl, which does not show "
            "the addresses of connections; use --client h1"
        )
    tls.check(network)
    for proxy in [url for kind, url in network.proxies if kind != "no"]:
        try:
            match = _PROXY.fullmatch(proxy)
            clean(f"http://{match[1]}" if match else "")
        except BadURL:
            shown = quoted(redact(proxy))
            raise UsageError(f"proxy {shown} is not an http, https or socks5 URL") from None


class CurlTransport:
    """See ``getflags.transport.Transport``."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._sockets = _Sockets()
        self._handle = Handle(network, self._sockets, self._piece)
        self._on_body: Callable[[bytes], None]
        self._silence: Fault | None = None
        self._aborted = False
        self._handle.curl.setopt(pycurl.CLOSESOCKETFUNCTION, self._sockets.close)
        # The limit on open files allows one connection per transport; libcurl would keep five.
        self._handle.curl.setopt(pycurl.MAXCONNECTS, 1)
        self._handle.curl.setopt(pycurl.NOPROGRESS, 0)
        self._handle.curl.setopt(pycurl.XFERINFOFUNCTION, self._progress)

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
        proxy = proxies.choose(self._network, url)
        if not is_known(self._network, proxy or url):
            limit = self._network.connect_timeout
            within = HOST_LOOKUPS.wait_for(proxy or url, limit, within)
        self._handle.prepare(url, proxy, headers, on_head, within, certified=certified)
        self._on_body = on_body
        self._silence = None
        with signals_deferred(self.abort):
            result = self._perform()
        self._conclude(*result)

    def _perform(self) -> tuple[int, str]:
        try:
            self._handle.curl.perform()
        except pycurl.error as error:
            return cast("tuple[int, str]", error.args)
        return pycurl.E_OK, ""

    def _conclude(self, code: int, text: str) -> None:
        if self._aborted:
            raise Aborted("interrupted")
        if self._silence and not self._handle.unwanted:
            raise self._silence
        self._handle.conclude(code, text)

    def _piece(self, piece: bytes) -> int | None:
        try:
            self._on_body(piece)
        except BaseException as bug:  # noqa: BLE001 - raised again by ``conclude``
            self._handle.bug = bug
            return -1
        return None

    def _progress(self, *_: float) -> int:
        """Return 1 to stop the transfer; libcurl calls this at least once a second."""
        try:
            self._handle.check_silence()
        except Fault as fault:
            self._silence = fault
        return int(self._aborted or self._silence is not None)

    def abort(self) -> None:
        """See ``getflags.transport.Transport``."""
        self._aborted = True
        self._sockets.shut_down()

    def close(self) -> None:
        """See ``getflags.transport.Transport``."""
        # libcurl calls ``_Sockets.close``, which must not be interrupted.
        with signals_deferred(lambda: None):
            self._handle.curl.close()


class _Sockets(Sockets):
    """The open sockets of a handle, so that another thread can shut them down.

    pycurl reports only their descriptors, and the system reuses the descriptor of a closed socket
    for the next file. So the sockets are also closed here, under the lock that ``shut_down`` holds.
    """

    def __init__(self) -> None:
        super().__init__()
        self._open: set[int] = set()
        self._aborted = False
        self._lock = threading.Lock()

    def opened(self, descriptor: int, purpose: int) -> int:
        """Record a new socket; reject it after ``shut_down``."""
        with self._lock:
            self._open.add(descriptor)
            return pycurl.SOCKOPT_ERROR if self._aborted else super().opened(descriptor, purpose)

    def close(self, descriptor: int) -> int:
        """Close a socket for libcurl."""
        with self._lock:
            self._open.discard(descriptor)
            socket.close(descriptor)
        return 0

    def shut_down(self) -> None:
        """Shut down all connections, and reject new ones."""
        with self._lock:
            self._aborted = True
            for descriptor in self._open:
                with suppress(OSError), socket.socket(fileno=os.dup(descriptor)) as duplicate:
                    duplicate.shutdown(socket.SHUT_RDWR)
