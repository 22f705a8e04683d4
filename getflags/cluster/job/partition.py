"""The partition of targets into the lists of lanes, in temporary files.

The targets are read once, in bounded memory. They are written to files by a hash of their origin;
then the files with origins that are too large for one lane, or with repeated targets, are read
again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import count, cycle, islice
from pathlib import Path
from shutil import copyfileobj
from typing import NamedTuple

from getflags.cluster.job import target_lines
from getflags.cluster.job.distinct_lines import distinct_lines
from getflags.cluster.job.lanes import (
    HeavyHitters,
    HotOrigin,
    Lane,
    hot_origins,
    lane_count,
    lane_of,
    most_lanes,
    shares,
)
from getflags.core import urls
from getflags.targets.list_file import Entry


class Partitioning(NamedTuple):
    """How targets are partitioned: see ``lanes``."""

    workers: int
    per_origin: int
    shard_targets: int
    dedupe: bool = False


def partition(
    entries: Iterable[tuple[int, Entry]], partitioning: Partitioning, folder: Path
) -> list[tuple[Path, Lane]]:
    """Write numbered targets to a file for each lane in a folder; return the files and lanes."""
    lane_total = most_lanes(partitioning.workers)
    hitters = HeavyHitters(2 * lane_total)
    with ExitStack() as stack:
        files = [_TargetFile(folder / f"hash-{lane}", stack) for lane in range(lane_total)]
        for number, entry in entries:
            origin = origin_of(entry)
            hitters.add(origin)
            files[lane_of(origin, lane_total)].write(target_lines.dump(number, entry))
    targets = sum(each.targets for each in files)
    wanted = lane_count(targets, partitioning.workers, partitioning.shard_targets)
    counts = hitters.at_least.items()
    hot = hot_origins(counts, targets, wanted, partitioning.workers, partitioning.per_origin)
    with ExitStack() as stack:
        of_lanes = (_TargetFile(folder / f"lane-{number}", stack) for number in count())
        lanes = _Lanes(wanted, hot, partitioning.per_origin, of_lanes)
        for number, each in enumerate(files):
            lanes.take(number, each, dedupe=partitioning.dedupe)
            each.path.unlink()
    return lanes.used()


def origin_of(entry: Entry) -> str:
    """Return the origin of a target's URL; an empty text if it has none."""
    try:
        return urls.origin(urls.clean(entry.word))
    except urls.BadURL:
        return ""


class _TargetFile:
    """A file of targets, with its size in bytes and lines. ``stack`` closes it."""

    def __init__(self, path: Path, stack: ExitStack) -> None:
        self.path = path
        self.size = self.targets = 0
        self._file = stack.enter_context(path.open("wb"))

    def write(self, line: bytes) -> None:
        self._file.write(line)
        self.size += len(line)
        self.targets += 1

    def append(self, other: _TargetFile) -> None:
        """Append all targets of another file."""
        with other.path.open("rb") as source:
            copyfileobj(source, self._file)
        self.size += other.size
        self.targets += other.targets

    def lines(self) -> Iterator[bytes]:
        """Yield the targets, as lines."""
        with self.path.open("rb") as file:
            yield from file


class _Lanes:
    """The lists of all lanes: some for most origins, and those of the hot origins."""

    def __init__(
        self,
        usual: int,
        hot: Iterable[HotOrigin],
        per_origin: int,
        files: Iterator[_TargetFile],
    ) -> None:
        self._usual = usual
        self._files = list(islice(files, usual))
        self._limits = [(per_origin, 1)] * usual  # requests in flight, and lanes of the origin
        self._hot: dict[str, Iterator[_TargetFile]] = {}
        for origin, lanes in hot:
            own = list(islice(files, lanes))
            self._files += own
            self._limits += [(limit, lanes) for limit in shares(per_origin, lanes)]
            self._hot[origin] = cycle(own)

    def take(self, number: int, file: _TargetFile, *, dedupe: bool) -> None:
        """Take the targets of a file of the first pass, which had as many lanes or more."""
        lane = number % self._usual  # that of their origins: see most_lanes
        lane_file = self._files[lane]
        in_it = any(lane_of(origin, self._usual) == lane for origin in self._hot)
        if not in_it and not dedupe:
            lane_file.append(file)
            return
        # Equal targets have one origin, so they are in one file.
        for line in distinct_lines(file.path, file.targets) if dedupe else file.lines():
            origin = origin_of(target_lines.load(line)[1]) if in_it else ""
            own = self._hot.get(origin)
            (next(own) if own else lane_file).write(line)

    def used(self) -> list[tuple[Path, Lane]]:
        """Return the lanes that have targets, with their files."""
        found = [
            (each, limits)
            for each, limits in zip(self._files, self._limits, strict=True)
            if each.targets
        ]
        return [
            (each.path, Lane(number, each.size, each.targets, *limits))
            for number, (each, limits) in enumerate(found)
        ]
