"""Generated files at `/bytes/<N>/<any name>`: bodies of any size that take no disk space.

The bytes are computed when they are read.

The body repeats one block of pseudo-random bytes, which depends on the name. The length of the
block is a prime number, so that it does not divide the lengths of the pieces in which a client may
download the file (mostly powers of two). Bytes written to the wrong place are therefore wrong
bytes, and a checksum detects them.
"""

import re
from hashlib import shake_128

from ..http.representation import Representation
from ..http.validators import etag

BLOCK = 65_521  # bytes; the largest prime below 64 KiB
LARGEST = 2**50  # bytes; a petabyte is more than any test needs, and its offsets fit in a C long

_TARGET = re.compile(r"/bytes/([0-9]{1,16})/(.+)")
_MODIFIED = 946_684_800  # 2000-01-01: the content never changes


class Pattern:
    """The first `size` bytes of the pattern for `name`."""

    __slots__ = ("_block", "_size")

    def __init__(self, name: str, size: int) -> None:
        self._size = size
        # A shorter digest is a prefix of a longer one, so small bodies are cheap.
        self._block = shake_128(name.encode()).digest(min(size, BLOCK))

    def read(self, offset: int, size: int) -> bytes:
        """Return `size` bytes from `offset` on, fewer at the end."""
        size = max(0, min(size, self._size - offset))
        start = offset % BLOCK
        copies = -(-(start + size) // BLOCK)
        return (self._block * copies)[start : start + size]

    def close(self) -> None:
        """Do nothing: there are no resources to release."""


def find(path: str) -> Representation | None:
    """Return the generated file at `path` (without a query), or None for other paths."""
    match = _TARGET.fullmatch(path)
    if not match or int(match[1]) > LARGEST:
        return None
    size, name = int(match[1]), match[2]
    pattern = Pattern(name, size)
    content = pattern.read(0, size) if size <= BLOCK else pattern
    return Representation(
        content, size, "application/octet-stream", etag(size, name), modified=_MODIFIED
    )
