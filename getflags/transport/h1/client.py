"""The h1 client: the functions of ``Client``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getflags.core.models import Network
from getflags.transport.h1.route import check_proxy
from getflags.transport.http_version import check_http1

if TYPE_CHECKING:
    from getflags.transport.h1.async_transport import AsyncH1Transport
    from getflags.transport.h1.sync_transport import H1Transport


def open_transport(network: Network) -> H1Transport:
    """See ``getflags.transport.Client``."""
    from getflags.transport.h1.sync_transport import H1Transport

    return H1Transport(network)


def open_async_transport(network: Network) -> AsyncH1Transport:
    """See ``getflags.transport.Client``."""
    from getflags.transport.h1.async_transport import AsyncH1Transport

    return AsyncH1Transport(network)


def about() -> str:
    """See ``getflags.transport.Client``."""
    return "getflags' own HTTP/1.1"


def check(network: Network) -> None:
    """See ``getflags.transport.Client``."""
    check_http1(network.http_version, "h1")
    if network.cacert or network.cert:
        from getflags.transport import tls  # the import of ssl takes 7 ms

        tls.check(network)
    for kind, proxy in network.proxies:
        if kind != "no":
            check_proxy(proxy)
