"""The words of the command line, one at a time: types for argparse.

What may live here: functions that take a word and raise ArgumentTypeError with the second half of
a sentence that argparse begins with the option's name. Files and folders that a word names are
looked at, to refuse early. What may not: how options bear on each other (in `options`).
"""

import argparse
import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from ..faults import scenario as scenarios
from ..faults.draws import parse_seed
from ..faults.values import LONGEST_DELAY, NUMBER, printable
from ..state import recording

_HIGHEST_PORT = 65_535
_DELAY = re.compile(rf"{NUMBER}(?:-{NUMBER})?", re.ASCII)
_PORT = re.compile(r"\d{1,5}", re.ASCII)
T = TypeVar("T")


def reads(read: Callable[[str], T]) -> Callable[[str], T]:
    """Return `read`, which raises ValueError, as a type for argparse."""

    def wrapped(word: str) -> T:
        try:
            return read(word)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return wrapped


seed = reads(parse_seed)


def scenario(word: str) -> scenarios.Scenario:
    """Return the scenario in the file that `word` names."""
    return _file(word, scenarios.parse)


def replay(word: str) -> recording.Replay:
    """Return the record in the file that `word` names."""
    return _file(word, lambda text: recording.read(text.splitlines()))


def _file(word: str, read: Callable[[str], T]) -> T:
    try:
        return read(Path(word).read_text(encoding="utf-8"))
    except OSError as error:
        reason = error.strerror
        raise argparse.ArgumentTypeError(f"cannot read {word!r}: {reason}") from error
    except ValueError as error:  # not UTF-8, and names with a NUL, too
        raise argparse.ArgumentTypeError(f"{printable(word)}: {error}") from error


def port(word: str) -> int:
    """Return a port number; 0 stands for any free one."""
    if not _PORT.fullmatch(word) or int(word) > _HIGHEST_PORT:
        raise argparse.ArgumentTypeError(f"{word!r} is not a port: give 0 to {_HIGHEST_PORT}")
    return int(word)


def address(word: str) -> str:
    """Return an address to listen on, or a host name."""
    if not word:
        raise argparse.ArgumentTypeError("'' is not an address: give one, such as 127.0.0.1 or ::1")
    return word


def directory(word: str) -> Path:
    """Return a folder that exists."""
    path = Path(word)
    if not word or "\0" in word or not path.is_dir():
        raise argparse.ArgumentTypeError(f"{word!r} is not a folder that exists")
    return path


def delay(word: str) -> tuple[float, float]:
    """Return the least and the most seconds of a delay."""
    match = _DELAY.fullmatch(word)
    if match:
        low, high = float(match[1]), float(match[2] or match[1])
        if low <= high <= LONGEST_DELAY:
            return low, high
    raise argparse.ArgumentTypeError(
        f"{word!r} is not a delay: give MIN-MAX in seconds, such as 0.5-5, or one number, "
        f"at most {LONGEST_DELAY:.0f}"
    )
