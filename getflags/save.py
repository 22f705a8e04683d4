"""The save layer: a hidden part file, and then the final name, at once and whole.

Plain synchronous code without colour; the engine decides which thread runs it. A reader of the
folder never sees a short file, and a file that was there survives every failure. What is worth
saving is not decided here.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import itertools
import os
import stat
import sys
from email.utils import formatdate
from pathlib import Path
from types import TracebackType
from typing import Self, TypedDict

from getflags.errors import UsageError
from getflags.model import Exists, OnDisk, Target
from getflags.naming import PART_PREFIX
from getflags.text import quoted

_HASH_PIECE = 1 << 20  # bytes
_serial = itertools.count()  # next() on it is atomic: names differ between threads
# Never through a link that somebody planted at the part file's name (CVE-2014-4877's family).
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
_CREATE |= getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


class Part:
    """One file on its way. Leaving the ``with`` block takes away all that is not in place."""

    def __init__(self, target: Target) -> None:
        self.path = target.path
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
        self.close()
        if self._temporary:
            with contextlib.suppress(FileNotFoundError):  # somebody cleaned up before us
                os.unlink(self._temporary)  # noqa: PTH108 - as above

    def open(self) -> int:
        """Return the part file's descriptor, making the file where there is none yet."""
        if self._descriptor < 0:
            while True:
                name = f"{PART_PREFIX}{os.getpid():x}-{next(_serial):x}.part"
                temporary = f"{self._folder}/{name}"
                try:
                    self._descriptor = os.open(temporary, _CREATE, 0o666)
                except FileNotFoundError:
                    os.makedirs(self._folder, exist_ok=True)  # noqa: PTH103 - as above
                except FileExistsError:  # left by a process of our number that was killed
                    continue
                else:
                    self._temporary = temporary
                    break
        return self._descriptor

    def write(self, data: bytes) -> None:
        """Append to the part file. Raises OSError."""
        descriptor = self.open()
        self.hash(data)
        rest = memoryview(data)
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
        """Close the part file, if there is one."""
        if self._descriptor >= 0:
            descriptor, self._descriptor = self._descriptor, -1
            os.close(descriptor)

    def install(self) -> None:
        """Put the part file under the final name, in one step. Raises OSError.

        ``os.replace`` replaces a symbolic link rather than writing through it. An older regular
        file's permissions are kept.
        """
        if not self._temporary:
            self.open()  # an empty body brought nothing to write
        self.close()
        try:
            old = os.lstat(self.path)
        except FileNotFoundError:
            pass
        else:
            if stat.S_ISREG(old.st_mode):
                os.chmod(self._temporary, stat.S_IMODE(old.st_mode))  # noqa: PTH101 - as above
        os.replace(self._temporary, self.path)  # noqa: PTH105 - as above
        self._temporary = ""


def on_disk(target: Target, exists: Exists) -> OnDisk | None:
    """Look at what stands under the final name, where the rules make that matter.

    Raises OSError, for a file that can't be read.
    """
    if exists is Exists.OVERWRITE or target.flaw:
        return None
    try:
        found = os.stat(target.path)  # noqa: PTH116 - as above
    except (FileNotFoundError, NotADirectoryError):
        return None
    digest = None
    if target.checksum and stat.S_ISREG(found.st_mode):
        with Path(target.path).open("rb") as file:
            digest = _digest(file, target.checksum.algorithm)
    return OnDisk(formatdate(found.st_mtime, usegmt=True), found.st_size, digest)


def _digest(file: io.BufferedReader, algorithm: str) -> str:
    """Hash a file of any size."""
    return hashlib.file_digest(file, algorithm).hexdigest()


def make_folder(folder: str) -> None:
    """Make sure that files can be made in a folder, before anything is requested.

    Raises UsageError.
    """
    try:
        os.makedirs(folder, exist_ok=True)  # noqa: PTH103
        with Part(Target(0, "", "", "", folder, "probe")) as probe:
            probe.open()
    except OSError as error:
        raise UsageError(
            f"cannot write to the folder {quoted(folder)}: {error.strerror}; choose another with -d"
        ) from None


class Manners(TypedDict):
    """What the system's files want of names; see ``plan.Place``."""

    portable: bool
    fold: bool


def manners() -> Manners:
    """Say which names this system's usual file systems can keep, and tell apart."""
    windows = sys.platform == "win32"
    return {"portable": windows, "fold": windows or sys.platform == "darwin"}


def explain(error: OSError) -> str:
    """Say what a disk's refusal means, with the file that it is about."""
    return f"{error.strerror or error}"
