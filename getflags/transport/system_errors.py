"""Faults for errors when a name is looked up or a connection is made, by the system or by TLS.

They are the same for all HTTP libraries.
"""

from __future__ import annotations

import errno
import os
import socket
import sys

from getflags.core.errors import Refused, Unreachable, Unresolved, Untrusted
from getflags.core.text import brief, printable

# EAI_MEMORY is a failure of this machine, as EAI_SYSTEM is, which Python raises as a plain OSError.
# After EAI_FAIL, the name server has answered that it will not do it.
_TEMPORARY = {socket.EAI_AGAIN, socket.EAI_MEMORY}
_REFUSED = {errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH}


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


def broken_handshake(where: str, error: OSError) -> Untrusted:
    """Return the fault for an exception of Python's TLS during a handshake."""
    import ssl

    if isinstance(error, ssl.SSLCertVerificationError):
        return Untrusted(f"{where}certificate not trusted: {printable(error.verify_message)}")
    return no_tls(where, getattr(error, "reason", None) or str(error))  # only OpenSSL sets it


def no_tls(where: str, reason: str) -> Untrusted:
    """Return the fault for a failed TLS handshake. ``reason`` is the text of the TLS library."""
    # A response in plain HTTP begins with "HTTP", which is not a version of TLS.
    plain = "wrong version number" in reason.lower().replace("_", " ")
    hint = "; the port may speak plain HTTP: does http:// work?" if plain else ""
    return Untrusted(f"{where}TLS failed: {brief(reason)}{hint}")
