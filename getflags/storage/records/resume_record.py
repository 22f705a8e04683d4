"""The resume record: a JSON file about the part file.

The record holds the validator of the response, and the proved ranges of the part file. An invalid
record is treated like a missing one.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence

from getflags.core.accepted import is_field_value
from getflags.core.models import ResumeRecord
from getflags.core.urls import identity
from getflags.storage.locked_file import SAFE
from getflags.storage.proof import ProvedRange
from getflags.targets.filenames import from_server

_VERSION = 2
_MAX_SIZE = 1024 * 1024  # bytes of a record that are read; 1,000 ranges take 50,000
_MAX_OFFSET = 2**63  # of a byte in a file


def write_record(path: str, url: str, record: ResumeRecord, ranges: Sequence[ProvedRange]) -> bool:
    """Write a resume record; return whether it was written. An older record stays until then.

    The record is written to a new file, because an existing one may be a hard link to a file of
    another user.
    """
    import json  # the import takes 4 ms, and a small file has no record

    values = {"version": _VERSION, "url": _digest(url), **record._asdict(), "ranges": ranges}
    new = f"{path}.new"
    remove_record(new)
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | SAFE
        with open(os.open(new, flags, 0o666), "wb") as file:  # noqa: PTH123
            file.write(json.dumps(values).encode())
        os.replace(new, path)  # noqa: PTH105 - as in remove_record
    except OSError:
        remove_record(new)
        return False
    return True


def read_record(path: str, *urls: str) -> tuple[str, ResumeRecord, list[ProvedRange]] | None:
    """Return the URL, of those that are given, of a resume record, the record and its ranges.

    Returns None if the record is missing, invalid, or for another URL.
    """
    import json

    try:
        descriptor = os.open(path, os.O_RDONLY | SAFE)
        try:
            values = json.loads(os.read(descriptor, _MAX_SIZE))
        finally:
            os.close(descriptor)
        url = next((each for each in urls if _digest(each) == values["url"]), None)
        if values["version"] != _VERSION or url is None:
            return None
        validator, total, coding = values["validator"], values["total"], values["coding"]
        ranges = [ProvedRange(*each) for each in values["ranges"]]
        name = from_server(values.get("name", ""))
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None
    texts = isinstance(validator, str) and isinstance(coding, str)
    sendable = texts and validator.isprintable() and is_field_value(validator)
    size = total is None or (isinstance(total, int) and total > 0)
    if not sendable or not size or not all(_is_range(*each) for each in ranges):
        return None
    return url, ResumeRecord(validator, total, coding, name), ranges


def _is_range(start: object, end: object, digest: object) -> bool:
    offsets = isinstance(start, int) and isinstance(end, int) and 0 <= start < end < _MAX_OFFSET
    return offsets and isinstance(digest, str)


def remove_record(path: str) -> None:
    """Delete a resume record, if it exists and can be deleted."""
    with contextlib.suppress(OSError):
        os.unlink(path)  # noqa: PTH108 - Path would cost 3 us a file here


def _digest(url: str) -> str:
    """Return a hash of a URL without its secrets, which may be renewed."""
    import hashlib  # loads OpenSSL, and a small file has no record

    return hashlib.sha256(identity(url).encode()).hexdigest()
