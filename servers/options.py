"""The command line: words in, settings out.

What may live here: the options, what they accept, and the sentences that refuse the rest. What
may not: anything that opens, listens or prints. (`--directory` is looked at, to refuse early.)
"""

import argparse
import re
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, NoReturn

from . import SITES
from .faults import Behaviour, parse_seed

LONGEST_DELAY = 86_400.0  # seconds; a day, beyond which timers of some event loops overflow
_HIGHEST_PORT = 65_535
_NUMBER = r"(\d+\.?\d*|\.\d+)"
_DELAY = re.compile(rf"{_NUMBER}(?:-{_NUMBER})?", re.ASCII)
_RATE = re.compile(_NUMBER, re.ASCII)
_PORT = re.compile(r"\d{1,5}", re.ASCII)


class UsageError(Exception):
    """The words make no sense; the message is one sentence and safe to print."""


class Server(NamedTuple):
    """One server to start. If `strict` is false and `port` is taken, any free one will do."""

    label: str
    port: int
    strict: bool
    behaviour: Behaviour


class Settings(NamedTuple):
    """What was asked for. Without a `directory` the flags are served."""

    servers: tuple[Server, ...]
    bind: str
    directory: Path | None
    seed: int
    lifeline: bool


def printable(text: str) -> str:
    """Return `text` with everything escaped that could move a cursor or hide a word."""
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )


def parse(argv: Sequence[str] | None, prog: str) -> Settings:
    """Return what the words `argv` (without a program's name; None: of this process) ask for.

    Raises UsageError. Help is printed by argparse, which then raises SystemExit.
    """
    # Intermixed, or else labels on both sides of an option would not be understood.
    words = _parser(prog).parse_intermixed_args(argv)
    labels = list(dict.fromkeys(map(_label, words.labels or SITES)))
    if words.port and words.port + len(labels) - 1 > _HIGHEST_PORT:
        raise UsageError(f"--port {words.port} leaves no room for {len(labels)} servers")
    alone = len(labels) == 1
    if words.error_rate is not None and not alone and "ERROR" not in labels:
        raise UsageError("--error-rate applies to ERROR, or to the one LABEL there is")
    servers = []
    for place, label in enumerate(labels):
        site = SITES[label]
        behaviour = Behaviour(
            delay=words.delay or site.behaviour.delay,
            error_rate=words.error_rate
            if words.error_rate is not None and (alone or label == "ERROR")
            else site.behaviour.error_rate,
        )
        port = site.port if words.port is None else words.port and words.port + place
        servers.append(Server(label, port, words.port is not None, behaviour))
    seed = secrets.randbelow(2**32) if words.seed is None else words.seed
    return Settings(tuple(servers), words.bind, words.directory, seed, words.lifeline)


class _Parser(argparse.ArgumentParser):
    """Argparse, without the page of usage that buries the sentence."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(printable(message))


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = _Parser(
        prog=prog,
        allow_abbrev=False,
        description="Serve the flags from a fast, a slow and a failing server, to test clients.",
        epilog="GET /-/ledger tells what a server was asked; POST /-/reset?seed=N starts it anew.",
    )
    add = parser.add_argument
    add(
        "labels",
        nargs="*",
        metavar="LABEL",
        help="LOCAL, DELAY, ERROR (default: all three, on ports 8000, 8001, 8002)",
    )
    add("--port", metavar="N", type=_port, help="of the first server; 0: any free one")
    add("--bind", metavar="ADDRESS", type=_address, default="127.0.0.1", help="default 127.0.0.1")
    add("--directory", metavar="DIR", type=_directory, help="serve a folder, not the flags")
    add("--seed", metavar="N", type=_seed, help="make delays and errors repeatable")
    add(
        "--delay",
        metavar="MIN-MAX",
        type=_delay,
        help="seconds before each answer (default for DELAY and ERROR: 0.5-5)",
    )
    add(
        "--error-rate",
        metavar="P",
        type=_rate,
        help="share of errors, 0 to 1 (default for ERROR: 0.25)",
    )
    add("--lifeline", action="store_true", help="stop when standard input ends")
    return parser


def _label(word: str) -> str:
    # Not a type for argparse: the value of an unknown option would be blamed in its place.
    if word.upper() not in SITES:
        raise UsageError(printable(f"{word!r} is no server: give {', '.join(SITES)} or nothing"))
    return word.upper()


# Types for argparse: each takes a word and raises ArgumentTypeError with the second half of a
# sentence that argparse begins with the option's name.


def _port(word: str) -> int:
    if not _PORT.fullmatch(word) or int(word) > _HIGHEST_PORT:
        raise argparse.ArgumentTypeError(f"{word!r} is not a port: give 0 to {_HIGHEST_PORT}")
    return int(word)


def _address(word: str) -> str:
    if not word:
        raise argparse.ArgumentTypeError("'' is not an address: give one, such as 127.0.0.1 or ::1")
    return word


def _directory(word: str) -> Path:
    path = Path(word)
    if not word or "\0" in word or not path.is_dir():
        raise argparse.ArgumentTypeError(f"{word!r} is not a folder that exists")
    return path


def _seed(word: str) -> int:
    try:
        return parse_seed(word)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _delay(word: str) -> tuple[float, float]:
    match = _DELAY.fullmatch(word)
    if match:
        low, high = float(match[1]), float(match[2] or match[1])
        if low <= high <= LONGEST_DELAY:
            return low, high
    raise argparse.ArgumentTypeError(
        f"{word!r} is not a delay: give MIN-MAX in seconds, such as 0.5-5, or one number, "
        f"at most {LONGEST_DELAY:.0f}"
    )


def _rate(word: str) -> float:
    if not _RATE.fullmatch(word) or float(word) > 1:
        raise argparse.ArgumentTypeError(f"{word!r} is not a rate: give a number from 0 to 1")
    return float(word)
