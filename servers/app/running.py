"""From settings to servers that listen, and to their end.

What may live here: sockets that listen, the event loop, signals. What may not: what is done with
a connection (`protocol`), the words of the command line (`options`).
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
from ..state.recording import Record
from ..state.server import Origin
from .connection import LINGER, HttpProtocol
from .options import Server, Settings
from .service import Service

# As many clients as may knock at the same moment. The system has its own limit (4096 on Linux);
# with a backlog of 5, 32 clients at once meet SYN retransmissions of a second each.
BACKLOG = 4096

_STDIN = 0


class CannotListenError(Exception):
    """An address is not to be had; the message is one sentence and safe to print."""


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return what makes an event loop: uvloop's if there is one; None stands for asyncio's."""
    try:
        import uvloop
    except ImportError:  # not on this system, and only slower without
        return None
    return uvloop.new_event_loop


def listen(server: Server, bind: str, warn: Callable[[str], object]) -> socket.socket:
    """Return a socket bound for `server` on the address or host name `bind`.

    `warn` gets a sentence if another port was taken than the default one. Raises
    CannotListenError.
    """
    try:
        return _bound(bind, server.port)
    except (OSError, UnicodeError) as error:  # UnicodeError: a name that can't be a host's
        taken = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
        if not taken or server.strict:
            reason = (getattr(error, "strerror", None) or "not an address").partition(" (")[0]
            raise CannotListenError(
                f"cannot listen on {printable(bind)} port {server.port}: {reason}"
            ) from error
    listener = _bound(bind, 0)
    warn(f"port {server.port} is taken: {server.label} is on {listener.getsockname()[1]} instead")
    return listener


def _bound(bind: str, port: int) -> socket.socket:
    family, _, _, _, address = socket.getaddrinfo(
        bind, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    return socket.create_server((str(address[0]), port), family=family, backlog=BACKLOG)


def url(listener: socket.socket, scheme: str = "http") -> str:
    """Return the URL of a listening socket's root."""
    host, port = listener.getsockname()[:2]
    return f"{scheme}://[{host}]:{port}/" if ":" in host else f"{scheme}://{host}:{port}/"


async def serve(
    listener: socket.socket, service: Service, tls: ssl.SSLContext | None = None
) -> asyncio.Server:
    """Answer the clients of `listener` until the server returned is closed."""
    return await asyncio.get_running_loop().create_server(
        lambda: HttpProtocol(service),
        sock=listener,
        backlog=BACKLOG,
        ssl=tls,
        ssl_shutdown_timeout=LINGER if tls else None,
    )


async def run(
    settings: Settings,
    served: Contents,
    listeners: list[socket.socket],
    ready: Callable[[], object],
    *,
    record: Record | None = None,
    tls: ssl.SSLContext | None = None,
) -> None:
    """Serve until SIGINT, SIGTERM or, with a lifeline, the end of standard input.

    `listeners` belong to `settings.servers`, one each. `ready` is called once all are served. What
    is decided is taken down by `record`.
    Has to be run in the main thread, which is where signals arrive.
    """
    # A thousand clients at once are more than many systems grant a program that doesn't ask.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    services = _services(settings, served, record)
    running = [
        await serve(listener, service, tls)
        for listener, service in zip(listeners, services, strict=True)
    ]
    if settings.lifeline:
        hold_lifeline(stop.set)
    ready()
    await stop.wait()
    for each in running:
        each.close()
    # No waiting for answers under way: some take as long as it pleases a fault.
    for service in services:
        for connection in list(service.connections):
            connection.abort()
    await asyncio.sleep(0)  # the turn of the loop in which the connections are let go


def _services(settings: Settings, served: Contents, record: Record | None) -> list[Service]:
    return [
        Service(
            Origin(
                server.label,
                server.behaviour,
                settings.seed,
                private=settings.lifeline,
                record=record,
                replay=settings.replay,
            ),
            served,
        )
        for server in settings.servers
    ]


def hold_lifeline(stop: Callable[[], object]) -> None:
    """Call `stop` in the running loop when standard input ends.

    In a thread, because standard input may be a file or a device, which event loops can't watch.
    """
    loop = asyncio.get_running_loop()

    def watch() -> None:
        with suppress(OSError):  # no standard input, or a broken one, has ended too
            while os.read(_STDIN, 4096):
                pass
        with suppress(RuntimeError):  # the loop is closed: it was stopped in another way
            loop.call_soon_threadsafe(stop)

    threading.Thread(target=watch, name="lifeline", daemon=True).start()


def complain(prog: str, sentence: str) -> None:
    """Print a sentence to standard error."""
    print(f"{prog}: {sentence}", file=sys.stderr, flush=True)  # noqa: T201 - a program's voice
