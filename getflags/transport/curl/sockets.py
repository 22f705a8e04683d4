"""The sockets of libcurl, and a check for data that a server sent before the request.

libcurl keeps idle connections and checks them once a second. It would treat data that arrived in
the meantime as the response to the next request. pycurl reports only the descriptors of new
sockets, and the addresses and ports of the connection that a request will use. The system reuses
the descriptor of a closed socket for the next file, so the addresses of a descriptor are read again
before it is used.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TypeAlias

import pycurl

#: The peer's address and port, and the local port.
_Ends: TypeAlias = "tuple[str, int, int]"


class Sockets:
    """The sockets that libcurl has opened, for one transport."""

    def __init__(self) -> None:
        self._new: set[int] = set()  # descriptors whose ends aren't known yet
        self._ends: dict[int, _Ends] = {}  # socket → ends
        self._sockets: dict[_Ends, int] = {}  # ends → socket

    def opened(self, descriptor: int, purpose: int) -> int:
        """Record a new socket, which is not yet connected."""
        del purpose
        self._new.add(descriptor)
        return pycurl.SOCKOPT_OK

    def has_data(self, ends: _Ends) -> bool:
        """Return whether there is data to read on the connection with these ends.

        Returns False for an unknown or closed connection, which libcurl will notice itself.
        """
        if self._new:
            self._look()
        descriptor = self._sockets.get(ends, -1)
        if descriptor < 0 or _ends(descriptor) != ends:
            return False
        with suppress(OSError), _borrowed(descriptor) as connection:
            connection.settimeout(0)  # without data, recv raises BlockingIOError
            return connection.recv(1, socket.MSG_PEEK) != b""
        return False

    def _look(self) -> None:
        """Read the ends of the new sockets; libcurl has connected them by now."""
        for descriptor in self._new:
            before = self._ends.pop(descriptor, None)
            if before and self._sockets.get(before) == descriptor:
                del self._sockets[before]
            if ends := _ends(descriptor):
                self._ends[descriptor], self._sockets[ends] = ends, descriptor
        self._new.clear()


def _ends(descriptor: int) -> _Ends | None:
    with suppress(OSError), _borrowed(descriptor) as connection:
        here, there = connection.getsockname(), connection.getpeername()
        if isinstance(here, tuple) and isinstance(there, tuple):  # IPv4 or IPv6
            return there[0], there[1], here[1]
    return None


@contextmanager
def _borrowed(descriptor: int) -> Iterator[socket.socket]:
    # Without family and type, Python would query the system for them; their values don't matter.
    connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 0, descriptor)
    try:
        yield connection
    finally:
        connection.detach()
