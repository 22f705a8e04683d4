"""Entity tags and dates, and the conditions that are built on them (RFC 9110 sections 8.8 and 13).

What may live here: pure functions that parse, print and compare validators. What may not: what
follows from a condition (in `respond`), and any input, output or clock.

If-Match and If-Unmodified-Since are not here: they guard what a request would change (section
13.1.1), and nothing on these servers can be changed.
"""

import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import formatdate, parsedate_to_datetime
from hashlib import blake2b

_ENTITY_TAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"')


def etag(*facts: bytes | str | int) -> str:
    """Return a strong entity tag, quotes included, that changes when one of `facts` does."""
    digest = blake2b(digest_size=12)
    for fact in facts:
        data = fact if isinstance(fact, bytes) else str(fact).encode("utf-8", "surrogateescape")
        digest.update(len(data).to_bytes(8, "big") + data)  # framed: "ab", "c" is not "a", "bc"
    return f'"{digest.hexdigest()}"'


def http_date(moment: int) -> str:
    """Return `moment`, in seconds since 1970, as an IMF-fixdate (RFC 9110 section 5.6.7)."""
    return formatdate(moment, usegmt=True)


def parse_date(text: str) -> int | None:
    """Return the seconds since 1970 of an HTTP date in any of its three forms, None if it is none.

    The two obsolete forms count too: "a recipient MUST accept all three" (section 5.6.7).
    """
    try:
        moment = parsedate_to_datetime(text)
        # asctime's form names no zone; HTTP dates are in UTC whatever they say.
        return int(moment.replace(tzinfo=UTC).timestamp())
    except (ValueError, OverflowError):  # no date at all, or one that the calendar doesn't have
        return None


def unchanged(fields: Mapping[str, str], tag: str, modified: int) -> bool:
    """Return whether the client holds what it would get, so that a 304 will do.

    `fields` are the request's, with names in lower case; `modified` is in seconds since 1970.
    """
    if (tags := fields.get("if-none-match")) is not None:
        # Comparison is weak (section 13.1.2), and If-Modified-Since no longer counts (13.1.3).
        held = (each.removeprefix("W/") for each in _ENTITY_TAG.findall(tags))
        return tags.strip() == "*" or tag in held
    if (since := fields.get("if-modified-since")) is not None:
        date = parse_date(since)
        return date is not None and modified <= date
    return False


def range_applies(fields: Mapping[str, str], tag: str, modified: int) -> bool:
    """Return whether a Range field may be honoured, in the light of If-Range (section 13.1.5).

    Comparison is strong: a weak tag never matches, and a date has to be the very same. A date is
    trusted even if the file changed within this second; who needs better has the entity tag.
    """
    condition = fields.get("if-range")
    if condition is None or condition == tag:
        return True
    return not condition.endswith('"') and parse_date(condition) == modified
