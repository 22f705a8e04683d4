"""Reading a response from the bytes of a connection, without I/O (RFC 9112).

A recipient may accept less strict forms than a sender may produce, but where two readers could
disagree on the end of a message, this one raises Malformed.
"""

from __future__ import annotations

import re
from functools import lru_cache

from getflags.core.errors import Disconnected, Malformed
from getflags.core.models import Piece
from getflags.core.response_head import Head, content_length, is_chunked

_MAX_HEAD = 100 * 1024  # bytes, with all interim responses before it; the same for trailers
_MAX_FIELDS = 1_000
_DRAIN_BYTES = 64 * 1024  # an unwanted body up to this size is read, to keep the connection
DRAIN_SECONDS = 0.1  #: the longest time to spend on that
_MAX_SIZE_LINE = 16 * 1024  # bytes of a chunk's size and extensions
_MAX_KNOWN = 1_000  # header lines
_MAX_KNOWN_LENGTH = 200  # characters of such a line
_STATUS = re.compile(r"HTTP/1\.([01]) ([1-9][0-9]{2})(?: .*)?", re.DOTALL)
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 section 5.6.2
_SIZE = rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n\0]*)?\r\n"
_NO_BODY = {204, 304}
_SWITCHING = 101  # Switching Protocols, which getflags has not asked for
_BEGINNING = 16  # bytes that tell whether it is HTTP/1
_FIRST_FINAL = 200  # lower status codes are interim

# The fields of the header lines seen last: most lines of a server are the same in each response.
_known: dict[str, tuple[str, str]] = {}


class ResponseReader:
    """Reads one response: ``receive`` takes the bytes, ``eof`` the end of the connection.

    ``head`` is None until it is complete. ``pieces`` has the pieces of the body that nobody has
    taken yet; what was received as a view is passed on as views. ``reusable`` says whether the
    connection may be used again after the end. With ``secure``, the bytes come over TLS.
    """

    __slots__ = (
        "_buffer",
        "_chunked",
        "_head_bytes",
        "_in_chunk",
        "_in_trailers",
        "_left",
        "_secure",
        "complete",
        "delimited",
        "head",
        "pieces",
        "reusable",
    )

    def __init__(self, *, secure: bool = False) -> None:
        self._secure = secure
        self.head: Head | None = None
        self.pieces: list[Piece] = []
        self.complete = False
        self.reusable = False
        self.delimited = True  # the end of the body is marked, not that of the connection
        self._buffer = b""
        self._head_bytes = 0  # of heads and trailers until now
        self._chunked = False
        self._in_chunk = False  # the end of the present chunk has not come
        self._in_trailers = False
        self._left: int | None = None  # bytes of the body, or of the present chunk, to come

    @property
    def started(self) -> bool:
        """Whether a part of the response has arrived."""
        return bool(self.head or self._buffer or self._head_bytes)

    @property
    def drainable(self) -> bool:
        """Whether the body is so short that reading it is worth the connection."""
        length = content_length(self.head) if self.head and self.delimited else None
        return self.complete or (length is not None and length <= _DRAIN_BYTES)

    def receive(self, data: Piece) -> None:
        """Read bytes. Raises Malformed."""
        if self.head is None:
            known, start = len(self._buffer), bytes(data[: _MAX_HEAD + 1])
            after = self._read_head(self._buffer + start if known else start)
            if after is None:
                return
            data, self._buffer = data[after - known :], b""
        if self.complete:
            self.reusable = self.reusable and not data
        elif self._chunked:
            self._read_chunks(self._buffer + data if self._buffer else bytes(data))
        elif self._left is None:
            if data:
                self.pieces.append(data)
        else:
            self._read_body(data, self._left)

    def eof(self) -> None:
        """Handle the end of the connection. Raises Disconnected or Malformed."""
        if self.complete:
            self.reusable = False
        elif self.head is not None and not self.delimited:
            # A close_notify alert would tell the end of the body from a cut (RFC 9112 section 9.8),
            # but Python's streams do not report it.
            if self._secure:
                raise Disconnected("the response has no length, so its end cannot be verified")
            self.complete = True
        elif not self.started:
            raise Disconnected("the server closed the connection without a response")
        else:
            raise Disconnected("the server closed the connection before the end of the response")

    def _read_body(self, data: Piece, left: int) -> None:
        if len(data) > left:  # excess, as if for the next request
            self.reusable = False
            data = data[:left]
        if data:
            self.pieces.append(data)
            self._left = left = left - len(data)
        self.complete = not left

    def _read_head(self, data: bytes) -> int | None:
        """Read the head, and interim responses before it; return the offset of what follows.

        Returns None if it is incomplete.
        """
        start = 0
        while True:
            _check_beginning(data[start : start + _BEGINNING])
            end = data.find(b"\n\r\n", start)
            after = end + 3
            # Up to and with the line end at which the other form begins.
            bare = data.find(b"\n\n", start, end + 1 if end >= 0 else len(data))
            if bare >= 0:
                end, after = bare, bare + 2
            self._count_head((len(data) if end < 0 else after) - start)
            if end < 0:
                self._buffer = data[start:]
                return None
            version, head = _parse(data[start:end].decode("latin-1"))
            if head.status >= _FIRST_FINAL:
                self._begin_body(version, head)
                return after
            if head.status == _SWITCHING:
                raise Malformed("the server switched to a protocol that was not asked for")
            self._head_bytes += after - start
            start = after

    def _count_head(self, size: int) -> None:
        if self._head_bytes + size > _MAX_HEAD:
            raise _invalid("its head is too long")

    def _begin_body(self, version: str, head: Head) -> None:
        self._chunked = is_chunked(head)
        try:
            length = None if self._chunked else content_length(head)
        except Malformed as fault:
            raise _invalid(str(fault)) from None
        if head.status in _NO_BODY:
            self._chunked, length = False, 0
        self.delimited = self._chunked or length is not None
        self._left = 0 if self._chunked else length
        self.complete = length == 0
        options = ",".join(head.all("connection")).lower()
        kept = "keep-alive" in options if version == "0" else "close" not in options
        # A length beside chunks may be an attempt to smuggle a response (RFC 9112 section 6.3).
        doubtful = self._chunked and bool(head.all("content-length"))
        self.reusable = kept and self.delimited and not doubtful
        self.head = head

    def _read_chunks(self, data: bytes) -> None:
        place, self._buffer = 0, b""
        while not self.complete:
            if self._left:
                piece = data[place : place + self._left]
                if not piece:
                    return
                self.pieces.append(piece)
                self._left -= len(piece)
                place += len(piece)
                continue
            end = data.find(b"\n", place) + 1
            if not end:
                self._buffer = data[place:]
                limit = _MAX_HEAD if self._in_trailers else _MAX_SIZE_LINE
                if len(self._buffer) > limit:
                    raise _invalid("a chunk's size or a trailer is too long")
                return
            self._read_line(data[place:end])
            place = end
        if place < len(data):
            self.reusable = False

    def _read_line(self, line: bytes) -> None:
        """Read the line at the end of a chunk, one with the size of a chunk, or a trailer."""
        if self._in_chunk:
            if line != b"\r\n":
                raise _invalid("a chunk is longer than its size")
            self._in_chunk = False
        elif self._in_trailers:
            self._head_bytes += len(line)
            self._count_head(0)
            self.complete = line in {b"\r\n", b"\n"}
            if not self.complete:
                _field(line.decode("latin-1").removesuffix("\n").removesuffix("\r"))
        else:
            match = re.fullmatch(_SIZE, line)
            if not match or len(line) > _MAX_SIZE_LINE:
                raise _invalid("the size of a chunk is no hexadecimal number")
            self._left = int(match[1], 16)
            self._in_chunk = self._left > 0
            self._in_trailers = not self._in_chunk


