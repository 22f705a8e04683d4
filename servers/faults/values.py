"""From text to the values that faults are made of, whether typed on a command line or in a file.

What may live here: pure functions from a word to a value that is in range, and the sentences that
refuse the rest (ValueError, its message safe to print). What may not: what a value is for.
"""

import re
from http import HTTPStatus
from typing import NamedTuple

LONGEST_DELAY = 86_400.0  # seconds; a day, beyond which timers of some event loops overflow
LARGEST = 2**50  # bytes; a petabyte, as in `generated`

NUMBER = r"(\d+\.?\d*|\.\d+)"
_PLAIN = re.compile(NUMBER, re.ASCII)
_COUNT = re.compile(r"\d{1,9}", re.ASCII)
_SIZE = re.compile(rf"{NUMBER}([KMG]?)", re.ASCII | re.IGNORECASE)
_PERCENT = re.compile(rf"{NUMBER}%", re.ASCII)
_UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30}  # binary, as in curl and wget


def printable(text: str) -> str:
    """Return `text` with everything escaped that could move a cursor or hide a word."""
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )


def wrong(text: str, wanted: str) -> ValueError:
    """Return the refusal of `text`; `wanted` says what it is not, and what to give instead."""
    return ValueError(f"{printable(repr(text))} is not {wanted}")


def plain(number: float) -> str:
    """Return a number as it is read here: with as many digits as it has, and no exponent."""
    text = repr(number)
    if "e" not in text:
        return text
    # Imported late: it is rare that anybody wants less than a ten thousandth of anything.
    from decimal import Decimal

    return f"{Decimal(text):f}"


class Point(NamedTuple):
    """A place in a body: so many bytes after its beginning, or so many hundredths of it."""

    amount: float
    relative: bool = False

    def of(self, size: int) -> int:
        """Return the place in a body of `size` bytes."""
        return int(size * self.amount / 100) if self.relative else int(self.amount)

    def __str__(self) -> str:
        """Return what `point` reads."""
        return (
            plain(self.amount).removesuffix(".0") + "%" if self.relative else str(int(self.amount))
        )


def rate(text: str) -> float:
    """Return a share, 0 to 1."""
    if not _PLAIN.fullmatch(text) or float(text) > 1:
        raise wrong(text, "a rate: give a number from 0 to 1")
    return float(text)


def seconds(text: str) -> float:
    """Return a time."""
    if not _PLAIN.fullmatch(text) or float(text) > LONGEST_DELAY:
        raise wrong(text, f"a time: give seconds, at most {LONGEST_DELAY:.0f}")
    return float(text)


def whole_seconds(text: str) -> int:
    """Return a time as Retry-After has it (RFC 9110 section 10.2.3)."""
    if not _COUNT.fullmatch(text):
        raise wrong(text, "a number of whole seconds")
    return int(text)


def count(text: str) -> int:
    """Return a number of things, 1 at least."""
    if not _COUNT.fullmatch(text) or not int(text):
        raise wrong(text, "a count: give a whole number, at least 1")
    return int(text)


def level(text: str) -> int:
    """Return a number of things, perhaps none."""
    if not _COUNT.fullmatch(text):
        raise wrong(text, "a count: give a whole number, at least 0")
    return int(text)


def size(text: str) -> int:
    """Return a number of bytes, perhaps none."""
    match = _SIZE.fullmatch(text)
    if match:
        found = float(match[1]) * _UNITS[match[2].upper()]
        if found <= LARGEST and found == int(found):
            return int(found)
    raise wrong(text, "a size: give bytes, such as 2000, 64K, 1.5M or 1G")


def some(text: str) -> int:
    """Return a number of bytes, 1 at least."""
    if found := size(text):
        return found
    raise wrong(text, "a size: give at least 1 byte")


def shift(text: str) -> int:
    """Return a number of bytes too many, or too few if it is negative; not none."""
    if text.startswith("-"):
        return -some(text.removeprefix("-"))
    return some(text.removeprefix("+"))


def point(text: str) -> Point:
    """Return a place in a body."""
    if match := _PERCENT.fullmatch(text):
        if (amount := float(match[1])) <= 100:  # noqa: PLR2004 - what per cent means
            return Point(amount, relative=True)
        raise wrong(text, "a place in a body: give bytes or 0% to 100%")
    return Point(size(text))


def error_status(text: str) -> int:
    """Return the status code of a failure."""
    if _COUNT.fullmatch(text) and int(text) in set(HTTPStatus) and int(text) >= HTTPStatus(400):
        return int(text)
    raise wrong(text, "a status of a failure: give one that HTTP has, such as 404, 500 or 503")


def redirect_status(text: str) -> int:
    """Return the status code of a redirection."""
    if text in {"301", "302", "303", "307", "308"}:
        return int(text)
    raise wrong(text, "a status of a redirection: give 301, 302, 303, 307 or 308")
