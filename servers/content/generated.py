"""`/bytes/<N>/<any name>`: bodies of any size that nobody has to store.

What may live here: the bytes of that resource, computed. What may not: files, HTTP.

The body is one block of pseudo-random bytes, keyed by the name, over and over. The length of the
block is a prime, so that no piece a client may cut a download into (some power of two, mostly) is
a multiple of it: bytes put in the wrong place are the wrong bytes, and a checksum finds them.
"""

import re
from hashlib import shake_128

from ..http.representation import Representation
from ..http.validators import etag

BLOCK = 65_521  # bytes; the largest prime below 64 KiB
LARGEST = 2**50  # bytes; a petabyte is beyond any test, and its offsets still fit a C long

_TARGET = re.compile(r"/bytes/([0-9]{1,16})/(.+)")
_MODIFIED = 946_684_800  # 2000-01-01: these bytes have never changed since


class Pattern:
    """The first `size` bytes of what `name` stands for."""

    __slots__ = ("_block", "_size")

    def __init__(self, name: str, size: int) -> None:
        self._size = size
        # A shorter digest is a prefix of a longer one, so small bodies cost little.
        self._block = shake_128(name.encode()).digest(min(size, BLOCK))

    def read(self, offset: int, size: int) -> bytes:
        """Return `size` bytes from `offset` on, fewer at the end."""
        size = max(0, min(size, self._size - offset))
        start = offset % BLOCK
        copies = -(-(start + size) // BLOCK)
        return (self._block * copies)[start : start + size]

    def close(self) -> None:
        """Do nothing: there is nothing to give back."""


def find(path: str) -> Representation | None:
    """Return what `path` (without query) stands for, or None if it is not of the right form."""
    match = _TARGET.fullmatch(path)
    if not match or int(match[1]) > LARGEST:
        return None
    size, name = int(match[1]), match[2]
    pattern = Pattern(name, size)
    content = pattern.read(0, size) if size <= BLOCK else pattern
    return Representation(
        content, size, "application/octet-stream", etag(size, name), modified=_MODIFIED
    )
