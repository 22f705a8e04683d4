"""A server that says exactly what it is told to, byte for byte, and remembers what it heard.

For tests that need a broken or hostile peer. Each path has an answer: bytes to send before closing,
or a function that has the socket to itself.
"""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self, TypeAlias

Answer: TypeAlias = "bytes | Callable[[socket.socket, RawServer], None]"


def ok(body: bytes, *fields: str, status: str = "200 OK") -> bytes:
    """Return a complete, honest response that announces its end."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *fields]
    return "\r\n".join([*lines, "", ""]).encode() + body


def moved(location: str, status: str = "301 Moved Permanently") -> bytes:
    """Return a redirect."""
    return ok(b"", f"Location: {location}", status=status)


def reset(connection: socket.socket, server: RawServer) -> None:
    """Answer with a TCP reset."""
    del server
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def silence(connection: socket.socket, server: RawServer) -> None:
    """Say nothing until the test is over."""
    del connection
    server.over.wait(30)


def stall_after(data: bytes) -> Callable[[socket.socket, RawServer], None]:
    """Send some bytes, tell the test (``server.stalled``), and then say nothing."""

    def answer(connection: socket.socket, server: RawServer) -> None:
        connection.sendall(data)
        server.stalled.release()
        server.over.wait(30)

    return answer


class RawServer:
    """Listens on a free port, or the given one, while the ``with`` block lasts."""

    def __init__(
        self, answers: Mapping[str, Answer], *, host: str = "127.0.0.1", port: int = 0
    ) -> None:
        self.answers = dict(answers)
        self.heads: list[bytes] = []
        self._served = threading.local()
        self.over = threading.Event()
        self.stalled = threading.Semaphore(0)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, port), family=family, backlog=128)
        self._host = f"[{host}]" if ":" in host else host
        self.port = self._listener.getsockname()[1]

    def url(self, path: str) -> str:
        """Return the URL of a path."""
        return f"http://{self._host}:{self.port}{path}"

    @property
    def head(self) -> bytes:
        """The head of the request that this thread answers."""
        head: bytes = self._served.head
        return head

    @head.setter
    def head(self, head: bytes) -> None:
        self._served.head = head

    def asked(self, path: str) -> int:
        """Count the requests for a path."""
        return sum(head.split(b" ")[1].decode() == path for head in self.heads)

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.over.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:  # closed: the test is over
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            head = b""
            while b"\r\n\r\n" not in head:
                piece = connection.recv(65536)
                if not piece:
                    return
                head += piece
            self.heads.append(head)
            self.head = head
            path = head.split(b" ")[1].decode()
            answer = self.answers.get(path, ok(b"not here", status="404 Not Found"))
            try:
                if callable(answer):
                    answer(connection, self)
                else:
                    connection.sendall(answer)
                    connection.shutdown(socket.SHUT_WR)
                    while connection.recv(65536):  # let the client close first: no reset
                        pass
            except OSError:  # the client had heard enough
                return
