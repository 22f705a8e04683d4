"""The decoding of a list of targets: UTF-8, UTF-16 with a byte order mark, and gzip.

The memory is bounded: a compressed list is decompressed piece by piece.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import TextIO, cast

from getflags.targets.list_file import BadInput

_GZIP = b"\x1f\x8b"  # RFC 1952 section 2.3.1
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


@contextmanager
def decoded(raw: io.RawIOBase) -> Iterator[TextIO]:
    """Yield the text of a list. Raises OSError if it cannot be read, and BadInput if damaged."""
    stream = io.BufferedReader(raw)
    try:
        if stream.peek(2)[:2] == _GZIP:
            import gzip  # the import takes 3 ms, and few lists are compressed

            # With read(), the decompressor would wait for more than has been written.
            source = cast("io.BufferedReader", SimpleNamespace(read=stream.read1))
            stream = io.BufferedReader(gzip.GzipFile(fileobj=source))  # type: ignore[arg-type]
        utf16 = stream.peek(2)[:2] in _UTF16
        # Bytes that are not UTF-8 are kept as surrogates, and percent-encoded in the URL.
        errors = "strict" if utf16 else "surrogateescape"
        with io.TextIOWrapper(stream, "utf-16" if utf16 else "utf-8", errors) as text:
            yield text
    except UnicodeDecodeError:
        raise BadInput("the list begins like UTF-16, but it is not valid UTF-16") from None
    except (EOFError, zlib.error):
        raise BadInput("the gzip data is damaged or incomplete") from None
    except OSError as error:
        if error.errno is None:  # gzip.BadGzipFile
            raise BadInput("the gzip data is damaged or incomplete") from None
        raise
