"""The bundled servers as seen from here: find one that runs, or start one for a while.

A server is another process, always: an engine that blocks must not block it. This room knows the
servers only as a module to run and as HTTP answers; ``servers`` itself knows nothing of getflags.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from getflags.errors import GetflagsError

PORTS = {"LOCAL": 8000, "DELAY": 8001, "ERROR": 8002}
REMOTE = "https://www.fluentpython.com/data/flags"

_HOST = "127.0.0.1"  # where they listen; "localhost" may mean ::1, and a stranger there
_PROBE_TIMEOUT = 1.0
_STOP_TIMEOUT = 2.0
_PACKAGE = Path(__file__).parent


class Server(NamedTuple):
    """A running bundled server: where its flags are, and how to call that on the screen."""

    base_url: str
    shown: str


@contextmanager
def serving(label: str, seed: int | None = None) -> Iterator[str]:
    """Lend a bundled server (``LOCAL``, ``DELAY`` or ``ERROR``); yield its flags' base URL."""
    with running(label.upper(), seed, print) as server:
        yield server.base_url


@contextmanager
def running(label: str, seed: int | None, say: Callable[[str], None]) -> Iterator[Server]:
    """Use the server of that label that runs already, or start one and stop it afterwards.

    With a seed, a running one is set to it and begins to count anew, so that the faults are the
    same each time. ``say`` is told when a stranger holds the usual port.
    """
    port = PORTS[label]
    state = _look(port, label)
    if state is _OURS:
        if seed is not None:
            _ask("POST", port, f"/-/reset?seed={seed}")
        yield _server(port)
        return
    if state is _STRANGER:
        say(f"getflags: port {port} is taken by another program; using another port for {label}")
        port = 0
    process = _start(label, port, seed)
    try:
        yield _server(_ready(process, label))
    finally:
        _stop(process)


def module() -> str:
    """Name the module that holds the servers.

    In a wheel they travel inside this package, because the top-level name ``servers`` is too
    common to claim; in a checkout their folder stands beside it.
    """
    return "getflags.servers" if (_PACKAGE / "servers").is_dir() else "servers"


_OURS, _STRANGER, _NOBODY = "ours", "stranger", "nobody"


def _look(port: int, label: str) -> str:
    try:
        about = _ask("GET", port, "/-/about")
    except ConnectionRefusedError:
        return _NOBODY
    except (OSError, http.client.HTTPException, ValueError):
        return _STRANGER
    ours = isinstance(about, dict) and about.get("server") == "getflags-servers"
    return _OURS if ours and about.get("label") == label else _STRANGER


def _ask(method: str, port: int, path: str) -> Any:
    """Return the JSON that a server answers with. Raises OSError, HTTPException, ValueError."""
    connection = http.client.HTTPConnection(_HOST, port, timeout=_PROBE_TIMEOUT)
    try:
        connection.request(method, path)
        return json.loads(connection.getresponse().read(1 << 16))
    finally:
        connection.close()


def _server(port: int) -> Server:
    return Server(f"http://{_HOST}:{port}/flags", f"http://localhost:{port}/flags")


def _start(label: str, port: int, seed: int | None) -> subprocess.Popen[str]:
    command = [sys.executable, "-P", "-m", module(), label, "--port", str(port), "--lifeline"]
    if seed is not None:
        command += ["--seed", str(seed)]
    root = str(_PACKAGE.parent)
    path = os.environ.get("PYTHONPATH")
    return subprocess.Popen(  # noqa: S603 - our own interpreter and our own words
        command,
        stdin=subprocess.PIPE,  # the lifeline: when we die, however we die, it ends
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{path}" if path else root},
        text=True,
        start_new_session=True,  # Ctrl-C is for us; we end the server when we are done
    )


def _ready(process: subprocess.Popen[str], label: str) -> int:
    """Wait for the line that says where it listens; return the port."""
    assert process.stdout is not None  # noqa: S101 - it was asked for
    words = process.stdout.readline().split()
    if len(words) != 2 or words[0] != label:  # noqa: PLR2004 - LABEL URL
        raise GetflagsError(f"the bundled server {label} did not start")
    return int(words[1].rpartition(":")[2].partition("/")[0])


def _stop(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None  # noqa: S101 - it was asked for
    assert process.stdout is not None  # noqa: S101 - as above
    process.stdin.close()
    process.stdout.close()
    try:
        process.wait(_STOP_TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
