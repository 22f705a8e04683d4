"""The running servers: listening sockets, the event loop, signals and the lifeline.

Connections are in `connection`, and the command-line options are in `options`.
"""

import asyncio
import errno
import os
import resource
import signal
import socket
import ssl
import sys
import threading
from collections.abc import Callable
from contextlib import suppress

from ..content.resources import Contents
from ..faults.values import printable
from ..state.recording import RecordWriter
from ..state.request_log import RequestLog
from ..state.server_state import ServerState
from .connection import LINGER, HttpProtocol
from .options import Server, Settings
from .service import Service
from .slow_tls import SlowTlsServer

# Pending connections per socket. The system has its own limit (4096 on Linux). With a backlog of 5,
# 32 simultaneous clients run into SYN retransmissions of one second each.
BACKLOG = 4096

_STDIN = 0


class CannotListenError(Exception):
    """The server cannot listen on an address; the message is one sentence and safe to print."""


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return uvloop's factory of event loops if it is installed; None means asyncio's own loop."""
    try:
        import uvloop
    except ImportError:  # uvloop is optional: asyncio's loop is only slower
        return None
    return uvloop.new_event_loop


def listen(server: Server, bind: str, warn: Callable[[str], object]) -> socket.socket:
    """Return a socket for `server` that listens on the address or host name `bind`.

    Calls `warn` with a sentence if the default port is taken and another one is used. Raises
    CannotListenError.
    """
    try:
        return _bound(bind, server.port)
    except (OSError, UnicodeError) as error:  # UnicodeError: an invalid host name
        taken = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
        if not taken or server.strict:
            reason = (getattr(error, "strerror", None) or "not an address").partition(" (")[0]
            raise CannotListenError(
                f"cannot listen on {printable(bind)} port {server.port}: {reason}"
            ) from error
    listener = _bound(bind, 0)
    port = listener.getsockname()[1]
    warn(f"port {server.port} is taken: {server.label} listens on port {port} instead")
    return listener


def _bound(bind: str, port: int) -> socket.socket:
    family, _, _, _, address = socket.getaddrinfo(
        bind, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    return socket.create_server((str(address[0]), port), family=family, backlog=BACKLOG)


def url(listener: socket.socket, scheme: str = "http") -> str:
    """Return the URL of the root path on a listening socket."""
    host, port = listener.getsockname()[:2]
    return f"{scheme}://[{host}]:{port}/" if ":" in host else f"{scheme}://{host}:{port}/"


async def serve(
    listener: socket.socket, service: Service, tls: ssl.SSLContext | None = None
) -> asyncio.Server | SlowTlsServer:
    """Accept the clients of `listener` until the returned server is closed."""
    if tls and service.state.behaviour.tls_delay:
        return SlowTlsServer(
            listener, lambda: HttpProtocol(service), tls, service.state.tls_delay, LINGER
        )
    return await asyncio.get_running_loop().create_server(
        lambda: HttpProtocol(service),
        sock=listener,
        backlog=BACKLOG,
        ssl=tls,
        ssl_shutdown_timeout=LINGER if tls else None,
    )


async def run(
    settings: Settings,
    contents: Contents,
    listeners: list[socket.socket],
    ready: Callable[[], object],
    *,
    record: RecordWriter | None = None,
    tls: ssl.SSLContext | None = None,
) -> None:
    """Serve until SIGINT, SIGTERM or, with a lifeline, the end of standard input.

    `listeners` has one socket for each of `settings.servers`. `ready` is called once all servers
    accept connections. `record` receives every decision about a fault. This coroutine must run in
    the main thread, because signal handlers can only be installed there.
    """
    # A thousand simultaneous clients need more descriptors than the default limit of many systems.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    services = _services(settings, contents, record)
    running = [
        await serve(listener, service, tls)
        for listener, service in zip(listeners, services, strict=True)
    ]
    if settings.lifeline:
        watch_lifeline(stop.set)
    ready()
    await stop.wait()
    for each in running:
        each.close()
    # Do not wait for the responses in progress: a fault may make them last for ever.
    for service in services:
        for connection in list(service.connections):
            connection.abort()
    await asyncio.sleep(0)  # one loop iteration, in which the connections are closed


def _services(settings: Settings, contents: Contents, record: RecordWriter | None) -> list[Service]:
    return [
        Service(
            ServerState(
                server.label,
                server.behaviour,
                settings.seed,
                private=settings.lifeline,
                keep_requests=settings.keep_requests,
                record=record,
                replay=settings.replay,
            ),
            contents,
            RequestLog(server.label, sys.stderr) if settings.verbose else None,
        )
        for server in settings.servers
    ]


def watch_lifeline(stop: Callable[[], object]) -> None:
    """Call `stop` in the running event loop when standard input ends.

    A thread reads standard input, because it may be a file or a device, which event loops cannot
    watch.
    """
    loop = asyncio.get_running_loop()

    def watch() -> None:
        with suppress(OSError):  # a missing or broken standard input counts as ended
            while os.read(_STDIN, 4096):
                pass
        with suppress(RuntimeError):  # the loop is closed: the servers have already stopped
            loop.call_soon_threadsafe(stop)

    threading.Thread(target=watch, name="lifeline", daemon=True).start()


def print_error(prog: str, sentence: str) -> None:
    """Print a sentence to standard error."""
    print(f"{prog}: {sentence}", file=sys.stderr, flush=True)  # noqa: T201 - error messages go to standard error
