"""The way to a server: its address, or that of a proxy, and the TLS on it.

docs/decisions/0022-a-transport-of-our-own.md says what this client does not do.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import chain, zip_longest
from typing import NamedTuple, TypeAlias

from getflags.core import urls
from getflags.core.errors import UsageError
from getflags.core.models import Fields
from getflags.core.text import printable, quoted
from getflags.transport.dns import Address

Addresses: TypeAlias = "tuple[Address, ...]"
#: Seconds after which another address is tried at the same time (RFC 8305 section 5).
ATTEMPT_DELAY = 0.25


class Route(NamedTuple):
    """Where to connect to, and what to do then.

    ``host`` and ``port`` are those of the server, or of the proxy. ``tunnel`` is the server's host
    and port if the proxy is asked for a tunnel to it. ``tls`` is the name for the first handshake,
    and ``inner_tls`` for the one in the tunnel. ``where`` begins the messages about connecting.
    ``certified`` says that the server may see the client certificate; the proxy may not.
    """

    host: str
    port: int
    tls: str = ""
    tunnel: str = ""
    inner_tls: str = ""
    where: str = ""
    fields: Fields = ()  # for the proxy
    certified: bool = False

    @property
    def secure(self) -> bool:
        """Whether what is sent to the server, or to the proxy, is encrypted."""
        return bool(self.tls or self.inner_tls)


@lru_cache(256)
def route(origin: str, proxy: str | None, *, certified: bool = False) -> Route:
    """Return the route to an origin, perhaps through a proxy."""
    scheme, host, port = urls.host_and_port(origin)
    tls = host.removesuffix(".") if scheme == "https" else ""  # certificates have no final dot
    if proxy is None:
        return Route(host, port, tls, certified=certified)
    bare, login = urls.split_credentials(urls.clean(proxy))
    proxy_scheme, proxy_host, proxy_port = urls.host_and_port(bare)
    return Route(
        proxy_host,
        proxy_port,
        proxy_host if proxy_scheme == "https" else "",
        origin.partition("://")[2] if tls else "",
        tls,
        f"proxy {printable(urls.redact(proxy))}: ",
        (("proxy-authorization", login),) if login else (),
        certified,
    )


def check_proxy(proxy: str) -> None:
    """Raise UsageError if this client cannot use a proxy."""
    if proxy.lower().startswith("socks"):
        raise UsageError("SOCKS proxies need --client curl; run: pip install 'getflags[curl]'")
    try:
        urls.clean(proxy)
    except urls.BadURL:
        shown = quoted(urls.redact(proxy))
        raise UsageError(f"proxy {shown} is not an http, https or socks5 URL") from None


def interleaved(addresses: Iterable[Address]) -> Addresses:
    """Return addresses with those of the two families in turn (RFC 8305 section 4)."""
    families: dict[int, list[Address]] = {}
    for address in addresses:
        families.setdefault(address[0], []).append(address)
    mixed = chain.from_iterable(zip_longest(*families.values()))
    return tuple(address for address in mixed if address is not None)
