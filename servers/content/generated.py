"""Generated files at `/bytes/<N>/<any name>`: bodies of any size that take no disk space.

The bytes are computed when they are read. N may end with K, M or G.

The body repeats one block of pseudo-random bytes, which depends on the name. The length of the
block is a prime number, so that it does not divide the lengths of the pieces in which a client may
download the file (mostly powers of two). Bytes written to the wrong place are therefore wrong
bytes, and a checksum detects them.
"""

import re
from hashlib import shake_128

from ..faults.values import size as parse_size
from ..http.representation import Representation
from ..http.validators import etag

BLOCK = 65_521  # bytes; the largest prime below 64 KiB
_TARGET = re.compile(r"/bytes/([0-9]{1,16}|[0-9.]{1,16}[KMG])/(.+)", re.IGNORECASE)
MODIFIED = 946_684_800  # 2000-01-01: the content never changes


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
    if not match:
        return None
    try:
        size = parse_size(match[1])
    except ValueError:
        return None
    name = match[2]
    pattern = Pattern(name, size)
    content = pattern.read(0, size) if size <= BLOCK else pattern
    return Representation(
        content, size, "application/octet-stream", etag(size, name), modified=MODIFIED
    )
