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

    def checkpoint(self) -> None:
        """Add a range for the bytes since the last checkpoint, if there are any."""
        if self.end > self._start:
            self.ranges.append(ProvedRange(self._start, self.end, self._digest.hexdigest()))
            self._start = self.end
            self._digest = _hasher()


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
