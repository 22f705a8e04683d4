"""The hidden files of a transfer: the part, locked while somebody is at work on it, and its note.

What stands in a folder may have been put there by anybody. A link is never followed, a part that
somebody holds is never touched, and a note that makes no sense is as good as none.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
from fcntl import LOCK_EX, LOCK_NB, flock

from getflags.core.models import ResumeRecord
from getflags.core.urls import split_credentials

_VERSION = 1
_LONGEST = 16 * 1024  # bytes of a note
# Never through a link that somebody planted (CVE-2014-4877's family), nor wait at a pipe that is
# none of ours.
_SAFE = os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


def create(path: str) -> int | None:
    """Make a part file and lock it; None where there is one. Raises OSError.

    A file system may have no locks, or give every file to somebody else (NFS, FAT, containers).
    What we have made is ours all the same, and nobody will adopt it there.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | _SAFE, 0o666)
    except FileExistsError:
        return None
    # Somebody may have taken it over before it was locked, and left what he wrote.
    free = _locked(descriptor) is not False and os.fstat(descriptor).st_size == 0
    if free and stands(descriptor, path):
        return descriptor
    os.close(descriptor)
    return None


def adopt(path: str) -> int | None:
    """Open a part file that was left; None where there is none, or somebody is at work on it."""
    try:
        descriptor = os.open(path, os.O_RDWR | _SAFE)
    except OSError:
        return None
    return _held(descriptor, path)


def _held(descriptor: int, path: str) -> int | None:
    """Lock a part file that was left; see that it is ours and still stands there, or close it.

    Between opening and locking it may have become somebody's finished file.
    """
    locked, found = _locked(descriptor), os.fstat(descriptor)
    ours = stat.S_ISREG(found.st_mode) and found.st_nlink == 1 and found.st_uid == os.geteuid()
    if locked and ours and stands(descriptor, path):
        return descriptor
    os.close(descriptor)
    return None


def _locked(descriptor: int) -> bool | None:
    """Lock a file; False where somebody else has, None where there are no locks."""
    try:
        flock(descriptor, LOCK_EX | LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def stands(descriptor: int, path: str) -> bool:
    """Whether an open file is the one that stands there, and no other has taken its place."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.lstat(path))
    except OSError:
        return False


def write_note(path: str, url: str, note: ResumeRecord) -> None:
    """Write what a part is known by. A note that can't be written is one that isn't there.

    Always a new file: what stands there may be another name of a file that is none of ours.
    """
    values = {"version": _VERSION, "url": _digest(url), **note._asdict()}
    remove_note(path)
    with contextlib.suppress(OSError):
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _SAFE
        with open(os.open(path, flags, 0o666), "wb", buffering=0) as file:  # noqa: PTH123
            file.write(json.dumps(values).encode())


def read_note(path: str, url: str) -> ResumeRecord | None:
    """Read a note; None where there is none, or it is of another URL, or makes no sense."""
    try:
        descriptor = os.open(path, os.O_RDONLY | _SAFE)
        try:
            values = json.loads(os.read(descriptor, _LONGEST))
        finally:
            os.close(descriptor)
        if values["version"] != _VERSION or values["url"] != _digest(url):
            return None
        validator, total, coding = values["validator"], values["total"], values["coding"]
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None
    texts = isinstance(validator, str) and validator.isprintable() and isinstance(coding, str)
    size = total is None or (isinstance(total, int) and total > 0)
    return ResumeRecord(validator, total, coding) if texts and size else None


def remove_note(path: str) -> None:
    """Take a note away."""
    with contextlib.suppress(OSError):
        os.unlink(path)  # noqa: PTH108 - Path costs 3 us a file here


def _digest(url: str) -> str:
    """Return what a URL is known by; it may hold secrets, and passwords may change."""
    return hashlib.sha256(split_credentials(url)[0].encode()).hexdigest()
