"""Slow TLS: a server that waits before it answers each ClientHello.

This module accepts connections itself, because an `asyncio.Server` starts the handshake at once. A
connection that waits is a sleeping task, so it does not hold up any other connection.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from functools import partial

_ACCEPT_RETRY = 1.0  # seconds to wait if no connection can be accepted, as asyncio does


class SlowTlsServer:
    """A server that accepts the clients of `listener` until it is closed.

    `protocol` returns the protocol of a connection, whose handshake starts `delay()` seconds after
    the connection was accepted. A client that disconnects meanwhile is noticed after the delay.
    """

    def __init__(
        self,
        listener: socket.socket,
        protocol: Callable[[], asyncio.Protocol],
        tls: ssl.SSLContext,
        delay: Callable[[], float],
        shutdown_timeout: float,
    ) -> None:
        self._listener = listener
        self._protocol = protocol
        self._tls = tls
        self._delay = delay
        self._shutdown_timeout = shutdown_timeout
        listener.setblocking(False)  # noqa: FBT003 - the name and the argument are the socket's
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._retry: asyncio.TimerHandle | None = None
        self._watch()

    def close(self) -> None:
        """Stop accepting connections, and close those whose handshake is not complete."""
        self._loop.remove_reader(self._listener)
        if self._retry is not None:
            self._retry.cancel()
        for task in self._tasks:
            task.cancel()
        self._listener.close()

    def _watch(self) -> None:
        self._loop.add_reader(self._listener, self._accept)

    def _accept(self) -> None:
        """Accept one connection; the event loop calls again while there are more."""
        try:
            connection, _ = self._listener.accept()
        except (BlockingIOError, ConnectionAbortedError):  # the client is gone
            return
        except OSError:  # too many open files
            self._loop.remove_reader(self._listener)
            self._retry = self._loop.call_later(_ACCEPT_RETRY, self._watch)
            return
        connection.setblocking(False)  # noqa: FBT003 - as above
        task = self._loop.create_task(self._start(connection, self._delay()))
        self._tasks.add(task)
        task.add_done_callback(partial(self._ended, connection))

    def _ended(self, connection: socket.socket, task: asyncio.Task[None]) -> None:
        """Close a connection whose task was cancelled, perhaps before it ran at all."""
        self._tasks.discard(task)
        if task.cancelled():
            connection.close()

    async def _start(self, connection: socket.socket, delay: float) -> None:
        """Wait, and then start TLS on a connection."""
        await asyncio.sleep(delay)
        with suppress(OSError):  # the client is gone, or the handshake failed
            await self._loop.connect_accepted_socket(
                self._protocol,
                connection,
                ssl=self._tls,
                ssl_shutdown_timeout=self._shutdown_timeout,
            )
