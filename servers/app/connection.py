"""A connection: requests in, in turn a delay, an answer, and the next.

What may live here: turns, timers, flow control, and the end of a connection. What may not: what a
request means (`requests`), what it is answered (`service`), how it is punished (`faults`). No
coroutine runs here: a request without faults is answered in the call that delivered it, and that
is what makes the server fast enough to measure others by.
"""

import asyncio
from typing import cast

from ..http.delivery import Ending, Pace
from ..http.requests import RequestReader
from ..http.responses import Request, Response, Span
from ..http.transports import break_off, keep_empty, say_no_more
from ..state.ledger import Ledger
from ..state.server import Admission
from .service import Service

__all__ = ["CHUNK", "LINGER", "LONGEST_QUEUE", "HttpProtocol", "Service"]

CHUNK = 256 * 1024  # bytes read from a source at a time
LONGEST_QUEUE = 64  # requests that may wait before the client is no longer listened to
LINGER = 2.0  # seconds that a client has to read our last words

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class HttpProtocol(asyncio.Protocol):
    """One connection to a `Service`."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._loop = asyncio.get_running_loop()
        self._reader = RequestReader()
        self._transport: asyncio.Transport
        self._busy = False  # a request is being answered; the others wait
        self._paused = False  # the client reads more slowly than we write
        self._muted = False  # too many requests wait, so no more are read
        self._ending = False  # the last response has begun
        self._timer: asyncio.Handle | None = None
        self._ledger: Ledger | None = None  # where the request being answered is counted
        self._span: Span | None = None  # what remains to be sent of a long body
        self._pace: Pace | None = None  # how, if not as fast as it can be

    # The transport calls these.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        # A cast, because uvloop's transports have all the methods and none of the base classes.
        self._transport = cast("asyncio.Transport", transport)
        self._service.connections.add(self)

    def data_received(self, data: bytes) -> None:
        """Take in requests, and answer them as far as possible."""
        reader = self._reader
        reader.feed(data)
        self._advance()
        if reader.expectant and not self._busy and not self._ending:
            reader.expectant = False
            self._transport.write(_CONTINUE)
        if len(reader.queue) > LONGEST_QUEUE and not self._muted:
            self._muted = True
            self._transport.pause_reading()

    def eof_received(self) -> None:
        """Take it that the client is gone; the transport closes itself.

        A client may also close its sending half alone and wait for the answer, but the two can't
        be told apart, and one that gave up is by far the more common.
        """
        self._abandon()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - a vanished client is no error
        """Forget the client."""
        self._abandon()
        self._service.connections.discard(self)

    def pause_writing(self) -> None:
        """Stop sending."""
        self._paused = True

    def resume_writing(self) -> None:
        """Go on sending; not at once, for asyncio closes its socket twice if a write fails here."""
        self._paused = False
        self._loop.call_soon(self._resume)

    def _resume(self) -> None:
        if self._span is not None and self._timer is None:
            self._pump()
        self._advance()

    def abort(self) -> None:
        """End the connection at once."""
        self._transport.abort()

    # One request after the other.

    def _advance(self) -> None:
        queue = self._reader.queue
        while queue and not (self._busy or self._paused or self._ending):
            turn = queue.popleft()
            if isinstance(turn, Response):
                self._send(turn)
            else:
                self._take(turn)
        if self._muted and not queue and not self._ending:
            self._muted = False
            self._transport.resume_reading()

    def _take(self, request: Request) -> None:
        """Start on a request."""
        self._busy = True
        admission = self._service.origin.admit(request.target)
        if admission is not None:
            self._ledger = admission.ledger
            delay = admission.decision.delay
            if self._service.slots is not None:
                delay = self._service.slots.take(delay, self._loop.time())
            if delay:
                self._timer = self._loop.call_later(delay, self._wake, request, admission)
                return
        self._answer(request, admission)

    def _wake(self, request: Request, admission: Admission) -> None:
        """Answer a request after its delay, and the next ones."""
        self._timer = None
        if self._transport.is_closing():
            return  # `connection_lost` is on its way
        self._answer(request, admission)
        self._advance()

    def _answer(self, request: Request, admission: Admission | None) -> None:
        response = self._service.answer(request, admission)
        if not request.keep_alive:
            response = response._replace(last=True)
        self._send(response)

    def _send(self, response: Response) -> None:
        """Send a head, and a short body with it."""
        status, head, body, last, delivery = response
        self._ending = last
        tail = self._service.dateline.fields(last=last) if head else b""
        if self._ledger is not None and head:
            self._ledger.answered(status)
        if isinstance(body, Span):
            self._busy = True
            if delivery is not None:
                self._pace = Pace(delivery, body.stop - body.start, self._service.line)
                # Nothing may pile up here: it would come in a gush, or be lost in a reset.
                keep_empty(self._transport)
            self._transport.write(head + tail)
            self._span = body
            # Not at once: a queue full of such requests would nest as deep as it is long.
            self._timer = self._loop.call_soon(self._pump)
            return
        self._count(body)
        self._transport.write(b"".join((head, tail, body)))
        self._close_request()

    def _pump(self) -> None:
        """Send the next piece of a long body, and see to it that the rest follows.

        One piece in one turn of the loop: a client as fast as this would starve the others.
        """
        self._timer = None
        if self._span is None or self._paused or self._transport.is_closing():
            return
        source, start, stop = self._span
        if not (most := self._allowance()):
            return
        try:
            piece = source.read(start, min(most, stop - start))
        except OSError:
            piece = b""
        if not piece:
            # The file has become shorter, or can't be read. The Content-Length is out already, and
            # the one way left to say that it was wrong is to break off (RFC 9112 section 8).
            self._abandon()
            self._transport.abort()
            return
        self._count(piece)
        if self._pace is not None:
            self._pace.sent(len(piece))
        self._transport.write(piece)
        start += len(piece)
        if start < stop:
            self._span = Span(source, start, stop)
            if not self._paused:
                self._timer = self._loop.call_soon(self._pump)
            return
        self._close_span()
        self._close_request()
        self._advance()

    def _allowance(self) -> int:
        """Return how many bytes of a body may leave now; if none, see to what comes instead."""
        if self._pace is None:
            return CHUNK
        wait, size, ending = self._pace.step(self._loop.time())
        if wait:
            self._timer = self._loop.call_later(wait, self._pump)
        elif ending is Ending.RESET:
            self._abandon()
            break_off(self._transport)
        elif ending is Ending.CLOSE:
            self._close_span()
            self._ending = True
            self._close_request()
        return min(size, CHUNK)

    def _count(self, piece: bytes) -> None:
        if self._ledger is not None:
            self._ledger.sent(len(piece))

    def _close_span(self) -> None:
        """Let go of a long body and of how it was sent."""
        if self._span is not None:
            self._span.source.close()
            self._span = None
        if self._pace is not None:
            self._pace = None
            self._transport.set_write_buffer_limits()

    def _close_request(self) -> None:
        """Let go of a request that has been answered in full."""
        self._busy = False
        if self._ledger is not None:
            self._ledger.closed()
            self._ledger = None
        if self._ending:
            # Closing with bytes unread would make the system reset the connection and throw away
            # what the client has not read yet. So: say that no more will come, and wait until the
            # client closes, or long enough (RFC 9112 section 9.6).
            say_no_more(self._transport)
            self._timer = self._loop.call_later(LINGER, self._transport.close)

    def _abandon(self) -> None:
        """Drop everything that was still to be done for this client."""
        self._ending = True
        self._reader.queue.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._close_span()
        if self._ledger is not None:
            self._ledger.closed()
            self._ledger = None
