"""The asyncio transport: connections for any number of tasks, kept for later requests."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from time import monotonic
from typing import cast

from getflags.core import urls
from getflags.core.errors import Disconnected, Expired, Fault, TimedOut, Unreachable
from getflags.core.models import Fields, Network
from getflags.core.resource_limits import max_idle_connections
from getflags.core.response_head import Head, describe
from getflags.transport import proxies, tls
from getflags.transport.dns import HOST_LOOKUPS, Address, allowed, fixed
from getflags.transport.h1.async_connection import Connection
from getflags.transport.h1.request_head import connect_head, request_head
from getflags.transport.h1.route import ATTEMPT_DELAY, Addresses, Route, interleaved, route
from getflags.transport.system_errors import (
    broken_handshake,
    closed_in_handshake,
    no_connection,
    no_tunnel,
)

_BUFFER = 256 * 1024  # bytes that are read at a time
_TICK = 0.05  # seconds between two looks at the deadlines of the connections


class AsyncH1Transport:
    """See ``getflags.transport.AsyncTransport``."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._busy: set[Connection] = set()
        # Stacks: the connection used last is the least likely to be closed.
        self._idle: dict[Route, list[Connection]] = {}
        self._idle_count = 0
        self._max_idle = max_idle_connections()
        self._buffer = memoryview(bytearray(_BUFFER))
        self._ticking = False

    def get(
        self,
        url: str,
        headers: Fields,
        on_head: Callable[[Head], bool],
        on_body: Callable[[bytes], Awaitable[None]],
        within: float | None = None,
        *,
        certified: bool = False,
    ) -> Coroutine[None, None, None]:
        """See ``getflags.transport.AsyncTransport``."""
        proxy = proxies.choose(self._network, url)
        way = route(urls.origin(url), proxy, certified=certified)
        absolute = proxy is not None and not way.tunnel
        request = request_head(
            url, headers + way.fields if absolute else headers, absolute=absolute
        )
        exchange = self._exchange(way, proxy or url, request, on_head, on_body)
        return exchange if within is None else _within(within, exchange)

    async def _exchange(
        self,
        way: Route,
        url: str,
        request: bytes,
        on_head: Callable[[Head], bool],
        on_body: Callable[[bytes], Awaitable[None]],
    ) -> None:
        idle = self._take_idle(way)
        connection = idle or await self._open(way, url)
        self._watch(connection)
        try:
            reusable = await connection.exchange(request, on_head, on_body)
        except BaseException as error:
            connection.close()
            if idle and isinstance(error, (Disconnected, TimedOut)):
                self._drop_idle(way)  # what broke this one may have broken all of them
            raise
        finally:
            self._busy.discard(connection)
        if reusable:
            self._keep(way, connection)
        else:
            connection.close()

    async def close(self) -> None:
        """See ``getflags.transport.AsyncTransport``."""
        for connections in self._idle.values():
            for connection in connections:
                connection.close()
        self._idle.clear()
        await asyncio.sleep(0)  # so that the loop closes the sockets

    def _take_idle(self, way: Route) -> Connection | None:
        idle = self._idle.get(way)
        while idle:
            connection = idle.pop()
            self._idle_count -= 1
            if connection.is_idle():
                return connection
            connection.close()
        return None

    def _keep(self, way: Route, connection: Connection) -> None:
        self._idle.setdefault(way, []).append(connection)
        self._idle_count += 1
        while self._idle_count > self._max_idle:
            self._drop_idle(next(iter(self._idle)))

    def _drop_idle(self, way: Route) -> None:
        for each in self._idle.pop(way, ()):
            self._idle_count -= 1
            each.close()

    def _watch(self, connection: Connection) -> None:
        self._busy.add(connection)
        if not self._ticking:
            self._tick()

    def _tick(self) -> None:
        now = monotonic()
        for connection in self._busy:
            connection.check_time(now)
        self._ticking = bool(self._busy)
        if self._ticking:
            asyncio.get_running_loop().call_later(_TICK, self._tick)

    async def _open(self, way: Route, url: str) -> Connection:
        """Open a connection. ``url`` is that of the target or the proxy. Raises Fault."""
        limit = self._network.connect_timeout
        start = monotonic()
        if not (found := fixed(self._network, way.host, way.port)):
            await HOST_LOOKUPS.await_for(url, limit)
            found = HOST_LOOKUPS.addresses(url, way.host, way.port, way.where)
        addresses = interleaved(allowed(found, self._network, url, way.where))
        try:
            async with asyncio.timeout(limit - (monotonic() - start)):
                return await self._establish(way, addresses)
        except OSError as error:
            HOST_LOOKUPS.doubt(url)
            raise _not_connected(error, way, limit) from error

    async def _establish(self, way: Route, addresses: Addresses) -> Connection:
        loop = asyncio.get_running_loop()
        connection = Connection(self._network.timeout, self._buffer, secure=way.secure)
        inner = tls.context(self._network, certified=way.certified) if way.secure else None
        outer = tls.context(self._network) if way.tls and way.where else inner
        # Otherwise, asyncio's own limit of 60 s may be shorter than the one for connecting.
        handshake = self._network.connect_timeout
        sock = await _connect(addresses)
        transport, _ = await loop.create_connection(
            lambda: connection,
            sock=sock,
            ssl=outer if way.tls else None,
            server_hostname=way.tls or None,
            ssl_handshake_timeout=handshake if way.tls else None,
        )
        try:
            if way.tunnel:
                await self._tunnel(connection, way)
                encrypted = await loop.start_tls(
                    transport, connection, cast("ssl.SSLContext", inner),
                    server_hostname=way.inner_tls,
                    ssl_handshake_timeout=handshake,
                )  # fmt: skip
                connection.enter_tunnel(cast("asyncio.Transport", encrypted))
        except BaseException:
            connection.close()
            raise
        return connection

    async def _tunnel(self, connection: Connection, way: Route) -> None:
        self._watch(connection)
        try:
            status = await connection.ask_for_tunnel(connect_head(way.tunnel, way.fields))
        except Fault as fault:
            raise no_tunnel(way.where, fault) from fault
        finally:
            self._busy.discard(connection)
        if status // 100 != 2:  # noqa: PLR2004 - successful
            raise Unreachable(f"{way.where}{describe(status)}")


