"""Parsers for values such as sizes and rates, from the command line, a file or a path.

The functions here are pure. They raise ValueError, with a sentence that is safe to print, for
invalid text.
"""

import re
from http import HTTPStatus
from typing import NamedTuple

LONGEST_DELAY = 86_400.0  # seconds; a day, beyond which the timers of some event loops overflow
LARGEST = 2**50  # bytes; a petabyte, as in `content.generated`
HIGHEST_RATE = 1_000_000  # requests per second; more than any server here can answer

NUMBER = r"(\d+\.?\d*|\.\d+)"
_PLAIN = re.compile(NUMBER, re.ASCII)
_COUNT = re.compile(r"\d{1,9}", re.ASCII)
_SIZE = re.compile(rf"{NUMBER}([KMG]?)", re.ASCII | re.IGNORECASE)
_PERCENT = re.compile(rf"{NUMBER}%", re.ASCII)
_UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30}  # binary, as in curl and wget


def printable(text: str) -> str:
    """Return `text` with control characters and other invisible characters escaped."""
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )


def invalid(text: str, wanted: str) -> ValueError:
    """Return a ValueError that says that `text` is not `wanted`."""
    return ValueError(f"{printable(repr(text))} is not {wanted}")


def decimal_text(number: float) -> str:
    """Return a number as text with all its digits and without an exponent."""
    text = repr(number)
    if "e" not in text:
        return text
    # The import is deferred, because such small numbers are rare.
    from decimal import Decimal

    return f"{Decimal(text):f}"


class BodyPosition(NamedTuple):
    """A position in a body, in bytes or, if `relative`, in per cent of the body's length."""

    amount: float
    relative: bool = False

    def of(self, size: int) -> int:
        """Return the position in a body of `size` bytes, in bytes."""
        return int(size * self.amount / 100) if self.relative else int(self.amount)

    def __str__(self) -> str:
        """Return the text that `body_position` accepts."""
        return (
            decimal_text(self.amount).removesuffix(".0") + "%"
            if self.relative
            else str(int(self.amount))
        )


def rate(text: str) -> float:
    """Parse a share, 0 to 1."""
    if not _PLAIN.fullmatch(text) or float(text) > 1:
        raise invalid(text, "a rate: use a number from 0 to 1")
    return float(text)


def seconds(text: str) -> float:
    """Parse a time in seconds."""
    if not _PLAIN.fullmatch(text) or float(text) > LONGEST_DELAY:
        raise invalid(text, f"a time: use seconds; the maximum is {LONGEST_DELAY:.0f}")
    return float(text)


def whole_seconds(text: str) -> int:
    """Parse a number of seconds as Retry-After has it (RFC 9110 section 10.2.3)."""
    if not _COUNT.fullmatch(text):
        raise invalid(text, "a time in whole seconds: use a number such as 5")
    return int(text)


def whole_seconds_or_none(text: str) -> int | None:
    """Parse a number of seconds, or `none` for a response without Retry-After."""
    return None if text == "none" else whole_seconds(text)


def request_rate(text: str) -> float:
    """Parse a number of requests per second, more than 0."""
    if not _PLAIN.fullmatch(text) or not 0 < float(text) <= HIGHEST_RATE:
        raise invalid(
            text, f"a request rate: use requests per second, more than 0, at most {HIGHEST_RATE}"
        )
    return float(text)


def count(text: str) -> int:
    """Parse a whole number, at least 1."""
    if not _COUNT.fullmatch(text) or not int(text):
        raise invalid(text, "a count: use a whole number, at least 1")
    return int(text)


def count_or_zero(text: str) -> int:
    """Parse a whole number, at least 0."""
    if not _COUNT.fullmatch(text):
        raise invalid(text, "a count: use a whole number, at least 0")
    return int(text)


def size(text: str) -> int:
    """Parse a size in bytes, at least 0."""
    match = _SIZE.fullmatch(text)
    if match:
        found = float(match[1]) * _UNITS[match[2].upper()]
        if found <= LARGEST and found == int(found):
            return int(found)
    raise invalid(text, "a size: use bytes, such as 2000, 64K, 1.5M or 1G")


def nonzero_size(text: str) -> int:
    """Parse a size in bytes, at least 1."""
    if found := size(text):
        return found
    raise invalid(text, "a size: use at least 1 byte")


def signed_size(text: str) -> int:
    """Parse a difference in bytes, positive or negative but not 0."""
    if text.startswith("-"):
        return -nonzero_size(text.removeprefix("-"))
    return nonzero_size(text.removeprefix("+"))


def body_position(text: str) -> BodyPosition:
    """Parse a position in a body: bytes or per cent."""
    if match := _PERCENT.fullmatch(text):
        if (amount := float(match[1])) <= 100:  # noqa: PLR2004 - the maximum percentage
            return BodyPosition(amount, relative=True)
        raise invalid(text, "a position in a body: use bytes or 0% to 100%")
    return BodyPosition(size(text))


def error_status(text: str) -> int:
    """Parse the status code of an error response."""
    if _COUNT.fullmatch(text) and int(text) in set(HTTPStatus) and int(text) >= HTTPStatus(400):
        return int(text)
    raise invalid(text, "an error status: use one that HTTP defines, such as 404, 500 or 503")


def redirect_status(text: str) -> int:
    """Parse the status code of a redirect."""
    if text in {"301", "302", "303", "307", "308"}:
        return int(text)
    raise invalid(text, "a redirect status: use 301, 302, 303, 307 or 308")
