"""One client connection: it receives requests and sends the responses in order.

This module contains the request queue, the timers, the flow control, and the closing of a
connection. Requests are parsed in `request_parser` and answered in `service`; faults are in
`faults`. No coroutine runs per request: a request without a fault is answered in the same call that
received it, which makes the server fast enough to measure clients with.
"""

import asyncio
from typing import cast

from ..http.body_delivery import DeliverySchedule, Ending
from ..http.responses import Request, Response, Span
from ..http.transports import close_write_side, disable_buffering, reset_connection
from ..state.client_connections import ClientConnections
from ..state.ledger import Ledger
from ..state.request_log import RequestLog, address_text
from ..state.server_state import CountedRequest
from .service import Service

__all__ = ["CHUNK", "LINGER", "LONGEST_QUEUE", "HttpProtocol", "Service"]

CHUNK = 256 * 1024  # bytes read from a source at a time
LONGEST_QUEUE = 64  # requests in the queue above which reading from the client is paused
LINGER = 2.0  # seconds that a client has to read the last response

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class HttpProtocol(asyncio.Protocol):
    """One client connection to a `Service`."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._loop = asyncio.get_running_loop()
        self._parser = service.parser()
        self._transport: asyncio.Transport
        self._busy = False  # a request is being answered, and the others wait in the queue
        self._writing_paused = False  # the transport's write buffer is full
        self._reading_paused = False  # reading is paused, because too many requests wait
        self._ending = False  # the last response is being sent
        self._timer: asyncio.Handle | None = None
        self._request: Request | None = None  # the last one; None: it was invalid, or is logged
        self._status: int | None = None  # the status of its response, once that was sent
        self._sent = 0  # body bytes of its response
        self._began: float | None = None  # when it was received, if it is to be logged
        self._address = ""  # the client's address, if requests are logged
        self._ledger: Ledger | None = None  # the ledger that counts the current request
        self._span: Span | None = None  # the part of a long body that is still to be sent
        self._left = service.state.behaviour.requests_per_connection  # responses that may follow
        self._client: str | None = None  # the address under which the connection is counted
        self._schedule: DeliverySchedule | None = None  # its schedule; None: as fast as possible

    # Callbacks of the transport.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Register the connection."""
        # The cast is needed because the transports of uvloop have all the methods but not the base
        # classes.
        self._transport = cast("asyncio.Transport", transport)
        self._service.connections.add(self)
        if self._service.log is not None:
            self._address = address_text(transport.get_extra_info("peername"))
        if self._service.clients is not None:
            # A client may have closed another connection just before: that event is processed in
            # the same iteration of the event loop, so the connections are counted in the next one.
            self._transport.pause_reading()
            self._loop.call_soon(self._admit, self._service.clients)

    def _admit(self, clients: ClientConnections) -> None:
        """Start to read, or close the connection if its client has too many."""
        if self._transport.is_closing():
            return
        client = str((self._transport.get_extra_info("peername") or ("",))[0])
        if clients.admits(client):
            self._client = client
            self._transport.resume_reading()
        else:
            self._abandon()
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        """Parse the received bytes, and answer as many requests as possible."""
        parser = self._parser
        parser.feed(data)
        self._advance()
        if parser.awaits_continue and not self._busy and not self._ending:
            parser.awaits_continue = False
            self._transport.write(_CONTINUE)
        if len(parser.queue) > LONGEST_QUEUE and not self._reading_paused:
            self._reading_paused = True
            self._transport.pause_reading()

    def eof_received(self) -> None:
        """Treat the end of the client's data as a disconnect; the transport closes itself.

        A client may also close only its sending side and wait for the response, but the server
        cannot distinguish the two cases, and a client that gave up is by far the more common one.
        """
        self._abandon()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - a vanished client is no error
        """Release everything that belongs to this connection."""
        self._abandon()
        self._service.connections.discard(self)

    def pause_writing(self) -> None:
        """Stop sending until the client has read more."""
        self._writing_paused = True

    def resume_writing(self) -> None:
        """Schedule the next write.

        It cannot be done in this callback: asyncio closes its socket twice if a write fails here.
        """
        self._writing_paused = False
        self._loop.call_soon(self._resume)

    def _resume(self) -> None:
        if self._span is not None and self._timer is None:
            self._pump()
        self._advance()

    def abort(self) -> None:
        """Close the connection at once."""
        self._transport.abort()

    # Requests, one at a time.

    def _advance(self) -> None:
        queue = self._parser.queue
        while queue and not (self._busy or self._writing_paused or self._ending):
            item = queue.popleft()
            if isinstance(item, Response):
                self._request, self._sent, self._began = None, 0, None
                self._send(item)
            else:
                self._process(item)
        if self._reading_paused and not queue and not self._ending:
            self._reading_paused = False
            self._transport.resume_reading()

    def _process(self, request: Request) -> None:
        """Count a request, and answer it immediately or after its delay."""
        self._busy = True
        self._request, self._status, self._sent = request, None, 0
        counted = self._service.state.count_request(request.target)
        if self._service.observes:
            self._began = self._loop.time()
            if counted is not None and self._service.state.received is not None:
                self._service.state.received.add(request)
        if counted is not None:
            self._ledger = counted.ledger
            if delay := self._service.state.delay(counted, self._loop.time()):
                self._timer = self._loop.call_later(delay, self._wake, request, counted)
                return
        self._answer(request, counted)

    def _wake(self, request: Request, counted: CountedRequest) -> None:
        """Answer a request after its delay, then the requests that follow it."""
        self._timer = None
        if self._transport.is_closing():
            return  # the event loop will call `connection_lost`
        self._answer(request, counted)
        self._advance()

    def _answer(self, request: Request, counted: CountedRequest | None) -> None:
        response = self._service.answer(request, counted)
        if self._left is not None:
            self._left -= 1
        if not request.keep_alive or self._left == 0:
            response = response._replace(last=True)
        self._send(response)

    def _send(self, response: Response) -> None:
        """Send the head of a response, together with its body if that is short."""
        status, head, body, last, delivery = response
        self._ending = last
        self._status = status if head else None
        tail = self._service.common_headers.fields(last=last) if head else b""
        if self._ledger is not None and head:
            self._ledger.answered(status)
        if isinstance(body, Span):
            self._busy = True
            if delivery is not None:
                self._schedule = DeliverySchedule(
                    delivery, body.stop - body.start, self._service.bandwidth
                )
                # Bytes must not accumulate in the buffer: they would be sent in one burst, or lost
                # in a reset.
                disable_buffering(self._transport)
            self._transport.write(head + tail)
            self._span = body
            # The call is deferred, because a queue full of such requests would recurse once per
            # request.
            self._timer = self._loop.call_soon(self._pump)
            return
        self._count(body)
        self._transport.write(b"".join((head, tail, body)))
        self._close_request()

    def _pump(self) -> None:
        """Send the next piece of a long body, and schedule the rest.

        Only one piece is sent per iteration of the event loop: a client that reads as fast as this
        server sends would otherwise starve the other clients.
        """
        self._timer = None
        if self._span is None or self._writing_paused or self._transport.is_closing():
            return
        source, start, stop = self._span
        if not (most := self._allowance()):
            return
        try:
            piece = source.read(start, min(most, stop - start))
        except OSError:
            piece = b""
        if not piece:
            # The file was truncated or cannot be read. Its Content-Length was already sent, so the
            # only way left to report the error is to close the connection early (RFC 9112 section
            # 8).
            self._abandon()
            self._transport.abort()
            return
        self._count(piece)
        if self._schedule is not None:
            self._schedule.sent(len(piece))
        self._transport.write(piece)
        start += len(piece)
        if start < stop:
            self._span = Span(source, start, stop)
            if not self._writing_paused:
                self._timer = self._loop.call_soon(self._pump)
            return
        self._close_span()
        self._close_request()
        self._advance()

    def _allowance(self) -> int:
        """Return how many bytes of the body may be sent now; if none, schedule the next step."""
        if self._schedule is None:
            return CHUNK
        wait, size, ending = self._schedule.step(self._loop.time())
        if wait:
            self._timer = self._loop.call_later(wait, self._pump)
        elif ending is Ending.RESET:
            self._abandon()
            reset_connection(self._transport)
        elif ending is Ending.CLOSE:
            self._close_span()
            self._ending = True
            self._close_request()
        return min(size, CHUNK)

    def _count(self, piece: bytes) -> None:
        self._sent += len(piece)
        if self._ledger is not None:
            self._ledger.sent(len(piece))

    def _close_span(self) -> None:
        """Close the source of a long body, and reset the flow control."""
        if self._span is not None:
            self._span.source.close()
            self._span = None
        if self._schedule is not None:
            self._schedule = None
            self._transport.set_write_buffer_limits()

    def _close_request(self) -> None:
        """Finish a request whose response was sent completely."""
        self._busy = False
        if self._service.log is not None:
            self._log(self._service.log)
        if self._ledger is not None:
            self._ledger.closed()
            self._ledger = None
        if self._ending:
            # Closing a socket with unread data makes the system reset the connection and discard
            # the data that the client has not read yet. So the server closes only its sending side,
            # then waits until the client closes or LINGER has passed (RFC 9112 section 9.6).
            close_write_side(self._transport)
            self._timer = self._loop.call_later(LINGER, self._transport.close)

    def _log(self, log: RequestLog) -> None:
        """Log the request that ends; an invalid one has no method and no target."""
        method, target = ("-", "-") if self._request is None else self._request[:2]
        seconds = None if self._began is None else self._loop.time() - self._began
        log.write(self._address, method, target, self._status, self._sent, seconds)
        self._request = None

    def _abandon(self) -> None:
        """Cancel all pending work for this client."""
        if self._busy and self._request is not None and self._service.log is not None:
            self._log(self._service.log)
        self._ending = True
        self._parser.queue.clear()
        if self._client is not None and self._service.clients is not None:
            self._service.clients.ended(self._client)
            self._client = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._close_span()
        if self._ledger is not None:
            self._ledger.closed()
            self._ledger = None