def _parse(text: str) -> tuple[str, Head]:
    """Parse a head without its last line end; return the minor version and the head."""
    first, *lines = text.replace("\r\n", "\n").removesuffix("\r").split("\n")
    version, status = _status(first)
    if len(lines) > _MAX_FIELDS:
        raise _invalid("it has too many header fields")
    fields = tuple([_known.get(line) or _field(line) for line in lines])
    return version, Head(status, fields)


@lru_cache(8)  # servers have few; a hostile one may send 100 KB
def _status(line: str) -> tuple[str, int]:
    """Return the minor version and the status code of a status line. Raises Malformed."""
    status = _STATUS.fullmatch(line)
    if not status or "\r" in line:  # it may have been a line end (RFC 9112 section 2.2)
        raise _invalid("no status line")
    if "\0" in line:
        raise _invalid("a NUL in its head")
    return status[1], int(status[2])


def _field(line: str) -> tuple[str, str]:
    """Return a field's name in lower case, and its value. Raises Malformed, for a folded line, too.

    A recipient may refuse folded lines (RFC 9112 section 5.2), and must not take the white space
    before a colon for a part of the name (section 5.1).
    """
    name, colon, value = line.partition(":")
    if not _TOKEN.fullmatch(name):
        spaced = _TOKEN.fullmatch(name.rstrip(" \t"))
        raise _invalid("whitespace before a field's colon" if spaced else "a malformed field name")
    if not colon or "\r" in value:
        raise _invalid("a malformed header field")
    if "\0" in value:
        raise _invalid("a NUL in its head")
    field = name.lower(), value.strip(" \t")
    if len(line) <= _MAX_KNOWN_LENGTH:
        if len(_known) >= _MAX_KNOWN:
            _known.clear()
        _known[line] = field
    return field


def _check_beginning(data: bytes) -> None:
    """Raise Malformed if a response does not begin as one of HTTP/1 does."""
    if data.startswith(b"HTTP/1.") or b"HTTP/1.".startswith(data):
        return
    if data[:2] in {b"\x15\x03", b"\x16\x03"}:
        raise _invalid("it is TLS; does https:// work?")
    if data[3:9] == b"\x04\0\0\0\0\0":  # a frame with settings (RFC 9113 section 6.5)
        raise _invalid("it is HTTP/2, which was not asked for")
    raise _invalid("it does not begin with HTTP/1.0 or HTTP/1.1")


def _invalid(reason: str) -> Malformed:
    return Malformed(f"the response is not valid HTTP: {reason}")
