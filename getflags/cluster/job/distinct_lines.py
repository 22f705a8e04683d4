"""Leaving out repeated targets of a file, in bounded memory.

The keys of the targets, which are hashes, are written to temporary files by their first bytes, so
that equal keys are in one file. The keys of one file at a time are held in memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from math import ceil
from pathlib import Path
from struct import Struct
from tempfile import TemporaryFile
from typing import IO

from xxhash import xxh3_128_digest

_KEYS = 1_000_000  # of a file, or more if there are as many files as may be open
_MOST_FILES = 128
_ROW = Struct("<16sQ")  # a key, and the number of its line
_ROWS = 4096  # that are read at a time


def distinct_lines(path: Path, count: int) -> Iterator[bytes]:
    """Yield the lines of a file of targets, but of equal targets only the first.

    ``count`` is the number of lines. About 130 MB of memory are needed for up to 128 million lines,
    and a bit for each line.
    """
    repeated = _repeated(path, count)
    with path.open("rb") as file:
        for number, line in enumerate(file):
            if not repeated[number >> 3] & 1 << (number & 7):
                yield line


def _repeated(path: Path, count: int) -> bytearray:
    """Return a bit for each line of a file, which is set if an earlier line has the same target."""
    repeated = bytearray(ceil(count / 8))
    with ExitStack() as stack:
        file_count = min(ceil(count / _KEYS), _MOST_FILES)
        files = [stack.enter_context(TemporaryFile(dir=path.parent)) for _ in range(file_count)]
        _write_keys(path, files)
        for keys in files:
            keys.seek(0)
            seen: set[bytes] = set()
            for key, number in _rows(keys):
                if key in seen:
                    repeated[number >> 3] |= 1 << (number & 7)
                else:
                    seen.add(key)
    return repeated


def _write_keys(path: Path, files: Sequence[IO[bytes]]) -> None:
    """Write the keys of the lines of a file to some files, equal keys to the same one."""
    with path.open("rb") as lines:
        for number, line in enumerate(lines):
            key = xxh3_128_digest(line.partition(b",")[2] or line)  # without the target's number
            files[int.from_bytes(key[:4], "big") % len(files)].write(_ROW.pack(key, number))


def _rows(keys: IO[bytes]) -> Iterator[tuple[bytes, int]]:
    """Yield the keys of a file and the numbers of their lines."""
    while data := keys.read(_ROWS * _ROW.size):
        yield from _ROW.iter_unpack(data)
