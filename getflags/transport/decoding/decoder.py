"""A streaming decoder of the content codings gzip and deflate (RFC 9110 section 8.4.1), pure.

It needs little memory, however well a body is compressed, and accepts only a body that is whole:
the checksum and the length at the end of gzip data are verified, and nothing else may follow.
"""

from __future__ import annotations

import zlib
from collections.abc import Generator, Iterator

from getflags.core.errors import Malformed
from getflags.core.models import Piece

_INPUT = 16 * 1024  # bytes that are decoded at a time; zlib copies the rest of them for each step
_OUTPUT = 256 * 1024  # the most bytes that one step makes of them
_GZIP, _ZLIB, _RAW = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS, -zlib.MAX_WBITS  # formats in zlib
_DEFLATE_HEADER = 2  # bytes


class Decoder:
    """The decoder of one body. ``coding`` is ``gzip`` or ``deflate``.

    gzip data may have several members, and zeros after the last one, as gzip itself accepts them.
    For deflate, some servers send the zlib format and others raw deflate data; both are accepted,
    as in browsers.
    """

    def __init__(self, coding: str) -> None:
        self._coding = coding
        self._stream: zlib._Decompress | None = None  # that of the present member
        self._ended = False  # a member has ended
        self._padded = False  # zeros have followed it
        self._start = b""  # the first byte of deflate data, until the second has arrived

    def decode(self, piece: Piece) -> Iterator[bytes]:
        """Yield what a piece of the body decodes to; if this is nothing, one empty piece.

        Raises Malformed if the data is damaged.
        """
        view, empty = memoryview(piece), True
        for start in range(0, len(view), _INPUT):
            for output in self._decode(bytes(view[start : start + _INPUT])):
                empty = False
                yield output
        if empty:
            yield b""

    @property
    def complete(self) -> bool:
        """Whether the data may end here."""
        return self._ended and self._stream is None

    def _decode(self, data: bytes) -> Iterator[bytes]:
        while data:
            if self._stream is None:
                data = self._begin(data)
            else:
                data = yield from self._inflate(self._stream, data)

    def _begin(self, data: bytes) -> bytes:
        """Begin a member; return its data, or nothing if none has arrived. Raises Malformed."""
        form = _GZIP
        if self._coding == "deflate":
            data = self._start + data
            if len(data) < _DEFLATE_HEADER and not self._ended:
                self._start = data
                return b""
            form = _ZLIB if _is_zlib(data) else _RAW
        elif self._ended:
            rest = data.lstrip(b"\0")
            self._padded |= len(rest) < len(data)
            data = rest
        if data and self._ended and (self._padded or form != _GZIP):
            raise Malformed(f"the server's {self._coding} data is followed by something else")
        if data:
            self._stream = zlib.decompressobj(form)
        return data

    def _inflate(self, stream: zlib._Decompress, data: bytes) -> Generator[bytes, None, bytes]:
        """Yield what data decodes to; return the data that follows the member."""
        full = False  # there may be more output than was asked for
        while (data or full) and not stream.eof:
            try:
                output = stream.decompress(data, _OUTPUT)
            except zlib.error as error:
                why = str(error).rpartition(": ")[2]
                raise Malformed(f"the server's {self._coding} data is damaged ({why})") from None
            full = len(output) == _OUTPUT
            data = stream.unconsumed_tail
            if output:
                yield output
        if stream.eof:
            self._stream, self._ended = None, True
        return stream.unused_data


def _is_zlib(data: bytes) -> bool:
    """Return whether data begins with the header of the zlib format (RFC 1950 section 2.2).

    Raw deflate data hardly ever does: it would begin with a stored block whose padding is not zero.
    """
    method, window = data[0] & 15, data[0] >> 4
    return method == zlib.DEFLATED and window < 8 and (data[0] << 8 | data[1]) % 31 == 0  # noqa: PLR2004 - as there
