"""Conversion of httpx's exceptions into faults with readable messages.

httpx's own messages are often empty (an asynchronous ReadError) or hide the cause ("All connection
attempts failed" may mean too many open files). So the chain of causes is searched for the operating
system's error.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

import httpx

from getflags.core.errors import (
    Disconnected,
    Fault,
    Malformed,
    TimedOut,
    Unreachable,
    Unsendable,
    Untrusted,
)
from getflags.core.models import Network
from getflags.core.response_head import describe
from getflags.core.text import brief, printable
from getflags.core.urls import redact
from getflags.transport.system_errors import (
    broken_tls,
    message,
    no_connection,
    no_tls,
    not_resolved,
)


def translate(
    error: httpx.TransportError | ssl.SSLError, network: Network, proxy: str | None, *, stale: bool
) -> Fault:
    """Return the fault for an exception from httpx, or from TLS: anyio doesn't convert those.

    ``stale`` means that the exception occurred on a reused connection before the response began.
    """
    where = f"proxy {printable(redact(proxy))}: " if proxy else ""
    if isinstance(error, httpx.ConnectTimeout):
        return TimedOut(f"{where}no connection within {network.connect_timeout:g} s")
    if isinstance(error, httpx.TimeoutException):
        return TimedOut(f"no data received for {network.timeout:g} s")
    if isinstance(error, (httpx.ConnectError, httpx.ProxyError)):
        return _unreachable(error, where)
    if isinstance(error, (httpx.NetworkError, ssl.SSLError)):
        return _broken(error, stale=stale)
    if isinstance(error, httpx.RemoteProtocolError):
        return _protocol_error(error, stale=stale)
    return Unsendable(f"the request cannot be sent: {brief(str(error))}")


def _unreachable(error: httpx.TransportError, where: str) -> Fault:
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Untrusted(f"{where}certificate not trusted: {printable(cause.verify_message)}")
        if isinstance(cause, ssl.SSLError):
            reason = getattr(cause, "reason", None) or str(cause)  # only OpenSSL sets ``reason``
            return no_tls(where, reason)
        if isinstance(cause, socket.gaierror):
            return not_resolved(where, cause)
    if isinstance(error, httpx.ProxyError) and str(error)[:3].isdigit():
        return Unreachable(f"{where}{describe(int(str(error)[:3]))}")
    return no_connection(where, _system_error(error), brief(str(error)) or "no connection")


def _broken(error: httpx.NetworkError | ssl.SSLError, *, stale: bool) -> Fault:
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLError):
            return broken_tls(cause, stale=stale)
    return Disconnected(message(_system_error(error)) or "the connection was lost", stale=stale)


def _protocol_error(error: httpx.RemoteProtocolError, *, stale: bool) -> Fault:
    text = str(error)
    if "disconnected without sending" in text:
        return Disconnected("the server closed the connection without a response", stale=stale)
    if "peer closed connection" in text:
        return Disconnected("the server closed the connection before the end of the response")
    return Malformed(f"the response is not valid HTTP: {brief(text)}")


def _system_error(error: BaseException) -> int:
    """Return the ``errno`` of the operating system's error; 0 if there is none."""
    found = (cause.errno for cause in _causes(error) if isinstance(cause, OSError))
    return next(filter(None, found), 0)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield the exception and its chain of causes, including the members of exception groups."""
    while error is not None:
        if isinstance(error, BaseExceptionGroup):
            for member in error.exceptions:
                yield from _causes(member)
        yield error
        error = error.__cause__ or error.__context__
