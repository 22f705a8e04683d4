"""The synchronous transport: one connection at a time, on a blocking socket."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from math import inf
from time import monotonic

from getflags.core import urls
from getflags.core.errors import Expired, Fault, TimedOut, Unreachable
from getflags.core.models import Fields, Network, Piece
from getflags.core.response_head import Head, describe
from getflags.transport import proxies
from getflags.transport.dns import HOST_LOOKUPS, allowed, fixed
from getflags.transport.h1.open_sockets import OpenSockets
from getflags.transport.h1.plain_stream import PlainStream, Stream
from getflags.transport.h1.request_head import connect_head, request_head
from getflags.transport.h1.response_reader import ResponseReader
from getflags.transport.h1.route import Route, interleaved, route
from getflags.transport.h1.sync_connection import SyncConnection
from getflags.transport.system_errors import (
    broken_handshake,
    is_tls_error,
    no_connection,
    no_tunnel,
)

_BUFFER = 512 * 1024  # bytes that are read at a time
_LEAST = 1024  # the same, with a rate limit


class H1Transport:
    """See ``getflags.transport.Transport``.

    All pieces of bodies are in the same buffer: memory that is not allocated again for each of them
    saves a tenth of the CPU time of a long body.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        self._connection: SyncConnection | None = None
        self._sockets = OpenSockets()
        rate = network.limit_rate
        self._size = _BUFFER if rate is None else max(_LEAST, min(_BUFFER, int(rate / 8)))

    @cached_property
    def _buffer(self) -> memoryview:
        """The buffer, which takes no memory before there is a connection."""
        return memoryview(bytearray(self._size))

    def get(
        self,
        url: str,
        headers: Fields,
        on_head: Callable[[Head], bool],
        on_body: Callable[[Piece], None],
        within: float | None = None,
        *,
        certified: bool = False,
    ) -> None:
        """See ``getflags.transport.Transport``."""
        self._sockets.check()
        proxy = proxies.choose(self._network, url)
        way = route(urls.origin(url), proxy, certified=certified)
        absolute = proxy is not None and not way.tunnel
        request = request_head(
            url, headers + way.fields if absolute else headers, absolute=absolute
        )
        expires = inf if within is None else monotonic() + within
        connection = self._connection
        if connection is None or connection.way != way or not connection.is_idle():
            self.close()
            connection = self._open(way, proxy or url, expires)
        self._connection = None
        try:
            reusable = self._exchange(connection, request, on_head, on_body, expires)
        except BaseException:
            connection.close()
            raise
        if reusable:
            self._connection = connection
        else:
            connection.close()

    def _exchange(
        self,
        connection: SyncConnection,
        request: bytes,
        on_head: Callable[[Head], bool],
        on_body: Callable[[Piece], None],
        expires: float,
    ) -> bool:
        """Send a request and read its response; return whether the connection is reusable."""
        reader = ResponseReader(secure=connection.way.secure)
        try:
            head = connection.ask(request, reader, expires)
            if not on_head(head):
                return connection.drain(reader)
            deadline = monotonic() + connection.timeout
            while True:
                if reader.pieces:
                    pieces, reader.pieces = reader.pieces, []
                    for piece in pieces:
                        on_body(piece)
                    deadline = monotonic() + connection.timeout
                if reader.complete:
                    break
                connection.receive(reader, deadline, expires)
        except Fault:
            self._sockets.check()  # that is why the connection broke
            raise
        self._sockets.check()  # a body that ends with the connection would seem complete
        return connection.ended(reader)

    def abort(self) -> None:
        """See ``getflags.transport.Transport``."""
        self._sockets.shut_down()

    def close(self) -> None:
        """See ``getflags.transport.Transport``."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self, way: Route, url: str, expires: float) -> SyncConnection:
        """Open a connection. ``url`` is that of the target or the proxy. Raises Fault."""
        limit = min(monotonic() + self._network.connect_timeout, expires)
        within = None if expires == inf else expires - monotonic()
        if not (found := fixed(self._network, way.host, way.port)):
            HOST_LOOKUPS.wait_for(url, self._network.connect_timeout, within)
            found = HOST_LOOKUPS.addresses(url, way.host, way.port, way.where)
        addresses = interleaved(allowed(found, self._network, url, way.where))
        if way.secure:
            from getflags.transport import tls  # the import of ssl takes 7 ms

            # A store that can't be read is found before connecting.
            tls.context(self._network, certified=way.certified)
        try:
            sock = self._sockets.connect(addresses, limit)
        except OSError as error:
            HOST_LOOKUPS.doubt(url)
            self._sockets.check()
            raise self._not_connected(error, way, timed_out=limit == expires) from error
        try:
            return self._establish(way, PlainStream(sock, self._network.timeout), limit)
        except (OSError, Fault) as error:
            sock.close()
            self._sockets.check()  # an aborted transport is the cause, not the server
            if isinstance(error, Fault):
                raise
            HOST_LOOKUPS.doubt(url)
            raise self._not_connected(error, way, timed_out=limit == expires) from error
        except BaseException:
            sock.close()
            raise

    def _not_connected(self, error: OSError, way: Route, *, timed_out: bool) -> Fault:
        if isinstance(error, (TimeoutError, BlockingIOError)):
            seconds = self._network.connect_timeout
            late = TimedOut(f"{way.where}no connection within {seconds:g} s")
            return Expired() if timed_out else late
        if is_tls_error(error):
            return broken_handshake(way.where, error)
        return no_connection(way.where, error.errno or 0, "no connection")

    def _encrypt(self, stream: Stream, name: str, limit: float, *, certified: bool) -> Stream:
        """Do a TLS handshake until a time limit. Raises OSError."""
        from getflags.transport import tls
        from getflags.transport.h1.tls_stream import TlsStream

        context = tls.context(self._network, certified=certified)
        return TlsStream(stream, context, name, limit)

    def _establish(self, way: Route, stream: Stream, limit: float) -> SyncConnection:
        """Do the TLS handshakes, and ask a proxy for a tunnel. Raises Fault or OSError."""
        if way.tls:
            certified = way.certified and not way.where
            stream = self._encrypt(stream, way.tls, limit, certified=certified)
        if way.tunnel:
            connection = SyncConnection(stream, way, self._network.timeout, self._buffer)
            try:
                head = connection.ask(connect_head(way.tunnel, way.fields), ResponseReader(), limit)
            except Expired:
                raise TimeoutError from None
            except Fault as fault:
                raise no_tunnel(way.where, fault) from fault
            if head.status // 100 != 2:  # noqa: PLR2004 - successful
                raise Unreachable(f"{way.where}{describe(head.status)}")
            stream = self._encrypt(stream, way.inner_tls, limit, certified=way.certified)
        return SyncConnection(stream, way, self._network.timeout, self._buffer)
