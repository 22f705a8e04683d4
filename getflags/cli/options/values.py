"""The conversion of option values from text.

Each function raises ``argparse.ArgumentTypeError`` with a message to which argparse adds the name
of the option. The message does not repeat values that may contain a secret.
"""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from getflags.core.accepted import (
    AUTO,
    COOKIE,
    COUNT,
    NATURAL,
    REQUEST_RATE,
    SECONDS,
    STATUS_CODES,
    TOKEN,
    USER,
    ValueRange,
    fixed_addresses,
)
from getflags.core.models import Checksum
from getflags.core.settings import OPTIONS
from getflags.core.text import to_field
from getflags.targets.list_file import BadInput, parse_checksum, parse_header

T = TypeVar("T")


def text(text: str) -> str:
    """Return the text, which must not be empty."""
    if not text:  # probably an unset shell variable; the default would be wrong
        raise argparse.ArgumentTypeError("the value is empty")
    return text


def count(text: str) -> int:
    """Return a whole number, 1 or more."""
    return _whole(text, COUNT)


def count_or_auto(text: str) -> int | str:
    """Return a whole number, 1 or more, or ``auto``."""
    if text == AUTO:
        return AUTO
    try:
        return count(text)
    except argparse.ArgumentTypeError as error:
        raise argparse.ArgumentTypeError(f"{error}, or {AUTO}") from None


def natural(text: str) -> int:
    """Return a whole number, 0 or more."""
    return _whole(text, NATURAL)


def _whole(text: str, kind: ValueRange) -> int:
    digits = re.fullmatch(r"[0-9]{1,18}", text)
    number: int = _accepted(int(text) if digits else None, text, kind)
    return number


def _fraction(text: str, kind: ValueRange) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan  # in no range
    accepted: float = _accepted(number, text, kind)
    return accepted


def _accepted(value: object, text: str, kind: ValueRange) -> Any:
    """Return the value if it is in the range; ``text`` is its original text."""
    try:
        return kind.accept(value)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not {kind.description}") from None


def several(one: Callable[[str], T]) -> Callable[[str], list[T]]:
    """Return a function that converts values separated by commas; duplicates are errors."""

    def convert(text: str) -> list[T]:
        found = [one(part) for part in text.split(",")]
        for number, value in enumerate(found):
            if value in found[:number]:
                raise argparse.ArgumentTypeError(f"{text!r} contains {value} twice")
        return found

    return convert


def names(known: Sequence[str]) -> Callable[[str], list[str]]:
    """Return a function that converts names separated by commas, or ``all``."""

    def one(text: str) -> str:
        if text not in known:
            raise argparse.ArgumentTypeError(f"{text!r} is not one of {', '.join(known)}")
        return text

    return lambda text: list(known) if text == "all" else several(one)(text)


def seconds(text: str) -> float:
    """Return a positive number of seconds, which may have a fraction."""
    return _fraction(text, SECONDS)


def request_rate(text: str) -> float:
    """Return a positive number of requests a second, which may have a fraction."""
    return _fraction(text, REQUEST_RATE)


def percentage(text: str) -> float:
    """Return a percentage, 0 or more and below 100, as a share."""
    match = re.fullmatch(r"([0-9]{1,2}(?:\.[0-9]{1,6})?)%", text)
    if not match:
        raise argparse.ArgumentTypeError(f"{text!r} is not a percentage, such as 5% or 2.5%")
    return float(match[1]) / 100


def size(text: str) -> int:
    """Return a number of bytes, 1 or more. K, M and G are powers of 1024, as in curl."""
    match = re.fullmatch(r"([0-9]{1,12}(?:\.[0-9]{1,6})?)([KMG]?)", text, re.IGNORECASE)
    number = int(float(match[1]) * 1024 ** " KMG".index(match[2].upper() or " ")) if match else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a size in bytes, such as 500K, 2M or 1G")
    return number


def size_or_none(text: str) -> int:
    """Return a number of bytes, 0 or more."""
    return 0 if text == "0" else size(text)


def status_codes(text: str) -> tuple[int, ...]:
    """Return the status codes that a text such as ``404,500-599`` lists."""
    codes: tuple[int, ...] = _accepted(text, text, STATUS_CODES)
    return codes


def exists(text: str) -> str:
    """Return the action for an existing file."""
    kind = OPTIONS["exists"].range
    try:
        action: str = kind.accept(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not {kind.description}") from None
    return action


def checksum(text: str) -> Checksum:
    """Return the checksum that ``ALGO=HEX`` describes."""
    try:
        return parse_checksum(text)
    except BadInput as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def addresses(text: str) -> str:
    """Return ``HOST:PORT:ADDRESS[,ADDRESS]``."""
    try:
        fixed_addresses(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form HOST:PORT:ADDRESS") from None
    return text


def user(text: str) -> str:
    """Return ``USER:PASSWORD``."""
    return _secret(text, USER)


def token(text: str) -> str:
    """Return a bearer token."""
    return _secret(text, TOKEN)


def cookie(text: str) -> str:
    """Return cookies, or the path of a file of cookies, or an empty string."""
    return _secret(to_field(text), COOKIE) if "=" in text else text


def _secret(text: str, kind: ValueRange) -> str:
    """Return the text if it is in the range, whose messages do not quote it."""
    try:
        accepted: str = kind.accept(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"the value {error}") from None
    return accepted


def header(text: str) -> tuple[str, str]:
    """Return the name and the value of a header field, given as ``Name: value``."""
    try:
        return parse_header(text)
    except BadInput as error:
        raise argparse.ArgumentTypeError(str(error)) from None
