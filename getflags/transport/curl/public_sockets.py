"""The sockets of a libcurl handle with ``--no-private-addresses``.

libcurl asks for a socket for each address that it is about to connect to, whether that is an
answer of its resolver, an address in the URL, or one that the user has given. Without a socket, it
tries the host's next address.
"""

from __future__ import annotations

import socket
from typing import Any

import pycurl

from getflags.transport.public_addresses import is_public, refusal
from getflags.transport.system_errors import no_connection


class _Original(socket.socket):
    """A socket that is closed when it is dropped: pycurl passes a duplicate of it to libcurl."""

    def __del__(self) -> None:
        self.close()


class PublicSockets:
    """Opens sockets for connections to public addresses only, for one transfer at a time."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Forget the last transfer."""
        self._refused: list[str] = []
        self._opened = False
        self._error: OSError | None = None

    def open(self, purpose: int, address: Any) -> socket.socket | int:
        """Return a socket for an address; SOCKET_BAD if it is not public."""
        del purpose
        family, kind, protocol, target = address
        host = target[0] if isinstance(target, tuple) else ""
        if not is_public(host):
            self._refused.append(host)
            return int(pycurl.SOCKET_BAD)
        try:
            found = _Original(family, kind, protocol)
        except OSError as error:
            self._error = error
            return int(pycurl.SOCKET_BAD)
        self._opened = True
        return found

    def check(self) -> None:
        """Raise Unreachable if the transfer failed because no socket was opened."""
        if self._opened:
            return
        if self._error:
            raise no_connection("", self._error.errno or 0, "no connection")
        if self._refused:
            raise refusal(self._refused)
