"""Entity tags, dates, and conditional requests (RFC 9110 sections 8.8 and 13).

The functions here are pure: they parse, format and compare validators. Which response a condition
leads to is decided in `responses`.

If-Match and If-Unmodified-Since are not supported: they protect a resource from a conflicting
change (section 13.1.1), and nothing on these servers can be changed.
"""

import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import formatdate, parsedate_to_datetime
from hashlib import blake2b

_ENTITY_TAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"')


def etag(*facts: bytes | str | int) -> str:
    """Return a strong entity tag, in quotes, that changes when any of `facts` changes."""
    digest = blake2b(digest_size=12)
    for fact in facts:
        data = fact if isinstance(fact, bytes) else str(fact).encode("utf-8", "surrogateescape")
        # The length prefix distinguishes "ab", "c" from "a", "bc".
        digest.update(len(data).to_bytes(8, "big") + data)
    return f'"{digest.hexdigest()}"'


def http_date(moment: int) -> str:
    """Return `moment`, in seconds since 1970, as an IMF-fixdate (RFC 9110 section 5.6.7)."""
    return formatdate(moment, usegmt=True)


def parse_date(text: str) -> int | None:
    """Return an HTTP date as seconds since 1970, or None if `text` is not a date.

    The two obsolete formats are accepted too: "a recipient MUST accept all three" (section 5.6.7).
    """
    try:
        moment = parsedate_to_datetime(text)
        # The asctime format has no time zone, and every HTTP date is in UTC.
        return int(moment.replace(tzinfo=UTC).timestamp())
    except (ValueError, OverflowError):  # not a date, or a date that does not exist
        return None


def not_modified(fields: Mapping[str, str], tag: str, modified: int) -> bool:
    """Return whether the client already has the current representation, so that a 304 suffices.

    `fields` are the request's header fields, with names in lower case; `modified` is in seconds
    since 1970.
    """
    if (tags := fields.get("if-none-match")) is not None:
        # The comparison is weak (section 13.1.2), and If-Modified-Since is ignored (13.1.3).
        tags_held = (each.removeprefix("W/") for each in _ENTITY_TAG.findall(tags))
        return tags.strip() == "*" or tag in tags_held
    if (since := fields.get("if-modified-since")) is not None:
        date = parse_date(since)
        return date is not None and modified <= date
    return False


def range_applies(fields: Mapping[str, str], tag: str, modified: int) -> bool:
    """Return whether the Range field may be honoured, given If-Range (RFC 9110 section 13.1.5).

    The comparison is strong: a weak tag never matches, and a date must be equal. A date is trusted
    even if the file changed within the same second; a client that needs more certainty can use the
    entity tag.
    """
    condition = fields.get("if-range")
    if condition is None or condition == tag:
        return True
    return not condition.endswith('"') and parse_date(condition) == modified
