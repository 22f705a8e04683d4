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
import sys
from email.utils import formatdate
from pathlib import Path
from time import time
from types import TracebackType
from typing import Self, TypedDict

from getflags.errors import NotSaved, UsageError
from getflags.model import Exists, OnDisk, Target
from getflags.naming import PART_PREFIX, check_folder
from getflags.text import printable, quoted

_serial = itertools.count()  # next() on it is atomic: names differ between threads
# Never through a link that somebody planted at the part file's name (CVE-2014-4877's family).
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
_CREATE |= getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


class Part:
    """One file on its way. Leaving the ``with`` block takes away all that is not in place."""

    def __init__(self, target: Target) -> None:
        self.path = target.path
        self._target = target
        self._folder = os.path.dirname(target.path)  # noqa: PTH120 - Path costs 3 us a file here
        self._hash = None
        if target.checksum:
            self._hash = hashlib.new(target.checksum.algorithm, usedforsecurity=False)
        self._temporary = ""
        self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with contextlib.suppress(NotSaved):  # it is thrown away
            self.close()
        if self._temporary:
            with contextlib.suppress(OSError):  # hidden, and taken away by somebody or to stay
                os.unlink(self._temporary)  # noqa: PTH108 - as above

    def open(self) -> int:
        """Return the part file's descriptor, making the file where there is none yet."""
        while self._descriptor < 0:
            name = f"{PART_PREFIX}{os.getpid():x}-{next(_serial):x}.part"
            temporary = f"{self._folder}/{name}"
            with refusals:
                try:
                    self._descriptor = os.open(temporary, _CREATE, 0o666)
                except FileNotFoundError:
                    os.makedirs(self._folder, exist_ok=True)  # noqa: PTH103 - as above
                except FileExistsError:  # left by a process of our number that was killed
                    continue
                else:
                    self._temporary = temporary
        return self._descriptor

    def write(self, data: bytes) -> None:
        """Append to the part file. Raises NotSaved."""
        descriptor = self.open()
        self.hash(data)
        rest = memoryview(data)
        with refusals:
            while rest:  # a write may be short, on a nearly full disk for one
                rest = rest[os.write(descriptor, rest) :]

    def hash(self, data: bytes) -> None:
        """Take bytes into the digest that somebody else writes."""
        if self._hash:
            self._hash.update(data)

    @property
    def digest(self) -> str | None:
        """Hex digest of what was written; None for a target without a checksum."""
        return self._hash.hexdigest() if self._hash else None

    def close(self) -> None:
        """Close the part file, if there is one. Raises NotSaved: some disks refuse only here."""
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
        if not self._temporary:
            self.open()  # an empty body brought nothing to write
        self.close()
        with refusals:
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
            os.replace(self._temporary, self.path)  # noqa: PTH105 - as above
        self._temporary = ""

    def on_disk(self, exists: Exists) -> OnDisk | None:
        """Look at what stands under the final name, where the rules make that matter.

        Raises NotSaved, for what can't be read or is no file.
        """
        if exists is Exists.OVERWRITE or self._target.flaw:
            return None
        with refusals:
            try:
                found = os.stat(self.path)  # noqa: PTH116 - as above
            except (FileNotFoundError, NotADirectoryError):
                return None
            if not stat.S_ISREG(found.st_mode):
                raise FileExistsError(errno.EEXIST, "something that is no file has that name")
            digest = None
            if self._target.checksum:
                with Path(self.path).open("rb") as file:
                    digest = hashlib.file_digest(file, self._target.checksum.algorithm).hexdigest()
            return OnDisk(formatdate(found.st_mtime, usegmt=True), found.st_size, digest)


class _Refusals:
    """Turns the operating system's refusals into ours; nobody else's ``OSError`` is a disk's.

    A class and one object, because a generator for each of the four steps of a file costs more than
    the steps of a small one.
    """

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, OSError):
            raise NotSaved(error.strerror or str(error)) from error
        if isinstance(error, ValueError):  # a name that can't be spelt, an odd date
            raise NotSaved(printable(str(error))) from error


refusals = _Refusals()


def make_folder(folder: str) -> None:
    """Make sure that files can be made in a folder, before anything is requested.

    Raises UsageError.
    """
    try:
        with refusals:
            check_folder(folder)
            os.makedirs(folder, exist_ok=True)  # noqa: PTH103
        with Part(Target(0, "", "", "", folder, "probe")) as probe:
            probe.open()
    except NotSaved as refusal:
        raise UsageError(f"cannot write to the folder {quoted(folder)}: {refusal}") from None


class Manners(TypedDict):
    """What the system's files want of names; see ``plan.Place``."""

    portable: bool
    fold: bool


def real_folder(folder: str) -> str:
    """Return the one true name of a folder, so that two spellings of it are seen to be one."""
    return os.path.realpath(folder)


def manners() -> Manners:
    """Say which names this system's usual file systems can keep, and tell apart."""
    windows = sys.platform == "win32"
    return {"portable": windows, "fold": windows or sys.platform == "darwin"}
