"""A growing sequence of entries, kept in a temporary file if it is long.

With it, a list of a million entries is checked and counted before the first request without being
read twice or held in memory (docs/decisions/0016-a-list-is-read-once.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import IO

from getflags.targets.list_file import Entry

_BATCH = 1_000  # entries held in memory; a shorter list needs no file


class Spool:
    """A sequence of entries, in the order in which they were appended."""

    def __init__(self) -> None:
        self._file: IO[bytes] | None = None
        self._starts: list[int] = []  # the offset of each batch in the file
        self._rest: list[Entry] = []  # the batch that is not full yet

    def append(self, entry: Entry) -> None:
        """Add an entry. Raises OSError if the temporary file cannot be written."""
        self._rest.append(entry)
        if len(self._rest) == _BATCH:
            self._flush()

    def close(self) -> None:
        """Remove the temporary file."""
        if self._file is not None:
            with suppress(OSError):  # append() has already raised the same error
                self._file.close()

    def __len__(self) -> int:
        return len(self._starts) * _BATCH + len(self._rest)

    def __getitem__(self, index: int) -> Entry:
        number, offset = divmod(index, _BATCH)
        return self._batch(number)[offset]

    def __iter__(self) -> Iterator[Entry]:
        for number in range(len(self._starts) + 1):
            yield from self._batch(number)

    def _batch(self, number: int) -> list[Entry]:
        if self._file is None or number == len(self._starts):
            return self._rest
        import pickle

        self._file.seek(self._starts[number])
        return list(map(Entry._make, pickle.load(self._file)))  # noqa: S301 - written by ``_flush``

    def _flush(self) -> None:
        import pickle  # the import takes 3 ms, and that of tempfile 5 ms; only long lists need them
        import tempfile

        if self._file is None:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 - close() closes it
        self._starts.append(self._file.tell())
        # Plain tuples are pickled four times as fast as named ones.
        pickle.dump([tuple(entry) for entry in self._rest], self._file, pickle.HIGHEST_PROTOCOL)
        self._file.flush()  # so that a full disk is reported here, as a usage error
        self._rest = []
