"""Request targets: conversion to paths and to safe file names (RFC 9112 section 3.2).

The functions here are pure and do not use the file system. A safe name may still be a symbolic link
to an unsafe file; `content.folder` checks that.
"""

import os
import re
from urllib.parse import parse_qsl, unquote_to_bytes

_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*")


def origin_form(target: str) -> str | None:
    """Return `target` as a path with its query, or None if it does not name a resource.

    A server must also accept `http://host/path` (section 3.2.2). The asterisk of OPTIONS and the
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


def query(target: str) -> list[tuple[str, str]]:
    """Return the names and values in the query of an origin-form target, decoded.

    Raises ValueError if they are not UTF-8, or if there are more than a hundred.
    """
    text = target.partition("#")[0].partition("?")[2]
    return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=100)


def segments(path: str) -> list[str] | None:
    """Return the decoded names in `path`, or None if one of them is unsafe.

    Unsafe names are the empty name (`//`), `.`, `..`, and any name with a slash or a NUL. Clients
    remove dot segments before they send a request (RFC 3986 section 5.2.4), so no legitimate client
    sends them. A slash at the end of `path` adds no name. Names are decoded as file names are
    (`os.fsdecode`).
    """
    inner = path.removeprefix("/").removesuffix("/")
    if not inner:
        return []
    names = [os.fsdecode(unquote_to_bytes(raw)) for raw in inner.split("/")]
    if any(name in {"", ".", ".."} or "/" in name or "\0" in name for name in names):
        return None
    return names
