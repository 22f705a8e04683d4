"""The distribution of targets to the lists of lanes, in temporary files.

The targets are read once, in bounded memory. They are dealt by a hash of their origin; then the
lists with origins that are too large for one lane are dealt again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import cycle
from pathlib import Path
from typing import IO, NamedTuple

from xxhash import xxh3_128_digest

from getflags.cluster.job import target_lines
from getflags.cluster.job.lanes import (
    HeavyHitters,
    HotOrigin,
    Lane,
    hot_origins,
    lane_count,
    lane_of,
    shares,
)
from getflags.core import urls
from getflags.targets.list_file import Entry


class Dealing(NamedTuple):
    """How targets are dealt: see ``lanes``."""

    workers: int
    per_origin: int
    shard_targets: int
    dedupe: bool = False


def deal(
    entries: Iterable[tuple[int, Entry]], dealing: Dealing, folder: Path
) -> list[tuple[Path, Lane]]:
    """Write numbered targets to a file for each lane in a folder; return the files and lanes."""
    lane_total = 16 * dealing.workers
    hitters = HeavyHitters(2 * lane_total)
    with ExitStack() as stack:
        paths = [folder / f"dealt-{lane}" for lane in range(lane_total)]
        files = [stack.enter_context(path.open("wb")) for path in paths]
        targets = 0
        for number, entry in entries:
            origin = origin_of(entry)
            hitters.add(origin)
            files[lane_of(origin, lane_total)].write(target_lines.dump(number, entry))
            targets += 1
    wanted = lane_count(targets, dealing.workers, dealing.shard_targets)
    counts = hitters.at_least.items()
    hot = hot_origins(counts, targets, wanted, dealing.workers, dealing.per_origin)
    return list(_deal_again(paths, wanted, hot, dealing, folder))


def origin_of(entry: Entry) -> str:
    """Return the origin of a target's URL; an empty text if it has none."""
    try:
        return urls.origin(urls.clean(entry.word))
    except urls.BadURL:
        return ""


def _deal_again(
    dealt: list[Path], wanted: int, hot: list[HotOrigin], dealing: Dealing, folder: Path
) -> Iterator[tuple[Path, Lane]]:
    """Deal the files to the number of lanes that is wanted, and to those of the hot origins."""
    with ExitStack() as stack:

        def opened(number: int, per_origin: int, share: int = 1) -> _LaneFile:
            path = folder / f"lane-{number}"
            return _LaneFile(path, stack.enter_context(path.open("wb")), per_origin, share)

        usual = [opened(number, dealing.per_origin) for number in range(wanted)]
        of_hot: dict[str, Iterator[_LaneFile]] = {}
        lane_files = [*usual]
        for origin, lanes in hot:
            own = []
            for limit in shares(dealing.per_origin, lanes):
                own.append(opened(len(lane_files), limit, lanes))
                lane_files.append(own[-1])
            of_hot[origin] = cycle(own)
        for path in dealt:
            for line in _kept(path, dedupe=dealing.dedupe):
                origin = origin_of(target_lines.load(line)[1])
                own_lanes = of_hot.get(origin)
                lane_file = next(own_lanes) if own_lanes else usual[lane_of(origin, wanted)]
                lane_file.write(line)
            path.unlink()
    used = [each for each in lane_files if each.targets]
    for number, each in enumerate(used):
        yield each.path, Lane(number, each.size, each.targets, each.per_origin, each.share)


class _LaneFile:
    """The file of a lane, with its size in bytes and lines."""

    def __init__(self, path: Path, file: IO[bytes], per_origin: int, share: int) -> None:
        self.path = path
        self.per_origin, self.share = per_origin, share
        self.size = self.targets = 0
        self._file = file

    def write(self, line: bytes) -> None:
        self._file.write(line)
        self.size += len(line)
        self.targets += 1


def _kept(path: Path, *, dedupe: bool) -> Iterator[bytes]:
    """Yield the lines of a file, without repeated targets if wanted.

    Equal targets have one origin, so they are in one file.
    """
    seen: set[bytes] = set()
    with path.open("rb") as file:
        for line in file:
            if dedupe:
                key = xxh3_128_digest(line.partition(b",")[2] or line)
                if key in seen:
                    continue
                seen.add(key)
            yield line
