"""The head of a response, and how to read its fields.

A value and pure readers of it, with the sections of RFC 9110 and 9112 that say how. What follows
from a field is the transfer's decision; ranges, validators and dates have rooms of their own.
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
_DIGITS = 30  # of a number of seconds; what is longer is just as far away
_LARGEST = 2**63 - 1  # bytes in a file, as systems count them


class Head(NamedTuple):
    """Status code and header fields of a response; field names in lower case."""

    status: int
    fields: Fields

    def all(self, name: str) -> list[str]:
        """Return every value of a field, in order. ``name`` in lower case."""
        return [value for key, value in self.fields if key == name]


def is_chunked(head: Head) -> bool:
    """Whether the body tells its own end: the last coding is chunked (RFC 9112 section 6.3)."""
    codings = ",".join(head.all("transfer-encoding")).split(",")
    return codings[-1].strip(" \t").lower() == "chunked"


def content_length(head: Head) -> int | None:
    """Return the body's announced length in bytes; None where nothing usable announces it.

    Transfer-Encoding overrides Content-Length (RFC 9112 section 6.3, rule 3), and a list of
    identical values counts as one (rule 5). Raises Malformed for conflicting or illegal values.
    """
    if head.all("transfer-encoding"):
        return None
    values = {
        part.strip(" \t") for value in head.all("content-length") for part in value.split(",")
    }
    if not values:
        return None
    value = values.pop()
    if not values and _LENGTH.fullmatch(value) and int(value) <= _LARGEST:
        return int(value)
    raise Malformed("the server sent an invalid Content-Length")


def modified(head: Head) -> int | None:
    """Return Last-Modified in seconds since 1970; None where it is missing or makes no sense."""
    return next(filter(None, map(seconds, head.all("last-modified"))), None)


@lru_cache(1024)  # many files of a server have one date
def seconds(date: str) -> int | None:
    """Return an HTTP date in seconds since 1970; None where it makes no sense.

    HTTP dates are in UTC (RFC 9110 section 5.6.7). ``email.utils`` returns no time zone for
    asctime's form, nor for ``-0000``; a naive datetime would be read as local time.
    """
    try:
        moment = parsedate_to_datetime(date)
        seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
    return int(seconds) if seconds > 0 else None


def retry_after(head: Head) -> float | None:
    """Return for how many seconds the server asks to be left alone (RFC 9110 section 10.2.3).

    None where it doesn't, or makes no sense. A date is compared with the server's own clock, the
    response's Date: nobody knows what ours is worth.
    """
    values = head.all("retry-after")
    if len(values) != 1:
        return None
    if values[0].isascii() and values[0].isdigit():
        return float(values[0][:_DIGITS])
    now, then = (next(map(seconds, head.all(name)), None) for name in ("date", "retry-after"))
    return None if now is None or then is None else float(max(0, then - now))


def describe(status: int) -> str:
    """Return ``404 Not Found``, in the standard's words, not the server's (RFC 9112 section 4)."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"{status} (not a standard status code)"


def location(head: Head) -> str:
    """Return where a redirect points. Raises Malformed unless there is exactly one Location."""
    values = head.all("location")
    if len(values) != 1:
        what = "more than one Location" if values else "no Location"
        raise Malformed(f"redirected ({describe(head.status)}) with {what}")
    try:
        return values[0].encode("latin-1").decode("utf-8")  # raw UTF-8 is common in the wild
    except ValueError:
        return values[0]
