"""Locking of part files, and the resume record: a JSON file about the part file.

The record holds the validator of the response, and the proved ranges of the part file.

The output folder may hold files of other users and programs. A symbolic link is therefore never
followed, a part file that another process has locked is never touched, and an invalid record is
treated like a missing one.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
from collections.abc import Sequence
from fcntl import LOCK_EX, LOCK_NB, flock

from getflags.core.models import ResumeRecord
from getflags.core.urls import identity
from getflags.storage.proof import ProvedRange

_VERSION = 2
_MAX_SIZE = 1024 * 1024  # bytes of a record; it has at most one range for each request
_MAX_OFFSET = 2**63  # of a byte in a file
# Never follow a symbolic link planted by another user (compare CVE-2014-4877), and never block on
# a named pipe.
_SAFE = os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


def create(path: str) -> int | None:
    """Create and lock a part file; return its descriptor, or None if it exists. Raises OSError.

    A file system may have no locks, or give every file to another owner (NFS, FAT, containers). The
    new file is used anyway, because ``open_abandoned`` opens no file on such a system.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | _SAFE, 0o666)
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
        descriptor = os.open(path, os.O_RDWR | _SAFE)
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


def write_record(path: str, url: str, record: ResumeRecord, ranges: Sequence[ProvedRange]) -> bool:
    """Write a resume record; return whether it was written. An older record stays until then.

    The record is written to a new file, because an existing one may be a hard link to a file of
    another user.
    """
    values = {"version": _VERSION, "url": _digest(url), **record._asdict(), "ranges": ranges}
    new = f"{path}.new"
    remove_record(new)
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _SAFE
        with open(os.open(new, flags, 0o666), "wb") as file:  # noqa: PTH123
            file.write(json.dumps(values).encode())
        os.replace(new, path)  # noqa: PTH105 - as in remove_record
    except OSError:
        remove_record(new)
        return False
    return True


def read_record(path: str, url: str) -> tuple[ResumeRecord, list[ProvedRange]] | None:
    """Return the resume record and the ranges that it lists.

    Returns None if the record is missing, invalid, or for another URL.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | _SAFE)
        try:
            values = json.loads(os.read(descriptor, _MAX_SIZE))
        finally:
            os.close(descriptor)
        if values["version"] != _VERSION or values["url"] != _digest(url):
            return None
        validator, total, coding = values["validator"], values["total"], values["coding"]
        ranges = [ProvedRange(*each) for each in values["ranges"]]
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None
    texts = isinstance(validator, str) and validator.isprintable() and isinstance(coding, str)
    size = total is None or (isinstance(total, int) and total > 0)
    if not texts or not size or not all(_is_range(*each) for each in ranges):
        return None
    return ResumeRecord(validator, total, coding), ranges


def _is_range(start: object, end: object, digest: object) -> bool:
    offsets = isinstance(start, int) and isinstance(end, int) and 0 <= start < end < _MAX_OFFSET
    return offsets and isinstance(digest, str)


def remove_record(path: str) -> None:
    """Delete a resume record, if it exists and can be deleted."""
    with contextlib.suppress(OSError):
        os.unlink(path)  # noqa: PTH108 - Path would cost 3 us a file here


def _digest(url: str) -> str:
    """Return a hash of a URL without its secrets, which may be renewed."""
    return hashlib.sha256(identity(url).encode()).hexdigest()
