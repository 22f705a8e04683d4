"""The targets of a job as JSON Lines: ``[number, url, out, folder, checksum, optional, ...]``.

Each target is one line, so that a shard can begin at any byte. Values at the end that were not
given are left out. The functions are pure.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from json.encoder import encode_basestring_ascii
from typing import Any

from getflags.core.models import Checksum
from getflags.targets.list_file import Entry

_DEFAULTS: Sequence[Any] = ("", "", "", None, False, (), ())


def dump(number: int, entry: Entry) -> bytes:
    """Return a target as a line. ``number`` is its place in the user's list, from 0."""
    _, out, folder, checksum, guessed, *_, headers, mirrors = entry
    if not (out or folder or checksum or guessed or headers or mirrors):  # as most
        return f"[{number},{encode_basestring_ascii(entry.word)}]\n".encode("ascii")
    values: list[Any] = [number, entry.word, out, folder, checksum, guessed, headers, mirrors]
    while not values[-1] and len(values) > 1:
        values.pop()
    return json.dumps(values, separators=(",", ":")).encode("ascii") + b"\n"


def load(line: bytes) -> tuple[int, Entry]:
    """Return the number of a target and the target."""
    number, *values = json.loads(line)
    values += _DEFAULTS[len(values) :]
    word, out, folder, checksum, guessed, headers, mirrors = values
    entry = Entry(
        word, out, folder, Checksum(*checksum) if checksum else None, guessed,
        headers=tuple((name, value) for name, value in headers), mirrors=tuple(mirrors),
    )  # fmt: skip
    return number, entry
