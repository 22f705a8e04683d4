"""The connections of httpx with ``--no-private-addresses``: to public addresses only.

httpcore's network backend looks the host up again when it connects. The backends here give it the
addresses that were looked up before the request, after the check, as text that needs no lookup. The
name in the request and in the TLS handshake stays the host's.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import httpcore
import httpx

from getflags.core.models import Network
from getflags.transport.dns import HOST_LOOKUPS, allowed

_FAILURES = (httpcore.ConnectError, httpcore.ConnectTimeout)


class _Checked:
    """Another backend, and the URL of the request whose host it connects to."""

    def __init__(self, backend: Any, network: Network) -> None:
        self._backend = backend
        self._network = network
        self.url = ""

    def _addresses(self, host: str, port: int) -> list[str]:
        """Return the addresses to try. Raises Unreachable."""
        found = HOST_LOOKUPS.addresses(self.url, host, port, "")
        return [target[0] for _, target in allowed(found, self._network, self.url)]


class PublicBackend(_Checked, httpcore.NetworkBackend):
    """Connects to the first public address of a host that answers."""

    _backend: httpcore.NetworkBackend

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None,
        local_address: str | None = None, socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:  # fmt: skip
        """See ``httpcore.NetworkBackend``; each address has an equal share of the timeout."""
        error: Exception = httpcore.ConnectError("no connection")
        addresses = self._addresses(host, port)
        for each in addresses:
            share = timeout and timeout / len(addresses)
            try:
                return self._backend.connect_tcp(each, port, share, local_address, socket_options)
            except _FAILURES as failure:
                error = failure
        raise error


class AsyncPublicBackend(_Checked, httpcore.AsyncNetworkBackend):
    """Does what ``PublicBackend`` does."""

    _backend: httpcore.AsyncNetworkBackend

    async def connect_tcp(
        self, host: str, port: int, timeout: float | None = None,
        local_address: str | None = None, socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:  # fmt: skip
        """See ``PublicBackend``."""
        error: Exception = httpcore.ConnectError("no connection")
        addresses = self._addresses(host, port)
        for each in addresses:
            share = timeout and timeout / len(addresses)
            try:
                return await self._backend.connect_tcp(
                    each, port, share, local_address, socket_options
                )
            except _FAILURES as failure:
                error = failure
        raise error


def use_public_addresses(
    transport: httpx.HTTPTransport | httpx.AsyncHTTPTransport, network: Network, url: str
) -> None:
    """Let a transport connect only to public addresses of the host of its next request.

    httpx has no argument for the backend of httpcore. If a new version renames these attributes,
    reading them fails, so no connection is made without the check.
    """
    pool: Any = transport._pool  # noqa: SLF001
    backend = pool._network_backend  # noqa: SLF001
    if not isinstance(backend, _Checked):
        kind = PublicBackend if isinstance(transport, httpx.HTTPTransport) else AsyncPublicBackend
        pool._network_backend = backend = kind(backend, network)  # noqa: SLF001
    backend.url = url
