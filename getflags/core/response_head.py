"""The head of a response, and functions that parse its header fields.

The functions are pure and follow RFC 9110 and RFC 9112. The transfer decides how to act on a
field's value. Ranges and validators are parsed in ``transfer.parts.ranges``.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache

from getflags.core.errors import Malformed
from getflags.core.models import Fields
from getflags.core.text import brief

_MAX_LENGTH_DIGITS = 19  # of Content-Length
_MAX_DIGITS = 30  # of Retry-After in seconds; a longer number makes no difference
_LOWEST_RATE = 1 / 60  # requests a second
_FIRST_DATE = 1e9  # X-RateLimit-Reset is in seconds since 1970 from here on, else from now on
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_IMF_FIXDATE = re.compile(  # RFC 9110 section 5.6.7
    f"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), ([0-9]{{2}}) ({'|'.join(_MONTHS)}) ([0-9]{{4}}) "
    "([0-9]{2}):([0-9]{2}):([0-9]{2}) GMT"
)
_CODINGS = {"gzip": "gzip", "x-gzip": "gzip", "deflate": "deflate"}  # RFC 9110 section 8.4.1
_MAX_SIZE = 2**63 - 1  # bytes; file sizes are signed 64-bit numbers


class Head:
    """The status code and the header fields of a response. Field names are in lower case.

    ``length`` is the announced length of the body, once ``content_length`` has found one.
    """

    __slots__ = ("_last", "_unique", "fields", "length", "status")

    def __init__(self, status: int, fields: Fields) -> None:
        self.status = status
        self.fields = fields
        self.length: int | None = None
        self._last = dict(fields)  # the last value of each name
        self._unique = len(self._last) == len(fields)  # as in most heads

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Head) and (self.status, self.fields) == (
            other.status,
            other.fields,
        )

    __hash__ = None  # type: ignore[assignment] # nothing needs it

    def __repr__(self) -> str:
        return f"Head({self.status!r}, {self.fields!r})"

    def all(self, name: str) -> list[str]:
        """Return every value of a field, in order. ``name`` must be in lower case."""
        value = self._last.get(name)
        if value is None:
            return []
        return [value] if self._unique else [each for key, each in self.fields if key == name]


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
    if head.length is not None:
        return head.length
    if is_chunked(head):
        return None
    fields = head.all("content-length")
    if not fields:
        return None
    value = ",".join(fields).strip(" \t")
    if "," in value:
        value, *others = {part.strip(" \t") for part in value.split(",")}
        value = "" if others else value
    if _is_number(value) and len(value) <= _MAX_LENGTH_DIGITS and (size := int(value)) <= _MAX_SIZE:
        head.length = size
        return size
    raise Malformed("the server sent an invalid Content-Length")


def content_coding(head: Head) -> str:
    """Return the content coding of the body, ``gzip`` or ``deflate``; empty if it is not coded.

    Raises Malformed for another coding, or several: they were not requested, and a body that is
    compressed twice may become a million times larger.
    """
    values = ", ".join(head.all("content-encoding"))
    names = [name for each in values.split(",") if (name := each.strip(" \t").lower())]
    codings = [_CODINGS.get(name, name) for name in names if name != "identity"]
    if not codings:
        return ""
    if len(codings) == 1 and codings[0] in _CODINGS.values():
        return codings[0]
    raise Malformed(
        f"the server sent Content-Encoding: {brief(values)}, which cannot be decoded; try it "
        "without --compressed"
    )


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
        moment = _preferred(date) or _obsolete(date)
        seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
    return int(seconds) if seconds > 0 else None


def _preferred(date: str) -> datetime | None:
    """Parse the preferred format; return None for another one. Raises ValueError."""
    match = _IMF_FIXDATE.fullmatch(date)
    if match is None:
        return None
    day, month, *numbers = match.groups()
    year, hour, minute, second = map(int, numbers)
    return datetime(year, _MONTHS.index(month) + 1, int(day), hour, minute, second, tzinfo=UTC)


def _obsolete(date: str) -> datetime:
    """Parse one of the obsolete formats. Raises ValueError."""
    from email.utils import parsedate_to_datetime  # the import takes 7 ms

    return parsedate_to_datetime(date)


def retry_after(head: Head, today: float | None = None) -> float | None:
    """Return Retry-After in seconds; None if it is missing or invalid (RFC 9110 section 10.2.3).

    A date is compared with the response's Date, because the local clock may be wrong. If there is
    no Date, ``today`` replaces it, in seconds since 1970 (section 6.6.1).
    """
    values = head.all("retry-after")
    if len(values) != 1:
        return None
    if _is_number(values[0]):
        return float(values[0][:_MAX_DIGITS])
    then, now = seconds(values[0]), _date(head, today)
    return None if now is None or then is None else max(0.0, then - now)


def rate_limit_reset(head: Head, today: float | None = None) -> float | None:
    """Return the seconds until a rate limit is reset; None if the response does not say.

    RateLimit is the field of the IETF draft (draft-ietf-httpapi-ratelimit-headers), in its present
    form, ``"default";r=0;t=30``, or in the one before, ``limit=100, remaining=0, reset=30``, whose
    parts were fields of their own at first. X-RateLimit-Reset is older: some servers mean seconds
    from now, others seconds since 1970. A response that says that requests remain is ignored.
    """
    fields = ", ".join(head.all("ratelimit"))
    remaining, reset = _parameter(fields, "r", "remaining"), _parameter(fields, "t", "reset")
    for name in ("ratelimit-", "x-ratelimit-", "x-rate-limit-"):
        remaining = next(iter(head.all(name + "remaining")), remaining)
        reset = next(iter(head.all(name + "reset")), reset)
    if reset is None or not _is_number(reset) or remaining not in {None, "0"}:
        return None
    value, now = float(reset[:_MAX_DIGITS]), _date(head, today)
    if value < _FIRST_DATE:
        return value
    return None if now is None else max(0.0, value - now)


def rate_limit_policy(head: Head) -> float | None:
    """Return the announced rate limit in requests a second; None if there is none.

    ``RateLimit-Policy: "default";q=100;w=60`` (or ``100;w=60`` in earlier drafts) allows 100
    requests in 60 seconds. The strictest of several policies counts. One that allows less than a
    request a minute is ignored: a run can hardly wait for it.
    """
    rates = []
    for policy in ", ".join(head.all("ratelimit-policy")).split(","):
        window = _parameter(policy, "w")
        quota = _parameter(policy, "q") or policy.partition(";")[0].strip(" \t")
        if window and _is_number(window) and _is_number(quota) and int(window[:_MAX_DIGITS]):
            rates.append(float(quota[:_MAX_DIGITS]) / float(window[:_MAX_DIGITS]))
    return min((rate for rate in rates if rate >= _LOWEST_RATE), default=None)


def _parameter(field: str, *names: str) -> str | None:
    """Return the value of the first parameter with one of these names."""
    for part in re.split("[;,]", field):
        name, mark, value = part.partition("=")
        if mark and name.strip(" \t").lower() in names:
            return value.strip(" \t")
    return None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _date(head: Head, today: float | None) -> float | None:
    date = next(map(seconds, head.all("date")), None)
    return today if date is None else date


def describe(status: int) -> str:
    """Return ``404 Not Found``, with the standard phrase, not the server's (RFC 9112 section 4)."""
    from http import HTTPStatus  # the import takes 2 ms, and an ordinary response needs no words

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
