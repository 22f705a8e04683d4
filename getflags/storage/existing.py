"""The file that already exists under a target's final name: its date, size and digest."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from typing import TypeAlias

from getflags.core.models import Checksum, OnDisk

TYPE_CHECKING = False  # most runs do not need this module
if TYPE_CHECKING:
    import hashlib

_BLOCK = 1024 * 1024  # bytes read and hashed at a time

#: A function that returns whether hashing should stop because its result is no longer needed.
Cancelled: TypeAlias = Callable[[], bool]


def never() -> bool:
    """Return False; the ``Cancelled`` function for work that cannot be cancelled."""
    return False


def inspect_file(path: str, checksum: Checksum | None, cancelled: Cancelled) -> OnDisk | None:
    """Return the file's modification time, size and digest, or None if there is no such file.

    The digest is computed only if a checksum is given.
    Raises OSError if it is not a regular file or can't be read, or if hashing was cancelled.
    """
    try:
        found = os.stat(path)  # noqa: PTH116 - Path would cost 3 us a file here
    except (FileNotFoundError, NotADirectoryError):
        return None
    if not stat.S_ISREG(found.st_mode):
        raise FileExistsError(errno.EEXIST, "it exists and is not a regular file")
    digest = None
    if checksum:
        import hashlib  # loads OpenSSL

        with open(path, "rb") as file:  # noqa: PTH123 - as above
            hasher = hashlib.new(checksum.algorithm, usedforsecurity=False)
            hash_file(hasher, file.fileno(), cancelled)
            digest = hasher.hexdigest()
    return OnDisk(int(found.st_mtime), found.st_size, digest)


def hash_file(digest: hashlib._Hash, descriptor: int, cancelled: Cancelled) -> None:
    """Add the whole of an open file to ``digest``; the file position is at the end afterwards.

    ``cancelled`` is called after each block. Raises OSError, and InterruptedError if cancelled.
    """
    os.lseek(descriptor, 0, os.SEEK_SET)
    while block := os.read(descriptor, _BLOCK):
        digest.update(block)
        if cancelled():
            raise InterruptedError(errno.EINTR, "hashing was cancelled")
