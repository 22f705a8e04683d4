"""The meaning of a response's status code (RFC 9110 section 15) and of an existing file.

The transfer decides what to do about it.
"""

from __future__ import annotations

from enum import Enum, auto

from getflags.core.models import Checksum, Exists, OnDisk, Status
from getflags.core.response_head import (
    Head,
    describe,
    rate_limit_policy,
    rate_limit_reset,
    retry_after,
)
from getflags.core.urls import origin
from getflags.transfer.actions import Refusal


class Kind(Enum):
    """The meaning of a response."""

    FILE = auto()  # the body is the file
    REDIRECT = auto()
    MISSING = auto()  # there is no such file
    UNCHANGED = auto()  # the existing file is up to date
    TRANSIENT = auto()  # an error that is worth a retry
    FINAL = auto()  # an error that is not retried


# The body of any other 2xx is not the file: it is empty, a report of what the server has done or
# will do, or something that a proxy has changed (sections 15.3.2 to 15.3.7).
_OTHER_SUCCESSES = {
    202: "the server has not got the file ready",
    203: "a proxy has changed the file",
    204: "no content",
    205: "no content",
    206: "a part that was not asked for",
}
_KINDS = {200: Kind.FILE}
_KINDS |= dict.fromkeys((301, 302, 303, 307, 308), Kind.REDIRECT)
_KINDS |= {404: Kind.MISSING, 304: Kind.UNCHANGED}
# As in curl (sections 15.5.9, 15.6.1, 15.6.3 to 15.6.5, RFC 6585 section 4; 522 and 524 are what a
# well-known proxy sends instead of 504), without the errors that are likely to last.
_KINDS |= dict.fromkeys((408, 429, 500, 502, 503, 504), Kind.TRANSIENT)
# Well-known proxies send these: 520 to 524 if the origin fails or is silent, 529 if it is busy.
_KINDS |= dict.fromkeys((520, 521, 522, 523, 524, 529), Kind.TRANSIENT)
UNAUTHORIZED = 401
GONE = 410  # like 404, for ever
OVERLOAD = {429, 503, 529}  # the origin gets too many requests, whatever their targets


def kind(status: int) -> Kind:
    """Return the meaning of a status code; an unknown one is a final error."""
    return _KINDS.get(status) or Kind.FINAL


def complaint(status: int) -> str:
    """Return the error message for a status code that is not a success."""
    if not 200 < status < 300:  # noqa: PLR2004 - the successes
        return describe(status)
    return f"{describe(status)}: {_OTHER_SUCCESSES.get(status, 'the response is not the file')}"


def is_pending(head: Head) -> bool:
    """Return whether the file will be there later (202 with Retry-After)."""
    return head.status == 202 and bool(head.all("retry-after"))  # noqa: PLR2004 - as in the text


def refusal(head: Head, url: str, today: float | None) -> Refusal | None:
    """Return what a response says about too many requests; None if it has another cause.

    A 403 counts if it says when to come back: some servers send it instead of 429 (GitHub).
    """
    status = head.status
    if status not in OVERLOAD | {403}:
        return None
    pause = retry_after(head, today)
    if pause is None:
        pause = rate_limit_reset(head, today)
    policy = rate_limit_policy(head)
    if status == 403 and pause is None:  # noqa: PLR2004 - as above
        return None
    explicit = status == 429 or pause is not None or policy is not None  # noqa: PLR2004 - as above
    return Refusal(origin(url), pause, policy, explicit)


def matches(checksum: Checksum | None, found: OnDisk) -> bool:
    """Return whether an existing file has the expected checksum, if one is known."""
    return checksum is None or found.digest == checksum.hexdigest


def existing_file(
    exists: Exists, checksum: Checksum | None, found: OnDisk
) -> tuple[Status, str, int] | None:
    """Return status, reason and size of a target whose file exists; None if a request is needed."""
    if exists is Exists.FAIL:
        return Status.FAILED, "a file with that name exists", 0
    if exists is Exists.SKIP and matches(checksum, found):
        return Status.PRESENT, "already exists", found.size
    return None


def verified(checksum: Checksum | None, found: OnDisk | None) -> tuple[Status, str, int]:
    """Return status, reason and size of a target whose file is only compared with its checksum."""
    if found is None:
        return Status.NOT_FOUND, "missing", 0
    if checksum is None:
        return Status.FAILED, "there is no checksum to verify it with", 0
    if not matches(checksum, found):
        return Status.FAILED, f"wrong: {mismatch(checksum, found.digest)}", 0
    return Status.PRESENT, "right", found.size


def mismatch(checksum: Checksum, digest: str | None) -> str:
    """Return the error message for a file that has another digest than the expected one."""
    algorithm, expected = checksum
    return f"checksum mismatch: {algorithm} expected {expected}, got {digest}"
