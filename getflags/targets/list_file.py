"""The list of targets as a text file: reading it and writing it.

The form is aria2's: a target a line, ``#`` comments, and indented ``out=``, ``dir=`` and
``checksum=`` lines that belong to the target above. Pure: lines in, entries out, and back. What a
target's word *means* is the plan's business.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from urllib.parse import quote

from getflags.core.models import Checksum
from getflags.core.text import printable, quoted
from getflags.core.urls import redact

# A byte order mark is none in the midst of a list, and would be one at its beginning.
_CONTROL = re.compile("[\x00-\x1f\x7f\x85\u2028\u2029\ufeff]")


class BadInput(ValueError):
    """A line, or an option's value, that can't be understood; the message names it."""


class Entry(NamedTuple):
    """One thing asked for, in the user's words. ``""`` where an option was not given."""

    word: str
    out: str = ""
    folder: str = ""
    checksum: Checksum | None = None
    guessed: bool = False  # a code that came from a letter or from -e


def parse(lines: Iterable[str]) -> Iterator[Entry]:
    """Read entries, lazily. Windows line ends and a byte order mark do no harm.

    Raises BadInput with the number of the line.
    """
    entry: Entry | None = None
    for number, line in enumerate(lines, start=1):
        if number == 1:
            line = line.removeprefix("\ufeff")  # noqa: PLW2901 - the mark is no part of it
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        if not line[0].isspace():
            if entry:
                yield entry
            entry = Entry(text)
        elif entry is None:
            raise BadInput(f"line {number}: an option without a target above it")
        else:
            try:
                entry = _with_option(entry, text)
            except BadInput as error:
                raise BadInput(f"line {number}: {error}") from None
    if entry:
        yield entry


def _with_option(entry: Entry, text: str) -> Entry:
    key, _, value = text.partition("=")
    if value and key == "out":
        return entry._replace(out=value)
    if value and key == "dir":
        return entry._replace(folder=value)
    if value and key == "checksum":
        return entry._replace(checksum=parse_checksum(value))
    raise BadInput(f"{quoted(redact(text))} is not out=NAME, dir=DIR or checksum=ALGO=HEX")


def parse_checksum(text: str) -> Checksum:
    """Read ``sha-256=HEX``; any fixed-length hash of ``hashlib`` by its name, dashes optional.

    Raises BadInput.
    """
    name, _, digest = text.partition("=")
    shown = printable(text)
    algorithm = _algorithm(name.strip().lower())
    if algorithm is None:
        raise BadInput(f"checksum {shown!r}: unknown algorithm; sha-256=HEX is the usual form")
    size = hashlib.new(algorithm, usedforsecurity=False).digest_size
    digest = digest.strip().lower()
    if len(digest) != 2 * size or not set(digest) <= set("0123456789abcdef"):
        raise BadInput(f"checksum {shown!r}: {algorithm} takes {2 * size} hexadecimal digits")
    return Checksum(algorithm, digest)


def _algorithm(name: str) -> str | None:
    known = {
        found.replace("-", "").replace("_", ""): found
        for found in sorted(hashlib.algorithms_available)
        if not found.startswith("shake")  # no length of their own: nothing to compare with
    }
    return known.get(name.replace("-", "").replace("_", ""))


def unparse(entry: Entry) -> str:
    """Write an entry as lines that ``parse`` reads back as one that asks for the same.

    Control characters in a word, which is no target then, must not make two lines of it.
    """
    lines = [_CONTROL.sub(lambda match: quote(match[0]), entry.word)]
    if entry.out:
        lines.append(f"  out={entry.out}")
    if entry.folder:
        lines.append(f"  dir={entry.folder}")
    if entry.checksum:
        lines.append(f"  checksum={entry.checksum.algorithm}={entry.checksum.hexdigest}")
    return "\n".join(lines) + "\n"
