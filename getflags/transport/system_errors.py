"""Faults for errors when a name is looked up or a connection is made, by the system or by TLS.

They are the same for all HTTP libraries.
"""

from __future__ import annotations

import errno
import os
import re
import socket
import sys

from getflags.core.errors import (
    Disconnected,
    Fault,
    Refused,
    TimedOut,
    Unreachable,
    Unresolved,
    Untrusted,
)
from getflags.core.text import brief, printable

# EAI_MEMORY is a failure of this machine, as EAI_SYSTEM is, which Python raises as a plain OSError.
# After EAI_FAIL, the name server has answered that it will not do it.
_TEMPORARY = {socket.EAI_AGAIN, socket.EAI_MEMORY}
# RFC 8446 section 6.2. In TLS 1.2, servers that get no certificate send "handshake failure" or
# "bad certificate".
_CERTIFICATE_ALERT = (
    "alert (certificate required|bad certificate|no certificate|unsupported certificate|"
    "certificate revoked|certificate expired|certificate unknown|unknown ca|access denied)"
)
_HINTS = {
    # A response in plain HTTP begins with "HTTP", which is not a version of TLS.
    "wrong version number": "; the port may speak plain HTTP: does http:// work?",
    "alert handshake failure": "; the server may demand a client certificate (--cert)",
}
#: OpenSSL's text for the end of a connection, and Python's.
_CLOSED = ("unexpected eof", "eof occurred in violation")
_REFUSED = {
    errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH,
    # A server that ends resets the connections that it has not accepted yet.
    errno.ECONNRESET, errno.ECONNABORTED,
}  # fmt: skip


def message(number: int) -> str:
    """Return the system's message for an ``errno``, in lower case; empty for 0."""
    if number == errno.ECONNREFUSED:
        return "connection refused"
    return os.strerror(number).lower() if number else ""


def no_connection(where: str, number: int, otherwise: str) -> Unreachable:
    """Return the fault for a connection that failed with an ``errno``.

    ``where`` is the start of its message. ``otherwise`` is its reason if the number is 0, because
    the library did not report one.
    """
    kind = Refused if number in _REFUSED else Unreachable
    return kind(where + (message(number) or otherwise))


def not_resolved(where: str, error: OSError) -> Unreachable:
    """Return the fault for an exception of ``socket.getaddrinfo``."""
    reason = error.strerror or "no reason given"
    if isinstance(error, socket.gaierror) and error.errno not in _TEMPORARY:
        return Unreachable(f"{where}host name not found ({reason})")
    return Unresolved(f"{where}host name not resolved: {reason[0].lower()}{reason[1:]}")


def is_tls_error(error: OSError) -> bool:
    """Return whether an exception is one of Python's TLS; importing ``ssl`` takes 7 ms."""
    tls = sys.modules.get("ssl")
    return tls is not None and isinstance(error, tls.SSLError)


def no_tunnel(where: str, fault: Fault) -> Fault:
    """Return the fault for a proxy that has not opened a tunnel, because of another fault."""
    kind = TimedOut if isinstance(fault, TimedOut) else Unreachable
    return kind(f"{where}{fault}")


def closed_in_handshake(where: str) -> Refused:
    """Return the fault for a connection that was closed during the TLS handshake.

    A server that restarts closes connections like that, and so does a proxy that cannot reach its
    server; it says nothing about trust.
    """
    return Refused(f"{where}the connection was closed during the TLS handshake")


def broken_handshake(where: str, error: OSError) -> Fault:
    """Return the fault for an exception of Python's TLS during a handshake."""
    import ssl

    if isinstance(error, ssl.SSLCertVerificationError):
        return Untrusted(f"{where}certificate not trusted: {printable(error.verify_message)}")
    return no_tls(where, getattr(error, "reason", None) or str(error))  # only OpenSSL sets it


def no_tls(where: str, reason: str) -> Fault:
    """Return the fault for a failed TLS handshake. ``reason`` is the text of the TLS library."""
    if alert := certificate_alert(where, reason):
        return alert
    text = _plain_words(reason)
    if any(words in text for words in _CLOSED):
        return closed_in_handshake(where)
    hint = next((hint for words, hint in _HINTS.items() if words in text), "")
    return Untrusted(f"{where}TLS failed: {brief(reason)}{hint}")


def broken_tls(error: Exception, *, stale: bool) -> Fault:
    """Return the fault for an exception of Python's TLS after the handshake."""
    reason = getattr(error, "reason", None) or str(error)  # only OpenSSL sets it
    return certificate_alert("", reason) or Disconnected("the TLS connection broke", stale=stale)


def certificate_alert(where: str, reason: str) -> Untrusted | None:
    """Return the fault for an alert that rejects the client certificate or demands one; or None.

    In TLS 1.3, this alert arrives after the handshake. ``reason`` is the text of the TLS library.
    """
    alert = re.search(_CERTIFICATE_ALERT, _plain_words(reason))
    if alert is None:
        return None
    if alert[1] == "certificate required":
        return Untrusted(f"{where}TLS failed: the server demands a client certificate (--cert)")
    return Untrusted(
        f"{where}TLS failed: the server rejects the client certificate, or the lack of one "
        f"({alert[1]})"
    )


def _plain_words(reason: str) -> str:
    return reason.lower().replace("_", " ")
