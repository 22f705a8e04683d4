"""The asyncio curl transport: one multi handle for all transfers, driven by the event loop.

libcurl reports the sockets and the timer that it waits for (``M_SOCKETFUNCTION``,
``M_TIMERFUNCTION``); the loop watches them and calls ``socket_action``. libcurl manages the
connections, and with HTTP/2 many transfers share one. A transfer is paused while its body arrives
faster than it can be written to the disk.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pycurl

from getflags.core.errors import Fault, NotSaved
from getflags.core.models import Fields, Network
from getflags.core.resource_limits import max_idle_connections
from getflags.core.response_head import Head
from getflags.transport import proxies
from getflags.transport.curl.easy_handle import Handle
from getflags.transport.curl.sockets import Sockets
from getflags.transport.dns import HOST_LOOKUPS, is_known

_HIGH_WATER = 1024 * 1024  # bytes that may be buffered for the disk before the transfer is paused
_READY = 256 * 1024  # buffered bytes that wake the waiting task
_DELIVERY_TIMEOUT = 0.5  # seconds for writing buffered data after a cancellation
_CHECK_INTERVAL = 0.25  # seconds between two checks for slow and silent transfers


class AsyncCurlTransport:
    """See ``getflags.transport.AsyncTransport``."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._loop = asyncio.get_running_loop()
        self._idle: list[_Transfer] = []
        self._sockets = Sockets()
        self._in_flight: dict[pycurl.Curl, _Transfer] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._next_check = self._loop.call_later(_CHECK_INTERVAL, self._check_transfers)
        self._due = False  # whether a call for libcurl's expired timer is scheduled
        self._running = 0  # transfers that libcurl last reported as running
        self._watched: dict[int, int] = {}  # socket → the events it is watched for
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_PIPELINING, pycurl.PIPE_MULTIPLEX)
        self._multi.setopt(pycurl.M_MAXCONNECTS, max_idle_connections())
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._on_socket)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._on_timer)

    async def get(
        self,
        url: str,
        headers: Fields,
        on_head: Callable[[Head], bool],
        on_body: Callable[[bytes], Awaitable[None]],
        within: float | None = None,
        *,
        certified: bool = False,
    ) -> None:
        """See ``getflags.transport.AsyncTransport``."""
        proxy = proxies.choose(self._network, url)
        if not is_known(self._network, proxy or url):
            limit = self._network.connect_timeout
            within = await HOST_LOOKUPS.await_for(proxy or url, limit, within)
        transfer = self._idle.pop() if self._idle else _Transfer(self._network, self._sockets)
        try:
            transfer.handle.prepare(url, proxy, headers, on_head, within, certified=certified)
            await self._run(transfer, on_body)
        finally:
            self._idle.append(transfer)

    async def _run(self, transfer: _Transfer, on_body: Callable[[bytes], Awaitable[None]]) -> None:
        curl = transfer.handle.curl
        transfer.reset(self._loop)
        self._in_flight[curl] = transfer
        self._multi.add_handle(curl)
        self._running += 1
        try:
            while True:
                await transfer.wait()
                if transfer.size:
                    await on_body(transfer.take())
                    transfer.resume()
                else:  # no data is buffered: the transfer has ended
                    break
        except asyncio.CancelledError:
            await transfer.deliver(on_body)
            raise
        finally:
            del self._in_flight[curl]
            self._multi.remove_handle(curl)
        transfer.conclude()

    async def close(self) -> None:
        """See ``getflags.transport.AsyncTransport``."""
        self._next_check.cancel()
        for transfer in self._idle:
            transfer.handle.curl.close()
        self._multi.close()
        self._forget_timer()

    # libcurl calls the following methods.

    def _on_socket(self, events: int, number: int, multi: object, data: object) -> None:
        del multi, data
        if events == pycurl.POLL_REMOVE:
            self._unwatch(number)
            return
        before = self._watched.get(number, 0)
        self._watched[number] = events
        for event, add, remove in (
            (pycurl.POLL_IN, self._loop.add_reader, self._loop.remove_reader),
            (pycurl.POLL_OUT, self._loop.add_writer, self._loop.remove_writer),
        ):
            if events & event and not before & event:
                flag = pycurl.CSELECT_IN if event == pycurl.POLL_IN else pycurl.CSELECT_OUT
                add(number, self._act, number, flag)
            elif before & event and not events & event:
                remove(number)

    def _unwatch(self, number: int) -> None:
        before = self._watched.pop(number, 0)
        if before & pycurl.POLL_IN:
            self._loop.remove_reader(number)
        if before & pycurl.POLL_OUT:
            self._loop.remove_writer(number)

    def _on_timer(self, milliseconds: int) -> None:
        self._forget_timer()
        if milliseconds > 0:
            self._timer = self._loop.call_later(milliseconds / 1000, self._time_out)
        elif milliseconds == 0 and not self._due:
            self._due = True
            self._loop.call_soon(self._time_out)

    def _forget_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None

    # The event loop calls the following methods.

    def _time_out(self) -> None:
        self._due = False
        self._act(pycurl.SOCKET_TIMEOUT, 0)

    def _act(self, number: int, flag: int) -> None:
        """Pass an event to libcurl, and end the transfers that it reports as complete."""
        _, in_flight = self._multi.socket_action(number, flag)
        if in_flight == self._running:
            return
        self._running = in_flight
        left = 1
        while left:
            left, good, bad = self._multi.info_read()
            for curl in good:
                self._in_flight[curl].end(pycurl.E_OK, "")
            for curl, code, text in bad:
                self._in_flight[curl].end(code, text)

    def _check_transfers(self) -> None:
        # Scheduled before the checks, because they may raise.
        self._next_check = self._loop.call_later(_CHECK_INTERVAL, self._check_transfers)
        for transfer in list(self._in_flight.values()):
            transfer.check()