def _not_connected(error: OSError, way: Route, seconds: float) -> Fault:
    if isinstance(error, TimeoutError):
        return TimedOut(f"{way.where}no connection within {seconds:g} s")
    if isinstance(error, ssl.SSLError):
        return broken_handshake(way.where, error)
    if error.errno is None and way.secure:  # asyncio's for a close in the handshake
        return closed_in_handshake(way.where)
    return no_connection(way.where, error.errno or 0, "no connection")


async def _within(seconds: float, exchange: Coroutine[None, None, None]) -> None:
    """Await an exchange. Raises Expired if it takes longer."""
    try:
        async with asyncio.timeout(seconds) as time:
            await exchange
    except TimeoutError:
        if time.expired():
            raise Expired from None
        raise


async def _connect(addresses: Addresses) -> socket.socket:
    """Connect to the first address that answers. Raises OSError."""
    if len(addresses) == 1:
        return await _connect_to(addresses[0])
    tasks: set[asyncio.Task[socket.socket]] = set()
    error = OSError()
    try:
        waiting = list(addresses)
        while waiting or tasks:
            if waiting:
                tasks.add(asyncio.create_task(_connect_to(waiting.pop(0))))
            delay = ATTEMPT_DELAY if waiting else None
            done, _ = await asyncio.wait(tasks, timeout=delay, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                tasks.discard(task)
                try:
                    return task.result()
                except OSError as failure:
                    error = failure
        raise error
    finally:
        for task in tasks:
            task.cancel()
            task.add_done_callback(_close_result)


def _close_result(task: asyncio.Task[socket.socket]) -> None:
    with suppress(OSError, asyncio.CancelledError):
        task.result().close()


async def _connect_to(address: Address) -> socket.socket:
    family, target = address
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)  # noqa: FBT003 - the standard library has no keyword
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(sock, target)
    except BaseException:
        sock.close()
        raise
    return sock
