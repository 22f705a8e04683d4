"""Locking of part files: each is written by one process at a time.

The output folder may hold files of other users and programs. A symbolic link is therefore never
followed, and a part file that another process has locked is never touched.
"""

from __future__ import annotations

import os
import stat
from fcntl import LOCK_EX, LOCK_NB, flock
from typing import NamedTuple

#: Flags for opening a file in a folder with files of other users. A symbolic link that one of them
#: has planted is never followed (compare CVE-2014-4877), and a named pipe never blocks.
SAFE = os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


class LockedFile(NamedTuple):
    """The descriptor of an open file, and what identifies the file."""

    descriptor: int
    identity: os.stat_result


def create(path: str) -> LockedFile | None:
    """Create and lock a part file; return None if it exists. Raises OSError.

    A file system may have no locks, or give every file to another owner (NFS, FAT, containers). The
    new file is used anyway, because ``open_abandoned`` opens no file on such a system.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | SAFE, 0o666)
    except FileExistsError:
        return None
    # Between its creation and the lock, another process may have locked it and written to it.
    if _lock(descriptor) is not False:
        found = os.fstat(descriptor)
        if found.st_size == 0 and is_at(found, path):
            return LockedFile(descriptor, found)
    os.close(descriptor)
    return None


def open_abandoned(path: str) -> LockedFile | None:
    """Open and lock the part file of an earlier try or run; None if it is missing or in use."""
    try:
        descriptor = os.open(path, os.O_RDWR | SAFE)
    except OSError:
        return None
    return _lock_or_close(descriptor, path)


def _lock_or_close(descriptor: int, path: str) -> LockedFile | None:
    """Lock an open part file; close it, and return None, if it can't be used.

    It must belong to this user, and must still be at ``path``: between opening and locking it,
    another process may have renamed it to its final name.
    """
    locked, found = _lock(descriptor), os.fstat(descriptor)
    ours = stat.S_ISREG(found.st_mode) and found.st_nlink == 1 and found.st_uid == os.geteuid()
    if locked and ours and is_at(found, path):
        return LockedFile(descriptor, found)
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


def is_at(identity: os.stat_result, path: str) -> bool:
    """Return whether ``path`` names the file with this identity, and not one that replaced it.

    The file must be open: otherwise, another one may have got its inode number.
    """
    try:
        return os.path.samestat(identity, os.lstat(path))
    except OSError:
        return False
