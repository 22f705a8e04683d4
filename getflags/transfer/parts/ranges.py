"""Partial responses and validators (RFC 9110 sections 8.8, 13.1.5, 14).

The functions decide whether two responses represent the same file; the transfer decides what to do.
Only strong validators count: a weak one stays the same when bytes change, and a file made from
parts of two versions is corrupt.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from getflags.core.errors import Malformed
from getflags.core.models import PartialFile, ResumeRecord
from getflags.core.response_head import Head, content_length, seconds

STATUSES = {206, 416}  # of responses to a range request
MAX_PARTS = 1_000  # requests for one file
_RANGE = r"(?i)bytes[ \t]+([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18}|\*)"
_STRONG = r'"[\x21\x23-\x7e\x80-\xff]*"'


class ByteRange(NamedTuple):
    """The bytes of a partial response: from ``first`` up to, not including, ``end``."""

    first: int
    end: int
    total: int | None


def span(head: Head) -> ByteRange | None:
    """Parse Content-Range; return None if it is missing or invalid (section 14.4), or multipart."""
    values = head.all("content-range")
    match = re.fullmatch(_RANGE, values[0]) if len(values) == 1 else None
    if match is None:
        return None
    first, end = int(match[1]), int(match[2]) + 1
    total = None if match[3] == "*" else int(match[3])
    return (
        ByteRange(first, end, total) if first < end <= (end if total is None else total) else None
    )


def record_of(head: Head, total: int | None) -> ResumeRecord | None:
    """Return a response's strong validator with its size and coding; None if it has none.

    Last-Modified is strong if it is at least a second before the Date (section 8.8.2.2).
    """
    coding = ", ".join(head.all("content-encoding")).lower()
    tags = head.all("etag")
    if len(tags) == 1 and is_strong(tags[0]):
        return ResumeRecord(tags[0], total, coding)
    dates, now = head.all("last-modified"), [seconds(value) for value in head.all("date")]
    then = seconds(dates[0]) if len(dates) == 1 else None
    if then is not None and len(now) == 1 and now[0] is not None and now[0] - then >= 1:
        return ResumeRecord(dates[0], total, coding)
    return None


def rest(head: Head, partial: PartialFile) -> ByteRange | None:
    """Return the span of a partial response if it continues a partial file; else None.

    If-Range requires this of the server (section 13.1.5), but not all servers comply. The total
    size must be known, because the span may end anywhere within the rest. Raises Malformed if
    Content-Length is invalid.
    """
    part, record = span(head), partial.record
    if part is None or part.first != partial.size or not _same_file(head, record):
        return None
    total = part.total if record.total is None else record.total
    if total is None or part.total not in {None, total} or part.end > partial.end(total):
        return None
    if content_length(head) not in {None, part.end - part.first}:
        return None
    return part._replace(total=total)


def is_part(head: Head, first: int, end: int, record: ResumeRecord) -> bool:
    """Return whether a response is exactly the requested part of a known file."""
    try:
        length = content_length(head)
    except Malformed:
        return False
    exact = head.status == 206 and span(head) == (first, end, record.total)  # noqa: PLR2004
    return exact and length in {None, end - first} and _same_file(head, record)


def has_changed(head: Head, record: ResumeRecord) -> bool:
    """Return whether a response shows that the file is no longer the one of the record.

    A server that ignores Range sends the whole file, which may still be the same.
    """
    if head.status == 206:  # noqa: PLR2004 - as in ``is_part``
        part = span(head)
        other = part is not None and part.total not in {None, record.total}
        return other or _contradicts(head, record)
    try:
        length = content_length(head)
    except Malformed:
        return False
    return head.status == 200 and (length != record.total or _contradicts(head, record))  # noqa: PLR2004


def is_strong(etag: str) -> bool:
    """Return whether an entity tag is a strong one: ``"tag"``, not ``W/"tag"``."""
    return re.fullmatch(_STRONG, etag) is not None


def _same_file(head: Head, record: ResumeRecord) -> bool:
    tags, dates = head.all("etag"), head.all("last-modified")
    tagged = record.validator.startswith('"')
    validators = tags if tagged else dates
    # If the complete response had an ETag, a partial one must have it, too (section 15.3.7). If the
    # record holds a date, the complete response had no ETag.
    if not validators and (tagged or any(map(is_strong, tags))):
        return False
    coding = ", ".join(head.all("content-encoding")).lower()
    return all(each == record.validator for each in validators) and coding == record.coding


def _contradicts(head: Head, record: ResumeRecord) -> bool:
    """Return whether a response has another validator than the record."""
    name = "etag" if record.validator.startswith('"') else "last-modified"
    return any(each != record.validator for each in head.all(name))
