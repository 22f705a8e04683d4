"""Run a command under trial: with a time limit, bounded output, and no process left behind.

The command runs in a session of its own. At its end or at the time limit, what is left of its
process group is ended, and, on Linux, each process that inherited its environment. A process that
has left the group and has another environment is not found, nor is one that has left the group on
another system.
"""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from shutil import which
from time import monotonic, sleep
from typing import IO

from getflags.core.deferred_signals import signals_deferred
from getflags.core.errors import UsageError
from getflags.core.text import brief, quoted

_MARK = "TRIAL_MARK"
_TAIL = 4096  # bytes of output that are kept
_BLOCK = 1 << 16  # bytes; as much as a pipe holds
_INTERVAL = 0.05  # seconds between two looks at a process
_GRACE = 0.5  # seconds from SIGTERM to SIGKILL
_PAUSE = 0.01  # seconds between two looks at processes that have got a signal
_KILL_TIMEOUT = 1.0  # seconds in which killed processes must be gone
_PROC = Path("/proc")
#: Variables that name configuration files; a proxy would stand between the command and the servers.
_CONFIGURATION = {"CURL_HOME", "NETRC", "SYSTEM_WGETRC", "WGETRC", "WGET2RC"}
_HOMES = ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR",
          "XDG_STATE_HOME")  # fmt: skip


def program(name: str) -> str:
    """Return the path of a program, relative to the current folder or on the PATH.

    Raises UsageError.
    """
    found = which(name)
    if found is None:
        reason = "it is not executable" if os.path.exists(name) else "there is no such program"  # noqa: PTH110 - the name may be empty
        if os.path.isdir(name):  # noqa: PTH112 - as above
            reason = "it is a folder"
        raise UsageError(f"cannot start {quoted(name)}: {reason}")
    return os.path.abspath(found)  # noqa: PTH100 - links stay: a virtual environment needs them


def environment(folder: Path) -> dict[str, str]:
    """Return an environment without configuration and proxies, with empty folders for the user.

    Creates the folders.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.lower().endswith("_proxy")
        and not name.startswith("GETFLAGS_")
        and name not in _CONFIGURATION
    }
    home, temporary = folder / "home", folder / "tmp"
    home.mkdir()
    temporary.mkdir()
    homes = dict.fromkeys(_HOMES, str(home))
    return {**kept, **homes, "TMPDIR": str(temporary), _MARK: secrets.token_hex(16)}


def run(
    command: Sequence[str], folder: Path, environ: Mapping[str, str], deadline: float
) -> tuple[int | None, str]:
    """Run a command in the folder; return its exit code and its last line of output.

    The exit code is None if the command was ended at the deadline; after a signal, it is 128 plus
    the signal's number, as in a shell. Raises UsageError if the command cannot be started.
    """
    started = []  # empty until the process is there
    grace = 0.0  # after an exception, such as Ctrl-C, nothing is waited for
    try:
        with signals_deferred(lambda: None):
            started.append(_start(command, folder, environ))
        process = started[0]
        output = _Output(process.stdout)
        code = _wait(process, output, deadline)
        grace = _GRACE
    finally:
        for process in started:
            _end(process, f"{_MARK}={environ[_MARK]}".encode(), grace)
    return code if code is None or code >= 0 else 128 - code, output.last_line()


def _start(
    command: Sequence[str], folder: Path, environ: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(  # noqa: S603 - the user's command, without a shell
            command, cwd=folder, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    except FileNotFoundError as error:  # the program itself was found before
        reason = "there is no such program as its first line (#!) or its header names"
        raise UsageError(f"cannot start {quoted(command[0])}: {reason}") from error
    except (OSError, ValueError) as error:  # ValueError: an argument contains a NUL
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"cannot start {quoted(command[0])}: {reason}") from error


def remove(folder: Path) -> None:
    """Remove a folder of the command, as far as possible.

    Not with ``shutil.rmtree``: before Python 3.13, it fails for a thousand nested folders.
    """
    subprocess.run(["rm", "-rf", "--", folder], stderr=subprocess.DEVNULL, check=False)  # noqa: S603, S607 - it is ours


class _Output:
    """The output of a command: read so that the command does not block; its end is kept."""

    def __init__(self, pipe: IO[bytes] | None) -> None:
        self._pipe = pipe
        self._tail = b""

    def read(self, process: subprocess.Popen[bytes], timeout: float) -> None:
        """Read one block, or wait until the timeout or the end of the process."""
        if self._pipe is None:
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout)
            return
        with DefaultSelector() as selector:
            selector.register(self._pipe, EVENT_READ)
            if not selector.select(timeout):
                return
        block = os.read(self._pipe.fileno(), _BLOCK)
        self._tail = (self._tail + block)[-_TAIL:]
        if not block:
            self._pipe = None

    def last_line(self) -> str:
        """Return the last line that is not empty, escaped."""
        lines = self._tail.decode(errors="replace").splitlines()
        return brief(next((line.strip() for line in reversed(lines) if line.strip()), ""))


def _wait(process: subprocess.Popen[bytes], output: _Output, deadline: float) -> int | None:
    """Read the output until the process exits or the deadline passes; return the exit code."""
    while True:
        code = process.poll()
        left = deadline - monotonic()
        output.read(process, 0 if code is not None else max(0.0, min(left, _INTERVAL)))
        if code is not None or left <= 0:
            return code


def _end(process: subprocess.Popen[bytes], mark: bytes, grace: float) -> None:
    """End the process and all processes that it has left: SIGTERM, a grace period, SIGKILL."""
    for number, timeout in ((signal.SIGTERM, grace), (signal.SIGKILL, _KILL_TIMEOUT)):
        deadline = monotonic() + timeout
        left = _send(process, mark, number)
        while (process.poll() is None or left) and monotonic() < deadline:
            sleep(_PAUSE)
            # SIGKILL also goes to processes that have been started meanwhile.
            left = _marked(mark) if number == signal.SIGTERM else _send(process, mark, number)
    assert process.stdout is not None  # noqa: S101 - a pipe was requested
    process.stdout.close()


def _send(process: subprocess.Popen[bytes], mark: bytes, number: int) -> list[int]:
    """Send a signal to the group of the process and to all marked processes; return the latter."""
    with suppress(ProcessLookupError, PermissionError):  # macOS: only zombies are left
        os.killpg(process.pid, number)
    marked = _marked(mark)
    for pid in marked:
        with suppress(ProcessLookupError):
            os.kill(pid, number)
    return marked


def _marked(mark: bytes) -> list[int]:
    """Return the processes with the mark in their environment, which only Linux shows."""
    found = []
    for path in _PROC.glob("[0-9]*/environ"):
        with suppress(OSError):  # it has ended, or belongs to another user
            if mark in path.read_bytes():
                found.append(int(path.parent.name))
    return found
