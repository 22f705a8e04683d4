"""Running a job, and the further generations that request again what has failed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from getflags.cluster.backends import LazyBackend
from getflags.cluster.driver import Driver
from getflags.cluster.errors import StorageError, StorageRefused
from getflags.cluster.job import job as jobs
from getflags.cluster.job import layout, prepare
from getflags.cluster.job.job import Generation, Terms
from getflags.cluster.job.partition import Partitioning
from getflags.cluster.job.prepare import JobRequest
from getflags.cluster.results import index, read
from getflags.cluster.results.read import Results
from getflags.cluster.results.report import GivenUp, JobReport
from getflags.cluster.storage import Storage
from getflags.cluster.work import pack
from getflags.cluster.work.bundle import RunOptions
from getflags.cluster.work.record import Record
from getflags.core import accepted
from getflags.core.errors import UsageError
from getflags.core.settings import DEFAULTS, accept, checked
from getflags.targets.list_file import Entry

if TYPE_CHECKING:
    from distributed import Client

#: The settings of a download that a job takes; none of them is a secret.
SETTINGS = (
    "timeout", "connect_timeout", "max_redirs", "retries", "retry_on", "retry_connrefused",
    "retry_all_errors", "max_retry_after", "max_time", "max_filesize", "speed_limit", "compressed",
    "netrc", "no_private_addresses",
)  # fmt: skip
MAX_REQ = 32
PER_ORIGIN = 16
SHARD_TARGETS = 1000
#: A function that is called with the report at first, and whenever shards have been committed.
Progress = Callable[[JobReport], None]


def run(
    source: str | os.PathLike[str], out: str | os.PathLike[str], *,
    on: str | Client = "dask", workers: int = 0, max_req: int = MAX_REQ,
    per_origin: int = PER_ORIGIN, rate_per_origin: float | None = None,
    file_format: str = "tar", dedupe: bool = False, shard_targets: int = SHARD_TARGETS,
    accept_failures: bool = False, progress: Progress = lambda _: None, **settings: Any,
) -> JobReport:  # fmt: skip
    """Download the targets of a list into ``out`` and return the report; resume a job there.

    ``source`` is a list as for ``-i``; ``out`` is a folder or a URL (``s3://bucket/job``).
    ``on`` is a Dask client, or a string: see ``backends.connect``. ``workers`` is the number of
    workers that are started if it is ``dask`` or ``ray``; 0 means one for each processor.
    ``max_req`` is the concurrency of each thread of a worker. ``per_origin`` and
    ``rate_per_origin`` (requests a second) are limits of each server for the whole job. A shard has
    about ``shard_targets`` targets. With ``accept_failures``, shards are committed even if no
    server answered; by default they are not, because the network may be down. ``progress`` is
    called with the report so far. ``settings`` are those of ``download`` that are in ``SETTINGS``.

    Call this below ``if __name__ == "__main__":``: workers of this machine import the main program.

    Raises UsageError before any request if something is wrong, and BackendLost or StorageError if
    the job cannot go on; a later run resumes it.
    """
    _check_numbers(workers, max_req, per_origin, shard_targets, rate_per_origin)
    pack.check_format(file_format)
    terms = Terms(file_format, per_origin, rate_per_origin, dedupe, _changed(settings))
    storage = Storage(os.fspath(out), create=True)
    options = RunOptions(storage.address, max_req, accept_failures)
    with LazyBackend(on, workers) as backend:
        request = JobRequest(Path(source), terms, shard_targets, backend.slots)
        job = prepare.open_or_create(storage, request)
        return _run_generations(storage, read.read(storage, job), options, backend, progress)


def retry(
    out: str | os.PathLike[str],
    *,
    on: str | Client = "dask",
    workers: int = 0,
    max_req: int = MAX_REQ,
    progress: Progress = lambda _: None,
) -> JobReport:
    """Request again the targets of a finished job that failed, or resume such a retry.

    Raises UsageError if the job has not been finished, else as ``run``.
    """
    _check_numbers(workers, max_req)
    storage = Storage(os.fspath(out))
    found = read.read(storage)
    pack.check_format(found.job.terms.file_format)
    if _missing(found.job.first, found.records):
        raise UsageError(f"the job in {out} is not finished; resume it with getflags cluster run")
    # The failures of the targets are known already.
    options = RunOptions(storage.address, max_req, accept_failures=True)
    with LazyBackend(on, workers) as backend:
        if found.is_finished() and index.last_report(storage, found).failures:
            _create_generation(storage, found, backend.slots())
            found = found._replace(generations=prepare.generations(storage, found.job))
        return _run_generations(storage, found, options, backend, progress)


def _create_generation(storage: Storage, found: Results, workers: int) -> None:
    """Store the lists of the targets that failed, and the generation, if nobody else has."""
    last, first = found.generations[-1], found.job.first
    counts: dict[str, int] = {}

    def numbered() -> Iterator[tuple[int, Entry]]:
        for entry, row in index.failures(storage, found):
            counts[row.status] = counts.get(row.status, 0) + 1
            yield row.n, entry

    shard_targets = max(first.targets // first.shard_count, 1)
    generation = prepare.store_lists(
        storage, numbered(), Partitioning(workers, found.job.terms.per_origin, shard_targets),
        number=last.number + 1, first_shard=last.first_shard + last.shard_count,
    )  # fmt: skip
    generation = generation._replace(repeats=counts)
    name = layout.generation(generation.number)
    prepare.create_description(storage, name, jobs.dump_generation(generation), generation)


def _run_generations(
    storage: Storage,
    found: Results,
    options: RunOptions,
    backend: LazyBackend,
    progress: Progress,
) -> JobReport:
    """Run the shards of all generations that are missing; store the index; return the report."""
    records = found.records
    shown = found.report()
    given_up: list[GivenUp] = []

    def committed(record: Record) -> None:
        if record.shard not in records:
            records[record.shard] = record
            shown.add(record)
            progress(shown)

    progress(shown)
    with _resumable(records):
        for generation in found.generations:
            if _missing(generation, records):
                driver = Driver(
                    found.job.terms, generation, options, backend.connected(), committed
                )
                driver.run(set(records))
                given_up += driver.given_up
        finished = found.is_finished()
        report = index.keep_current(storage, found) if finished else found.report()
        report.given_up = given_up
    return report


@contextmanager
def _resumable(records: dict[int, Record]) -> Iterator[None]:
    """Convert StorageRefused if records were added: it is no usage error after requests."""
    before = len(records)
    try:
        yield
    except StorageRefused as error:
        if len(records) == before:
            raise
        raise StorageError(str(error)) from None


def _missing(generation: Generation, records: dict[int, Record]) -> bool:
    first = generation.first_shard
    return any(first + index not in records for index in range(generation.shard_count))


def _check_numbers(
    workers: int,
    max_req: int,
    per_origin: int = PER_ORIGIN,
    shard_targets: int = SHARD_TARGETS,
    rate_per_origin: float | None = None,
) -> None:
    """Raise UsageError if a number is not one that a job can have."""
    accept("workers", workers, accepted.NATURAL)
    accept("max_req", max_req, accepted.COUNT)
    accept("per_origin", per_origin, accepted.COUNT)
    accept("shard_targets", shard_targets, accepted.COUNT)
    accept("rate_per_origin", rate_per_origin, accepted.REQUEST_RATE, optional=True)


def _changed(settings: dict[str, Any]) -> dict[str, Any]:
    """Return the settings that differ from the defaults, checked. Raises UsageError."""
    for name in settings:
        if name not in SETTINGS:
            raise UsageError(f"{name} is not a setting of a job")
    found = checked(settings)
    values = {name: getattr(found, name) for name in settings}
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in values.items()
        if value != getattr(DEFAULTS, name)
    }
