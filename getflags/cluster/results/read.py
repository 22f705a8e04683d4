"""The records of a job, read from its storage."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import takewhile
from typing import NamedTuple

from xxhash import xxh3_128

from getflags.cluster.errors import StorageError
from getflags.cluster.job import layout, prepare
from getflags.cluster.job.job import Generation, Job
from getflags.cluster.job.shards import Shard
from getflags.cluster.results.report import JobReport
from getflags.cluster.storage import Storage
from getflags.cluster.work import record
from getflags.cluster.work.record import Record

READERS = 16  # objects that are read at a time


class Results(NamedTuple):
    """A job, its generations, and the records of its shards with their dates.

    A run adds the records of further shards, without their dates.
    """

    job: Job
    generations: Sequence[Generation]
    records: dict[int, Record]
    dates: Mapping[int, float]  # seconds since 1970, by shard

    def report(self) -> JobReport:
        """Return the sums of the records, without what complete retries have requested again.

        They are the progress of a job. If there was a retry, and records were replaced since, the
        targets by status and the failures may be wrong: ``index.last_report`` counts them.
        """
        report = JobReport(sum(each.shard_count for each in self.generations))
        for found in self.records.values():
            report.add(found)
        for each in self.complete():
            report.leave_out(each.repeats)
        return report

    def complete(self) -> list[Generation]:
        """Return the first generations, as many as have all their records."""
        # What a retry repeats is left out only if the failures are there from which it was made.
        return list(
            takewhile(
                lambda each: sum(1 for _ in self.done(each)) == each.shard_count, self.generations
            )
        )

    def is_finished(self) -> bool:
        """Return whether all shards have a record."""
        return len(self.complete()) == len(self.generations)

    def digest(self) -> str:
        """Return a hash of the shards that have a record, and the attempts that count."""
        digest = xxh3_128()
        for shard in sorted(self.records):
            digest.update(f"{shard} {self.records[shard].attempt}\n".encode())
        return digest.hexdigest()

    def done(self, generation: Generation) -> Iterator[Shard]:
        """Yield the shards of a generation that have a record."""
        for lane in generation.shards():
            yield from (shard for shard in lane if shard.number in self.records)


def done_shards(storage: Storage) -> dict[int, float]:
    """Return the shards that have a record, with its date in seconds since 1970."""
    found = (
        (layout.shard_of_record(each.name), each.modified) for each in storage.listed(layout.DONE)
    )
    return {shard: modified for shard, modified in found if shard is not None}


def read(storage: Storage, job: Job | None = None) -> Results:
    """Read the results of a job at a place. Raises UsageError if there is none."""
    job = job or prepare.existing(storage)
    generations = prepare.generations(storage, job)
    done = done_shards(storage)
    return Results(job, generations, _read_records(storage, done), done)


def _read_records(storage: Storage, shards: Iterable[int]) -> dict[int, Record]:
    """Return records by shard."""

    def one(shard: int) -> Record:
        name = layout.record(shard)
        return record.load(storage.read(name) or b"", name)

    with ThreadPoolExecutor(READERS) as executor:
        return {each.shard: each for each in executor.map(one, sorted(shards))}


def read_manifest(storage: Storage, found: Record) -> bytes:
    """Return the manifest of a shard. Raises StorageError if it is missing."""
    name = layout.data(found.shard, found.attempt, ".jsonl.gz")
    data = storage.read(name)
    if data is None:
        raise StorageError(f"{storage.place}: {name}, which a record names, is missing")
    return data
