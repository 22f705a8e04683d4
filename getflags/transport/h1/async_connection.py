"""A connection of the asyncio transport: a protocol that reads one response after another."""

from __future__ import annotations

import asyncio
import select
import ssl
from collections.abc import Awaitable, Callable
from math import inf
from time import monotonic
from typing import cast

from getflags.core.errors import Aborted, Disconnected, Fault, Malformed, TimedOut
from getflags.core.response_head import Head
from getflags.transport.h1.response_reader import DRAIN_SECONDS, ResponseReader
from getflags.transport.system_errors import broken_tls, message

_HIGH = 1024 * 1024  # bytes of a body that may wait; beyond it, the connection is not read
_CLOSED = getattr(select, "POLLRDHUP", 0)  # Linux: the peer has closed the connection


class Connection(asyncio.BufferedProtocol):
    """One connection, for one request at a time. Times are those of ``monotonic``, in seconds.

    The event loop reads into ``buffer``, which all connections of a transport share: what has come
    is copied at once. With a plain ``Protocol``, it would allocate 256 KiB for each read from TLS.
    """

    def __init__(self, timeout: float, buffer: memoryview, *, secure: bool) -> None:
        self._buffer = buffer
        self._secure = secure
        self.deadline = inf  # for what is waited for now
        self.closed = False
        self._timeout = timeout
        self._transport: asyncio.Transport
        self._create_future = asyncio.get_running_loop().create_future
        self._reader: ResponseReader | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._fault: Fault | None = None
        self._used = False  # it has served a request
        self._paused = False
        self._waiting = 0  # bytes of the body that nobody has taken
        self._poll: select.poll | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See ``asyncio.BufferedProtocol``."""
        self._transport = cast("asyncio.Transport", transport)

    def get_buffer(self, sizehint: int) -> memoryview:
        """See ``asyncio.BufferedProtocol``."""
        del sizehint
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """See ``asyncio.BufferedProtocol``."""
        data = bytes(self._buffer[:nbytes])
        reader = self._reader
        if reader is None or self._fault:  # nothing was asked for
            self.close()
            return
        try:
            reader.receive(data)
        except Malformed as fault:
            self._fail(fault)
            return
        self._waiting += len(data)
        if self._waiting > _HIGH and not self._paused:
            self._paused = True
            self._transport.pause_reading()
        if reader.head is not None:
            self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """See ``asyncio.BufferedProtocol``."""
        self.closed = True
        reader = self._reader
        if reader is None and isinstance(exc, ssl.SSLError):  # it is for the next request
            self._fault = broken_tls(exc, stale=self._used)
        if reader is None or self._fault:
            return
        stale = self._used and not reader.started
        if exc is not None:
            if isinstance(exc, ssl.SSLError):
                self._fail(broken_tls(exc, stale=stale))
                return
            text = message(getattr(exc, "errno", 0) or 0)
            self._fail(Disconnected(text or "the connection was lost", stale=stale))
            return
        try:
            reader.eof()
        except Disconnected as fault:
            fault.stale = stale
            self._fail(fault)
        else:
            self._wake()

    def is_idle(self) -> bool:
        """Return whether the connection can take a request: it is open, and nothing has come.

        Over TLS, what has come and was not read yet may also be a session ticket. The connection is
        not used in that case, either: the event loop reads a ticket within a moment.
        """
        if self.closed:
            return False
        if self._poll is None:
            self._poll = select.poll()
            file = self._transport.get_extra_info("socket").fileno()
            self._poll.register(file, select.POLLIN | _CLOSED)
        return not self._poll.poll(0)

    def check_time(self, now: float) -> None:
        """End the wait if it has taken too long."""
        if now < self.deadline or self._waiter is None or self._waiter.done():
            return  # something has come, if the loop was held up and the task has not run yet
        if self._reader and self._reader.head is None and self._reader.started:
            self._fail(TimedOut(f"the response header took longer than {self._timeout:g} s"))
        else:
            self._fail(TimedOut(f"no data received for {self._timeout:g} s"))

    async def exchange(
        self,
        request: bytes,
        on_head: Callable[[Head], bool],
        on_body: Callable[[bytes], Awaitable[None]],
    ) -> bool:
        """Send a request and read its response; return whether the connection is reusable.

        Raises Fault. After an exception, the connection must be closed.
        """
        reader = await self._begin(request)
        head = cast("Head", reader.head)
        if not on_head(head):
            return await self._drain(reader)
        deadline = 0.0  # for the next piece
        while not reader.complete or reader.pieces:
            if reader.pieces:
                pieces, reader.pieces = reader.pieces, []
                for piece in pieces:
                    await on_body(cast("bytes", piece))  # only bytes were received
                self._waiting = 0
                if self._paused:
                    self._paused = False
                    if not self.closed:  # pragma: no branch - it may be closed while it is paused
                        self._transport.resume_reading()
                deadline = 0.0
            elif self._fault:
                raise self._fault
            else:
                deadline = deadline or monotonic() + self._timeout
                await self._wait(deadline)
        self._end()
        return reader.reusable and not self.closed

    async def ask_for_tunnel(self, request: bytes) -> int:
        """Ask a proxy for a tunnel; return the status of its response. Raises Fault."""
        reader = await self._begin(request)
        self._end()
        self._used = False
        return cast("Head", reader.head).status

    def enter_tunnel(self, transport: asyncio.Transport) -> None:
        """Use another transport, which encrypts what is sent through this one."""
        self._transport = transport

    async def _begin(self, request: bytes) -> ResponseReader:
        """Send a request; return the reader when the head has arrived."""
        self._reader = reader = ResponseReader(secure=self._secure)
        self._waiting = 0
        if self.closed:
            raise self._fault or Disconnected("the connection was lost", stale=self._used)
        self._transport.write(request)
        deadline = monotonic() + self._timeout
        while reader.head is None:
            if self._fault:
                raise self._fault
            await self._wait(deadline)
        return reader

    def _end(self) -> None:
        self._reader, self._used = None, True

    async def _drain(self, reader: ResponseReader) -> bool:
        """Read a short body that is not wanted; return whether the connection is reusable."""
        if not reader.drainable:
            return False
        deadline = monotonic() + DRAIN_SECONDS
        while not (reader.complete or self._fault):
            await self._wait(deadline)
        self._end()
        return reader.reusable and not (self.closed or self._fault)

    async def _wait(self, deadline: float) -> None:
        """Wait for data, at most until a deadline; ``check_time`` ends the wait."""
        self.deadline = deadline
        self._waiter = self._create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None
            self.deadline = inf

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _fail(self, fault: Fault) -> None:
        self._fault = self._fault or fault
        self._wake()

    def close(self) -> None:
        """Close the connection at once."""
        self.closed = True
        if self._reader is not None:
            self._fail(Aborted("interrupted"))
        self._transport.abort()
