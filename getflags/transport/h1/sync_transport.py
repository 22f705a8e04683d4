"""The synchronous transport: one connection at a time, on a blocking socket."""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from errno import EINPROGRESS, EWOULDBLOCK
from math import ceil, inf
from struct import pack
from time import monotonic
from typing import TYPE_CHECKING, TypeAlias, cast

from getflags.core import urls
from getflags.core.errors import Aborted, Disconnected, Expired, Fault, TimedOut, Unreachable
from getflags.core.models import Fields, Network
from getflags.core.response_head import Head, content_length, describe
from getflags.transport import proxies
from getflags.transport.dns import HOST_LOOKUPS, Address
from getflags.transport.h1.request_head import connect_head, request_head
from getflags.transport.h1.response_reader import ResponseReader
from getflags.transport.h1.route import Addresses, Route, interleaved, route
from getflags.transport.system_errors import (
    broken_handshake,
    is_tls_error,
    message,
    no_connection,
    wants_data,
)

if TYPE_CHECKING:
    import ssl

    from getflags.transport.h1.tls_in_tls import TlsInTls

_PIECE = 256 * 1024  # bytes that are read at a time
_LEAST = 1024  # the same, with a rate limit
_ATTEMPT_DELAY = 0.25  # seconds until another address is tried as well (RFC 8305 section 5)
_LOOK = 0.05  # seconds between two looks whether the transport was aborted while it connects
_DRAIN_BYTES = 64 * 1024  # an unwanted body up to this size is read, to keep the connection
_DRAIN_SECONDS = 0.1  # longest time for that

Socket: TypeAlias = "socket.socket | TlsInTls"


class H1Transport:
    """See ``getflags.transport.Transport``."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._connection: _Connection | None = None
        self._sockets = _Sockets()
        rate = network.limit_rate
        self._size = _PIECE if rate is None else max(_LEAST, min(_PIECE, int(rate / 8)))

    def get(
        self,
        url: str,
        headers: Fields,
        on_head: Callable[[Head], bool],
        on_body: Callable[[bytes], None],
        within: float | None = None,
    ) -> None:
        """See ``getflags.transport.Transport``."""
        self._sockets.check()
        proxy = proxies.choose(self._network, url)
        way = route(urls.origin(url), proxy)
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
        connection: _Connection,
        request: bytes,
        on_head: Callable[[Head], bool],
        on_body: Callable[[bytes], None],
        expires: float,
    ) -> bool:
        """Send a request and read its response; return whether the connection is reusable."""
        reader = ResponseReader(secure=bool(connection.way.tls or connection.way.inner_tls))
        try:
            head = connection.ask(request, reader, expires, self._size)
            if not on_head(head):
                return connection.drain(reader, head)
            deadline = monotonic() + connection.timeout
            while True:
                if reader.pieces:
                    pieces, reader.pieces = reader.pieces, []
                    for piece in pieces:
                        on_body(piece)
                    deadline = monotonic() + connection.timeout
                if reader.complete:
                    break
                connection.receive(reader, self._size, deadline, expires)
        except Fault:
            self._sockets.check()  # that is why the connection broke
            raise
        self._sockets.check()  # a body that ends with the connection would seem complete
        connection.used = True
        return reader.reusable

    def abort(self) -> None:
        """See ``getflags.transport.Transport``."""
        self._sockets.shut_down()

    def close(self) -> None:
        """See ``getflags.transport.Transport``."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self, way: Route, url: str, expires: float) -> _Connection:
        """Open a connection. ``url`` is that of the target or the proxy. Raises Fault."""
        limit = min(monotonic() + self._network.connect_timeout, expires)
        within = None if expires == inf else expires - monotonic()
        HOST_LOOKUPS.wait_for(url, self._network.connect_timeout, within)
        addresses = interleaved(HOST_LOOKUPS.addresses(url, way.host, way.port, way.where))
        if way.tls or way.inner_tls:
            from getflags.transport import tls  # the import of ssl takes 7 ms

            tls.context(self._network)  # a store that can't be read is found before connecting
        try:
            sock = self._sockets.connect(addresses, limit)
        except OSError as error:
            HOST_LOOKUPS.forget(url)
            self._sockets.check()
            raise self._not_connected(error, way, timed_out=limit == expires) from error
        try:
            return self._establish(way, sock, limit, expires)
        except OSError as error:
            sock.close()
            self._sockets.check()
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

    def _encrypt(self, sock: Socket, name: str, limit: float) -> Socket:
        """Do a TLS handshake until a time limit. Raises OSError."""
        from getflags.transport import tls

        context = tls.context(self._network)
        sock.settimeout(max(0.001, limit - monotonic()))
        if type(sock) is not socket.socket:
            from getflags.transport.h1.tls_in_tls import TlsInTls

            return TlsInTls(cast("ssl.SSLSocket", sock), context, name)
        secure = context.wrap_socket(sock, server_hostname=name)
        self._sockets.add(secure)
        return secure

    def _establish(self, way: Route, sock: Socket, limit: float, expires: float) -> _Connection:
        """Do the TLS handshakes, and ask a proxy for a tunnel. Raises Fault or OSError."""
        set_timeout(sock, limit - monotonic())
        if way.tls:
            sock = self._encrypt(sock, way.tls, limit)
        connection = _Connection(sock, way, self._network.timeout)
        if way.tunnel:
            try:
                reader = ResponseReader()
                head = connection.ask(connect_head(way.tunnel, way.fields), reader, expires)
            except Fault as fault:
                raise Unreachable(f"{way.where}{fault}") from fault
            if head.status // 100 != 2:  # noqa: PLR2004 - successful
                raise Unreachable(f"{way.where}{describe(head.status)}")
            sock = self._encrypt(sock, way.inner_tls, limit)
            connection = _Connection(sock, way, self._network.timeout)
        set_timeout(sock, self._network.timeout)
        return connection


