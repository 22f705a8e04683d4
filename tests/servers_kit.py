"""Helpers for the tests of the servers: a few flags, a server in a thread, a plain client.

The client uses a bare socket, because HTTP libraries hide what these tests look at: they do not
pipeline, they hide interim responses, and they normalise a path with dots.
"""

import asyncio
import json
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple, Self, TextIO, cast

from servers.app.connection import HttpProtocol, Service
from servers.app.options import Server
from servers.app.runner import listen, serve
from servers.content.flags import Catalogue, load
from servers.content.resources import Contents, Flags
from servers.faults.draws import Behaviour
from servers.state.recording import RecordWriter, Replay
from servers.state.request_log import RequestLog
from servers.state.server_state import ServerState

ROOT = Path(__file__).parent.parent
PATIENCE = 20.0  # seconds after which a test gives up on a server
COUNTRIES = {"ad": "Andorra", "br": "Brazil", "ci": "Côte d'Ivoire"}


def gif(code: str) -> bytes:
    """Return bytes that stand for the flag of `code`."""
    return b"GIF89a" + code.encode() * 5000


def collection(folder: Path) -> Catalogue:
    """Write three flags below `folder` and load them."""
    for code, name in COUNTRIES.items():
        (folder / code).mkdir()
        (folder / code / f"{code}.gif").write_bytes(gif(code))
        text = json.dumps({"country": name, "iso_cc": code.upper()}, ensure_ascii=False)
        (folder / code / "metadata.json").write_text(text, encoding="utf-8")
    return load(folder)


class Answer(NamedTuple):
    """A response; `fields` has names in lower case."""

    status: int
    fields: dict[str, str]
    body: bytes


class Client:
    """One connection."""

    def __init__(
        self, port: int, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None
    ) -> None:
        self.socket = socket.create_connection((host, port), timeout=PATIENCE)
        if tls is not None:
            self.socket = tls.wrap_socket(
                self.socket, server_hostname=host, suppress_ragged_eofs=False
            )
        self._file: BinaryIO = self.socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._file.close()
        self.socket.close()

    def send(self, data: bytes) -> None:
        """Send bytes."""
        self.socket.sendall(data)

    def receive(self, *, head_only: bool = False) -> Answer:
        """Read a response; `head_only` for the response to a HEAD request."""
        line = self._file.readline()
        status = int(line.split()[1])
        fields = {}
        while (line := self._file.readline()) != b"\r\n":
            name, value = line.decode("latin-1").rstrip("\r\n").split(": ", 1)
            assert name.lower() not in fields, f"{name} twice"
            fields[name.lower()] = value
        size = 0 if head_only or status in {100, 304} else int(fields["content-length"])
        body = self._file.read(size)
        assert len(body) == size
        return Answer(status, fields, body)

    def ask(self, target: str, method: str = "GET", **fields: str) -> Answer:
        """Send a request and read its response; `if_range="x"` becomes the field `if-range: x`."""
        self.send(request(target, method, **fields))
        return self.receive(head_only=method == "HEAD")

    def rest(self) -> tuple[bytes, str]:
        """Read to the end; return the bytes, and "end" or "reset" for how the connection closed."""
        found = b""
        while True:
            try:
                piece = self.socket.recv(65_536)
            except (ConnectionResetError, ssl.SSLEOFError):  # how Python's TLS reports a reset
                return found, "reset"
            if not piece:
                return found, "end"
            found += piece

    def at_end(self) -> bool:
        """Wait for data or the end of the connection; return whether it is the end."""
        return self._file.read(1) == b""


def request(target: str, method: str = "GET", **fields: str) -> bytes:
    """Return the bytes of a request; `fields` as for `Client.ask`."""
    lines = [f"{method} {target} HTTP/1.1", "Host: test"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


class Running(NamedTuple):
    """A server in a thread of this process."""

    port: int
    service: Service
    loop: asyncio.AbstractEventLoop

    @property
    def connections(self) -> set[HttpProtocol]:
        """Return the open connections; their declared type is only what a service needs."""
        return cast("set[HttpProtocol]", self.service.connections)

    def client(self) -> Client:
        """Return a new connection to the server."""
        return Client(self.port)

    def ask(self, target: str, method: str = "GET", **fields: str) -> Answer:
        """Send a request over a new connection."""
        with self.client() as client:
            return client.ask(target, method, **fields)

    def counts(self) -> dict[str, object]:
        """Return the ledger between two iterations of the server's event loop."""
        found: Future[dict[str, object]] = Future()
        ledger = self.service.state.ledger
        self.loop.call_soon_threadsafe(lambda: found.set_result(dict(ledger.as_dict())))
        return found.result(PATIENCE)


Factory = Callable[[], asyncio.AbstractEventLoop]


@contextmanager
def running(
    served: Contents,
    behaviour: Behaviour | None = None,
    *,
    seed: int = 7,
    factory: Factory | None = None,
    record: RecordWriter | None = None,
    replay: Replay | None = None,
    tls: ssl.SSLContext | None = None,
    log: TextIO | None = None,
    keep_requests: bool = False,
) -> Iterator[Running]:
    """Serve in a thread, on asyncio's loop or on one made by `factory`."""
    state = ServerState(
        "TEST",
        behaviour or Behaviour(),
        seed,
        private=keep_requests,
        keep_requests=keep_requests,
        record=record,
        replay=replay,
    )
    service = Service(state, served, None if log is None else RequestLog("TEST", log))
    listener = listen(Server("TEST", 0, strict=True, behaviour=Behaviour()), "127.0.0.1", print)
    started: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()
    troubles: list[dict[str, object]] = []

    async def life() -> None:
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        loop.set_exception_handler(lambda _, context: troubles.append(context))
        server = await serve(listener, service, tls)
        started.set_result((loop, stop))
        await stop.wait()
        server.close()
        for connection in list(service.connections):
            connection.abort()
        await asyncio.sleep(0)

    def run() -> None:
        with asyncio.Runner(loop_factory=factory) as runner:
            runner.run(life())

    thread = threading.Thread(target=run)
    thread.start()
    loop, stop = started.result(PATIENCE)
    try:
        yield Running(listener.getsockname()[1], service, loop)
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(PATIENCE)
        listener.close()
    assert not thread.is_alive()
    assert not troubles, troubles  # no callback raised an exception


def until(condition: Callable[[], bool]) -> None:
    """Wait until `condition` holds; fail if it does not within PATIENCE."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def flags(tmp_path: Path) -> Flags:
    """Return the small collection as contents."""
    return Flags(collection(tmp_path))


class Program:
    """`python -m servers` with arguments, in a process of its own."""

    def __init__(self, *words: str, stdin: int = subprocess.DEVNULL) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "servers", *words],
            cwd=ROOT,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()

    def ready(self, count: int = 1) -> list[tuple[str, str]]:
        """Wait for the ready lines of `count` servers; return label and URL of each."""
        assert self.process.stdout is not None
        lines = [self.process.stdout.readline() for _ in range(count)]
        return [(line.split()[0], line.split()[1]) for line in lines]

    def end(self, signal: int) -> tuple[int, str]:
        """Send a signal; return the exit code and standard error."""
        self.process.send_signal(signal)
        return self.wait()

    def wait(self) -> tuple[int, str]:
        """Wait for the exit; return the exit code and standard error."""
        _, errors = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, errors


def port_of(url: str) -> int:
    """Return the port in a ready line's URL."""
    return int(url.rsplit(":", maxsplit=1)[-1].split("/", maxsplit=1)[0])
