"""The head of a GET request as bytes (RFC 9112 section 3)."""

from __future__ import annotations

import re
from functools import lru_cache

from getflags.core.accepted import is_field_value
from getflags.core.errors import Unsendable
from getflags.core.models import Fields

_FRAMING = {"content-length", "transfer-encoding"}
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 section 5.6.2
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


def request_head(url: str, fields: Fields, *, absolute: bool = False) -> bytes:
    """Return the head of a request. Raises Unsendable if a field cannot be sent.

    ``url`` is clean and has no credentials. ``absolute`` is for an HTTP proxy (section 3.2.2).
    """
    slash = url.index("/", len("https://"))
    target = url if absolute else url[slash:]
    return f"GET {target} HTTP/1.1\r\n{_rest(url[:slash], fields)}".encode("latin-1")


def connect_head(host_and_port: str, fields: Fields) -> bytes:
    """Return the head of a request to a proxy for a tunnel (RFC 9110 section 9.3.6)."""
    lines = _lines((("host", host_and_port), *fields))
    return f"CONNECT {host_and_port} HTTP/1.1\r\n{lines}".encode("latin-1")


@lru_cache(64)  # nearly all requests of a run have the same fields
def _rest(origin: str, fields: Fields) -> str:
    if any(name.lower() == "host" for name, _ in fields):
        return _lines(fields)
    scheme, _, host = origin.partition("://")
    return _lines((("host", host.removesuffix(_DEFAULT_PORTS[scheme])), *fields))


def _lines(fields: Fields) -> str:
    text = ""
    for name, value in fields:
        if name.lower() in _FRAMING:
            raise Unsendable(
                "the request cannot be sent: a GET request has no Content-Length or "
                "Transfer-Encoding"
            )
        if not _TOKEN.fullmatch(name):
            raise Unsendable("the request cannot be sent: Illegal header name")
        if not is_field_value(value):  # the message omits the value, which may be a secret
            raise Unsendable("the request cannot be sent: Illegal header value")
        text += f"{name}: {value}\r\n"
    return text + "\r\n"