def set_timeout(sock: Socket, seconds: float) -> None:
    """Limit the time that reading from or writing to a blocking socket may take.

    Python's own timeouts cost a second system call for each operation. Its TLS needs them: it would
    repeat an operation that the system has ended.
    """
    seconds = max(0.001, min(seconds, 1e6))
    if type(sock) is not socket.socket:
        sock.settimeout(seconds)
        return
    whole = int(seconds)
    value = pack("ll", whole, ceil((seconds - whole) * 1e6) % 1_000_000)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, value)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, value)


class _Connection:
    """An open connection. Times are those of ``monotonic``, in seconds."""

    def __init__(self, sock: Socket, way: Route, timeout: float) -> None:
        self.way = way
        self.timeout = timeout
        self.used = False  # it has served a request
        self._sock = sock
        self._limited = False  # the socket has another timeout than ``timeout``

    def is_idle(self) -> bool:
        """Return whether the connection can take a request: it is open, and nothing has come.

        Over TLS, what has come may be a session ticket, which reading takes in.
        """
        try:
            if type(self._sock) is socket.socket:
                self._sock.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
                return False
            self._sock.settimeout(0)
            try:
                self._sock.recv(1)
            finally:
                self._sock.settimeout(self.timeout)
        except OSError as error:
            return isinstance(error, BlockingIOError) or wants_data(error)  # there is nothing
        return False

    def ask(
        self, request: bytes, reader: ResponseReader, expires: float, size: int = _PIECE
    ) -> Head:
        """Send a request; return the head of its response. Raises Fault.

        At most ``size`` bytes are read at a time.
        """
        deadline = monotonic() + self.timeout
        try:
            self._sock.sendall(request)
        except OSError as error:
            raise self._broken(error, reader) from error
        while reader.head is None:
            self.receive(reader, size, deadline, expires)
        return reader.head

    def receive(self, reader: ResponseReader, size: int, deadline: float, expires: float) -> None:
        """Read once, until a deadline. Raises Fault."""
        now = monotonic()
        if now >= min(deadline, expires):
            raise self._late(reader, deadline, expires)
        if expires < inf or self._limited:
            left = min(deadline, expires) - now
            self._limited = left < self.timeout
            set_timeout(self._sock, min(left, self.timeout))
        try:
            data = self._sock.recv(size)
        except (BlockingIOError, TimeoutError):
            raise self._late(reader, deadline, expires) from None
        except OSError as error:
            raise self._broken(error, reader) from error
        if data:
            reader.receive(data)
            return
        try:
            reader.eof()
        except Disconnected as fault:
            fault.stale = self.used and not reader.started
            raise

    def drain(self, reader: ResponseReader, head: Head) -> bool:
        """Read a short body that is not wanted; return whether the connection is reusable."""
        length = content_length(head) if reader.delimited else None
        if not reader.complete and (length is None or length > _DRAIN_BYTES):
            return False
        deadline = monotonic() + _DRAIN_SECONDS
        self._limited = True
        with suppress(Fault):  # the body is not needed
            while not reader.complete:
                self.receive(reader, _PIECE, deadline, deadline)
        self.used = True
        return reader.complete and reader.reusable

    def _late(self, reader: ResponseReader, deadline: float, expires: float) -> Fault:
        if expires <= deadline:
            return Expired()
        if reader.head is None and reader.started:
            return TimedOut(f"the response header took longer than {self.timeout:g} s")
        return TimedOut(f"no data received for {self.timeout:g} s")

    def _broken(self, error: OSError, reader: ResponseReader) -> Fault:
        stale = self.used and not reader.started
        if is_tls_error(error):
            return Disconnected("the TLS connection broke", stale=stale)
        return Disconnected(message(error.errno or 0) or "the connection was lost", stale=stale)

    def close(self) -> None:
        """Close the connection."""
        self._sock.close()


class _Sockets:
    """The open sockets of a transport, so that another thread can shut them down."""

    def __init__(self) -> None:
        self._aborted = False
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()

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

    def add(self, sock: socket.socket) -> None:
        """Add a socket; forget those that are closed."""
        self._open = {each for each in self._open if each.fileno() >= 0} | {sock}

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
                    next_attempt = now + _ATTEMPT_DELAY
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
                    self.add(sock)
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
