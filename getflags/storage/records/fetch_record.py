"""The record of a download: an extended attribute of the file, for a later run.

The attribute moves with the file, and no other file can take its place. It counts only as long as
the file has the size and the modification time that it had after the download. Systems and file
systems without extended attributes have no records (docs/decisions/0019-fetch-record.md).

With ``--content-disposition``, it also has a hash of the URL, and the name that the server gave, so
that a later run finds the file whatever its name is (docs/decisions/0026-content-disposition.md).
"""

from __future__ import annotations

import contextlib
import os
from urllib.parse import quote, unquote

from getflags.core.models import FetchRecord
from getflags.core.text import short_hash
from getflags.core.urls import split_credentials
from getflags.targets.filenames import PART_PREFIX

_NAME = "user.getflags"
_VERSION = "1"
_WITH_NAME = "2"  # the version that also has the target's URL and the server's name


def write(descriptor: int, record: FetchRecord, size: int, date: int) -> None:
    """Store the record of a complete file. Errors are ignored: there is then no record.

    ``size`` is the file's size in bytes, and ``date`` its modification time in nanoseconds since
    1970.
    """
    if not hasattr(os, "setxattr"):  # it exists only on Linux
        return
    with contextlib.suppress(OSError, ValueError):
        modified = "-" if record.modified is None else record.modified
        version, etag = _VERSION, record.etag
        if record.url_hash:
            version, etag = _WITH_NAME, f"{record.url_hash} {quote(record.name)} {etag}"
        text = f"{version} {size} {date} {record.source} {modified} {etag}"
        os.setxattr(descriptor, _NAME, text.encode())


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
        url_hash = name = ""
        if version == _WITH_NAME:
            url_hash, name, etag = etag.split(" ", 2)
    except (OSError, ValueError):
        return None
    if changed or version not in {_VERSION, _WITH_NAME}:
        return None
    return FetchRecord(source, etag, modified, url_hash, unquote(name))


def hash_url(url: str) -> str:
    """Return a hash of a URL without its user and password.

    Its query counts as a whole: here, nothing else shows which file it is, and a token may be the
    only difference between the URLs of two files.
    """
    return short_hash(split_credentials(url)[0], 12)


def names(folder: str) -> dict[str, str]:
    """Return the names of a folder's files that have a record with a URL, by the URL's hash.

    If a URL has several files, the last one counts. Raises OSError.
    """
    found: dict[str, tuple[int, str]] = {}
    with contextlib.suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.lower().startswith(PART_PREFIX) or not entry.is_file(
                follow_symlinks=False
            ):
                continue
            record = read(entry.path)
            if record and record.url_hash:
                with contextlib.suppress(FileNotFoundError):  # it was deleted just now
                    # The inode was changed last when the file got its name.
                    this = entry.stat().st_ctime_ns, entry.name
                    found[record.url_hash] = max(this, found.get(record.url_hash, this))
    return {url_hash: name for url_hash, (_, name) in found.items()}
