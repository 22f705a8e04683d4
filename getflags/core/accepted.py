"""The ranges of values that settings accept: a description and a check for each.

The functions are pure. ``settings`` assigns a range to each setting; the command line parses its
own arguments.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from os import PathLike, fspath
from typing import Any, NamedTuple

from getflags.core.text import quoted
from getflags.core.urls import BadURL, clean, host_and_port, redact

AUTO = "auto"
#: Larger numbers overflow in libraries and in the system.
TOO_LARGE = 10**18
_LONGEST = 1e9  # seconds (31 years); libcurl's milliseconds do not overflow below it
_FIELD_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 section 5.1
_FIXED = r"(\[[^]]*\]|[^:/?#@]*):([0-9]{1,5}):(.+)"  # of --resolve
_VISIBLE = r"[!-~]+"  # a little more than RFC 6750 section 2.1 allows
_LINE_ENDS = frozenset("\r\n\0")
# Status codes of failures: not 200, and none of a redirect (RFC 9110 section 15).
_FAILURES = frozenset((*range(201, 300), *range(400, 1000)))
_CODES = r"([0-9]{3})(?:-([0-9]{3}))?"
_WHOLE = "getflags fetches whole files and resumes interrupted ones by itself"
_CHANGED = "use --exists refresh to download only files that have changed"
_BODILESS = "a GET request has no Content-Length or Transfer-Encoding"
# Header fields that a user cannot set, and why. The list is short on purpose: with any other field
# (Host, Connection, TE, If-Match ...), the server does what the user asked for, or the download
# fails.
_REFUSED = {
    # The server would send only a part of the file.
    "range": _WHOLE,
    "if-range": _WHOLE,
    # A 304 would confirm the user's copy of the file, but would be taken to confirm the file on
    # disk.
    "if-none-match": _CHANGED,
    "if-modified-since": _CHANGED,
    # The server would wait for a body, or read the next request as a body (RFC 9112 section 11.2).
    "content-length": _BODILESS,
    "transfer-encoding": _BODILESS,
}


def is_field_value(text: str) -> bool:
    """Return whether text can be sent as the value of a header field (RFC 9110 section 5.5)."""
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return _LINE_ENDS.isdisjoint(text)


class ValueRange(NamedTuple):
    """The range of values that a setting accepts.

    ``accept`` returns the value in the form that ``Settings`` stores. It raises ValueError for a
    value outside the range; the error's text, if any, continues a sentence that begins with the
    setting's name.
    """

    description: str
    accept: Callable[[Any], Any]


def _whole(least: int) -> ValueRange:
    def accept(value: object) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and least <= value < TOO_LARGE:
            return value
        raise ValueError

    return ValueRange(f"a whole number, {least} or more", accept)


def _number(description: str, inside: Callable[[float], bool]) -> ValueRange:
    def accept(value: object) -> float:
        # In Python, a bool is an int. A NaN is in no range, because all comparisons with it fail.
        if isinstance(value, (int, float)) and not isinstance(value, bool) and inside(value):
            return value
        raise ValueError

    return ValueRange(description, accept)


def one_of(*names: str) -> ValueRange:
    """Return the range that contains only these names."""

    def accept(value: object) -> str:
        if isinstance(value, str) and value in names:
            return value
        raise ValueError

    return ValueRange(f"one of {', '.join(names)}", accept)


def _count_or_auto(value: object) -> object:
    return value if isinstance(value, str) and value == AUTO else COUNT.accept(value)


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise ValueError


def _text(value: object) -> str:
    if isinstance(value, str) and value:
        return value
    raise ValueError


def _path(value: object) -> str:
    if isinstance(value, (str, PathLike)):
        path: object = fspath(value)
        if isinstance(path, str) and path and "\0" not in path:
            return path
    raise ValueError


def _user(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError  # noqa: TRY004 - one exception for all values outside a range
    if ":" not in value:  # the messages omit the value, which may be a password
        raise ValueError("has no password: write USER:PASSWORD")
    try:
        value.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise ValueError("has a character that cannot be sent") from None
    return value


def _cookie(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError  # noqa: TRY004 - as above
    if not is_field_value(value):
        raise ValueError("has a character that cannot be sent, or be in a path")
    return value


def _token(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError  # noqa: TRY004 - as above
    if not re.fullmatch(_VISIBLE, value):
        raise ValueError("is empty, or has a space or a character that is not ASCII")
    return value


def _mirror(value: object) -> str:
    text = _text(value)
    try:
        clean(text)
    except BadURL as error:
        raise ValueError(f"{quoted(redact(text))} cannot be used: {error}") from None
    return text


def _fields(value: object) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, Mapping):
        raise ValueError  # noqa: TRY004 - one exception for all values outside a range
    return fields(value.items())


def fields(pairs: Collection[tuple[object, object]]) -> tuple[tuple[str, str], ...]:
    """Return header fields as they are sent. Raises ValueError, without the value of a field."""
    found: list[tuple[str, str]] = []
    for name, content in pairs:
        if not (isinstance(name, str) and isinstance(content, str)):
            raise ValueError("contains a non-string name or value")  # noqa: TRY004 - as above
        if not is_field(name, content):  # the message omits the value, which may be a secret
            raise ValueError(f"contains {quoted(name)}, whose name or value cannot be sent")
        try:
            check_field(name)
        except ValueError as error:
            raise ValueError(f"is refused: {error}") from None
        found.append((name, content.strip(" \t")))
    return tuple(found)


def _ip_version(value: object) -> int:
    if isinstance(value, int) and value in {4, 6}:
        return value
    raise ValueError


def _addresses(value: object) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)):
        raise ValueError  # noqa: TRY004 - as above
    for each in value:
        if not isinstance(each, str):
            raise ValueError  # noqa: TRY004 - as above
        fixed_addresses(each)
    return tuple(value)


def fixed_addresses(text: str) -> tuple[str, int, tuple[str, ...]]:
    """Return the host, the port and the addresses in ``HOST:PORT:ADDRESS[,ADDRESS]``.

    An IPv6 address may be in brackets. Raises ValueError; its text continues a sentence.
    """
    from ipaddress import ip_address  # the import takes 2 ms and is rarely needed

    parts = re.fullmatch(_FIXED, text)
    try:
        if parts is None:
            raise ValueError  # noqa: TRY301 - one message for all that is wrong
        _, host, port = host_and_port(clean(f"http://{parts[1]}:{parts[2]}/"))
        addresses = tuple(str(ip_address(each.strip("[]"))) for each in parts[3].split(","))
    except ValueError:
        shown = quoted(text)
        raise ValueError(f"has {shown}, which is not of the form HOST:PORT:ADDRESS") from None
    return host, port, addresses


def is_field(name: str, value: str) -> bool:
    """Return whether a header field with this name and value can be sent."""
    return bool(_FIELD_NAME.fullmatch(name) and is_field_value(value))


def check_field(name: str) -> None:
    """Check that a user may set this header field. Raises ValueError with the reason."""
    why = _REFUSED.get(name.lower())
    if why:
        raise ValueError(f"{name} cannot be set: {why}")


def _status_codes(value: object) -> tuple[int, ...]:
    codes = _codes_in(value) if isinstance(value, str) else value
    if not isinstance(codes, Collection) or isinstance(codes, bytes):
        raise ValueError  # noqa: TRY004 - as above
    if any(type(code) is not int or code not in _FAILURES for code in codes):
        raise ValueError
    return tuple(sorted(set(codes)))


def _codes_in(text: str) -> set[int]:
    """Return the status codes in a text such as ``404,500-599``. Raises ValueError."""
    codes: set[int] = set()
    for part in text.split(","):
        match = re.fullmatch(_CODES, part.strip(" "))
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if first > last:
            raise ValueError
        codes.update(range(first, last + 1))
    return codes


def _function(value: object) -> object:
    if callable(value):
        return value
    raise ValueError


COUNT = _whole(1)
NATURAL = _whole(0)
COUNT_OR_AUTO = ValueRange(f"{COUNT.description}, or {AUTO}", _count_or_auto)
SECONDS = _number("a positive number of seconds, at most 1e9", lambda value: 0 < value <= _LONGEST)
SPEED = _number("0 or more bytes a second", lambda value: 0 <= value < TOO_LARGE)
RATE = _number("1 or more bytes a second", lambda value: 1 <= value < TOO_LARGE)
REQUEST_RATE = _number(
    "a positive number of requests a second", lambda value: 0 < value < TOO_LARGE
)
FLAG = ValueRange("True or False", _flag)
TEXT = ValueRange("a non-empty string", _text)
PATH = ValueRange("a path", _path)
USER = ValueRange("a string, USER:PASSWORD", _user)
COOKIE = ValueRange("a string: NAME=VALUE, or a path, or empty", _cookie)
TOKEN = ValueRange("a string without spaces", _token)
MIRROR = ValueRange("an http:// or https:// URL", _mirror)
STATUS_CODES = ValueRange(
    "status codes of failures (201 to 299, 400 to 999) and ranges of them, such as 404,500-599",
    _status_codes,
)
FIELDS = ValueRange("a mapping of names to values, both strings", _fields)
HTTP_VERSION = one_of("1.1", "2", "3")
IP_VERSION = ValueRange("4 or 6", _ip_version)
ADDRESSES = ValueRange("a list of strings", _addresses)
FUNCTION = ValueRange("a function", _function)