class _Transfer:
    """A handle with its buffered data, and the future of the task that waits for this data."""

    def __init__(self, network: Network, sockets: Sockets) -> None:
        self.handle = Handle(network, sockets, self._piece)
        self.size = 0  # bytes that are buffered
        self.ended = False
        self._pieces: list[bytes] = []
        self._paused = False
        self._result: tuple[int, str] = (pycurl.E_OK, "")
        self._silence: Fault | None = None
        self._loop: asyncio.AbstractEventLoop
        self._waiter: asyncio.Future[None] | None = None

    def reset(self, loop: asyncio.AbstractEventLoop) -> None:
        """Reset the state of the previous transfer."""
        self._loop = loop
        self.size = 0
        self._pieces = []
        self.ended = self._paused = False
        self._silence = None

    async def wait(self) -> None:
        """Wait for a batch of data or the end of the transfer."""
        # A batch may have arrived while the task was busy, and no more data may follow for long.
        if not (self.ended or self._paused or self.size >= _READY):
            self._waiter = self._loop.create_future()
            await self._waiter

    def take(self) -> bytes:
        """Return the buffered data and empty the buffer."""
        pieces, self._pieces, self.size = self._pieces, [], 0
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def deliver(self, on_body: Callable[[bytes], Awaitable[None]]) -> None:
        """Pass on the data that is still buffered when the task is cancelled.

        ``on_body`` writes first and then waits for the rate limit; that wait is cut short.
        """
        if self.size:
            with suppress(TimeoutError, Fault, NotSaved):  # the cancellation counts
                async with asyncio.timeout(_DELIVERY_TIMEOUT):
                    await on_body(self.take())

    def resume(self) -> None:
        """Resume the transfer if it is paused.

        A transfer may end while it is paused, at its time limit or with its HTTP/2 connection.
        libcurl does not accept the call then.
        """
        if self._paused and not self.ended:
            self._paused = False
            self.handle.curl.pause(pycurl.PAUSE_CONT)

    def end(self, code: int, text: str) -> None:
        """End the transfer with libcurl's result code."""
        self._result = code, text
        self.ended = True
        self._wake()

    def check(self) -> None:
        """Wake the task for a small amount of data, and end the transfer if it is silent.

        A paused transfer is left alone.
        """
        if self._paused or self.ended:
            return
        if self.size:
            self._wake()
        try:
            self.handle.check_silence()
        except Fault as fault:
            self._silence = fault
            self.end(pycurl.E_OPERATION_TIMEDOUT, "")

    def conclude(self) -> None:
        """Raise the transfer's fault or exception, if any."""
        if self._silence and not self.handle.unwanted:
            raise self._silence
        self.handle.conclude(*self._result)

    def _piece(self, piece: bytes) -> int | None:
        if self.size >= _HIGH_WATER:
            self._paused = True
            self._wake()
            return int(pycurl.WRITEFUNC_PAUSE)
        self._pieces.append(piece)
        self.size += len(piece)
        if self.size >= _READY:
            self._wake()
        return None

    def _wake(self) -> None:
        if self._waiter and not self._waiter.done():
            self._waiter.set_result(None)
