"""The creation of a job: its lists are stored first, and then its description, if it is the first.

A job that is already there must be the same one; a run then resumes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from xxhash import xxh3_128

import getflags
from getflags.cluster.errors import local_disk
from getflags.cluster.job import job, layout, source_list
from getflags.cluster.job.job import Generation, Job, Terms
from getflags.cluster.job.partition import Partitioning, partition
from getflags.cluster.scratch import scratch
from getflags.cluster.storage import Storage
from getflags.core.errors import UsageError
from getflags.core.text import brief, quoted
from getflags.targets.list_file import Entry


class JobRequest(NamedTuple):
    """What the user asks for. A shard has about ``shard_targets`` targets."""

    source: Path
    terms: Terms
    shard_targets: int
    workers: Callable[[], int]  # the number of workers, which is asked only for a new job

    def partitioning(self) -> Partitioning:
        """Return how the targets of a new job are partitioned into lanes."""
        terms = self.terms
        return Partitioning(self.workers(), terms.per_origin, self.shard_targets, terms.dedupe)


def open_or_create(storage: Storage, request: JobRequest) -> Job:
    """Return the job at a place; create it if there is none. Raises UsageError."""
    there = storage.read(layout.JOB)
    if there is None:
        if created := _create(storage, request):
            return created
        there = storage.read(layout.JOB) or b""  # another driver was faster
    found = job.load(there, storage.place)
    asked = _job(request, source_list.fingerprint(request.source), found.first)
    if difference := found.difference(asked):
        raise UsageError(
            f"{storage.place} has another job: {difference}; choose another place, or run it "
            "with the same list and options"
        )
    return found


def _create(storage: Storage, request: JobRequest) -> Job | None:
    """Store the lists and the description of a job; return None if there is one by now."""
    digest = xxh3_128()  # of the list that is read here: it could change until it is read again
    entries = enumerate(source_list.read(request.source, digest.update))
    first = store_lists(storage, entries, request.partitioning(), number=0, first_shard=0)
    if not first.lanes:
        raise UsageError(f"{quoted(brief(str(request.source)))} has no targets")
    created = _job(request, digest.hexdigest(), first)
    is_ours = create_description(storage, layout.JOB, job.dump(created), first)
    return created if is_ours else None


def create_description(
    storage: Storage, name: str, description: bytes, generation: Generation
) -> bool:
    """Store a description unless there is another one; return whether it was stored.

    If not, the lists of its generation are deleted, as no description names them.
    """
    # A put whose answer was lost is repeated, and then finds our own description.
    if storage.create(name, description) or storage.read(name) == description:
        return True
    storage.delete(layout.lane_list(generation.attempt, each.number) for each in generation.lanes)
    return False


def _job(request: JobRequest, fingerprint: str, first: Generation) -> Job:
    return Job(getflags.__version__, fingerprint, request.source.name, request.terms, first)


def existing(storage: Storage) -> Job:
    """Return the job at a place. Raises UsageError if there is none."""
    there = storage.read(layout.JOB)
    if there is None:
        raise UsageError(f"there is no job in {storage.place}")
    return job.load(there, storage.place)


def generations(storage: Storage, found: Job) -> list[Generation]:
    """Return the generations of a job, the first one first."""
    all_of_them = [found.first]
    while data := storage.read(layout.generation(len(all_of_them))):
        all_of_them.append(job.load_generation(data, storage.place))
    return all_of_them


def store_lists(
    storage: Storage,
    entries: Iterable[tuple[int, Entry]],
    partitioning: Partitioning,
    *,
    number: int,
    first_shard: int,
) -> Generation:
    """Partition numbered targets into lanes, store the lists, and return the generation."""
    attempt = layout.new_attempt()
    with local_disk(), scratch() as folder:
        files = partition(entries, partitioning, folder)
        for path, lane in files:
            storage.put(layout.lane_list(attempt, lane.number), path)
    lanes = tuple(lane for _, lane in files)
    size, targets = sum(lane.size for lane in lanes), sum(lane.targets for lane in lanes)
    shard_bytes = max(size * partitioning.shard_targets // max(targets, 1), 1)
    return Generation(number, attempt, lanes, shard_bytes, first_shard)
