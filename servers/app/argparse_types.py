"""Type functions for argparse: each converts the text of one argument to a value.

Each function raises ArgumentTypeError with the part of the sentence that follows the name of the
option. Files and folders are checked here, so that a wrong name is reported before a server starts.
Checks that involve several options are in `options`.
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


def argparse_type(read: Callable[[str], T]) -> Callable[[str], T]:
    """Return `read`, which raises ValueError for invalid text, as a type for argparse."""

    def wrapped(text: str) -> T:
        try:
            return read(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return wrapped


seed = argparse_type(parse_seed)


def scenario(text: str) -> scenarios.Scenario:
    """Return the scenario in the file named `text`."""
    return _file(text, scenarios.parse)


def replay(text: str) -> recording.Replay:
    """Return the recording in the file named `text`."""
    return _file(text, lambda content: recording.read(content.splitlines()))


def _file(text: str, read: Callable[[str], T]) -> T:
    try:
        return read(Path(text).read_text(encoding="utf-8"))
    except OSError as error:
        reason = error.strerror
        raise argparse.ArgumentTypeError(f"cannot read {text!r}: {reason}") from error
    except ValueError as error:  # also for a file that is not UTF-8 and a name with a NUL
        raise argparse.ArgumentTypeError(f"{printable(text)}: {error}") from error


def port(text: str) -> int:
    """Return a port number; 0 means any free port."""
    if not _PORT.fullmatch(text) or int(text) > _HIGHEST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port number: use 0 to {_HIGHEST_PORT}")
    return int(text)


def address(text: str) -> str:
    """Return an IP address or a host name to listen on."""
    if not text:
        raise argparse.ArgumentTypeError("'' is not an address: use one such as 127.0.0.1 or ::1")
    return text


def directory(text: str) -> Path:
    """Return the path of an existing folder."""
    path = Path(text)
    if not text or "\0" in text or not path.is_dir():
        raise argparse.ArgumentTypeError(f"{text!r} is not an existing folder")
    return path


def delay(text: str) -> tuple[float, float]:
    """Return the minimum and the maximum of a delay, in seconds."""
    match = _DELAY.fullmatch(text)
    if match:
        low, high = float(match[1]), float(match[2] or match[1])
        if low <= high <= LONGEST_DELAY:
            return low, high
    raise argparse.ArgumentTypeError(
        f"{text!r} is not a delay: use MIN-MAX in seconds, such as 0.5-5, or one number; "
        f"the maximum is {LONGEST_DELAY:.0f}"
    )
