"""What stands under a final name before anything is requested."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from email.utils import formatdate
from pathlib import Path

from getflags.core.models import Checksum, OnDisk


def look_at(path: str, checksum: Checksum | None) -> OnDisk | None:
    """Return what is there, with its digest where there is one to compare; None for nothing.

    Raises OSError, for what can't be read or is no file.
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
            digest = hashlib.file_digest(file, checksum.algorithm).hexdigest()
    return OnDisk(formatdate(found.st_mtime, usegmt=True), found.st_size, digest)
