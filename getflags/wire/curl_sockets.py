"""libcurl's connections as the system knows them: which one speaks before it is asked.

libcurl keeps idle connections, looks at them once a second, and would take what has come meanwhile
for the answer to the next request. Only the numbers of its sockets are known, and its word which
connection is to be used: the local port. The system gives the number of a closed socket to the
next file, so each is asked for its port before it is believed.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pycurl


class Sockets:
    """The sockets that libcurl has opened, for one wire."""

    def __init__(self) -> None:
        self._new: set[int] = set()  # whose ports aren't known
        self._ports: dict[int, int] = {}  # socket → port
        self._sockets: dict[int, int] = {}  # port → socket

    def opened(self, descriptor: int, purpose: int) -> int:
        """Take a new socket, not yet connected."""
        del purpose
        self._new.add(descriptor)
        return pycurl.SOCKOPT_OK

    def speaks(self, port: int) -> bool:
        """Whether there is something to read on the connection from that port of ours."""
        if self._new:
            self._look()
        with suppress(OSError, KeyError), _borrowed(self._sockets[port]) as connection:
            return (
                connection.getsockname()[1] == port and connection.recv(1, socket.MSG_PEEK) != b""
            )
        return False  # nothing to read, or broken, which libcurl will meet

    def _look(self) -> None:
        """Ask the new ones for their ports; each has one, for libcurl connects what it opens."""
        for descriptor in self._new:
            self._sockets.pop(self._ports.pop(descriptor, 0), None)
        for descriptor in self._new:
            with suppress(OSError), _borrowed(descriptor) as connection:
                port = connection.getsockname()[1]
                self._ports[descriptor], self._sockets[port] = port, descriptor
        self._new.clear()


@contextmanager
def _borrowed(descriptor: int) -> Iterator[socket.socket]:
    # Family and type are told, or Python would ask the system for them; nothing here needs them.
    connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 0, descriptor)
    try:
        yield connection
    finally:
        connection.detach()
