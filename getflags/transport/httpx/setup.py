"""What both colours of the httpx wire share: how a transport is set up, how a response is read.

Requests and responses of httpx go in and out here, and all that is looked at from the outside to
tell a sound response from an unsound one. Nothing here awaits or blocks.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any, cast

import httpx

from getflags.core.errors import Disconnected, Fault, Malformed, TimedOut, UsageError
from getflags.core.models import Fields, Network
from getflags.core.response_head import Head
from getflags.core.text import brief, quoted
from getflags.core.urls import clean, redact
from getflags.transport import tls

_ONE = httpx.Limits(max_connections=1, max_keepalive_connections=1)
# An unwanted body is read off where that is cheap, so that the connection can be used again:
# only so many bytes (announced), and only for so long.
_DRAIN_BYTES = 64 * 1024
DRAIN_SECONDS = 0.1
# How httpcore ends the names of its trace events, whatever kind of connection begins them.
CONNECTING = ".connect_tcp.started"
CONNECTED = (".connect_tcp.complete", ".start_tls.complete")
_FRAMING = {"content-length", "transfer-encoding"}


def options(network: Network, scheme: str, proxy: str | None) -> dict[str, Any]:
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


def check(network: Network) -> None:
    """See ``getflags.transport.Client``."""
    try:
        if network.cacert and not network.insecure:
            tls.context(network)
        for proxy in [url for kind, url in network.proxies if kind != "no"]:
            if proxy.startswith("http"):
                clean(proxy)  # an impossible host would only show when it is looked up
            httpx.HTTPTransport(**options(network, "http", proxy)).close()
    except ImportError:
        raise UsageError("a SOCKS proxy needs: pip install 'httpx[socks]'") from None
    except Fault as fault:
        raise UsageError(str(fault)) from None
    except (httpx.InvalidURL, ValueError):
        raise UsageError(
            f"proxy {quoted(redact(proxy))} is not an http, https or socks5 URL"
        ) from None


def request(url: str, headers: Fields, network: Network, trace: object) -> httpx.Request:
    """Make a GET. Raises Malformed for what can't be sent."""
    extensions: dict[str, Any] = {
        "timeout": {
            "connect": network.connect_timeout,
            "read": network.timeout,
            "write": network.timeout,
        },
        "trace": trace,
    }
    if any(name.lower() in _FRAMING for name, _ in headers):
        raise Malformed("the request cannot be sent: a GET has no body to announce")
    try:
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        return httpx.Request("GET", url, headers=raw, extensions=extensions)
    except (httpx.InvalidURL, ValueError) as error:  # UnicodeError is a ValueError
        raise Malformed(f"the URL cannot be requested: {brief(str(error))}") from error


def head(response: httpx.Response) -> Head:
    """Read a response's head."""
    return Head(
        response.status_code,
        tuple(
            (name.lower().decode("latin-1"), value.decode("latin-1"))
            for name, value in response.headers.raw
        ),
    )


def pieces(response: httpx.Response) -> Iterator[bytes]:
    """Return the body as it comes; ``iter_raw`` would count and copy it once more."""
    return iter(cast("httpx.SyncByteStream", response.stream))


def apieces(response: httpx.Response) -> AsyncIterator[bytes]:
    """Do as ``pieces`` does, in the other colour."""
    return aiter(cast("httpx.AsyncByteStream", response.stream))


def slow_head(network: Network) -> TimedOut:
    """Return the fault for a head that comes a few bytes at a time: that is no silence."""
    return TimedOut(f"the answer's head took longer than {network.timeout:g} s")


def check_version(response: httpx.Response) -> None:
    """Raise Malformed for what no HTTP/1 server says; h11 lets any number through."""
    if response.extensions["http_version"] not in {b"HTTP/1.0", b"HTTP/1.1"}:
        raise Malformed("the answer is not valid HTTP: unknown version")


def check_end(url: str, response: httpx.Response) -> None:
    """Raise Disconnected for a body whose end nobody can vouch for.

    Where the connection's end is the body's, TLS says whether it was meant (RFC 9112 section 9.8),
    but Python's streams don't tell. Without TLS there is nothing to be told.
    """
    delimited = "content-length" in response.headers or "transfer-encoding" in response.headers
    if url.startswith("https:") and not delimited and response.status_code < 300:  # noqa: PLR2004
        raise Disconnected("no length is announced, so its end can't be told from a broken one")


def has_excess(transport: httpx.HTTPTransport | httpx.AsyncHTTPTransport) -> bool:
    """Whether the server has sent more than the response: the next one's beginning, forged.

    h11 keeps such bytes and takes them for the answer to the next request. They can be seen from
    private places alone; a test tells when these have moved.
    """
    for connection in transport._pool.connections:  # noqa: SLF001
        state = getattr(getattr(connection, "_connection", None), "_h11_state", None)
        if state is not None and state.trailing_data[0]:
            return True
    return False


def is_short(response: httpx.Response) -> bool:
    """Whether a body that nobody wants is short enough to be read off."""
    length = response.headers.get("content-length", "")
    return length.isdigit() and len(length) <= 5 and int(length) <= _DRAIN_BYTES  # noqa: PLR2004 - digits of _DRAIN_BYTES
