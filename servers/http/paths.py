"""From a request target to names that are safe to look up (RFC 9112 section 3.2).

What may live here: pure functions on request targets. What may not: the file system. That a name
is safe text does not make it a safe file: links are the business of `folder`.
"""

import os
import re
from urllib.parse import unquote_to_bytes

_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*")


def origin_form(target: str) -> str | None:
    """Return `target` as a path with its query, or None if it is not the target of a resource.

    A server has to accept `http://host/path` too (section 3.2.2). The asterisk of OPTIONS and the
    authority of CONNECT name no resource.
    """
    if target.startswith("/"):
        return target
    match = _ABSOLUTE.match(target)
    if not match:
        return None
    rest = target[match.end() :]
    return rest if rest.startswith("/") else "/" + rest


def without_query(target: str) -> str:
    """Return the path of an origin-form target, still percent-encoded."""
    return target.partition("#")[0].partition("?")[0]


def segments(path: str) -> list[str] | None:
    """Return the decoded names in `path`, or None if one of them could lead astray.

    Astray are: nothing (`//`), `.`, `..`, and a slash or NUL in a name. Clients resolve dots
    before they ask (RFC 3986 section 5.2.4), so nobody honest sends them. A slash at the end of
    `path` adds no name. Names are decoded as file names are (`os.fsdecode`).
    """
    inner = path.removeprefix("/").removesuffix("/")
    if not inner:
        return []
    names = [os.fsdecode(unquote_to_bytes(raw)) for raw in inner.split("/")]
    if any(name in {"", ".", ".."} or "/" in name or "\0" in name for name in names):
        return None
    return names
