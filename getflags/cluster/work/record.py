"""The record of a shard: which attempt counts, and the sums of its manifest.

A shard is done if and only if it has a record.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from getflags.cluster.errors import StorageError
from getflags.cluster.work.manifest import Row
from getflags.cluster.work.pack import DataObject


class Record(NamedTuple):
    """``attempt`` is in the names of the shard's objects, and ``ending`` is that of its files'.

    ``digest`` is the hash of the object with the files, and both are empty if there is none;
    ``manifest_digest`` is that of the manifest.
    ``counts`` is the number of targets by status, ``failures`` those that count as failed,
    ``refusals`` the requests by origin that were refused because there were too many.
    """

    shard: int
    attempt: str
    ending: str
    digest: str
    counts: Mapping[str, int]
    failures: int
    bytes: int
    requests: int
    refusals: Mapping[str, int]
    seconds: float
    manifest_digest: str = ""

    @property
    def targets(self) -> int:
        """The number of targets."""
        return sum(self.counts.values())


def record(
    shard: int,
    attempt: str,
    data: DataObject,
    rows: Iterable[Row],
    *,
    refusals: Mapping[str, int],
    seconds: float,
) -> Record:
    """Return the record of an attempt, from the rows of its manifest."""
    rows = list(rows)
    counts = Counter(each.status for each in rows)
    size, requests = sum(each.size for each in rows), sum(each.requests for each in rows)
    failures = sum(each.fails for each in rows)
    return Record(
        shard, attempt, *data, counts, failures, size, requests, dict(refusals), round(seconds, 3)
    )


def dump(found: Record) -> bytes:
    """Return a record as JSON."""
    return json.dumps(found._asdict()).encode()


def load(data: bytes, name: str) -> Record:
    """Return the record in a JSON text. Raises StorageError if it is damaged."""
    try:
        return Record(**json.loads(data))
    except (ValueError, TypeError):
        raise StorageError(f"the record {name} is damaged") from None
