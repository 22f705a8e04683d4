"""The files of a shard as objects: one tar, one Parquet file, or an object for each file.

A file that is larger than ``LARGE`` becomes an object of its own in each format, so that no object
grows without bound. Each file is read once, for its hash and its copy.
"""

from __future__ import annotations

import hashlib
import re
import tarfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from xxhash import xxh3_128

from getflags.cluster.job import layout
from getflags.cluster.storage import Storage
from getflags.cluster.work.manifest import Row
from getflags.core.errors import UsageError

FORMATS = ("tar", "files", "parquet")
LARGE = 64 * 1024 * 1024  # bytes
_BLOCK = 512  # bytes of a header, and the unit of a tar file (POSIX.1-1988, ustar)
_ENDING = re.compile(r"\.([A-Za-z0-9]{1,8})$")
#: A file of the shard, if it has one, and its row.
Packed = tuple[Row, Path | None]


class DataObject(NamedTuple):
    """The object with the files of a shard: the ending of its name, and its hash (XXH3, 128 bits).

    Both are empty if each file is an object of its own.
    """

    ending: str = ""
    digest: str = ""


class Attempt(NamedTuple):
    """An attempt at a shard: where its objects go, and a folder for temporary files."""

    storage: Storage
    shard: int
    name: str
    folder: Path

    def put(self, ending: str, content: bytes | Path) -> None:
        """Store an object of the attempt."""
        self.storage.put(layout.data(self.shard, self.name, ending), content)

    def move(self, path: Path, ending: str) -> DataObject:
        """Store a temporary file as the data object of the shard, and delete it."""
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, xxh3_128)
        self.put(ending, path)
        path.unlink()
        return DataObject(ending, digest.hexdigest())


def check_format(file_format: str) -> None:
    """Raise UsageError if a format is unknown, or its library is not installed."""
    if file_format not in FORMATS:
        raise UsageError(f"the format is {file_format!r}; it must be one of {', '.join(FORMATS)}")
    if file_format == "parquet":
        try:
            import pyarrow.parquet  # noqa: F401
        except ImportError:
            raise UsageError(
                "--format parquet needs one more package: pip install pyarrow"
            ) from None


def pack(
    file_format: str, attempt: Attempt, files: Sequence[Packed]
) -> tuple[DataObject, list[Row]]:
    """Store the files of a shard; return the data object and the rows."""
    return _PACKERS[file_format](attempt, files)


def key(index: int, shard: int, url: str) -> str:
    """Return the name of a file in a tar: unique in the job, without a dot but in its ending.

    Readers of WebDataset take what precedes the first dot as the name of a sample.
    """
    path = url.partition("?")[0].partition("#")[0].partition("://")[2].partition("/")[2]
    match = _ENDING.search(path.rpartition("/")[2])
    return f"{shard:08}{index:06}.{match[1].lower() if match else 'bin'}"


def _store_large(attempt: Attempt, row: Row, path: Path) -> Row:
    """Store a file as an object of its own; return its row."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    attempt.put(f"/{row.key}", path)
    return row._replace(own=True, sha256=digest)


def _pack_tar(attempt: Attempt, files: Sequence[Packed]) -> tuple[DataObject, list[Row]]:
    rows: list[Row] = []
    path = attempt.folder / "files.tar"
    with path.open("wb") as out:
        for row, data in _read(attempt, files):
            if data is not None:
                out.write(_header(row.key, len(data)))
                out.write(data)
                out.write(bytes(-len(data) % _BLOCK))
            rows.append(row)
        out.write(bytes(2 * _BLOCK))  # the end of a tar file
    return attempt.move(path, ".tar"), rows


def _header(name: str, size: int) -> bytes:
    """Return the header of a file in a tar, the same in each attempt."""
    info = tarfile.TarInfo(name)
    info.size = size
    return info.tobuf(tarfile.USTAR_FORMAT)


def _pack_files(attempt: Attempt, files: Sequence[Packed]) -> tuple[DataObject, list[Row]]:
    return DataObject(), [
        row if path is None else _store_large(attempt, row, path) for row, path in files
    ]


def _pack_parquet(attempt: Attempt, files: Sequence[Packed]) -> tuple[DataObject, list[Row]]:
    import pyarrow as pa
    from pyarrow import parquet

    schema = pa.schema(
        [("n", pa.int64()), ("url", pa.string()), ("key", pa.string()), ("status", pa.string()),
         ("code", pa.int32()), ("size", pa.int64()), ("sha256", pa.string()),
         ("reason", pa.string()), ("content", pa.large_binary())]
    )  # fmt: skip
    rows: list[Row] = []
    path = attempt.folder / "files.parquet"
    with parquet.ParquetWriter(path, schema) as writer:
        for batch in _batches(_read(attempt, files)):
            writer.write_table(
                pa.Table.from_pylist(
                    [{**row._asdict(), "content": data} for row, data in batch], schema=schema
                )
            )
            rows += (row for row, _ in batch)
    return attempt.move(path, ".parquet"), rows


def _batches(
    found: Iterator[tuple[Row, bytes | None]],
) -> Iterator[list[tuple[Row, bytes | None]]]:
    """Yield rows and contents in batches of about ``LARGE`` bytes: a row group each."""
    batch: list[tuple[Row, bytes | None]] = []
    size = 0
    for each in found:
        batch.append(each)
        size += len(each[1] or b"")
        if size >= LARGE:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _read(attempt: Attempt, files: Sequence[Packed]) -> Iterator[tuple[Row, bytes | None]]:
    """Yield each row with its hash, and the content of its file; None if it is not packed."""
    for row, path in files:
        if path is None:
            yield row, None
        elif row.size > LARGE:
            yield _store_large(attempt, row, path), None
        else:
            data = path.read_bytes()
            yield row._replace(sha256=hashlib.sha256(data).hexdigest(), size=len(data)), data


_PACKERS: dict[str, Callable[[Attempt, Sequence[Packed]], tuple[DataObject, list[Row]]]] = {
    "tar": _pack_tar,
    "files": _pack_files,
    "parquet": _pack_parquet,
}
