"""A stream of bytes on a blocking socket, with time limits that the system enforces."""

from __future__ import annotations

import socket
from math import ceil
from struct import pack
from time import monotonic
from typing import Protocol

_LEAST = 0.001  # seconds; for the system, 0 is no limit
_MOST = 1e6  # seconds
_TOLERANCE = 0.05  # seconds by which a time limit may differ from the one that is asked for


class Stream(Protocol):
    """A connection's bytes. Times are those of ``monotonic``; errors are raised as OSError."""

    def receive_into(self, buffer: memoryview, until: float) -> int:
        """Receive into a buffer, at least one byte; return how many, and 0 at the end.

        Raises TimeoutError or BlockingIOError if nothing has come until a time.
        """
        ...

    def received(self, buffer: memoryview) -> int | None:
        """Do what ``receive_into`` does, but return None at once if nothing has come."""
        ...

    def send(self, data: bytes) -> None:
        """Send all bytes."""
        ...

    def close(self) -> None:
        """Close the connection."""
        ...


class PlainStream:
    """A ``Stream`` on a socket.

    ``seconds`` is the usual time limit of an operation. The system enforces it, because Python's
    own timeouts need a second system call for each operation.
    """

    def __init__(self, sock: socket.socket, seconds: float) -> None:
        self._socket = sock
        self._limit = 0.0
        self._set_limit(seconds)

    def receive_into(self, buffer: memoryview, until: float) -> int:
        """See ``Stream``."""
        left = until - monotonic()
        if left <= 0:
            raise TimeoutError
        if abs(left - self._limit) > _TOLERANCE:
            self._set_limit(left)
        return self._socket.recv_into(buffer)

    def received(self, buffer: memoryview) -> int | None:
        """See ``Stream``."""
        try:
            return self._socket.recv_into(buffer, 0, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return None

    def send(self, data: bytes) -> None:
        """See ``Stream``."""
        self._socket.sendall(data)

    def close(self) -> None:
        """See ``Stream``."""
        self._socket.close()

    def _set_limit(self, seconds: float) -> None:
        self._limit = seconds = max(_LEAST, min(seconds, _MOST))
        value = pack("ll", *divmod(ceil(seconds * 1e6), 1_000_000))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, value)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, value)
