"""A connection of the synchronous transport, which reads one response after another."""

from __future__ import annotations

from contextlib import suppress
from time import monotonic

from getflags.core.errors import Disconnected, Expired, Fault, TimedOut
from getflags.core.response_head import Head
from getflags.transport.h1.plain_stream import Stream
from getflags.transport.h1.response_reader import DRAIN_SECONDS, ResponseReader
from getflags.transport.h1.route import Route
from getflags.transport.system_errors import broken_tls, is_tls_error, message


class SyncConnection:
    """An open connection. Times are those of ``monotonic``, in seconds.

    What arrives is read into ``buffer``, as much as it holds at a time.
    """

    def __init__(self, stream: Stream, way: Route, timeout: float, buffer: memoryview) -> None:
        self.way = way
        self.timeout = timeout
        self._used = False  # it has served a request
        self._stream = stream
        self._buffer = buffer

    def is_idle(self) -> bool:
        """Return whether the connection can take a request: it is open, and nothing has come.

        Over TLS, what has come may be a session ticket, which is read.
        """
        try:
            return self._stream.received(self._buffer[:1]) is None
        except OSError:
            return False

    def ask(self, request: bytes, reader: ResponseReader, expires: float) -> Head:
        """Send a request; return the head of its response. Raises Fault."""
        deadline = monotonic() + self.timeout
        try:
            self._stream.send(request)
        except OSError as error:
            raise self._broken(self._alert() or error, reader) from error
        while reader.head is None:
            self.receive(reader, deadline, expires)
        return reader.head

    def receive(self, reader: ResponseReader, deadline: float, expires: float) -> None:
        """Read once, until a deadline. Raises Fault.

        The new pieces of the body are valid until the next call.
        """
        try:
            count = self._stream.receive_into(self._buffer, min(deadline, expires))
        except (BlockingIOError, TimeoutError):
            raise self._late(reader, deadline, expires) from None
        except OSError as error:
            raise self._broken(error, reader) from error
        if count:
            reader.receive(self._buffer[:count])
            return
        try:
            reader.eof()
        except Disconnected as fault:
            fault.stale = self._used and not reader.started
            raise

    def drain(self, reader: ResponseReader) -> bool:
        """Read a short body that is not wanted; return whether the connection is reusable."""
        if not reader.drainable:
            return False
        deadline = monotonic() + DRAIN_SECONDS
        with suppress(Fault):  # the body is not needed
            while not reader.complete:
                self.receive(reader, deadline, deadline)
        self._used = True
        return reader.complete and reader.reusable

    def ended(self, reader: ResponseReader) -> bool:
        """Record the end of a response; return whether the connection is reusable."""
        self._used = True
        return reader.reusable

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()

    def _late(self, reader: ResponseReader, deadline: float, expires: float) -> Fault:
        if expires <= deadline:
            return Expired()
        if reader.head is None and reader.started:
            return TimedOut(f"the response header took longer than {self.timeout:g} s")
        return TimedOut(f"no data received for {self.timeout:g} s")

    def _alert(self) -> OSError | None:
        """Return the exception for a TLS alert that has arrived; None if there is none.

        A server that rejects the client certificate may have closed the connection since.
        """
        try:
            self._stream.received(self._buffer[:1])
        except OSError as error:
            return error if is_tls_error(error) else None
        return None

    def _broken(self, error: OSError, reader: ResponseReader) -> Fault:
        stale = self._used and not reader.started
        if is_tls_error(error):
            return broken_tls(error, stale=stale)
        return Disconnected(message(error.errno or 0) or "the connection was lost", stale=stale)
