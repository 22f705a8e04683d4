"""The user's list: its targets, and a hash of its bytes, by which a later run knows it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from io import FileIO
from pathlib import Path

from xxhash import xxh3_128

from getflags.core.errors import UsageError
from getflags.core.text import brief, quoted
from getflags.targets import resolve, tabular_list
from getflags.targets.list_encoding import decoded
from getflags.targets.list_file import BadInput, BadLine, Entry, checked, parse, read_lines


def fingerprint(source: Path) -> str:
    """Return the hash of a list. Raises UsageError if it cannot be read."""
    try:
        with source.open("rb") as file:
            return hashlib.file_digest(file, xxh3_128).hexdigest()
    except OSError as error:
        raise UsageError(_unreadable(source, error)) from None


def read(source: Path, update: Callable[[bytes], None]) -> Iterator[Entry]:
    """Yield the targets of a list, and pass each piece of its bytes to ``update``.

    Raises UsageError if it cannot be read, or a line is invalid.
    """
    shown = brief(str(source))
    parse_table = tabular_list.parser(source.name)
    try:
        with _Observed(source, update) as raw, decoded(raw) as text:
            lines = read_lines(text)
            entries = parse_table(lines, shown) if parse_table else parse(lines, shown)
            yield from map(_checked, entries)
    except BadLine as error:
        raise UsageError(f"{shown}:{error.number}: {error.reason}") from None
    except BadInput as error:
        raise UsageError(f"{shown}: {error}") from None
    except OSError as error:
        raise UsageError(_unreadable(source, error)) from None


def _checked(entry: Entry) -> Entry:
    """Return the entry. Raises BadLine if it has a flaw, or is a country code."""
    if resolve.is_code(entry.word):
        raise BadLine(entry.line, f"{quoted(entry.word)} is not a URL")
    return checked(entry)


def _unreadable(source: Path, error: OSError) -> str:
    return f"cannot read the list {quoted(str(source))}: {error.strerror}"


class _Observed(FileIO):
    """A file whose bytes are passed to a function as they are read."""

    def __init__(self, source: Path, update: Callable[[bytes], None]) -> None:
        super().__init__(source)
        self._update = update

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Read bytes into the buffer; return their number."""
        count = super().readinto(buffer)
        self._update(bytes(memoryview(buffer)[:count]))
        return count
