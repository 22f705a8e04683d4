"""The bundled servers as seen from here: find one that runs, or start one for a while.

A server is another process, always: an engine that blocks must not block it. This room knows the
servers only as a module to run and as HTTP answers; ``servers`` itself knows nothing of getflags.
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

from getflags.core import interpreter
from getflags.core.errors import GetflagsError, UsageError
from getflags.core.interpreter import Child

PORTS = {"LOCAL": 8000, "DELAY": 8001, "ERROR": 8002}
REMOTE = "https://www.fluentpython.com/data/flags"

HOST = "127.0.0.1"  # where they listen; "localhost" may mean ::1, and a stranger there
_PROBE_TIMEOUT = 1.0  # seconds for the whole answer
_PROBE_BYTES = 1 << 16
_PACKAGE = Path(__file__).parent.parent


class Server(NamedTuple):
    """A running bundled server: where its flags are, and how to call that on the screen."""

    base_url: str
    shown: str


@contextmanager
def serving(label: str, seed: int | None = None) -> Iterator[str]:
    """Lend a bundled server (``LOCAL``, ``DELAY`` or ``ERROR``); yield its flags' base URL.

    Raises UsageError for another label, GetflagsError where no server can be had.
    """
    if label.upper() not in PORTS:
        raise UsageError(f"there is no bundled server {label!r}; there are {', '.join(PORTS)}")
    with running(label.upper(), seed, lambda _: None) as server:
        yield server.base_url


@contextmanager
def running(label: str, seed: int | None, say: Callable[[str], None]) -> Iterator[Server]:
    """Use the server of that label that runs already, or start one and stop it afterwards.

    With a seed, a running one is set to it and begins to count anew, so that the faults are the
    same each time. ``say`` is told when somebody else holds the usual port. Raises GetflagsError.
    """
    port = PORTS[label]
    state = _look(port, label)
    if state is _OURS:
        if seed is not None:
            _reset(port, seed)
        yield _server(port)
        return
    if state is not _NOBODY:
        say(f"getflags: port {port} is taken by {state}; using another port for {label}")
        port = 0
    child, port = _start(label, port, seed)
    try:
        yield _server(port)
    finally:
        interpreter.end(child)


@contextmanager
def several(label: str, seed: int, count: int) -> Iterator[list[Server]]:
    """Start so many servers of that label and seed, on any free ports; stop them afterwards.

    Nobody else knows of them, so each has been asked for nothing. Raises GetflagsError.
    """
    children: list[Child] = []
    try:
        for _ in range(count):
            children.append(_launch(label, 0, seed))  # noqa: PERF401 - each is known at once
        ports = [_ready(child, label) for child in children]
        if None in ports:
            raise GetflagsError(f"the bundled server {label} did not start")
        yield [_server(port) for port in ports if port is not None]
    finally:
        for child in children:
            child.input.close()  # all hear of the end before the first is waited for
        for child in children:
            interpreter.end(child)


def module() -> str:
    """Name the module that holds the servers.

    In a wheel they travel inside this package, because the top-level name ``servers`` is too
    common to claim; in a checkout their folder stands beside it.
    """
    return "getflags.servers" if (_PACKAGE / "servers").is_dir() else "servers"


_OURS, _NOBODY = "a server to use", "nobody"
_ANOTHER_RUN, _STRANGER = "another run of getflags", "another program"


def _look(port: int, label: str) -> str:
    """Say who is there."""
    try:
        about = _ask("GET", port, "/-/about")
    except ConnectionRefusedError:
        return _NOBODY
    except (OSError, ValueError, RecursionError):
        return _STRANGER
    if not isinstance(about, dict) or about.get("server") != "getflags-servers":
        return _STRANGER
    if about.get("label") != label:
        return _STRANGER
    return _ANOTHER_RUN if about.get("private") else _OURS


def _reset(port: int, seed: int) -> None:
    try:
        _ask("POST", port, f"/-/reset?seed={seed}")
    except (OSError, ValueError, RecursionError) as error:
        raise GetflagsError(f"the server on port {port} does not take a seed ({error})") from error


def _ask(method: str, port: int, path: str) -> Any:
    """Return the JSON that a server answers with. Raises OSError, ValueError, RecursionError."""
    deadline = monotonic() + _PROBE_TIMEOUT
    with socket.create_connection((HOST, port), timeout=_PROBE_TIMEOUT) as connection:
        return asked(connection, f"{method} {path}", deadline, _PROBE_BYTES)


def asked(connection: socket.socket, request: str, deadline: float, most: int) -> Any:
    """Return the JSON that answers a request, in some `most` bytes and before the deadline.

    Raises OSError, ValueError, RecursionError. Not with http.client: its time-out is for each
    read, and a stranger may drip.
    """
    host = f"{HOST}:{connection.getpeername()[1]}"
    connection.sendall(f"{request} HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
    answer = bytearray()
    while len(answer) < most:
        connection.settimeout(max(deadline - monotonic(), 0.001))
        piece = connection.recv(_PROBE_BYTES)
        if not piece:
            break
        answer += piece
    head, _, body = answer.partition(b"\r\n\r\n")
    if head.split(b" ")[1:2] != [b"200"]:
        raise ValueError("it does not answer as one of ours would")
    return json.loads(body)


def _server(port: int) -> Server:
    return Server(f"http://{HOST}:{port}/flags", f"http://localhost:{port}/flags")


def _start(label: str, port: int, seed: int | None) -> tuple[Child, int]:
    """Start a server; return it and its port, another one where somebody was quicker."""
    child = _launch(label, port, seed)
    ready = _ready(child, label)
    if ready is None and port:
        interpreter.end(child)
        child = _launch(label, 0, seed)
        ready = _ready(child, label)
    if ready is None:
        interpreter.end(child)
        raise GetflagsError(f"the bundled server {label} did not start")
    return child, ready


def _launch(label: str, port: int, seed: int | None) -> Child:
    words = [label, "--port", str(port), "--lifeline"]
    if seed is not None:
        words += ["--seed", str(seed)]
    # All that it could say is said by us.
    return interpreter.start(module(), *words, errors=subprocess.DEVNULL)


def _ready(child: Child, label: str) -> int | None:
    """Wait for the line that says where it listens; return the port, or None if it ends."""
    words = child.output.readline().decode(errors="replace").split()
    if len(words) != 2 or words[0] != label:  # noqa: PLR2004 - LABEL URL
        return None
    return int(words[1].rpartition(":")[2].partition("/")[0])
