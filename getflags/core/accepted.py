"""What values a setting takes: in words for people, and as a function that checks one.

Pure. Which setting takes which of these stands in ``settings``; how the text of a command line
becomes a value is the command line's business.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from os import PathLike, fspath
from typing import Any, NamedTuple

from getflags.core.text import quoted
from getflags.core.urls import BadURL, clean, redact

AUTO = "auto"
#: Larger numbers overflow in libraries and in the system.
TOO_LARGE = 10**18
_LONGEST = 1e9  # seconds, 31 years; libcurl's milliseconds overflow far beyond it
_FIELD_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 section 5.1
_FIELD_VALUE = re.compile(r"[^\r\n\0\u0100-\U0010ffff]*")  # Latin-1, section 5.5
_WHOLE = "getflags fetches whole files and resumes interrupted ones by itself"
_CHANGED = "--exists refresh asks for what has changed"
_BODILESS = "a GET request has no Content-Length or Transfer-Encoding"
# Fields that a user can't set, and why. The list is short on purpose: with any other field (Host,
# Connection, TE, If-Match ...) the server does what the user asks for, or the file fails.
_REFUSED = {
    # The part that a server sends is not the file.
    "range": _WHOLE,
    "if-range": _WHOLE,
    # A 304 would speak of a file that we have never seen, and be taken for the one on the disk.
    "if-none-match": _CHANGED,
    "if-modified-since": _CHANGED,
    # The server would wait for a body, or take the next request for it (RFC 9112 section 11.2).
    "content-length": _BODILESS,
    "transfer-encoding": _BODILESS,
}


class Range(NamedTuple):
    """The values that a setting takes: in words, and as a function.

    ``accept`` returns the value as ``Settings`` holds it. It raises ValueError for any other; the
    error's text, if there is one, is the rest of a sentence that begins with the setting's name.
    """

    words: str
    accept: Callable[[Any], Any]


def _whole(least: int) -> Range:
    def accept(value: object) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and least <= value < TOO_LARGE:
            return value
        raise ValueError

    return Range(f"a whole number, {least} or more", accept)


def _number(words: str, inside: Callable[[float], bool]) -> Range:
    def accept(value: object) -> float:
        # A bool is an int to Python; a nan is inside of nothing.
        if isinstance(value, (int, float)) and not isinstance(value, bool) and inside(value):
            return value
        raise ValueError

    return Range(words, accept)


def one_of(*names: str) -> Range:
    """Return the range that holds these names."""

    def accept(value: object) -> str:
        if isinstance(value, str) and value in names:
            return value
        raise ValueError

    return Range(", ".join(names), accept)


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


def _mirror(value: object) -> str:
    text = _text(value)
    try:
        clean(text)
    except BadURL as error:
        raise ValueError(f"{quoted(redact(text))} cannot be used: {error}") from None
    return text


def _fields(value: object) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, Mapping):
        raise ValueError  # noqa: TRY004 - one exception for whatever is outside of a range
    for name, content in value.items():
        if not (isinstance(name, str) and isinstance(content, str)):
            raise ValueError("holds something other than text")  # noqa: TRY004 - as above
        if not is_field(name, content):  # its value may be a secret
            raise ValueError(f"holds {quoted(name)}, whose name or value cannot be sent")
        try:
            check_field(name)
        except ValueError as error:
            raise ValueError(f"is refused: {error}") from None
    return tuple((name, content.strip(" \t")) for name, content in value.items())


def is_field(name: str, value: str) -> bool:
    """Whether a header field of that name and value can be sent."""
    return bool(_FIELD_NAME.fullmatch(name) and _FIELD_VALUE.fullmatch(value))


def check_field(name: str) -> None:
    """Check that a user may set this header field. Raises ValueError, its text half a sentence."""
    why = _REFUSED.get(name.lower())
    if why:
        raise ValueError(f"{name} cannot be set: {why}")


def _function(value: object) -> object:
    if callable(value):
        return value
    raise ValueError


COUNT = _whole(1)
NATURAL = _whole(0)
COUNT_OR_AUTO = Range(f"{COUNT.words}, or {AUTO}", _count_or_auto)
SECONDS = _number("a positive number of seconds, at most 1e9", lambda value: 0 < value <= _LONGEST)
SPEED = _number("0 or more bytes a second", lambda value: 0 <= value < TOO_LARGE)
RATE = _number("1 or more bytes a second", lambda value: 1 <= value < TOO_LARGE)
FLAG = Range("True or False", _flag)
TEXT = Range("a text that is not empty", _text)
PATH = Range("a path", _path)
MIRROR = Range("an http:// or https:// URL", _mirror)
FIELDS = Range("a mapping of names to values, both text", _fields)
FUNCTION = Range("a function", _function)
