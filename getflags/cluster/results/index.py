"""The index of a job, and the list of the targets that failed.

The index is the manifests one after another, each of which is a gzip member (RFC 1952 section 2.2).
If targets were requested again, the index has only the last result of each.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from getflags.cluster.errors import local_disk
from getflags.cluster.job import lane_lists, layout
from getflags.cluster.job.job import Generation
from getflags.cluster.job.shards import Shard
from getflags.cluster.results.read import READERS, Results, read, read_manifest
from getflags.cluster.results.report import JobReport
from getflags.cluster.scratch import scratch
from getflags.cluster.storage import Storage
from getflags.cluster.work import manifest
from getflags.cluster.work.manifest import Row
from getflags.cluster.work.record import Record
from getflags.targets.list_file import Entry, unparse


class FailedTarget(NamedTuple):
    """A target whose last result is a failure."""

    entry: Entry
    row: Row


def keep_current(storage: Storage, report: JobReport) -> None:
    """Store the index, the list of failures and the report, unless they are those of this job."""
    if storage.read(layout.REPORT) == _text(report):
        return
    results = read(storage)  # again: another driver may have been faster
    report = results.report()
    if report.done == report.shards:
        write_index(storage, results)
        storage.put(layout.REPORT, _text(report))


def _text(report: JobReport) -> bytes:
    return json.dumps({**report.values(), "given_up": []}, indent=1).encode()


def write_index(storage: Storage, results: Results) -> None:
    """Store the index and the list of the targets that failed."""
    with (
        local_disk(),
        scratch() as folder,
        ThreadPoolExecutor(READERS) as executor,
    ):
        index, failed = folder / "index", folder / "failed"
        with (
            index.open("wb") as to_index,
            failed.open("w", encoding="utf-8", errors="surrogateescape") as to_failed,
        ):
            for data, failures in _last_results(storage, results, executor):
                to_index.write(data)
                to_failed.writelines(unparse(each.entry) for each in failures)
        storage.put(layout.INDEX, index)
        storage.put(layout.FAILED, failed)


def failures(storage: Storage, results: Results) -> Iterator[FailedTarget]:
    """Yield the targets whose last result is a failure."""
    with ThreadPoolExecutor(READERS) as executor:
        for _, found in _last_results(storage, results, executor):
            yield from found


def _last_results(
    storage: Storage, results: Results, executor: ThreadPoolExecutor
) -> Iterator[tuple[bytes, list[FailedTarget]]]:
    """Yield the manifest of each shard with only the last results, and the failures in it."""
    again: set[int] = set()  # numbers of targets that later generations have requested
    for generation in reversed(results.generations):
        found = [(shard, results.records[shard.number]) for shard in results.done(generation)]
        manifests = _read_ahead(storage, found, executor)
        repeated: set[int] = set()
        for (shard, record_), data in zip(found, manifests, strict=True):
            if generation.number == 0 and not again and not record_.failures:
                yield data, []
                continue
            rows = [row for row in manifest.load(data, shard.number) if row.n not in again]
            if generation.number:
                repeated.update(row.n for row in rows)
            yield manifest.dump(rows), list(_failed(storage, generation, shard, rows))
        again |= repeated


def _read_ahead(
    storage: Storage, found: Sequence[tuple[Shard, Record]], executor: ThreadPoolExecutor
) -> Iterator[bytes]:
    """Yield the manifests of shards, of which only a few are held at a time."""
    for first in range(0, len(found), READERS):
        some = found[first : first + READERS]
        yield from executor.map(lambda each: read_manifest(storage, each[1]), some)


def _failed(
    storage: Storage, generation: Generation, shard: Shard, rows: Iterable[Row]
) -> Iterator[FailedTarget]:
    """Yield the failures among the rows of a shard, with the targets from its lane's list."""
    by_number = {row.n: row for row in rows if row.fails}
    if not by_number:
        return
    lane = generation.lanes[shard.lane]
    for number, entry in lane_lists.read(storage, generation.attempt, lane, shard):
        if number in by_number:
            yield FailedTarget(entry, by_number[number])
