"""TLS on another stream: on a socket, or in the tunnel through an https proxy.

``ssl.SSLSocket`` would read one record of 16 KiB at a time, with two system calls each, and it
cannot wrap another one (cpython #107398).
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar, cast

from getflags.transport.h1.plain_stream import Stream

T = TypeVar("T")

_ENCRYPTED = 256 * 1024  # bytes that are received at a time
_ENDS = (ssl.SSLZeroReturnError, ssl.SSLEOFError)  # with a close_notify alert, and without it


class TlsStream:
    """A ``Stream`` that encrypts what is sent on an ``outer`` one."""

    def __init__(self, outer: Stream, context: ssl.SSLContext, name: str, until: float) -> None:
        """Do the handshake, at most until a time. Raises OSError."""
        self._outer = outer
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=name)
        self._encrypted = memoryview(bytearray(_ENCRYPTED))
        # After the last bytes: an error that came with them, or the end. OpenSSL would report the
        # end only once.
        self._error: OSError | None = None
        self._ended = False
        self._run(self._tls.do_handshake, until)

    def receive_into(self, buffer: memoryview, until: float) -> int:
        """See ``Stream``."""
        return self._run(lambda: self._read(buffer), until)

    def received(self, buffer: memoryview) -> int | None:
        """See ``Stream``."""
        while True:
            try:
                return self._read(buffer)
            except ssl.SSLWantReadError:
                count = self._outer.received(self._encrypted)
                if count is None:
                    return None
                self._take(count)

    def send(self, data: bytes) -> None:
        """See ``Stream``."""
        self._tls.write(data)  # into memory, as a whole
        self._flush()

    def close(self) -> None:
        """See ``Stream``."""
        self._outer.close()

    def _read(self, buffer: memoryview) -> int:
        """Decrypt into a buffer; return how many bytes, and 0 at the end."""
        if self._error:
            raise self._error
        filled, size = 0, len(buffer)
        # With a buffer, the method returns the number of bytes, of one record at most.
        read = cast("Callable[[int, memoryview], int]", self._tls.read)
        try:
            while filled < size and not self._ended:
                count = read(size - filled, buffer[filled:])
                filled += count
                self._ended = not count
        except _ENDS:
            self._ended = True
        except OSError as error:
            if not filled:
                raise
            if not isinstance(error, ssl.SSLWantReadError):
                self._error = error
        return filled

    def _run(self, step: Callable[[], T], until: float) -> T:
        """Run a step, with what it needs from the outer stream."""
        while True:
            try:
                result = step()
            except ssl.SSLWantReadError:
                self._flush()
                self._take(self._outer.receive_into(self._encrypted, until))
            else:
                # What was received is valid, even if the reply to it can't be sent any more.
                with suppress(OSError):
                    self._flush()
                return result

    def _take(self, count: int) -> None:
        if count:
            self._incoming.write(self._encrypted[:count])
        else:
            self._incoming.write_eof()

    def _flush(self) -> None:
        if self._outgoing.pending:
            self._outer.send(self._outgoing.read())
