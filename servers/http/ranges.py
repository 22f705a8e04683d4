"""Byte ranges: parsing Range and formatting Content-Range (RFC 9110 section 14).

The functions here are pure. If-Range is in `validators`; whole responses are in `responses`.
"""

import re

# Only a single range is supported. RFC 9110 section 14.2 lets a server ignore a Range field, and no
# client of interest asks for multipart/byteranges. The number of digits is limited because int() is
# slow on very long numbers.
_SINGLE = re.compile(r"bytes=[ \t]*([0-9]{0,20})-([0-9]{0,20})[ \t]*", re.IGNORECASE)


def parse_range(text: str, size: int) -> range | None:
    """Return the positions that the Range field `text` selects from `size` bytes.

    An empty range means that the field cannot be satisfied (the response is a 416). None means that
    the field is ignored (the response is a 200), because it has another unit, several ranges, or a
    syntax error.
    """
    match = _SINGLE.fullmatch(text)
    if not match:
        return None
    first, last = match.groups()
    if first:
        start = int(first)
        if last and int(last) < start:
            return None  # invalid, so it is ignored (RFC 9110 section 14.1.1)
        stop = min(int(last) + 1, size) if last else size
        return range(start, max(start, stop))
    if not last:
        return None
    if not size and int(last):
        # "The last n bytes" of an empty file is satisfiable (section 14.1.2), but a Content-Range
        # cannot express an empty range. So the response is a 200 with the whole, empty file.
        return None
    return range(max(0, size - int(last)), size)


def content_range(positions: range, size: int) -> str:
    """Return the Content-Range field of a 206, or of a 416 if `positions` is empty."""
    if not positions:
        return f"bytes */{size}"
    return f"bytes {positions.start}-{positions.stop - 1}/{size}"
