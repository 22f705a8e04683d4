"""The grammar of option values: text in, a checked value out.

Each function raises ``argparse.ArgumentTypeError`` with half a sentence for the user; argparse
names the option. Values that may hold a secret are not repeated in it.
"""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from getflags.core.accepted import AUTO, COUNT, NATURAL, SECONDS, ValueRange, check_field, is_field
from getflags.core.models import Checksum
from getflags.core.settings import OPTIONS
from getflags.targets.list_file import BadInput, parse_checksum

T = TypeVar("T")


def text(text: str) -> str:
    """Take a text that must not be empty."""
    if not text:  # most likely a variable that is not set; never the same as no option at all
        raise argparse.ArgumentTypeError("it is empty")
    return text


def count(text: str) -> int:
    """Take a whole number, 1 or more."""
    return _whole(text, COUNT)


def count_or_auto(text: str) -> int | str:
    """Take a whole number, 1 or more, or ``auto``."""
    if text == AUTO:
        return AUTO
    try:
        return count(text)
    except argparse.ArgumentTypeError as error:
        raise argparse.ArgumentTypeError(f"{error}, nor {AUTO}") from None


def natural(text: str) -> int:
    """Take a whole number, 0 or more."""
    return _whole(text, NATURAL)


def _whole(text: str, kind: ValueRange) -> int:
    digits = re.fullmatch(r"[0-9]{1,18}", text)
    number: int = _accepted(int(text) if digits else None, text, kind)
    return number


def _accepted(value: object, text: str, kind: ValueRange) -> Any:
    """Return the value that a text stands for, if it is in the range."""
    try:
        return kind.accept(value)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not {kind.description}") from None


def several(one: Callable[[str], T]) -> Callable[[str], list[T]]:
    """Return what takes several values, with commas between them, each of them once."""

    def take(text: str) -> list[T]:
        found = [one(part) for part in text.split(",")]
        for number, value in enumerate(found):
            if value in found[:number]:
                raise argparse.ArgumentTypeError(f"{text!r} has {value} twice")
        return found

    return take


def names(known: Sequence[str]) -> Callable[[str], list[str]]:
    """Return what takes several of these names, or ``all``."""

    def one(text: str) -> str:
        if text not in known:
            raise argparse.ArgumentTypeError(f"{text!r} is none of {', '.join(known)}")
        return text

    return lambda text: list(known) if text == "all" else several(one)(text)


def seconds(text: str) -> float:
    """Take a positive number of seconds; fractions are fine."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    accepted: float = _accepted(number, text, SECONDS)
    return accepted


def size(text: str) -> int:
    """Take a number of bytes, 1 or more; ``K``, ``M`` and ``G`` multiply by 1024, as in curl."""
    match = re.fullmatch(r"([0-9]{1,12}(?:\.[0-9]{1,6})?)([KMG]?)", text, re.IGNORECASE)
    number = int(float(match[1]) * 1024 ** " KMG".index(match[2].upper() or " ")) if match else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a size in bytes, such as 500K, 2M or 1G")
    return number


def size_or_none(text: str) -> int:
    """Take a number of bytes; 0 is one, too."""
    return 0 if text == "0" else size(text)


def exists(text: str) -> str:
    """Take what to do with a file that is there."""
    kind = OPTIONS["exists"].range
    try:
        word: str = kind.accept(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is none of {kind.description}") from None
    return word


def checksum(text: str) -> Checksum:
    """Take ``ALGO=HEX``."""
    try:
        return parse_checksum(text)
    except BadInput as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def header(text: str) -> tuple[str, str]:
    """Take ``Name: value``."""
    name, colon, value = text.partition(":")
    # Bytes beyond ASCII go as they were typed; fields are Latin-1 on the wire's side of the house.
    value = value.strip(" \t").encode("utf-8", "surrogateescape").decode("latin-1")
    if not colon or not is_field(name, value):
        raise argparse.ArgumentTypeError("it is not of the form 'Name: value'")  # may be a secret
    try:
        check_field(name)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return name, value
