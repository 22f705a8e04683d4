"""The save layer: a hidden part file, and then the final name, at once and whole.

Plain synchronous code without colour; the engine decides which thread runs it. A reader of the
folder never sees a short file, and a file that was there survives every failure. What is worth
saving is not decided here.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import itertools
import os
import stat
from time import time
from types import TracebackType
from typing import Self

from getflags.core.errors import NotSaved
from getflags.core.models import Exists, OnDisk, PartialFile, ResumeRecord, Target
from getflags.storage import fsync as disk
from getflags.storage import resume_record
from getflags.storage.existing import Cancelled, digest_into, look_at, never
from getflags.storage.os_errors import refusals
from getflags.targets.filenames import PART_PREFIX

_serial = itertools.count()  # next() on it is atomic: names differ between threads


class Part:
    """One file on its way. Leaving the ``with`` block takes away all that nobody could go on with.

    Its hidden file has a name of its own in the folder, always the same for the same target, so
    that a later run finds it; a lock says whether somebody is at work on it. Where it is taken, or
    is no file of ours, another name does.
    """

    def __init__(self, target: Target, *, fsync: bool = False) -> None:
        self.path = target.path
        self._fsync = fsync
        self._target = target
        self._folder, _, name = target.path.rpartition("/")
        self._stem = f"{self._folder}/{PART_PREFIX}{_short(name)}"
        self._hash = _hasher(target)
        self._temporary = ""
        self._descriptor = -1
        self._position = 0
        self._noted: ResumeRecord | None = None  # what stands beside the part file
        self._stale = False  # what stands there, part or note, is of no use to us
        self._worthless = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._temporary and (self._worthless or not (self._noted and self._position)):
            self._forget()
            with contextlib.suppress(OSError):  # hidden, and taken away by somebody or to stay
                os.unlink(self._temporary)  # noqa: PTH108 - Path costs 3 us a file here
        self._temporary = ""
        with contextlib.suppress(NotSaved):  # it is thrown away, or not known to be whole
            self._close()

    def open(self) -> int:
        """Return the part file's descriptor, making the file where there is none yet."""
        while self._descriptor < 0:
            with refusals:
                try:
                    self._begin()
                except FileNotFoundError:
                    os.makedirs(self._folder, exist_ok=True)  # noqa: PTH103 - as above
        return self._descriptor

    def _begin(self) -> None:
        """Make the part file, or take over one that was left, or use another name."""
        usual = f"{self._stem}.part"
        descriptor = resume_record.create(usual)
        if descriptor is None:
            descriptor, self._stale = resume_record.adopt(usual), True
        if descriptor is not None and self._stale:
            resume_record.remove_note(f"{self._stem}.json")
            os.ftruncate(descriptor, 0)
        if descriptor is None:
            usual = f"{self._stem}-{os.getpid():x}-{next(_serial):x}.part"
            descriptor = resume_record.create(usual)
        if descriptor is not None:  # else left by a process of our number that was killed
            self._descriptor, self._temporary = descriptor, usual

    def noted(self) -> bool:
        """Whether there is a note of an earlier try or run."""
        return not self._target.flaw and os.path.exists(f"{self._stem}.json")  # noqa: PTH110 - as above

    def kept(self, cancelled: Cancelled = never) -> PartialFile | None:
        """Return what an earlier try or run has left and this one may go on with."""
        if not self.noted():
            return None
        descriptor = resume_record.adopt(f"{self._stem}.part")
        if descriptor is None:
            self._stale = True  # the note, unless somebody is at work on its part
            return None
        # Not before it is ours, or it may have been about other bytes.
        note = resume_record.read_note(f"{self._stem}.json", self._target.url)
        if note is None:
            os.close(descriptor)
            return None
        self._descriptor, self._temporary, self._noted = descriptor, f"{self._stem}.part", note
        with refusals:
            size = os.fstat(descriptor).st_size
            if note.total is not None:  # one byte at least is asked for, to hear what is there now
                size = min(size, note.total - 1)
            os.ftruncate(descriptor, size)
            self._position = os.lseek(descriptor, 0, os.SEEK_END)
            if self._hash:
                digest_into(self._hash, descriptor, cancelled)
        if size > 0:
            return PartialFile(size, note)
        self._forget()
        return None

    def remember(self, note: ResumeRecord | None) -> None:
        """Note what the file is known by, for whoever comes after us. May be said often."""
        if note != self._noted and note and self._temporary == f"{self._stem}.part":
            resume_record.write_note(f"{self._stem}.json", self._target.url, note)
            self._noted = note

    def write(self, data: bytes, at: int) -> None:
        """Write to the part file, at its end or, to begin anew, at 0. Raises NotSaved."""
        self.seek(at)
        descriptor = self.open()
        self.hash(data)
        rest = memoryview(data)
        with refusals:
            while rest:  # a write may be short, on a nearly full disk for one
                rest = rest[os.write(descriptor, rest) :]

    def seek(self, at: int) -> None:
        """See to it that the next byte is the one ``at`` that place, the end or 0."""
        if at == self._position:
            return
        if at:
            raise RuntimeError(f"the part file ends at {self._position}, not at {at}")
        self._forget()
        self._hash = _hasher(self._target)
        self._position = 0
        with refusals:
            os.ftruncate(self._descriptor, 0)
            os.lseek(self._descriptor, 0, os.SEEK_SET)

    def hash(self, data: bytes) -> None:
        """Take bytes that somebody writes into the count, and into the digest."""
        self._position += len(data)
        if self._hash:
            self._hash.update(data)

    @property
    def digest(self) -> str | None:
        """Hex digest of what was written; None for a target without a checksum."""
        return self._hash.hexdigest() if self._hash else None

    def flush(self, size: int | None) -> None:
        """Take it that so many bytes are all there is; None where nothing came to be kept."""
        if size is not None:
            self.seek(size)

    def throw_away(self) -> None:
        """Take it that what has come is of no use to anybody."""
        self._worthless = True

    def _forget(self) -> None:
        if self._noted:
            self._noted = None
            resume_record.remove_note(f"{self._stem}.json")

    def _close(self) -> None:
        if self._descriptor >= 0:
            descriptor, self._descriptor = self._descriptor, -1
            with refusals:
                os.close(descriptor)

    def install(self, modified: int | None = None) -> None:
        """Put the part file under the final name, in one step. Raises NotSaved.

        ``os.replace`` replaces a symbolic link rather than writing through it. An older regular
        file's permissions are kept. ``modified`` becomes the file's date, in seconds since 1970, so
        that a later ``refresh`` compares the server's clock with the server's.
        """
        descriptor = self.open()  # an empty body brought nothing to write
        with refusals:
            if self._fsync:
                disk.confirm_file(descriptor)
            # Some disks refuse only when a file is closed; the lock must outlast the rename.
            os.close(os.dup(descriptor))
            if not resume_record.stands(
                descriptor, self._temporary
            ):  # it might be another's by now
                raise FileNotFoundError(errno.ENOENT, "its part file was taken away meanwhile")
            try:
                old = os.lstat(self.path)
            except FileNotFoundError:
                pass
            else:
                if stat.S_ISREG(old.st_mode):
                    mode = stat.S_IMODE(old.st_mode) & 0o777  # but not what runs as its owner
                    os.chmod(self._temporary, mode)  # noqa: PTH101 - as above
            if modified is not None and modified <= time():
                os.utime(self._temporary, (modified, modified))
            self._rename()
            if self._fsync:
                disk.confirm_name(self._folder)
        self._temporary = ""
        self._close()

    def _rename(self) -> None:
        """Give the part file its final name. Its note goes first, or it might outlive the part."""
        note = self._noted
        self._forget()
        try:
            os.replace(self._temporary, self.path)  # noqa: PTH105 - as above
        except OSError:
            self.remember(note)  # there is still something to go on with
            raise

    def on_disk(self, exists: Exists, cancelled: Cancelled = never) -> OnDisk | None:
        """Look at what stands under the final name, where the rules make that matter.

        Raises NotSaved, for what can't be read or is no file.
        """
        if exists is Exists.OVERWRITE or self._target.flaw:
            return None
        with refusals:
            return look_at(self.path, self._target.checksum, cancelled)


def _hasher(target: Target) -> hashlib._Hash | None:
    if target.checksum is None:
        return None
    return hashlib.new(target.checksum.algorithm, usedforsecurity=False)


def _short(name: str) -> str:
    """Return a name for a name, of a length that every system takes."""
    return hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
