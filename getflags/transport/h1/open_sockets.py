"""The open sockets of a synchronous transport, so that another thread can shut them down."""

from __future__ import annotations

import select
import socket
from contextlib import suppress
from errno import EINPROGRESS, EWOULDBLOCK
from time import monotonic

from getflags.core.errors import Aborted
from getflags.transport.dns import Address
from getflags.transport.h1.route import ATTEMPT_DELAY, Addresses

_LOOK = 0.05  # seconds between two looks whether the transport was aborted while it connects


class OpenSockets:
    """The open sockets of a transport, so that another thread can shut them down."""

    def __init__(self) -> None:
        self._aborted = False
        self._open: set[socket.socket] = set()

    def check(self) -> None:
        """Raise Aborted after ``shut_down``."""
        if self._aborted:
            raise Aborted("interrupted")

    def shut_down(self) -> None:
        """Shut down all sockets, which wakes the thread that is blocked on one."""
        self._aborted = True
        for sock in list(self._open):
            with suppress(OSError):  # it is closed, or not connected
                sock.shutdown(socket.SHUT_RDWR)

    def _add(self, sock: socket.socket) -> None:
        """Add a socket; forget those that are closed. Raises Aborted."""
        self._open = {each for each in self._open if each.fileno() >= 0} | {sock}
        if self._aborted:  # ``shut_down`` may have come too early for this socket
            sock.close()
            self.check()

    def connect(self, addresses: Addresses, limit: float) -> socket.socket:
        """Connect to the first address that answers, until a time limit. Raises OSError."""
        waiting, pending = list(addresses), dict[int, socket.socket]()
        error = OSError()
        poll, next_attempt = select.poll(), 0.0
        try:
            while waiting or pending:
                now = monotonic()
                self.check()
                if now >= limit:
                    raise TimeoutError
                if waiting and (now >= next_attempt or not pending):
                    next_attempt = now + ATTEMPT_DELAY
                    try:
                        sock = self._begin(waiting.pop(0))
                    except OSError as failure:
                        error = failure
                        continue
                    pending[sock.fileno()] = sock
                    poll.register(sock, select.POLLOUT)
                for file, _ in poll.poll(1000 * min(_LOOK, limit - now)):
                    poll.unregister(file)
                    sock = pending.pop(file)
                    if number := sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                        sock.close()
                        error = OSError(number, "")
                        continue
                    sock.setblocking(True)  # noqa: FBT003 - the library has no keyword
                    self._add(sock)
                    return sock
            raise error
        finally:
            for sock in pending.values():
                sock.close()

    @staticmethod
    def _begin(address: Address) -> socket.socket:
        family, target = address
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.setblocking(False)  # noqa: FBT003 - the library has no keyword
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            number = sock.connect_ex(target)
            if number not in {0, EINPROGRESS, EWOULDBLOCK}:
                raise OSError(number, "")  # noqa: TRY301 - as ``connect`` would
        except BaseException:
            sock.close()
            raise
        return sock
