"""Shards: byte ranges of the lists of lanes. A line belongs to the shard of its first byte.

Nothing has to be read to know the shards of a job. The functions are pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from getflags.cluster.job.lanes import Lane

#: A function that returns the bytes of a list from one offset up to another.
ReadRange = Callable[[int, int], bytes]
_MORE = 64 * 1024  # bytes read at a time to find the end of the last line


class Shard(NamedTuple):
    """The lines of a lane's list that begin from ``start`` up to, not including, ``end``."""

    number: int
    lane: int
    start: int
    end: int


def shards(lanes: Sequence[Lane], shard_bytes: int, first: int) -> list[list[Shard]]:
    """Return the shards of each lane, numbered from ``first``."""
    found: list[list[Shard]] = []
    for lane in lanes:
        starts = range(0, lane.size, shard_bytes)
        found.append(
            [
                Shard(first + index, lane.number, start, min(start + shard_bytes, lane.size))
                for index, start in enumerate(starts)
            ]
        )
        first += len(starts)
    return found


def lines(read: ReadRange, shard: Shard, size: int) -> Iterator[bytes]:
    """Yield the lines of a shard, of a list of ``size`` bytes."""
    # The byte before tells whether a line begins at the first byte.
    first = max(shard.start - 1, 0)
    data = read(first, min(shard.end + _MORE, size))
    position = data.find(b"\n") + 1 if shard.start else 0
    if shard.start and not position:
        return  # a line that began before covers the whole range
    end = shard.end - first
    while position < end:
        newline = data.find(b"\n", position)
        if newline < 0 and first + len(data) < size:
            data += read(first + len(data), min(first + len(data) + _MORE, size))
            continue
        after = newline + 1 if newline >= 0 else len(data)
        yield data[position:after]
        position = after
