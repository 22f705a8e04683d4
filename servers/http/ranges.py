"""Byte ranges: from the text of a Range field to the bytes that are meant (RFC 9110 section 14).

What may live here: pure functions about the Range and Content-Range fields. What may not:
If-Range (in `validators`), whole responses (in `respond`), and any input or output.
"""

import re

# One range only. RFC 9110 section 14.2 lets a server ignore a Range field that it does not like;
# multipart/byteranges is the road not taken, since no client of interest asks for it. The digits
# are limited because int() is slow on very long ones.
_SINGLE = re.compile(r"bytes=[ \t]*([0-9]{0,20})-([0-9]{0,20})[ \t]*", re.IGNORECASE)


def select(text: str, size: int) -> range | None:
    """Return the positions that the Range field `text` asks for, of `size` bytes in all.

    An empty range means that the field can't be satisfied (the answer is 416); None means that it
    is to be ignored (the answer is 200): another unit, several ranges, or a wrong syntax.
    """
    match = _SINGLE.fullmatch(text)
    if not match:
        return None
    first, last = match.groups()
    if first:
        start = int(first)
        if last and int(last) < start:
            return None  # invalid, so ignored: RFC 9110 section 14.1.1
        stop = min(int(last) + 1, size) if last else size
        return range(start, max(start, stop))
    if not last:
        return None
    if not size and int(last):
        # "The last n bytes" of nothing is satisfiable (section 14.1.2), yet a Content-Range can't
        # say "no bytes": the whole of it, in a 200, is the answer that is left.
        return None
    return range(max(0, size - int(last)), size)


def content_range(positions: range, size: int) -> str:
    """Return the Content-Range field of a 206, or of a 416 if `positions` is empty."""
    if not positions:
        return f"bytes */{size}"
    return f"bytes {positions.start}-{positions.stop - 1}/{size}"
