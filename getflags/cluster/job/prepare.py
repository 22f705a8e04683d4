"""The creation of a job: its lists are stored first, and then its description, if it is the first.

A job that is already there must be the same one; a run then resumes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from xxhash import xxh3_128

import getflags
from getflags.cluster.job import job, layout
from getflags.cluster.job.dealer import Dealing, deal
from getflags.cluster.job.job import Generation, Job
from getflags.cluster.scratch import scratch
from getflags.cluster.storage import Storage
from getflags.core.errors import UsageError
from getflags.core.text import brief, quoted
from getflags.targets import resolve, tabular_list
from getflags.targets.list_encoding import decoded
from getflags.targets.list_file import BadInput, BadLine, Entry, checked, parse, read_lines

_CHUNK = 1024 * 1024  # bytes


class Request(NamedTuple):
    """What the user asks for: see ``Job``. ``shard_targets`` is the size of a shard, about."""

    source: Path
    file_format: str
    settings: Mapping[str, Any]
    per_origin: int
    rate_per_origin: float | None
    shard_targets: int
    dedupe: bool
    workers: int


def open_or_create(storage: Storage, request: Request) -> Job:
    """Return the job at a place; create it if there is none. Raises UsageError."""
    empty = Generation(0, "", (), 1)
    asked = Job(
        getflags.__version__,
        _fingerprint(request),
        request.source.name,
        request.file_format,
        dict(request.settings),
        request.per_origin,
        request.rate_per_origin,
        empty,
    )
    there = storage.read(layout.JOB)
    if there is None:
        first = store_lists(
            storage, enumerate(_entries(request.source)), request, number=0, first_shard=0
        )
        if not first.lanes:
            raise UsageError(f"{quoted(brief(str(request.source)))} has no targets")
        created = asked._replace(first=first)
        if storage.create(layout.JOB, job.dump(created)):
            return created
        there = storage.read(layout.JOB) or b""
    found = job.load(there, storage.place)
    if found.first.attempt and (difference := found.difference(asked)):
        raise UsageError(
            f"{storage.place} has another job: {difference}; choose another place, or run it "
            "with the same list and options"
        )
    return found


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
    request: Request,
    *,
    number: int,
    first_shard: int,
) -> Generation:
    """Deal numbered targets to lanes, store the lists, and return the generation."""
    attempt = layout.new_attempt()
    dealing = Dealing(request.workers, request.per_origin, request.shard_targets, request.dedupe)
    with scratch() as folder:
        dealt = deal(entries, dealing, folder)
        for path, lane in dealt:
            storage.put(layout.lane_list(attempt, lane.number), path)
    lanes = tuple(lane for _, lane in dealt)
    size, targets = sum(lane.size for lane in lanes), sum(lane.targets for lane in lanes)
    shard_bytes = max(size * request.shard_targets // max(targets, 1), 1)
    return Generation(number, attempt, lanes, shard_bytes, first_shard)


def _fingerprint(request: Request) -> str:
    """Return a hash of the user's list. Raises UsageError if it cannot be read."""
    digest = xxh3_128()
    try:
        with request.source.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
    except OSError as error:
        raise UsageError(_unreadable(request.source, error)) from None
    digest.update(f"dedupe={request.dedupe}".encode())
    return digest.hexdigest()


def _entries(source: Path) -> Iterator[Entry]:
    """Yield the targets of a list. Raises UsageError if it cannot be read, or a line is invalid."""
    shown = brief(str(source))
    parse_table = tabular_list.parser(source.name)
    try:
        with source.open("rb", buffering=0) as raw, decoded(raw) as text:
            lines = read_lines(text)
            entries = parse_table(lines, shown) if parse_table else parse(lines, shown)
            yield from map(_checked, entries)
    except BadLine as error:
        raise UsageError(f"{shown}:{error.number}: {error.reason}") from None
    except BadInput as error:
        raise UsageError(f"{shown}: {error}") from None
    except OSError as error:
        raise UsageError(_unreadable(source, error)) from None


def _checked(entry: Entry) -> Entry:
    """Return the entry. Raises BadLine if it has a flaw, or is a country code."""
    if resolve.is_code(entry.word):
        raise BadLine(entry.line, f"{quoted(entry.word)} is not a URL")
    return checked(entry)


def _unreadable(source: Path, error: OSError) -> str:
    return f"cannot read the list {quoted(str(source))}: {error.strerror}"
