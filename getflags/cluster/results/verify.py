"""The comparison of the objects of a job with its records: nothing is missing, nothing changed."""

from __future__ import annotations

import hashlib
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Iterator
from typing import IO

from xxhash import xxh3_128, xxh3_128_hexdigest

from getflags.cluster.errors import StorageError, local_disk
from getflags.cluster.job import layout
from getflags.cluster.results.read import Results, read_manifest
from getflags.cluster.storage import Storage
from getflags.cluster.work import manifest
from getflags.cluster.work import record as records
from getflags.cluster.work.manifest import Row
from getflags.cluster.work.pack import DataObject
from getflags.cluster.work.record import Record


def verify(storage: Storage, results: Results) -> Iterator[str]:
    """Read all files of the job, and yield a sentence for each object that is not as recorded."""
    for shard in sorted(results.records):
        yield from _verify_shard(storage, results.records[shard])


def _verify_shard(storage: Storage, record: Record) -> Iterator[str]:
    try:
        data = read_manifest(storage, record)
        rows = list(manifest.load(data, record.shard))
    except StorageError as error:
        yield str(error)
        return
    own = records.record(
        record.shard, record.attempt, DataObject(record.ending, record.digest), rows,
        refusals=record.refusals, seconds=record.seconds,
    )._replace(manifest_digest=xxh3_128_hexdigest(data))  # fmt: skip
    if own != record:
        name = layout.data(record.shard, record.attempt, ".jsonl.gz")
        yield f"{name}: it does not belong to the record of the shard"
    for row in rows:
        if row.own:
            name = layout.data(record.shard, record.attempt, f"/{row.key}")
            yield from _verify_object(storage, name, row)
    if record.ending:
        yield from _verify_packed(storage, record, [row for row in rows if row.key and not row.own])


def _verify_object(storage: Storage, name: str, row: Row) -> Iterator[str]:
    digest = hashlib.sha256()
    if not _passed(storage, name, digest.update):
        yield f"{name}: it is missing"
    elif digest.hexdigest() != row.sha256:
        yield f"{name}: its content is not what was downloaded"


def _verify_packed(storage: Storage, record: Record, rows: Iterable[Row]) -> Iterator[str]:
    """Compare the files in the object of a shard with the rows of its manifest."""
    name = layout.data(record.shard, record.attempt, record.ending)
    expected = {row.key: row.sha256 for row in rows}
    digest = xxh3_128()
    with local_disk(), tempfile.TemporaryFile() as file:
        if not _passed(storage, name, digest.update, file.write):
            yield f"{name}: it is missing"
            return
        if digest.hexdigest() != record.digest:
            yield f"{name}: its content is not what was stored"
            return
        file.seek(0)
        found = _READERS[record.ending](file)
    for key in sorted({key for key, _ in expected.items() ^ found.items()}):
        yield f"{name}: {key} is not what was downloaded"


def _passed(storage: Storage, name: str, *functions: Callable[[bytes], object]) -> bool:
    """Pass the content of an object to functions; return whether there is one."""
    try:
        for chunk in storage.chunks(name):
            for each in functions:
                each(chunk)
    except FileNotFoundError:
        return False
    return True


def _read_tar(file: IO[bytes]) -> dict[str, str]:
    """Return the SHA-256 of each file in a tar."""
    found: dict[str, str] = {}
    with tarfile.open(fileobj=file, mode="r:") as tar:
        for member in tar:
            if content := tar.extractfile(member):
                found[member.name] = hashlib.sha256(content.read()).hexdigest()
    return found


def _read_parquet(file: IO[bytes]) -> dict[str, str]:
    """Return the SHA-256 of each file in a Parquet file."""
    from pyarrow import parquet

    found: dict[str, str] = {}
    for batch in parquet.ParquetFile(file).iter_batches(columns=["key", "content"]):
        for each in batch.to_pylist():
            if each["content"] is not None:
                found[each["key"]] = hashlib.sha256(each["content"]).hexdigest()
    return found


_READERS: dict[str, Callable[[IO[bytes]], dict[str, str]]] = {
    ".tar": _read_tar,
    ".parquet": _read_parquet,
}
