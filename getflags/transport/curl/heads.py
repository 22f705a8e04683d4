"""Header fields for libcurl: formatting those of a request, parsing those of a response.

libcurl has already checked the response head, but less strictly than RFC 9112: a line may end
without a carriage return, and a tab may replace a space.
"""

from __future__ import annotations

import re

from getflags.core.errors import Malformed, Unsendable
from getflags.core.models import Fields
from getflags.core.response_head import Head

DRAIN_BYTES = 64 * 1024  # an unwanted body up to this size is read, to keep the connection
_FRAMING = {"content-length", "transfer-encoding"}
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 section 5.6.2
_VALUE = re.compile(r"[^\n\r\0\u0100-\U0010ffff]*")  # only Latin-1 can be sent
_END = re.compile(r"\n(?:\r.*)?\n")  # libcurl treats any line that begins with CR as empty
# Whitespace before the colon (RFC 9112 section 5.1): some clients accept such a field, but libcurl
# ignores it, and with it perhaps the Content-Length.
_SPACED = re.compile(r"^[^\s:][^:\n]*[ \t]:", re.MULTILINE)
_STATUS = re.compile(r"\S+\s+([1-9][0-9]{2})(?:\s.*)?", re.ASCII)


def as_lines(headers: Fields) -> list[bytes]:
    """Format header fields for libcurl; "name;" stands for an empty value. Raises Unsendable."""
    lines = []
    for name, value in headers:
        if name.lower() in _FRAMING:
            raise Unsendable(
                "the request cannot be sent: a GET request has no Content-Length "
                "or Transfer-Encoding"
            )
        if not _TOKEN.fullmatch(name):
            raise Unsendable("the request cannot be sent: Illegal header name")
        if not _VALUE.fullmatch(value):  # the message omits the value, which may be a secret
            raise Unsendable("the request cannot be sent: Illegal header value")
        lines.append((f"{name}: {value}" if value else f"{name};").encode("latin-1"))
    return lines


def read(raw: bytes) -> Head | None:
    """Parse the first head that is not interim (RFC 9110 section 15.2); None if incomplete.

    Trailers may follow it. Raises Malformed.
    """
    rest = raw.decode("latin-1").replace("\r\n", "\n")
    while end := _END.search(rest):
        text, rest = rest[: end.start()], rest[end.end() :]
        first, *fields = text.split("\n")
        status = _STATUS.fullmatch(first)
        if status is None:
            raise Malformed("the response is not valid HTTP: no status code")
        if status[1][0] != "1":
            if _SPACED.search(text, len(first)):
                raise Malformed("the response is not valid HTTP: whitespace before a field's colon")
            pairs = [field.partition(":") for field in fields if ":" in field]
            return Head(
                int(status[1]),
                tuple([(name.lower(), value.strip(" \t")) for name, _, value in pairs]),
            )
    return None


def is_short(head: Head) -> bool:
    """Return whether the Content-Length is small enough for the body to be read to its end."""
    length = "".join(head.all("content-length"))
    return length.isdigit() and len(length) <= 5 and int(length) <= DRAIN_BYTES  # noqa: PLR2004 - digits of DRAIN_BYTES
