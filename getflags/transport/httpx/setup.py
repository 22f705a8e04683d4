"""Functions that both httpx transports use: setup, building requests, and checking responses.

None of these functions performs I/O, so the sync and the asyncio version can share them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any, cast

import httpx

from getflags.core.errors import Disconnected, Fault, Malformed, TimedOut, Unsendable, UsageError
from getflags.core.models import Fields, Network
from getflags.core.response_head import Head
from getflags.core.text import brief, quoted
from getflags.core.urls import clean, redact
from getflags.transport import tls
from getflags.transport.http_version import check_http1

_ONE_CONNECTION = httpx.Limits(max_connections=1, max_keepalive_connections=1)
# An unwanted body is read to its end if it is short, so that the connection can be reused.
_DRAIN_BYTES = 64 * 1024  # the largest Content-Length to read
DRAIN_SECONDS = 0.1  # the longest time to spend on reading
# The ends of httpcore's trace event names; they begin with the kind of connection.
CONNECTING = ".connect_tcp.started"
STEPS = (CONNECTING, ".start_tls.started")
CONNECTED = (".connect_tcp.complete", ".start_tls.complete")
# With one of these as the local address, only addresses of the same family can be reached.
_ANY_ADDRESS = {None: None, 4: "0.0.0.0", 6: "::"}  # noqa: S104 - nothing is served there
_FRAMING = {"content-length", "transfer-encoding"}


def options(
    network: Network, scheme: str, proxy: str | None, *, certified: bool = False
) -> dict[str, Any]:
    """Return the arguments of ``httpx.HTTPTransport`` and ``httpx.AsyncHTTPTransport``."""
    context = tls.context(network, certified=certified) if scheme == "https" else tls.UNUSED
    return {
        "verify": context,
        "limits": _ONE_CONNECTION,
        "local_address": _ANY_ADDRESS[network.ip_version],
        "trust_env": False,  # getflags reads the environment itself, for all clients
        "proxy": proxy
        and httpx.Proxy(
            proxy, ssl_context=tls.context(network) if proxy.startswith("https:") else None
        ),
    }


def check(network: Network) -> None:
    """See ``getflags.transport.Client``."""
    check_http1(network.http_version, "httpx")
    if network.resolve:
        raise UsageError("--resolve needs --client h1 or curl")
    try:
        tls.check(network)
        for proxy in [url for kind, url in network.proxies if kind != "no"]:
            if proxy.startswith("http"):
                clean(proxy)  # rejects invalid host names, which httpx reports only on use
            httpx.HTTPTransport(**options(network, "http", proxy)).close()
    except ImportError:
        raise UsageError(
            "SOCKS proxies need another package; run: pip install 'httpx[socks]'"
        ) from None
    except Fault as fault:
        raise UsageError(str(fault)) from None
    except (httpx.InvalidURL, ValueError):
        raise UsageError(
            f"proxy {quoted(redact(proxy))} is not an http, https or socks5 URL"
        ) from None


def build_request(url: str, headers: Fields, network: Network, trace: object) -> httpx.Request:
    """Build a GET request. Raises Unsendable if the URL or a header field is invalid."""
    extensions: dict[str, Any] = {
        "timeout": {
            "connect": network.connect_timeout,
            "read": network.timeout,
            "write": network.timeout,
        },
        "trace": trace,
    }
    if any(name.lower() in _FRAMING for name, _ in headers):
        raise Unsendable(
            "the request cannot be sent: a GET request has no Content-Length or Transfer-Encoding"
        )
    try:
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        return httpx.Request("GET", url, headers=raw, extensions=extensions)
    except (httpx.InvalidURL, ValueError) as error:  # UnicodeError is a ValueError
        raise Unsendable(f"the URL cannot be requested: {brief(str(error))}") from error


def read_head(response: httpx.Response) -> Head:
    """Return a response's status code and header fields."""
    return Head(
        response.status_code,
        tuple(
            (name.lower().decode("latin-1"), value.decode("latin-1"))
            for name, value in response.headers.raw
        ),
    )


def pieces(response: httpx.Response) -> Iterator[bytes]:
    """Return an iterator over the body's pieces as received; ``iter_raw`` would copy them."""
    return iter(cast("httpx.SyncByteStream", response.stream))


def apieces(response: httpx.Response) -> AsyncIterator[bytes]:
    """Return an asynchronous iterator over the body's pieces, like ``pieces``."""
    return aiter(cast("httpx.AsyncByteStream", response.stream))


def slow_head(network: Network) -> TimedOut:
    """Return the fault for a head that arrives too slowly; httpx limits only single reads."""
    return TimedOut(f"the response header took longer than {network.timeout:g} s")


def slow_body(network: Network) -> TimedOut:
    """Return the fault for a body of which nothing arrives; see ``slow_head``.

    Single reads succeed while the server sends chunk extensions or trailers.
    """
    return TimedOut(f"no data received for {network.timeout:g} s")


def check_version(response: httpx.Response) -> None:
    """Raise Malformed unless the response is HTTP/1.0 or 1.1; h11 accepts any version number."""
    if response.extensions["http_version"] not in {b"HTTP/1.0", b"HTTP/1.1"}:
        raise Malformed("the response is not valid HTTP: unknown version")


def check_end(url: str, response: httpx.Response) -> None:
    """Raise Disconnected if a body over TLS ended with the connection and may be truncated.

    In TLS, a close_notify alert distinguishes the end of such a body from a broken connection (RFC
    9112 section 9.8), but Python's streams don't report the alert. Without TLS, there is no such
    signal, and the body is accepted.
    """
    delimited = "content-length" in response.headers or "transfer-encoding" in response.headers
    if url.startswith("https:") and not delimited and response.status_code < 300:  # noqa: PLR2004
        raise Disconnected("the response has no length, so its end cannot be verified")


def has_excess(transport: httpx.HTTPTransport | httpx.AsyncHTTPTransport) -> bool:
    """Return whether the server sent bytes after the response, as if for the next request.

    h11 would take such bytes for the response to the next request. They are visible only in private
    attributes; a test fails if a new version of httpcore or h11 renames these.
    """
    for connection in transport._pool.connections:  # noqa: SLF001
        state = getattr(getattr(connection, "_connection", None), "_h11_state", None)
        if state is not None and state.trailing_data[0]:
            return True
    return False


def is_short(response: httpx.Response) -> bool:
    """Return whether an unwanted body is short enough to be read to its end."""
    if "transfer-encoding" in response.headers:  # it overrides Content-Length
        return False
    length = response.headers.get("content-length", "")
    return length.isdigit() and len(length) <= 5 and int(length) <= _DRAIN_BYTES  # noqa: PLR2004 - digits of _DRAIN_BYTES
