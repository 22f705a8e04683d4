"""What is found, and what that means: a status code (RFC 9110 section 15), a file on the disk.

What follows from it is the transfer's decision.
"""

from __future__ import annotations

from enum import Enum, auto

from getflags.core.errors import Fault
from getflags.core.models import Checksum, Exists, OnDisk, Status
from getflags.core.response_head import Head, describe, retry_after
from getflags.core.urls import origin
from getflags.transfer.retry import MAX_RETRY_AFTER


class Kind(Enum):
    """What a response is good for."""

    FILE = auto()  # its body is the file
    ELSEWHERE = auto()  # a redirect
    MISSING = auto()  # there is no such file
    UNCHANGED = auto()  # what we have is what there is
    LATER = auto()  # an error that may be gone the next time
    FINAL = auto()  # any other error


_KINDS = dict.fromkeys((301, 302, 303, 307, 308), Kind.ELSEWHERE)
_KINDS |= {404: Kind.MISSING, 304: Kind.UNCHANGED}
# Curl's list (sections 15.5.9, 15.6.1, 15.6.3 to 15.6.5, RFC 6585 section 4; 522 and 524 are a
# well-known proxy's words for 504), without those that promise nothing for the next time.
_KINDS |= dict.fromkeys((408, 429, 500, 502, 503, 504, 522, 524), Kind.LATER)
# 2xx that bring no representation, or not the one asked for (sections 15.3.5 to 15.3.7).
_EMPTY = {204: "no content", 205: "no content", 206: "a part that was not asked for"}
PAUSES = {429, 503}  # with Retry-After they speak for the whole server


def kind(status: int) -> Kind:
    """Return what a response with this status is good for; unknown ones count as x00 (15)."""
    known = Kind.FILE if 200 <= status < 300 and status not in _EMPTY else Kind.FINAL  # noqa: PLR2004 - 15.3
    return _KINDS.get(status, known)


def complaint(status: int) -> str:
    """Return what to tell people of a status that is no success."""
    return f"{describe(status)}: {_EMPTY[status]}" if status in _EMPTY else describe(status)


def wait(head: Head, url: str) -> tuple[float | None, str]:
    """Return for how many seconds a server asks to be left alone, and which origin that is.

    No origin where only this file is meant. Raises Fault where that would be too long.
    """
    seconds = retry_after(head)
    if seconds is None:
        return None, ""
    if seconds > MAX_RETRY_AFTER:
        raise Fault(f"{describe(head.status)}, for another {seconds:,.0f} seconds")
    return seconds, origin(url) if head.status in PAUSES else ""


def matches(checksum: Checksum | None, found: OnDisk | None) -> bool:
    """Whether a file is what is wanted, as far as can be told, however new it may be."""
    return checksum is None or found is None or found.digest == checksum.hexdigest


def standing_file(
    exists: Exists, checksum: Checksum | None, found: OnDisk | None
) -> tuple[Status, str, int] | None:
    """Return how a target ends whose name is taken, and its size; None if it must be asked for."""
    if found and exists is Exists.FAIL:
        return Status.FAILED, "a file of that name exists", 0
    if found and exists is Exists.SKIP and matches(checksum, found):
        return Status.PRESENT, "it was there already", found.size
    return None
