"""Lanes: the targets of one origin are requested by few workers, without messages between them.

Each origin belongs to one lane, and a lane is with one worker at a time, so the worker's own limit
of requests in flight at a server holds for the whole job. An origin with more than its share of the
targets gets several lanes, and each of them a part of the limit. The functions are pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil
from typing import NamedTuple

from xxhash import xxh3_64_intdigest

_LANES_PER_WORKER = 16
_MOST_LANES = 128  # unless there are more workers


class HotOrigin(NamedTuple):
    """An origin with more than its share of the targets: how many lanes it gets."""

    origin: str
    lanes: int


class Lane(NamedTuple):
    """The list of a lane: its size in bytes, its targets, and its share of an origin's limits.

    ``share`` is the number of lanes that request the same origin; ``per_origin`` is the largest
    number of requests in flight at a server, for this lane.
    """

    number: int
    size: int
    targets: int
    per_origin: int
    share: int = 1


class HeavyHitters:
    """The keys that are more than 1/n of all keys, in memory for n of them (Misra and Gries, 1982).

    ``at_least`` has all such keys, and perhaps others. The counts are too low by at most 1/n of the
    number of keys.
    """

    def __init__(self, n: int) -> None:
        self._n = n
        self.at_least: dict[str, int] = {}

    def add(self, key: str) -> None:
        """Count a key."""
        counts = self.at_least
        if key in counts or len(counts) < self._n:
            counts[key] = counts.get(key, 0) + 1
        else:
            self.at_least = {each: count - 1 for each, count in counts.items() if count > 1}


def lane_count(targets: int, workers: int, shard_targets: int) -> int:
    """Return the number of lanes for targets of many origins.

    There are enough to keep all workers busy, and not so many that their shards become small. The
    number divides ``most_lanes``, so that two lanes of more can become one of fewer.
    """
    lanes = most_lanes(workers)
    while lanes > 2 * workers and lanes * 4 * shard_targets > targets:
        lanes //= 2
    return lanes


def most_lanes(workers: int) -> int:
    """Return the largest number of lanes for targets of many origins: few enough to be open files.

    It is ``workers`` times a power of two.
    """
    lanes = 2 * workers
    while lanes < _MOST_LANES and lanes < _LANES_PER_WORKER * workers:
        lanes *= 2
    return lanes


def lane_of(origin: str, lanes: int) -> int:
    """Return the lane of an origin that is not hot; any process returns the same."""
    return xxh3_64_intdigest(origin.encode()) % lanes


def hot_origins(
    counts: Iterable[tuple[str, int]], targets: int, lanes: int, workers: int, per_origin: int
) -> list[HotOrigin]:
    """Return the origins that get more than one lane, given the targets of some origins.

    No origin gets more lanes than there are workers, because each lane is used by one, nor more
    than its limit, because each needs a request of its own.
    """
    found = (
        HotOrigin(origin, min(workers, per_origin, ceil(count * lanes / max(targets, 1))))
        for origin, count in counts
        if origin
    )
    return sorted(each for each in found if each.lanes > 1)


def shares(per_origin: int, lanes: int) -> list[int]:
    """Return the limit of each lane of an origin; their sum is the limit of the origin."""
    least, more = divmod(per_origin, lanes)
    return [least + (index < more) for index in range(lanes)]
