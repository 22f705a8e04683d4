"""The manifest of a shard: one row of JSON for each target, compressed with gzip.

A row has no secrets: its ``url`` is for display. ``n`` is the target's place in the user's list,
from 0.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from getflags.cluster.errors import StorageError
from getflags.core.models import Outcome


class Row(NamedTuple):
    """The result of a target: see ``Outcome``.

    ``key`` is the name of the file within the shard's data, or empty; with ``own``, it is the name
    of an object of its own. ``sha256`` is of the file. ``fails`` is whether the target counts as
    failed.
    """

    n: int
    url: str
    status: str
    fails: bool = False
    key: str = ""
    own: bool = False
    code: int | None = None
    size: int = 0
    sha256: str = ""
    requests: int = 0
    reason: str = ""


def row(number: int, outcome: Outcome) -> Row:
    """Return the row of an outcome, without the file's key and hash."""
    return Row(
        number,
        outcome.target.label,
        outcome.status.value,
        fails=outcome.failed,
        code=outcome.code,
        size=outcome.size,
        requests=outcome.requests,
        reason=outcome.reason,
    )


def dump(rows: Iterable[Row]) -> bytes:
    """Return a manifest. Equal rows give equal bytes."""
    encode = json.JSONEncoder(separators=(",", ":")).encode  # json.dumps makes one for each row
    text = "".join(f"{encode(each._asdict())}\n" for each in rows)
    return gzip.compress(text.encode(), compresslevel=1, mtime=0)


def load(data: bytes, shard: int) -> Iterator[Row]:
    """Yield the rows of the manifest of a shard. Raises StorageError if it is damaged."""
    try:
        for line in gzip.decompress(data).splitlines():
            yield Row(**json.loads(line))
    except (OSError, EOFError, ValueError, TypeError, zlib.error):
        raise StorageError(f"the manifest of shard {shard:08} is damaged") from None
