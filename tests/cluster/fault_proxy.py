"""A proxy before an HTTP server, mostly S3, that refuses, cuts, loses and holds requests."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import NamedTuple

SLOW_DOWN = (
    b"<?xml version='1.0'?><Error><Code>SlowDown</Code>"
    b"<Message>Please reduce your request rate.</Message></Error>"
)


class Request(NamedTuple):
    """The method and the path of a request."""

    method: str
    path: str


@dataclass
class Hold:
    """The first request that matches is held, before it is carried out or ``after``.

    When ``release`` is set, its connection is closed. A request that is held before is never
    carried out, unless ``carry_out`` was set.
    """

    matches: Callable[[Request], bool]
    after: bool = False
    carry_out: bool = False
    held: threading.Event = field(default_factory=threading.Event)
    release: threading.Event = field(default_factory=threading.Event)


class FaultProxy:
    """A proxy on a thread of its own. The shares of requests are of all that arrive."""

    def __init__(self, upstream: int, seed: int = 0) -> None:
        self.port = 0
        self.slow_down = 0.0  # answered with 503
        self.cut = 0.0  # closed before they are carried out
        self.lose = 0.0  # puts that are carried out and not answered
        self.down = False  # every connection is closed at once
        self.answer = b""  # in place of all others
        self.hold: Hold | None = None
        self.requests: list[Request] = []
        self.closed = 0  # connections
        self._upstream = upstream
        self._dice = random.Random(seed)

    @contextmanager
    def running(self, port: int = 0) -> Iterator[None]:
        """Serve within the block."""
        loop = asyncio.new_event_loop()
        server = loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", port))
        self.port = server.sockets[0].getsockname()[1]
        thread = threading.Thread(target=loop.run_forever)
        thread.start()
        try:
            yield
        finally:
            if self.hold:
                self.hold.release.set()
            asyncio.run_coroutine_threadsafe(_end(server), loop).result(20)
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one request, and close the connection."""
        with suppress(OSError, asyncio.IncompleteReadError):
            if not self.down:
                await self._serve_request(reader, writer)
        writer.transport.abort() if self.down else writer.close()
        self.closed += 1

    async def _serve_request(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        line, _, fields = head.partition(b"\r\n")
        request = Request(*line.decode().split()[:2])
        size = 0
        for each in fields.lower().split(b"\r\n"):
            if each.startswith(b"content-length:"):
                size = int(each.partition(b":")[2])
        body = await reader.readexactly(size)
        self.requests.append(request)
        if self.answer:
            writer.write(self.answer)
            return
        dice = self._dice.random()
        if dice < self.slow_down:
            writer.write(
                b"HTTP/1.1 503 Slow Down\r\nContent-Type: application/xml\r\nConnection: close\r\n"
                b"Content-Length: %d\r\n\r\n%b" % (len(SLOW_DOWN), SLOW_DOWN)
            )
            return
        if dice < self.slow_down + self.cut:
            return
        lost = request.method == "PUT" and dice < self.slow_down + self.cut + self.lose
        hold = self._hold(request)
        if hold and not hold.after:
            await _held(hold)
            if not hold.carry_out:
                return
        answer = await self._ask(line + b"\r\nConnection: close\r\n" + fields + body)
        if hold and hold.after:
            await _held(hold)
            return
        if not lost:
            writer.write(answer)

    def _hold(self, request: Request) -> Hold | None:
        hold = self.hold
        if hold is None or hold.held.is_set() or not hold.matches(request):
            return None
        return hold

    async def _ask(self, request: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._upstream)
        try:
            writer.write(request)
            return await reader.read()
        finally:
            writer.close()


async def _held(hold: Hold) -> None:
    hold.held.set()
    await asyncio.to_thread(hold.release.wait)


async def _end(server: asyncio.Server) -> None:
    server.close()
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)
