"""What stands under a final name before anything is requested."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Callable
from email.utils import formatdate
from pathlib import Path
from typing import TypeAlias

from getflags.core.models import Checksum, OnDisk

_BLOCK = 1024 * 1024  # bytes hashed at once

#: Whether the digest that another thread works on is wanted no more.
Cancelled: TypeAlias = Callable[[], bool]


def never() -> bool:
    """Return False: what nobody can cancel is wanted in any case."""
    return False


def look_at(path: str, checksum: Checksum | None, cancelled: Cancelled) -> OnDisk | None:
    """Return what is there, with its digest where there is one to compare; None for nothing.

    Raises OSError, for what can't be read or is no file, and where hashing was cancelled.
    """
    try:
        found = os.stat(path)  # noqa: PTH116 - Path costs 3 us a file here
    except (FileNotFoundError, NotADirectoryError):
        return None
    if not stat.S_ISREG(found.st_mode):
        raise FileExistsError(errno.EEXIST, "something that is no file has that name")
    digest = None
    if checksum:
        with Path(path).open("rb") as file:
            hasher = hashlib.new(checksum.algorithm, usedforsecurity=False)
            digest_into(hasher, file.fileno(), cancelled)
            digest = hasher.hexdigest()
    return OnDisk(formatdate(found.st_mtime, usegmt=True), found.st_size, digest)


def digest_into(digest: hashlib._Hash, descriptor: int, cancelled: Cancelled) -> None:
    """Hash all that an open file holds; its position ends up at its end.

    ``cancelled`` is asked before each block. Raises OSError, InterruptedError where it says so.
    """
    os.lseek(descriptor, 0, os.SEEK_SET)
    while block := os.read(descriptor, _BLOCK):
        digest.update(block)
        if cancelled():
            raise InterruptedError(errno.EINTR, "hashing was cancelled")
