"""TLS inside of another TLS connection, as in a tunnel through an https proxy.

``ssl.SSLSocket`` cannot wrap another one (cpython #107398).
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_PIECE = 64 * 1024  # bytes that are read at a time


class TlsInTls:
    """The part of ``ssl.SSLSocket`` that a connection uses, over an ``ssl.SSLSocket``."""

    def __init__(self, outer: ssl.SSLSocket, context: ssl.SSLContext, name: str) -> None:
        self._outer = outer
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._inner = context.wrap_bio(self._incoming, self._outgoing, server_hostname=name)
        self._run(self._inner.do_handshake)
        self.settimeout = outer.settimeout
        self.close = outer.close

    def recv(self, size: int) -> bytes:
        """Read at most ``size`` bytes; none at the end. Raises OSError."""
        try:
            return self._run(lambda: self._inner.read(size))
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            return b""

    def sendall(self, data: bytes) -> None:
        """Send data. Raises OSError."""
        while data:
            data = data[self._run(lambda rest=data: self._inner.write(rest)) :]  # type: ignore[misc]

    def _run(self, step: Callable[[], T]) -> T:
        """Run a step of the inner connection, with what the outer one receives."""
        while True:
            try:
                result = step()
            except ssl.SSLWantReadError:
                self._flush()
                if data := self._outer.recv(_PIECE):
                    self._incoming.write(data)
                else:
                    self._incoming.write_eof()
            else:
                self._flush()
                return result

    def _flush(self) -> None:
        if data := self._outgoing.read():
            self._outer.sendall(data)
