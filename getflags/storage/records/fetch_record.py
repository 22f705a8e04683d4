"""The record of a download: an extended attribute of the file, for ``--exists refresh``.

The attribute moves with the file, and no other file can take its place. It counts only as long as
the file has the size and the modification time that it had after the download. Systems and file
systems without extended attributes have no records (docs/decisions/0019-fetch-record.md).
"""

from __future__ import annotations

import contextlib
import os

from getflags.core.models import FetchRecord

_NAME = "user.getflags"
_VERSION = "1"


def write(descriptor: int, record: FetchRecord, size: int, date: int) -> None:
    """Store the record of a complete file. Errors are ignored: there is then no record.

    ``size`` is the file's size in bytes, and ``date`` its modification time in nanoseconds since
    1970.
    """
    if not hasattr(os, "setxattr"):  # it exists only on Linux
        return
    with contextlib.suppress(OSError, ValueError):
        modified = "-" if record.modified is None else record.modified
        values = (_VERSION, size, date, record.source, modified, record.etag)
        os.setxattr(descriptor, _NAME, " ".join(map(str, values)).encode())


def read(path: str) -> FetchRecord | None:
    """Return the record of a file; None if there is none, or the file has changed since."""
    if not hasattr(os, "getxattr"):
        return None
    try:
        found = os.stat(path)  # noqa: PTH116 - Path would cost 3 us a file here
        text = os.getxattr(path, _NAME).decode()
        version, size, time, source, date, etag = text.split(" ", 5)
        changed = (int(size), int(time)) != (found.st_size, found.st_mtime_ns)
        modified = None if date == "-" else int(date)
    except (OSError, ValueError):
        return None
    return None if changed or version != _VERSION else FetchRecord(source, etag, modified)
