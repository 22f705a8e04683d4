"""The head of a response, and functions that parse its header fields.

The functions are pure and follow RFC 9110 and RFC 9112. The transfer decides how to act on a
field's value. Ranges and validators are parsed in ``transfer.ranges``.
"""

from __future__ import annotations

import re
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import lru_cache
from http import HTTPStatus
from typing import NamedTuple

from getflags.core.errors import Malformed
from getflags.core.models import Fields

_LENGTH = re.compile("[0-9]{1,19}")
_MAX_DIGITS = 30  # of Retry-After in seconds; a longer number makes no difference
_MAX_SIZE = 2**63 - 1  # bytes; file sizes are signed 64-bit numbers


class Head(NamedTuple):
    """The status code and the header fields of a response. Field names are in lower case."""

    status: int
    fields: Fields

    def all(self, name: str) -> list[str]:
        """Return every value of a field, in order. ``name`` must be in lower case."""
        return [value for key, value in self.fields if key == name]


def is_chunked(head: Head) -> bool:
    """Return whether the body is chunked; chunked is then its only transfer coding.

    Raises Malformed for any other list of codings (RFC 9112 section 6.1), even for one that ends in
    chunked: getflags has not requested any other coding, and the HTTP libraries disagree on what
    delimits such a body. libcurl ignores ``identity`` and reads as far as Content-Length.
    """
    values = head.all("transfer-encoding")
    if not values:
        return False
    if [each.strip(" \t").lower() for each in ",".join(values).split(",")] == ["chunked"]:
        return True
    raise Malformed("the response is not valid HTTP: its Transfer-Encoding is not chunked")


def content_length(head: Head) -> int | None:
    """Return the announced length of the body in bytes; None if none is announced.

    Transfer-Encoding overrides Content-Length (RFC 9112 section 6.3, rule 3), and a list of
    identical values counts as one (rule 5). Raises Malformed for conflicting or illegal values of
    either field.
    """
    if is_chunked(head):
        return None
    values = {
        part.strip(" \t") for value in head.all("content-length") for part in value.split(",")
    }
    if not values:
        return None
    value = values.pop()
    if not values and _LENGTH.fullmatch(value) and int(value) <= _MAX_SIZE:
        return int(value)
    raise Malformed("the server sent an invalid Content-Length")


def modified(head: Head) -> int | None:
    """Return Last-Modified in seconds since 1970; None if it is missing or invalid."""
    return next(filter(None, map(seconds, head.all("last-modified"))), None)


@lru_cache(1024)  # many files of a server have the same date
def seconds(date: str) -> int | None:
    """Return an HTTP date in seconds since 1970; None if it is invalid.

    HTTP dates are in UTC (RFC 9110 section 5.6.7). ``email.utils`` returns no time zone for the
    asctime format and for ``-0000``, and Python would read such a datetime as local time.
    """
    try:
        moment = parsedate_to_datetime(date)
        seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
    return int(seconds) if seconds > 0 else None


def retry_after(head: Head) -> float | None:
    """Return Retry-After in seconds; None if it is missing or invalid (RFC 9110 section 10.2.3).

    A date is compared with the response's Date, because the local clock may be wrong.
    """
    values = head.all("retry-after")
    if len(values) != 1:
        return None
    if values[0].isascii() and values[0].isdigit():
        return float(values[0][:_MAX_DIGITS])
    now, then = (next(map(seconds, head.all(name)), None) for name in ("date", "retry-after"))
    return None if now is None or then is None else float(max(0, then - now))


def describe(status: int) -> str:
    """Return ``404 Not Found``, with the standard phrase, not the server's (RFC 9112 section 4)."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"{status} (not a standard status code)"


def location(head: Head) -> str:
    """Return a redirect's Location. Raises Malformed unless there is exactly one."""
    values = head.all("location")
    if len(values) != 1:
        what = "more than one Location" if values else "no Location"
        raise Malformed(f"redirected ({describe(head.status)}) with {what}")
    try:
        return values[0].encode("latin-1").decode("utf-8")  # many servers send raw UTF-8
    except ValueError:
        return values[0]
