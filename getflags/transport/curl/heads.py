"""Heads as libcurl has them: a request's fields are written for it, a response's read from bytes.

libcurl has found what it hands over to be sound by its own measure, which is more generous than a
standard's: a line may end without a carriage return, a tab may stand for a space.
"""

from __future__ import annotations

import re

from getflags.core.errors import Malformed
from getflags.core.models import Fields
from getflags.core.response_head import Head

DRAIN_BYTES = 64 * 1024  # an unwanted body this short is read off, to keep the connection
_FRAMING = {"content-length", "transfer-encoding"}
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 section 5.6.2
_VALUE = re.compile(r"[^\n\r\0\u0100-\U0010ffff]*")  # Latin-1 is all that can be written
_END = re.compile(r"\n(?:\r.*)?\n")  # libcurl takes any line that begins with CR for an empty one
# Some take such a line for what it looks like and others don't (RFC 9112 section 5.1); libcurl
# doesn't, and then a length that is announced would count for nothing.
_SPACED = re.compile(r"^[^\s:][^:\n]*[ \t]:", re.MULTILINE)
_STATUS = re.compile(r"\S+\s+([1-9][0-9]{2})(?:\s.*)?", re.ASCII)


def as_lines(headers: Fields) -> list[bytes]:
    """Write fields as libcurl wants them: an empty value has its own sign. Raises Malformed."""
    lines = []
    for name, value in headers:
        if name.lower() in _FRAMING:
            raise Malformed("the request cannot be sent: a GET has no body to announce")
        if not _TOKEN.fullmatch(name):
            raise Malformed("the request cannot be sent: Illegal header name")
        if not _VALUE.fullmatch(value):  # which may be a secret, and is never shown
            raise Malformed("the request cannot be sent: Illegal header value")
        lines.append((f"{name}: {value}" if value else f"{name};").encode("latin-1"))
    return lines


def read(raw: bytes) -> Head | None:
    """Read the first head that is not interim (RFC 9110 section 15.2); None before its end.

    Trailers may follow it. Raises Malformed.
    """
    rest = raw.decode("latin-1").replace("\r\n", "\n")
    while end := _END.search(rest):
        text, rest = rest[: end.start()], rest[end.end() :]
        first, *fields = text.split("\n")
        status = _STATUS.fullmatch(first)
        if status is None:
            raise Malformed("the answer is not valid HTTP: no status code")
        if status[1][0] != "1":
            if _SPACED.search(text, len(first)):
                raise Malformed("the answer is not valid HTTP: a space before a field's colon")
            pairs = [field.partition(":") for field in fields if ":" in field]
            return Head(
                int(status[1]),
                tuple([(name.lower(), value.strip(" \t")) for name, _, value in pairs]),
            )
    return None


def is_short(head: Head) -> bool:
    """Whether the body is announced to be short enough to be read off."""
    length = "".join(head.all("content-length"))
    return length.isdigit() and len(length) <= 5 and int(length) <= DRAIN_BYTES  # noqa: PLR2004 - digits of DRAIN_BYTES
