"""Proved ranges of a part file: checkpoints with digests, verified before a download is resumed.

A part file may hold other bytes than those that were written: another program has changed it, or
the power has failed before the system had written its data. So its length proves nothing. The
resume record lists ranges of the file with their digests, and a later run takes up only the ranges
that still have them.

The digest, XXH3, detects accidents, not attacks. Whoever may write to the part file may also write
to the finished one (docs/decisions/0020-proved-ranges.md).
"""

from __future__ import annotations

import errno
import os
import threading
from typing import TYPE_CHECKING, NamedTuple

from getflags.core.models import Piece
from getflags.storage.existing import Cancelled, never

if TYPE_CHECKING:
    from xxhash import xxh3_64

_STEP = 4 * 1024 * 1024  # bytes between two checkpoints, at least
_SHARE = 32  # a checkpoint is due after this fraction of the file, so that the record stays short
_BLOCK = 1024 * 1024  # bytes read and hashed at a time


class ProvedRange(NamedTuple):
    """The bytes from ``start`` up to, not including, ``end``, and their digest in hex."""

    start: int
    end: int
    digest: str


class Proof:
    """The ranges of one part file, and the digest of the bytes after the last one.

    ``end`` is the offset up to which the bytes have been added.
    """

    def __init__(self, ranges: list[ProvedRange], start: int) -> None:
        self.ranges = ranges
        self.end = start
        self._start = start
        self._digest = _hasher()

    def add(self, data: Piece) -> None:
        """Add the bytes that follow in the file."""
        self._digest.update(data)
        self.end += len(data)

    @property
    def due(self) -> bool:
        """Whether so many bytes were added since the last checkpoint that one is due."""
        return self.end - self._start >= max(_STEP, self.end // _SHARE)

    def checkpoint(self, *, force: bool = True) -> None:
        """Add a range for the bytes since the last checkpoint, if there are any.

        Without ``force``, it is added only if a checkpoint is due.
        """
        if self.end > self._start and (force or self.due):
            self.ranges.append(ProvedRange(self._start, self.end, self._digest.hexdigest()))
            self._start = self.end
            self._digest = _hasher()


class StreamProofs:
    """The proofs of several streams, each of which writes another part of one file.

    Several threads may use it; they call ``add_to`` with the ``lock``. ``ranges`` are ordered, and
    there may be gaps between them.
    """

    def __init__(self, ranges: list[ProvedRange]) -> None:
        self.end = max((each.end for each in ranges), default=0)
        self.size = sum(each.end - each.start for each in ranges)  # bytes that were added
        self._ended = ranges
        self._streams: list[Proof] = []
        self.lock = threading.Lock()
        self._unsaved = False  # a stream has ended since the last checkpoint

    def begin(self, start: int) -> Proof:
        """Return the proof of a new stream."""
        stream = Proof([], start)
        with self.lock:
            self._streams.append(stream)
        return stream

    def add_to(self, stream: Proof, data: Piece) -> None:
        """Add the bytes that follow in a stream."""
        stream.add(data)
        self.size += len(data)
        self.end = max(self.end, stream.end)

    def finish(self, stream: Proof) -> None:
        """End a stream: its last bytes are proved at the next checkpoint."""
        with self.lock:
            stream.checkpoint()
            self._streams.remove(stream)
            self._ended += stream.ranges
            self._unsaved = True

    @property
    def due(self) -> bool:
        """Whether a checkpoint of any stream is due."""
        with self.lock:
            return self._unsaved or any(each.due for each in self._streams)

    def checkpoint(self, *, force: bool = True) -> None:
        """Do what ``Proof.checkpoint`` does for each stream."""
        with self.lock:
            self._unsaved = False
            for each in self._streams:
                each.checkpoint(force=force)

    @property
    def ranges(self) -> list[ProvedRange]:
        """The ranges of all streams."""
        with self.lock:
            return sorted(sum((each.ranges for each in self._streams), self._ended))


def prove(descriptor: int, size: int) -> Proof:
    """Return the proof of the first bytes of a file, which this process has just written.

    Raises OSError.
    """
    proof = Proof([], 0)
    _add(proof, descriptor, size, never)
    return proof


def verify(
    descriptor: int, ranges: list[ProvedRange], limit: int | None, cancelled: Cancelled
) -> Proof:
    """Return the proof of those ranges, from the beginning of a file on, that are unchanged.

    It ends at ``limit`` bytes at the latest. Raises OSError, and InterruptedError if cancelled.
    """
    proof = Proof([], 0)
    for each in ranges:
        if each.start != proof.end:
            break
        _add(proof, descriptor, each.end, cancelled)
        proof.checkpoint()
        if proof.ranges[-1:] != [each]:
            proof = _cut(proof, each.start)
            break
    if limit is not None and proof.end > limit:
        proof = _cut(proof, limit)
        _add(proof, descriptor, limit, cancelled)
    return proof


def verify_scattered(
    descriptor: int, ranges: list[ProvedRange], start: int, limit: int, cancelled: Cancelled
) -> list[ProvedRange]:
    """Return the ranges between ``start`` and ``limit`` that are unchanged; see ``verify``."""
    found = []
    for each in ranges:
        if start <= each.start and each.end <= limit:
            proof = Proof([], each.start)
            _add(proof, descriptor, each.end, cancelled)
            proof.checkpoint()
            if proof.ranges == [each]:
                found.append(each)
                start = each.end
    return found


def _cut(proof: Proof, end: int) -> Proof:
    """Return the proof of the ranges that end at ``end`` or before."""
    kept = [each for each in proof.ranges if each.end <= end]
    return Proof(kept, kept[-1].end if kept else 0)


def _add(proof: Proof, descriptor: int, end: int, cancelled: Cancelled) -> None:
    """Add the bytes of an open file up to ``end``, or up to its end."""
    while (count := min(_BLOCK, end - proof.end)) > 0:
        block = os.pread(descriptor, count, proof.end)
        if not block:
            return
        proof.add(block)
        if cancelled():
            raise InterruptedError(errno.EINTR, "hashing was cancelled")


def _hasher() -> xxh3_64:
    from xxhash import xxh3_64  # the import takes a few ms, and only long bodies need it

    return xxh3_64()
