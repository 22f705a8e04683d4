"""libcurl's connections as the system knows them: which one speaks before it is asked.

libcurl keeps idle connections, looks at them once a second, and would take what has come meanwhile
for the answer to the next request. Only the numbers of its sockets are known, and its word which
connection is to be used. The system gives the number of a closed socket to the next file, so each
is asked which connection it is before it is believed.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TypeAlias

import pycurl

#: The peer's address and port, and our port.
_Ends: TypeAlias = "tuple[str, int, int]"


class Sockets:
    """The sockets that libcurl has opened, for one wire."""

    def __init__(self) -> None:
        self._new: set[int] = set()  # whose ends aren't known
        self._ends: dict[int, _Ends] = {}  # socket → ends
        self._sockets: dict[_Ends, int] = {}  # and back

    def opened(self, descriptor: int, purpose: int) -> int:
        """Take a new socket, not yet connected."""
        del purpose
        self._new.add(descriptor)
        return pycurl.SOCKOPT_OK

    def speaks(self, ends: _Ends) -> bool:
        """Whether there is something to read on a connection: its peer's address, port, and ours.

        Where the system doesn't know such a connection, or no longer, it is libcurl's to find out.
        """
        if self._new:
            self._look()
        descriptor = self._sockets.get(ends, -1)
        if descriptor < 0 or _ends(descriptor) != ends:
            return False
        with suppress(OSError), _borrowed(descriptor) as connection:  # nothing to read is an error
            connection.settimeout(0)
            return connection.recv(1, socket.MSG_PEEK) != b""
        return False

    def _look(self) -> None:
        """Ask the new ones for their ends; each has them, for libcurl connects what it opens."""
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
        if isinstance(here, tuple) and isinstance(there, tuple):  # else it is no longer libcurl's
            return there[0], there[1], here[1]
    return None


@contextmanager
def _borrowed(descriptor: int) -> Iterator[socket.socket]:
    # Family and type are told, or Python would ask the system for them; nothing here needs them.
    connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 0, descriptor)
    try:
        yield connection
    finally:
        connection.detach()
