"""The stored lists of lanes: reading the targets of a shard."""

from __future__ import annotations

from collections.abc import Iterator

from getflags.cluster.job import layout, target_lines
from getflags.cluster.job.lanes import Lane
from getflags.cluster.job.shards import Shard, lines
from getflags.cluster.storage import Storage
from getflags.targets.list_file import Entry


def read(storage: Storage, attempt: str, lane: Lane, shard: Shard) -> Iterator[tuple[int, Entry]]:
    """Yield the targets of a shard, with their numbers in the user's list. Raises StorageError.

    ``attempt`` is in the names of the lists; ``lane`` is the shard's.
    """
    name = layout.lane_list(attempt, lane.number)

    def read_range(start: int, end: int) -> bytes:
        return storage.read_range(name, start, end)

    return map(target_lines.load, lines(read_range, shard, lane.size))
