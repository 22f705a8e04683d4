"""Ranges and validators: text to values and back (RFC 9110 sections 8.8, 13.1.5, 14).

Whether two responses speak of the same bytes is found here; what to do about it is not. Only
strong validators count: a weak one says *much the same*, and a file made of two halves that are
much the same is a wrong file.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from getflags.core.models import PartialFile, ResumeRecord
from getflags.core.response_head import Head, content_length, seconds

STATUSES = {206, 416}  # of answers to a range
MOST_PARTS = 1_000  # requests for one file, each of which brings some more of it
_RANGE = re.compile(r"bytes[ \t]+([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18}|\*)", re.IGNORECASE)
_STRONG = re.compile(r'"[\x21\x23-\x7e\x80-\xff]*"')


class Span(NamedTuple):
    """The bytes of a partial response: ``first`` up to, not including, ``end`` of ``total``."""

    first: int
    end: int
    total: int | None


def span(head: Head) -> Span | None:
    """Read Content-Range; None for what makes no sense (section 14.4), multipart included."""
    values = head.all("content-range")
    match = _RANGE.fullmatch(values[0]) if len(values) == 1 else None
    if match is None:
        return None
    first, end = int(match[1]), int(match[2]) + 1
    total = None if match[3] == "*" else int(match[3])
    return Span(first, end, total) if first < end <= (end if total is None else total) else None


def note(head: Head, total: int | None) -> ResumeRecord | None:
    """Return what to remember of a response, to know its file again; None where nothing would do.

    A Last-Modified is strong where the server's clock was a second further (section 8.8.2.2).
    """
    coding = ", ".join(head.all("content-encoding")).lower()
    tags = head.all("etag")
    if len(tags) == 1 and _STRONG.fullmatch(tags[0]):
        return ResumeRecord(tags[0], total, coding)
    dates, now = head.all("last-modified"), [seconds(value) for value in head.all("date")]
    then = seconds(dates[0]) if len(dates) == 1 else None
    if then is not None and len(now) == 1 and now[0] is not None and now[0] - then >= 1:
        return ResumeRecord(dates[0], total, coding)
    return None


def rest(head: Head, kept: PartialFile) -> Span | None:
    """Return what a partial response adds, if that is exactly how the kept bytes go on.

    The server has promised it (If-Range, section 13.1.5), and not all keep that promise. Nor is a
    part of use while nobody has said how large the file is: it may be any part of the rest. Raises
    Malformed for a Content-Length that makes no sense.
    """
    part, note = span(head), kept.record
    if part is None or part.first != kept.size or not _same_file(head, note):
        return None
    total = part.total if note.total is None else note.total
    if total is None or part.total not in {None, total} or part.end > total:
        return None
    if content_length(head) not in {None, part.end - part.first}:
        return None
    return part._replace(total=total)


def _same_file(head: Head, note: ResumeRecord) -> bool:
    tags, dates = head.all("etag"), head.all("last-modified")
    tagged = note.validator.startswith('"')
    told = tags if tagged else dates
    # A tag that the whole has must be told of a part, too (section 15.3.7). And where a date was
    # noted, the file had no tag.
    if not told and (tagged or any(map(_STRONG.fullmatch, tags))):
        return False
    coding = ", ".join(head.all("content-encoding")).lower()
    return all(each == note.validator for each in told) and coding == note.coding
