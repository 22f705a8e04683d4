"""The index of a job, and the list of the targets that failed.

The index is the manifests one after another, each of which is a gzip member (RFC 1952 section 2.2).
If targets were requested again, the index has only the last result of each. The report of a
finished job counts what is in the index, because a record may be deleted and its shard run again.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
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


class LastResults(NamedTuple):
    """What the index has of a shard: a manifest, the targets by status, and the failures."""

    manifest: bytes
    counts: Mapping[str, int]
    failures: list[FailedTarget]


def keep_current(storage: Storage, results: Results) -> JobReport:
    """Store the index, the list of failures and the report of a finished job; return the report.

    Nothing is stored if they are current.
    """
    if stored := _stored_report(storage, results):
        return stored
    results = read(storage, results.job)  # again: another driver may have been faster
    if not results.is_finished():
        return results.report()
    report = write_index(storage, results)
    values = {**report.values(), "records": results.digest()}
    storage.put(layout.REPORT, json.dumps(values, indent=1).encode())
    return report


def last_report(storage: Storage, results: Results) -> JobReport:
    """Return the report of a finished job, of the last result of each target; store nothing."""
    if stored := _stored_report(storage, results):
        return stored
    report = results.report()
    if len(results.generations) > 1:  # else each record has the last results
        report.clear_results()
        with ThreadPoolExecutor(READERS) as executor:
            for each in _last_results(storage, results, executor):
                report.add_results(each.counts, len(each.failures))
    return report


def _stored_report(storage: Storage, results: Results) -> JobReport | None:
    """Return the stored report of a finished job.

    Return None if it was made from other records or is damaged, or if the index or the list of
    failures is missing.
    """
    try:
        values = json.loads(storage.read(layout.REPORT) or b"{}")
        if values.get("records") != results.digest():
            return None
        report = JobReport.load(values)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None  # a damaged report is made again, like one of other records
    there = all(storage.find(name) for name in (layout.INDEX, layout.FAILED))
    return report if there else None


def write_index(storage: Storage, results: Results) -> JobReport:
    """Store the index and the list of the targets that failed; return the report."""
    report = results.report()
    report.clear_results()
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
            for each in _last_results(storage, results, executor):
                report.add_results(each.counts, len(each.failures))
                to_index.write(each.manifest)
                to_failed.writelines(unparse(failure.entry) for failure in each.failures)
        storage.put(layout.INDEX, index)
        storage.put(layout.FAILED, failed)
    return report


def failures(storage: Storage, results: Results) -> Iterator[FailedTarget]:
    """Yield the targets whose last result is a failure."""
    with ThreadPoolExecutor(READERS) as executor:
        for each in _last_results(storage, results, executor):
            yield from each.failures


def _last_results(
    storage: Storage, results: Results, executor: ThreadPoolExecutor
) -> Iterator[LastResults]:
    """Yield the last results of each shard's targets, without those that are in a later shard."""
    again: set[int] = set()  # numbers of targets that later generations have requested
    for generation in reversed(results.generations):
        found = [(shard, results.records[shard.number]) for shard in results.done(generation)]
        manifests = _read_ahead(storage, found, executor)
        repeated: set[int] = set()
        for (shard, record_), data in zip(found, manifests, strict=True):
            if generation.number == 0 and not again and not record_.failures:
                yield LastResults(data, record_.counts, [])
                continue
            rows = [row for row in manifest.load(data, shard.number) if row.n not in again]
            if generation.number:
                repeated.update(row.n for row in rows)
            counts = Counter(row.status for row in rows)
            failed = list(_failed(storage, generation, shard, rows))
            yield LastResults(manifest.dump(rows), counts, failed)
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
