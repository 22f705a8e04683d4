"""The decision whether an existing file is up to date (``--exists refresh``).

An existing file is kept only if the server confirms that it is the one that would be downloaded. A
record of the download says which entity tag the file had and which URL it came from; with it, one
conditional request is enough (RFC 9110 section 13.1.2). If-Modified-Since is not used: after a
server has gone back to an older version of a file, and for a file that was cut off, it confirms
what is wrong. Without a record, the size and the date of the response decide.
"""

from __future__ import annotations

from getflags.core.models import FetchRecord, OnDisk
from getflags.core.response_head import Head, content_length, modified
from getflags.core.text import short_hash
from getflags.core.urls import identity
from getflags.transfer.parts.ranges import is_strong


def source(url: str, requested: str, *, compressed: bool = False) -> str:
    """Return a hash of a target's URL and of the one that redirects have led to.

    An entity tag is meaningless for another URL, and for a file that was saved as it was sent if
    ``compressed`` files are now decoded, or the other way round: some servers give both the same
    tag. The hash hides secrets in a URL.
    """
    known = identity(url)
    text = f"{known} {known if requested == url else identity(requested)}"
    if compressed:
        text += " decoded"
    return short_hash(text, 12)


def condition(
    found: OnDisk | None, url: str, requested: str, *, compressed: bool = False
) -> str | None:
    """Return the value of If-None-Match for a request; None if it should be unconditional."""
    record = found.record if found else None
    if record is None or not is_strong(record.etag):
        return None
    return record.etag if record.source == source(url, requested, compressed=compressed) else None


def is_current(
    found: OnDisk, head: Head, url: str, requested: str, *, compressed: bool = False
) -> bool:
    """Return whether the head of a complete response, which is not coded, describes the file."""
    record = found.record
    if content_length(head) != found.size:
        return False
    if record is None:
        return modified(head) == found.modified
    if record.source != source(url, requested, compressed=compressed):
        return False
    if record.etag != _etag(head):
        return False
    return is_strong(record.etag) or (
        record.modified is not None and modified(head) == record.modified
    )


def fetched(
    head: Head,
    date: int | None,
    url: str,
    requested: str,
    name: str | None = None,
    *,
    compressed: bool = False,
) -> FetchRecord | None:
    """Return the record of a download; None if the response has no validator.

    ``date`` is its Last-Modified in seconds since 1970. If servers may choose the files' names,
    there is always a record, and ``name`` is the one that the server gave, or empty.
    """
    etag = _etag(head)
    if not (etag or date) and name is None:
        return None
    fetched_from = source(url, requested, compressed=compressed)
    return FetchRecord(fetched_from, etag, date, name=name or "")


def _etag(head: Head) -> str:
    tags = head.all("etag")
    return tags[0] if len(tags) == 1 and tags[0].isprintable() else ""
