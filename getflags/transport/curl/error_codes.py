"""Conversion of libcurl's error codes into faults with readable messages.

Most codes are in tables; a few rules handle those with more than one meaning.
"""

from __future__ import annotations

import pycurl

from getflags.core.errors import (
    Disconnected,
    Fault,
    Malformed,
    TimedOut,
    Untrusted,
)
from getflags.core.models import Network
from getflags.core.response_head import describe
from getflags.core.text import brief, printable
from getflags.core.urls import redact
from getflags.transport.system_errors import certificate_alert, no_connection, no_tls

_UNTRUSTED = {
    pycurl.E_SSL_CONNECT_ERROR,
    pycurl.E_SSL_CERTPROBLEM,
    pycurl.E_SSL_CIPHER,
    pycurl.E_SSL_CACERT_BADFILE,
    pycurl.E_SSL_ISSUER_ERROR,
    pycurl.E_SSL_INVALIDCERTSTATUS,
}
#: Codes for a host name without an address, whether it is unknown or the resolver has failed.
NOT_RESOLVED = (pycurl.E_COULDNT_RESOLVE_HOST, pycurl.E_COULDNT_RESOLVE_PROXY)
_UNREACHABLE = {
    **dict.fromkeys(NOT_RESOLVED, "host name not found"),
    pycurl.E_COULDNT_CONNECT: "no connection",
    pycurl.E_OUT_OF_MEMORY: "out of memory or of open files",
}
_HTTP2_STREAM = 92  # CURLE_HTTP2_STREAM; pycurl lacks it
#: The message for each code; empty to use libcurl's own.
_BROKEN = {
    pycurl.E_GOT_NOTHING: "the server closed the connection without a response",
    pycurl.E_PARTIAL_FILE: "the server closed the connection before the end of the response",
    pycurl.E_RECV_ERROR: "",
    pycurl.E_SEND_ERROR: "",
    pycurl.E_HTTP2: "",
    _HTTP2_STREAM: "",
}


def translate(
    code: int, text: str, curl: pycurl.Curl, network: Network, proxy: str | None
) -> Fault:
    """Return the fault for libcurl's error code and message; ``curl`` is the handle."""
    where = f"proxy {printable(redact(proxy))}: " if proxy else ""
    text = text or f"error {code} of libcurl"  # some codes have no message
    if code == pycurl.E_OPERATION_TIMEDOUT:
        return TimedOut(f"{where}no connection within {network.connect_timeout:g} s")
    if code == pycurl.E_PEER_FAILED_VERIFICATION:
        return Untrusted(f"{where}certificate not trusted: {brief(text)}")
    alert = certificate_alert(where, text)  # in TLS 1.3, it arrives after the handshake
    if alert or code in _UNTRUSTED:
        return alert or no_tls(where, text)
    tunnel = int(curl.getinfo(pycurl.HTTP_CONNECTCODE)) if proxy else 0
    if code in _UNREACHABLE or tunnel not in {0, 200}:
        why = describe(tunnel) if tunnel else _UNREACHABLE[code]
        return no_connection(where, int(curl.getinfo(pycurl.OS_ERRNO)), why)
    invalid = "chunk" in text or "header" in text  # E_RECV_ERROR has two meanings
    if code in _BROKEN and not invalid:
        # The system's message is not used: it may be about an address that was tried earlier.
        return Disconnected(_BROKEN[code] or brief(text).lower())
    return Malformed(f"the response is not valid HTTP: {brief(text)}")
