"""Child processes that run a module of getflags or servers with the same interpreter.

A child imports the same modules as its parent, and never a file from the user's working directory
instead. It exits when its parent exits, for whatever reason: its standard input is a pipe from the
parent, and the child exits when that pipe is closed.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import IO, NamedTuple

from getflags.core.errors import GetflagsError

_ROOT = Path(__file__).parent.parent.parent
_EXIT_TIMEOUT = 2.0  # seconds; a child exits sooner when its standard input is closed


class Child(NamedTuple):
    """A child process, its standard input and its standard output."""

    process: subprocess.Popen[bytes]
    input: IO[bytes]
    output: IO[bytes]


def command(module: str, *arguments: str) -> list[str]:
    """Return the command line that runs a module of the project."""
    return [sys.executable, "-P", "-m", module, *arguments]


def environment() -> dict[str, str]:
    """Return the environment of a child: the parent's, with the modules on ``PYTHONPATH``."""
    path = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": f"{_ROOT}{os.pathsep}{path}" if path else str(_ROOT)}


def start(module: str, *arguments: str, errors: int | IO[bytes] | None = None) -> Child:
    """Start a module as a child process.

    ``errors`` is its standard error, by default the parent's. Raises GetflagsError.
    """
    try:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and arguments
            command(module, *arguments),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=environment(),
            start_new_session=True,  # Ctrl-C interrupts only the parent
        )
    except OSError as error:  # too many open files or processes, or no memory
        raise GetflagsError(f"no process could be started: {error.strerror}") from error
    assert process.stdin is not None  # noqa: S101 - a pipe was requested
    assert process.stdout is not None  # noqa: S101 - as above
    return Child(process, process.stdin, process.stdout)


def end(*children: Child, timeout: float = _EXIT_TIMEOUT) -> None:
    """Close the children's standard input and wait until they exit; kill them after the timeout.

    ``timeout`` is in seconds, for all children together.
    """
    for child in children:
        with suppress(BrokenPipeError):  # buffered data that the child never read
            child.input.close()
        child.output.close()
    deadline = monotonic() + timeout
    for child in children:
        try:
            child.process.wait(max(0.0, deadline - monotonic()))
        except subprocess.TimeoutExpired:
            child.process.kill()
            child.process.wait()


@contextmanager
def running(module: str, *arguments: str, errors: IO[bytes] | None = None) -> Iterator[Child]:
    """Run a module as a child process, as ``start`` does, until the end of the block."""
    child = start(module, *arguments, errors=errors)
    try:
        yield child
    finally:
        end(child)
