"""The part file: a hidden file that receives a body and is then renamed to its final name.

The code is synchronous; the engine decides which thread runs it. Another program never sees an
incomplete file under the final name, and an existing file survives every failure. Which bytes are
worth saving is decided in ``getflags.transfer``.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Callable, Iterable
from itertools import count
from time import time
from types import TracebackType
from typing import Self, cast

from getflags.core.errors import NotSaved
from getflags.core.models import (
    Exists,
    FetchRecord,
    Gap,
    OnDisk,
    PartialFile,
    Piece,
    ResumeRecord,
    Target,
)
from getflags.core.text import short_hash
from getflags.storage import fsync as disk
from getflags.storage import locked_file
from getflags.storage.existing import Cancelled, hash_file, inspect_file, never
from getflags.storage.os_errors import DISK_ERRORS, not_saved
from getflags.storage.proof import (
    Proof,
    ProvedRange,
    StreamProofs,
    prove,
    verify,
    verify_scattered,
)
from getflags.storage.records import fetch_record, resume_record
from getflags.targets.filenames import PART_PREFIX

TYPE_CHECKING = False  # most runs do not need this module
if TYPE_CHECKING:
    import hashlib

_LEAST = 64 * 1024  # bytes; resuming after fewer is not worth two hidden files
_serial = count()  # next() is atomic, so no two threads get the same number


class PartFile:
    """The part file of one target, used in a ``with`` block.

    On leaving the block, the part file is deleted unless a later run can resume it: ``resumable``
    returns the record that makes this possible, or None. The name of the part file
    depends only on the target's, so that a later run finds it, and it is locked while it is in use.
    If another process has locked it, or it belongs to another user, a second name is used.

    After ``begin_stream``, several streams write at their own offsets. After ``allow_gaps``, a part
    file is resumed even if they have left gaps in it.

    ``saved_as`` is as in ``Outcome``, after ``install``.
    """

    saved_as = ""

    def __init__(
        self,
        target: Target,
        resumable: Callable[[], ResumeRecord | None] = lambda: None,
        *,
        fsync: bool = False,
    ) -> None:
        self.path = target.path
        self._resumable = resumable
        self._fsync = fsync
        self._target = target
        self._folder, _, name = target.path.rpartition("/")
        self._stem = f"{self._folder}/{PART_PREFIX}{_name_hash(name)}"
        self._hash = _hasher(target)
        self._temporary = ""
        self._descriptor = -1
        self._identity: os.stat_result  # of the open file
        self._position = 0
        self._record: ResumeRecord | None = None  # as written beside the part file
        self._intended: ResumeRecord | None = None  # the last that was to be written
        self._proof: Proof | StreamProofs | None = (
            None  # of the bytes that the record makes resumable
        )
        self._stale = False  # an existing part file or record can't be resumed
        self._discarded = False
        self._gaps_allowed = False
        self.note = ""  # of what the file system refused, for people
        self._exists: Exists | None = None  # how to treat a file that appears during the download

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self._discarded and (self._record or self._position >= _LEAST):
            self.checkpoint(self._resumable(), ended=True)
        if self._temporary and (self._discarded or not (self._record and self._position)):
            self._remove_record()
            # Another process may have deleted it; if it can't be deleted, it stays hidden.
            with contextlib.suppress(OSError):
                os.unlink(self._temporary)  # noqa: PTH108 - Path would cost 3 us a file here
        self._temporary = ""
        if self._descriptor >= 0:
            # An error of the disk no longer matters: the file is deleted, or a later run checks it.
            with contextlib.suppress(NotSaved):
                self._close()

    def open(self) -> int:
        """Return the part file's descriptor; create the file first if needed. Raises NotSaved."""
        while self._descriptor < 0:
            try:
                try:
                    self._try_to_create()
                except FileNotFoundError:
                    os.makedirs(self._folder, exist_ok=True)  # noqa: PTH103 - as above
            except DISK_ERRORS as error:
                raise not_saved(error) from error
        return self._descriptor

    def _try_to_create(self) -> None:
        """Create the part file, or empty and reuse an abandoned one, or use a second name."""
        path = f"{self._stem}.part"
        file = locked_file.create(path)
        if file is None:
            file, self._stale = locked_file.open_abandoned(path), True
        if file is not None and self._stale:
            resume_record.remove_record(f"{self._stem}.json")
            os.ftruncate(file.descriptor, 0)
        if file is None:
            path = f"{self._stem}-{os.getpid():x}-{next(_serial):x}.part"
            file = locked_file.create(path)
        # None: a killed process with the same process id left this file. The next number is free.
        if file is not None:
            self._descriptor, self._identity = file
            self._temporary = path

    def has_record(self) -> bool:
        """Return whether an earlier try or run left a resume record."""
        try:  # unlike ``exists``, ``access`` raises no exception on the way if there is none
            return not self._target.flaw and os.access(f"{self._stem}.json", os.F_OK)
        except ValueError:  # a folder that can't be encoded; creating the file will say so
            return False

    def reopen(self, cancelled: Cancelled = never) -> PartialFile | None:
        """Open and lock the part file of an earlier try or run, if it can be resumed.

        Returns its size and resume record, or None. If one of the target's mirrors has left the
        part file, it does not stay open, and the result names the mirror. Raises NotSaved.
        """
        if not self.has_record():
            return None
        file = locked_file.open_abandoned(f"{self._stem}.part")
        if file is None:
            self._stale = True  # the record has no part file, or another process has locked it
            return None
        # The record is read only after the part file is locked: before, it could still change.
        target = self._target
        found = resume_record.read_record(f"{self._stem}.json", target.url, *target.mirrors)
        if found is None or found[0] != target.url:
            os.close(file.descriptor)
            return found and PartialFile(0, found[1], mirror=found[0])
        _, record, ranges = found
        descriptor, self._identity = file
        self._descriptor, self._temporary, self._record = descriptor, f"{self._stem}.part", record
        try:
            # The request asks for at least one byte, so that the server confirms the validator.
            limit = None if record.total is None else record.total - 1
            self._proof = proof = verify(descriptor, ranges, limit, cancelled)
            size = proof.end
            if self._gaps_allowed and (
                gaps := self._find_gaps(proof, ranges, record.total, cancelled)
            ):
                return PartialFile(size, record, gaps)
            os.ftruncate(descriptor, size)
            self._position = os.lseek(descriptor, 0, os.SEEK_END)
            if self._hash:
                hash_file(self._hash, descriptor, cancelled)
        except DISK_ERRORS as error:
            raise not_saved(error) from error
        if size > 0:
            return PartialFile(size, record)
        self._remove_record()
        return None

    def _find_gaps(
        self, proof: Proof, ranges: list[ProvedRange], total: int | None, cancelled: Cancelled
    ) -> tuple[Gap, ...]:
        """Prove the ranges after the first gap, too; return the gaps, if there are such ranges."""
        others = verify_scattered(self._descriptor, ranges, proof.end, total or 0, cancelled)
        if not others:
            return ()
        proof.checkpoint()
        self._proof = StreamProofs(proof.ranges + others)
        self._position = self._proof.size
        ends = [proof.end, *(each.end for each in others)]
        starts = [*(each.start for each in others), total or 0]
        return tuple(
            Gap(end, start) for end, start in zip(ends, starts, strict=True) if end < start
        )

    def checkpoint(self, record: ResumeRecord | None, *, ended: bool = False) -> None:
        """Prove the bytes written so far, and write the resume record, if it is time for that.

        ``ended`` is true at the end of a try: it is then time if there are bytes that are not
        proved. With fsync, the bytes are flushed to the disk before the record that proves them.
        Errors are ignored: an older record stays, or the part file is not resumed.
        """
        if record is self._intended and self._proof and not (ended or self._proof.due):
            return  # the usual case, for which nothing else need be looked at
        if not record or not self._position or self._temporary != f"{self._stem}.part":
            return
        with contextlib.suppress(OSError):
            # A record that could not be written is not tried again before the next checkpoint.
            due = self._proof is None or record not in {self._record, self._intended}
            self._intended = record
            if self._proof is None:
                self._proof = prove(self._descriptor, self._position)
            if not (due or ended or self._proof.due):
                return
            if os.fstat(self._descriptor).st_size < self._proof.end:
                return  # the last write has failed
            # The ranges are listed first: another stream may write while the others are flushed.
            self._proof.checkpoint(force=due or ended)
            ranges = self._proof.ranges
            if self._fsync:
                disk.flush_file(self._descriptor)
            path, url = f"{self._stem}.json", self._target.url
            if resume_record.write_record(path, url, record, ranges):
                self._record = record

    @property
    def size(self) -> int:
        """The number of bytes that have been written, or were to be written by a failed write."""
        return self._position

    def write(self, data: Piece, at: int) -> None:
        """Write at the part file's end or, to start again, at offset 0. Raises NotSaved."""
        self.write_all((data,), at)

    def write_all(self, pieces: Iterable[Piece], at: int) -> None:
        """Do what ``write`` does, with several pieces that follow each other."""
        if at != self._position:
            self.seek(at)
        descriptor = self.open()
        for piece in pieces:
            self._position += len(piece)
            if self._hash:
                self._hash.update(piece)
            if self._proof:
                self._proof.add(piece)  # type: ignore[union-attr] # streams use ``write_stream``
            try:
                written = os.write(descriptor, piece)
                while written < len(piece):  # e.g. on a nearly full disk
                    written += os.write(descriptor, memoryview(piece)[written:])
            except DISK_ERRORS as error:
                raise not_saved(error) from error

    def seek(self, at: int) -> None:
        """Set the offset of the next write, which is the end or 0; 0 empties the part file."""
        if at == self._position:
            return
        if at:
            raise RuntimeError(f"the part file ends at {self._position}, not at {at}")
        self._empty()

    def _empty(self) -> None:
        """Empty the part file, to start again."""
        self._remove_record()
        self._hash = _hasher(self._target)
        self._position, self._proof = 0, None
        try:
            os.ftruncate(self._descriptor, 0)
            os.lseek(self._descriptor, 0, os.SEEK_SET)
        except DISK_ERRORS as error:
            raise not_saved(error) from error

    def allow_gaps(self) -> None:
        """Let ``reopen`` keep all bytes that are proved, not only those before the first gap."""
        self._gaps_allowed = True

    def begin_stream(self, start: int) -> Proof:
        """Begin a stream that writes from offset ``start`` on. Raises NotSaved."""
        descriptor, proof = self.open(), self._proof
        if not isinstance(proof, StreamProofs):
            try:
                proof = proof or prove(descriptor, self._position)
            except DISK_ERRORS as error:
                raise not_saved(error) from error
            proof.checkpoint()
            self._proof = proof = StreamProofs(proof.ranges)
        return proof.begin(start)

    def write_stream(self, pieces: Iterable[Piece], stream: Proof) -> None:
        """Write the next pieces of a stream; several threads may do so. Raises NotSaved."""
        proofs = cast("StreamProofs", self._proof)
        for piece in pieces:
            at, rest = stream.end, memoryview(piece)
            try:
                while rest:
                    count = os.pwrite(self._descriptor, rest, at)
                    at, rest = at + count, rest[count:]
            except DISK_ERRORS as error:
                raise not_saved(error) from error
            with proofs.lock:
                proofs.add_to(stream, piece)
                self._position = proofs.size

    def end_stream(self, stream: Proof) -> None:
        """End a stream: its bytes are proved at the next checkpoint."""
        cast("StreamProofs", self._proof).finish(stream)

    def start_over(self) -> None:
        """Empty the part file, unless it is empty: the whole file follows. Raises NotSaved."""
        if self._position or self._proof:
            self._empty()

    def hash_file(self, cancelled: Cancelled = never) -> None:
        """Compute the digest of a split file that is complete. Raises NotSaved."""
        self._hash = _hasher(self._target)
        if self._hash:
            try:
                hash_file(self._hash, self._descriptor, cancelled)
            except DISK_ERRORS as error:
                raise not_saved(error) from error

    @property
    def digest(self) -> str | None:
        """The hex digest of the bytes written so far; None for a target without a checksum."""
        return self._hash.hexdigest() if self._hash else None

    def end_body(self, size: int | None) -> None:
        """End the body at ``size`` bytes; None if the response had no body to save."""
        if size is not None:
            self.seek(size)

    def discard(self) -> None:
        """Mark the part file for deletion at the end of the ``with`` block."""
        self._discarded = True

    def _remove_record(self) -> None:
        if self._record:
            self._record = None
            resume_record.remove_record(f"{self._stem}.json")

    def _close(self) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        try:
            os.close(descriptor)
        except DISK_ERRORS as error:
            raise not_saved(error) from error

    def install(
        self, modified: int | None = None, record: FetchRecord | None = None
    ) -> OnDisk | None:
        """Rename the part file to its final name, atomically. Raises NotSaved.

        With ``skip`` and ``fail``, a file that appeared there during the download is kept: return
        it, as ``OnDisk``. The part file is deleted when the ``with`` block ends.

        ``os.replace`` replaces a symbolic link instead of writing through it. The permissions of
        an existing regular file are kept. ``modified``, in seconds since 1970, becomes the file's
        date; ``record`` is stored with the file. If the file system refuses a date or permissions,
        the file is installed without them, and ``note`` says so.
        """
        descriptor = self.open()  # an empty body has not created the file yet
        try:
            if self._fsync:
                disk.flush_file(descriptor)
            # Some file systems report a full disk only on close. Closing a duplicate shows that,
            # and keeps the lock, which must last until after the rename.
            os.close(os.dup(descriptor))
            if not locked_file.is_at(self._identity, self._temporary):
                raise FileNotFoundError(
                    errno.ENOENT, "the part file was deleted during the download"
                )
            self._set_attributes(descriptor, modified, record)
            if found := self._rename():
                self._discarded = True
                return found
            if self._fsync:
                disk.flush_folder(self._folder)
        except DISK_ERRORS as error:
            raise not_saved(error) from error
        self._temporary = ""
        self._close()
        return None

    def _set_attributes(
        self, descriptor: int, modified: int | None, record: FetchRecord | None
    ) -> None:
        # If ``_exists`` is set, there was no file whose permissions could be kept.
        if not self._exists and os.access(self.path, os.F_OK):
            with contextlib.suppress(FileNotFoundError):  # it may have been deleted just now
                old = os.lstat(self.path)
                if stat.S_ISREG(old.st_mode):
                    self._keep_mode(descriptor, stat.S_IMODE(old.st_mode))
        date: int | None = None  # of the file, in nanoseconds
        if modified is not None and modified <= time():
            try:
                os.utime(descriptor, (modified, modified))
                date = modified * 10**9
            except OSError as error:
                self._without("date", error)
        if record:
            if date is None:
                date = os.fstat(descriptor).st_mtime_ns
            fetch_record.write(descriptor, record, self._position, date)

    def _keep_mode(self, descriptor: int, mode: int) -> None:
        """Give the part file the permissions of the file that it replaces."""
        try:
            os.fchmod(descriptor, mode & 0o777)  # without setuid, setgid and sticky
        except OSError as error:
            self._without("permissions", error)

    def _without(self, what: str, error: OSError) -> None:
        """Note that an attribute of the file was refused: without it, it is still the right one."""
        self.note = f"{self.note}, " if self.note else ""
        self.note += f"the file system refused its {what}: {error.strerror or error}"

    def _rename(self) -> OnDisk | None:
        """Rename the part file; remove the record first, so that it never lacks its part file."""
        record, self._proof = self._record, None
        self._remove_record()
        try:
            if self._exists:
                return self._rename_to_new(self._exists)
            os.replace(self._temporary, self.path)  # noqa: PTH105 - as above
        except OSError:
            self.checkpoint(record)  # the part file is still there and can be resumed
            raise
        return None

    def _rename_to_new(self, exists: Exists) -> OnDisk | None:
        """Rename the part file if no file has the final name; otherwise return that file.

        A hard link is atomic and never replaces a file. A file system without hard links (FAT)
        gets a check and a rename: there, a file that appears between the two is replaced. So is
        what would have been replaced if it had existed at the beginning: a symbolic link to
        nothing and, with ``skip``, a file with another checksum.
        """
        linked = False
        with contextlib.suppress(OSError):
            os.link(self._temporary, self.path)
            linked = True
        if linked:
            os.unlink(self._temporary)  # noqa: PTH108 - as above
            return None
        checksum = self._target.checksum if self._must_hash(exists) else None
        found = inspect_file(self.path, checksum, never)
        if found and (checksum is None or found.digest == checksum.hexdigest):
            return found
        os.replace(self._temporary, self.path)  # noqa: PTH105 - as above
        return None

    def lookup_is_slow(self, exists: Exists) -> bool:
        """Return whether ``on_disk`` may take long, because it hashes the existing file."""
        return self._must_hash(exists)

    def _must_hash(self, exists: Exists) -> bool:
        """Return whether the digest of an existing file matters; ``fail`` needs none."""
        return self._target.checksum is not None and exists is not Exists.FAIL

    def on_disk(self, exists: Exists, cancelled: Cancelled = never) -> OnDisk | None:
        """Return the existing file under the final name, unless it will be overwritten anyway.

        It is hashed if its digest matters. Raises NotSaved if it is not a regular file or can't be
        read.
        """
        if exists is Exists.OVERWRITE or self._target.flaw:
            return None
        checksum = self._target.checksum if self._must_hash(exists) else None
        try:
            found = inspect_file(self.path, checksum, cancelled)
        except DISK_ERRORS as error:
            raise not_saved(error) from error
        if found and exists is Exists.REFRESH:
            found = found._replace(record=fetch_record.read(self.path))
        self._exists = exists if found is None and exists is not Exists.REFRESH else None
        return found


def _hasher(target: Target) -> hashlib._Hash | None:
    if target.checksum is None:
        return None
    import hashlib  # loads OpenSSL

    return hashlib.new(target.checksum.algorithm, usedforsecurity=False)


def _name_hash(name: str) -> str:
    """Return a hash of a file name: 16 characters, whatever the name's length."""
    return short_hash(name, 8)
