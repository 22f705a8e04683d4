"""Access to a bundled server: one that is already running, or one that is started temporarily.

A server always runs in a separate process, so that an engine that blocks does not block it. This
module only runs the servers' module and sends HTTP requests to them; ``servers`` does not depend on
getflags.
"""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple

from getflags.core.errors import GetflagsError, UsageError
from getflags.testing import PORTS, interpreter
from getflags.testing.interpreter import Child

HOST = "127.0.0.1"  # "localhost" may mean ::1, where another program may listen
_PROBE_TIMEOUT = 1.0  # seconds for the whole response
_PROBE_BYTES = 1 << 16
_EXIT_TIMEOUT = 0.5  # seconds for several servers to exit; an interrupted race has 2.5 s in all
_PACKAGE = Path(__file__).parent.parent


class Server(NamedTuple):
    """A running bundled server: the base URL of its flags, and that URL as shown on the screen."""

    base_url: str
    shown: str


@contextmanager
def serving(label: str, seed: int | None = None) -> Iterator[str]:
    """Run a bundled server (``LOCAL``, ``DELAY`` or ``ERROR``); yield the base URL of its flags.

    Raises UsageError for any other label, and GetflagsError if no server can be found or started.
    """
    if label.upper() not in PORTS:
        raise UsageError(f"{label!r} is not a bundled server: use {', '.join(PORTS)}")
    with running(label.upper(), seed, lambda _: None) as server:
        yield server.base_url


@contextmanager
def running(label: str, seed: int | None, report: Callable[[str], None]) -> Iterator[Server]:
    """Yield the running server with that label, or start one and stop it afterwards.

    With a seed, a server that is already running is reset to it, so that the same faults occur each
    time. ``report`` is called with a sentence if another program uses the default port. Raises
    GetflagsError.
    """
    port = PORTS[label]
    state = _identify(port, label)
    if state is _AVAILABLE:
        if seed is not None:
            _reset(port, seed)
        yield _server(port)
        return
    if state is not _NO_SERVER:
        report(f"getflags: port {port} is in use by {state}; using another port for {label}")
        port = 0
    child, actual = _start(label, port, seed)
    if port and actual != port:
        report(f"getflags: port {port} was taken meanwhile; using another port for {label}")
    try:
        yield _server(actual)
    finally:
        interpreter.end(child)


def usual(label: str) -> Server:
    """Return the server with that label on its usual port, whether it is running or not."""
    return _server(PORTS[label])


@contextmanager
def several(label: str, seed: int, count: int) -> Iterator[list[Server]]:
    """Start ``count`` servers with that label and seed on free ports; stop them afterwards.

    No other program uses these servers, so their counts start at zero. Raises GetflagsError.
    """
    children: list[Child] = []
    timeout = 0.0  # a server that is still starting has nothing to clean up, so it is killed
    try:
        for _ in range(count):
            children.append(_launch(label, 0, seed))  # noqa: PERF401 - all must be stopped
        ports = [_ready(child, label) for child in children]
        if None in ports:
            raise GetflagsError(f"the bundled server {label} did not start")
        timeout = _EXIT_TIMEOUT
        yield [_server(port) for port in ports if port is not None]
    finally:
        interpreter.end(*children, timeout=timeout)


def module() -> str:
    """Return the name of the module that contains the servers.

    In a wheel, the servers are inside this package, because the top-level name ``servers`` is too
    common to claim; in a checkout, their folder is beside it.
    """
    return "getflags.servers" if (_PACKAGE / "servers").is_dir() else "servers"


_AVAILABLE, _NO_SERVER = "a server to use", "no program"
_ANOTHER_RUN, _OTHER_PROGRAM = "another run of getflags", "another program"


def _identify(port: int, label: str) -> str:
    """Return a description of the program that listens on the port."""
    try:
        about = _request("GET", port, "/-/about")
    except ConnectionRefusedError:
        return _NO_SERVER
    except (OSError, ValueError, RecursionError):
        return _OTHER_PROGRAM
    if not isinstance(about, dict) or about.get("server") != "getflags-servers":
        return _OTHER_PROGRAM
    if about.get("label") != label:
        return _OTHER_PROGRAM
    return _ANOTHER_RUN if about.get("private") else _AVAILABLE


def _reset(port: int, seed: int) -> None:
    try:
        _request("POST", port, f"/-/reset?seed={seed}")
    except (OSError, ValueError, RecursionError) as error:
        raise GetflagsError(f"cannot reset the server on port {port} ({error})") from error


def _request(method: str, port: int, path: str) -> Any:
    """Return the JSON that a server responds with. Raises OSError, ValueError, RecursionError."""
    deadline = monotonic() + _PROBE_TIMEOUT
    with socket.create_connection((HOST, port), timeout=_PROBE_TIMEOUT) as connection:
        return request_json(connection, f"{method} {path}", deadline, _PROBE_BYTES)


def request_json(
    connection: socket.socket, request: str, deadline: float, max_bytes: int, body: bytes = b""
) -> Any:
    """Send a request; return the JSON response, at most ``max_bytes``, read before ``deadline``.

    Raises OSError, ValueError, RecursionError. http.client is not used: its timeout applies to each
    read, and an unknown server may send its response in tiny pieces.
    """
    host = f"{HOST}:{connection.getpeername()[1]}"
    head = f"{request} HTTP/1.0\r\nHost: {host}\r\nContent-Length: {len(body)}\r\n\r\n"
    connection.sendall(head.encode() + body)
    response = bytearray()
    while len(response) < max_bytes:
        connection.settimeout(max(deadline - monotonic(), 0.001))
        piece = connection.recv(_PROBE_BYTES)
        if not piece:
            break
        response += piece
    first, _, content = response.partition(b"\r\n\r\n")
    if first.split(b" ")[1:2] != [b"200"]:
        raise ValueError("the response is not that of a bundled server")
    return json.loads(content)


def _server(port: int) -> Server:
    return Server(f"http://{HOST}:{port}/flags", f"http://localhost:{port}/flags")


def _start(label: str, port: int, seed: int | None) -> tuple[Child, int]:
    """Start a server; return it and its port, which differs if ``port`` is taken."""
    for wanted in (port, 0) if port else (0,):
        child = _launch(label, wanted, seed)
        try:
            ready = _ready(child, label)
        except BaseException:
            interpreter.end(child, timeout=0)  # as in ``several``
            raise
        if ready is not None:
            return child, ready
        interpreter.end(child)
    raise GetflagsError(f"the bundled server {label} did not start")


def _launch(label: str, port: int, seed: int | None) -> Child:
    arguments = [label, "--port", str(port), "--lifeline"]
    if seed is not None:
        arguments += ["--seed", str(seed)]
    # The errors of the server are reported by this module instead.
    return interpreter.start(module(), *arguments, errors=subprocess.DEVNULL)


def _ready(child: Child, label: str) -> int | None:
    """Return the port from the server's ready line, or None if the server ends without one."""
    parts = child.output.readline().decode(errors="replace").split()
    if len(parts) != 2 or parts[0] != label:  # noqa: PLR2004 - LABEL URL
        return None
    return int(parts[1].rpartition(":")[2].partition("/")[0])
