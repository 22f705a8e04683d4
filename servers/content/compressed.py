"""Bodies with Content-Encoding gzip: `/gzip/N`, `/gzip-cut/N` and `/gzip-bomb/N`.

The first decodes to the bytes of `/bytes/N/NAME`. The second is the first half of that response,
with a Content-Length that fits, so that only the decoder can notice it. The third is N zeros, of
which about a thousandth is sent. All are sent whatever Accept-Encoding says.
"""

import gzip
import re
import zlib
from functools import lru_cache

from ..faults.values import size as parse_size
from ..http.representation import Representation
from ..http.validators import etag
from .generated import MODIFIED, Pattern

LARGEST = 2**24  # bytes to compress: about half a second, in which the server does nothing else
LARGEST_BOMB = 2**30  # bytes; the CRC of so many zeros takes about half a second

_TARGET = re.compile(r"/(gzip|gzip-cut|gzip-bomb)/([0-9.]{1,16}[KMG]?)(?:/(.+))?", re.IGNORECASE)
_PIECE = 2**20


def find(path: str) -> Representation | None:
    """Return the compressed file at `path` (without a query), or None for other paths."""
    match = _TARGET.fullmatch(path)
    if not match:
        return None
    kind, text, name = match.groups()
    try:
        size = parse_size(text)
    except ValueError:
        return None
    if size > (LARGEST_BOMB if kind == "gzip-bomb" else LARGEST):
        return None
    content = _zeros(size) if kind == "gzip-bomb" else _compressed(size, name or "")
    if kind == "gzip-cut":
        content = content[: len(content) // 2]
    return Representation(
        content, len(content), "application/octet-stream", etag(content), MODIFIED, "gzip"
    )


@lru_cache(maxsize=4)
def _compressed(size: int, name: str) -> bytes:
    return gzip.compress(Pattern(name, size).read(0, size), compresslevel=1, mtime=0)


@lru_cache(maxsize=4)
def _zeros(size: int) -> bytes:
    """Return `size` zeros as one gzip member, without compressing more than one piece of them.

    A piece that ends with a full flush depends on no other piece, so it can be repeated.
    """
    zeros = bytes(_PIECE)
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    piece = packer.compress(zeros) + packer.flush(zlib.Z_FULL_FLUSH)
    pieces, rest = divmod(size, _PIECE)
    last = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    ending = last.compress(zeros[:rest]) + last.flush()
    crc = 0
    for _ in range(pieces):
        crc = zlib.crc32(zeros, crc)
    crc = zlib.crc32(zeros[:rest], crc)
    head = gzip.compress(b"", mtime=0)[:10]
    return b"".join(
        (head, piece * pieces, ending, crc.to_bytes(4, "little"), size.to_bytes(4, "little"))
    )
