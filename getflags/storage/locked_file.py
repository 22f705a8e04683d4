"""Locking of part files: each is written by one process at a time.

The output folder may hold files of other users and programs. A symbolic link is therefore never
followed, and a part file that another process has locked is never touched.
"""

from __future__ import annotations

import os
import stat
from fcntl import LOCK_EX, LOCK_NB, flock

#: Flags for opening a file in a folder with files of other users. A symbolic link that one of them
#: has planted is never followed (compare CVE-2014-4877), and a named pipe never blocks.
SAFE = os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


def create(path: str) -> int | None:
    """Create and lock a part file; return its descriptor, or None if it exists. Raises OSError.

    A file system may have no locks, or give every file to another owner (NFS, FAT, containers). The
    new file is used anyway, because ``open_abandoned`` opens no file on such a system.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | SAFE, 0o666)
    except FileExistsError:
        return None
    # Between its creation and the lock, another process may have locked it and written to it.
    free = _lock(descriptor) is not False and os.fstat(descriptor).st_size == 0
    if free and is_at(descriptor, path):
        return descriptor
    os.close(descriptor)
    return None


def open_abandoned(path: str) -> int | None:
    """Open and lock the part file of an earlier try or run; None if it is missing or in use."""
    try:
        descriptor = os.open(path, os.O_RDWR | SAFE)
    except OSError:
        return None
    return _lock_or_close(descriptor, path)


def _lock_or_close(descriptor: int, path: str) -> int | None:
    """Lock an open part file and return its descriptor; close it if it can't be used.

    It must belong to this user, and must still be at ``path``: between opening and locking it,
    another process may have renamed it to its final name.
    """
    locked, found = _lock(descriptor), os.fstat(descriptor)
    ours = stat.S_ISREG(found.st_mode) and found.st_nlink == 1 and found.st_uid == os.geteuid()
    if locked and ours and is_at(descriptor, path):
        return descriptor
    os.close(descriptor)
    return None


def _lock(descriptor: int) -> bool | None:
    """Lock a file; return False if another process has locked it, None without lock support."""
    try:
        flock(descriptor, LOCK_EX | LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def is_at(descriptor: int, path: str) -> bool:
    """Return whether ``path`` still names this open file, and not one that replaced it."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.lstat(path))
    except OSError:
        return False
