"""A server with a patience: each answer takes a while, and above so many at once it refuses.

A refusal is 429 with ``Retry-After: 1`` and comes at once, as from a rate limiter in front of a
slow service. Just enough HTTP/1.1 for well-behaved clients: GET and HEAD, keep-alive, no bodies
asked. ``/-/ledger`` tells what it was asked for. Ends when its standard input does.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from pathlib import Path
from typing import cast

import uvloop

REFUSAL = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n"
MISSING = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
END = b"\r\n\r\n"


class Service:
    """What all connections share: the files, the limit, and the ledger."""

    def __init__(self, folder: Path, *, cap: int, delay: float) -> None:
        self.bodies = {f"/{path.name}": path.read_bytes() for path in folder.iterdir()}
        self.cap = cap
        self.delay = delay
        self.busy = 0
        self.ledger = {"requests": 0, "refused": 0, "peak": 0}

    def enter(self) -> bool:
        """Count a request in; return False where it is one too many."""
        self.ledger["requests"] += 1
        if self.busy >= self.cap:
            self.ledger["refused"] += 1
            return False
        self.busy += 1
        self.ledger["peak"] = max(self.ledger["peak"], self.busy)
        return True

    def leave(self) -> None:
        """Count a request out, answered or abandoned."""
        self.busy -= 1


def answer(body: bytes, *, head: bool) -> bytes:
    """Return a whole response."""
    fields = f"Content-Length: {len(body)}\r\nContent-Type: application/octet-stream\r\n\r\n"
    return b"HTTP/1.1 200 OK\r\n" + fields.encode() + (b"" if head else body)


class Connection(asyncio.Protocol):
    """One connection: its requests are answered one after the other."""

    transport: asyncio.Transport

    def __init__(self, service: Service) -> None:
        self.service = service
        self.buffer = b""
        self.timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        # Not isinstance: the transports of uvloop don't inherit from those of asyncio.
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Take a request, or a piece of one."""
        self.buffer += data
        if self.timer is None:
            self.next()

    def next(self) -> None:
        """Begin with the next request, if it is there."""
        self.timer = None
        while self.timer is None and END in self.buffer:
            head, _, self.buffer = self.buffer.partition(END)
            method, path, *_ = head.decode("latin-1").split(" ", 2)
            if path == "/-/ledger":
                self.transport.write(answer(json.dumps(self.service.ledger).encode(), head=False))
            elif path not in self.service.bodies:
                self.transport.write(MISSING)
            elif not self.service.enter():
                self.transport.write(REFUSAL)
            else:
                response = answer(self.service.bodies[path], head=method == "HEAD")
                loop = asyncio.get_running_loop()
                self.timer = loop.call_later(self.service.delay, self.send, response)

    def send(self, response: bytes) -> None:
        """Answer, after the delay."""
        self.service.leave()
        self.transport.write(response)
        self.next()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's word
        """Forget the request under way."""
        if self.timer:
            self.timer.cancel()
            self.service.leave()


async def serve(service: Service) -> None:
    """Serve until standard input ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(service), "127.0.0.1", 0, backlog=4096)
    print(f"CAPPED http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cap", type=int, default=16, help="requests in flight (%(default)s)")
    parser.add_argument("--delay", type=float, default=0.05, help="seconds (%(default)s)")
    words = parser.parse_args()
    uvloop.run(serve(Service(words.folder, cap=words.cap, delay=words.delay)))


if __name__ == "__main__":
    main()
