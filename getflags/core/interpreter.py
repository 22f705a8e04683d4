"""Our own interpreter, for running a module of ours as another process.

Only how such a process finds our modules, wherever its parent had them from, and never takes a
file that happens to lie where the user stands for one of them; and how it ends with us, however we
end: its standard input is its lifeline. What it does, and what is said to it, is told elsewhere.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, NamedTuple

_ROOT = Path(__file__).parent.parent.parent
_PATIENCE = 2.0  # seconds; more than one of ours takes when its lifeline is cut


class Child(NamedTuple):
    """A process of ours, its standard input and its standard output."""

    process: subprocess.Popen[bytes]
    input: IO[bytes]
    output: IO[bytes]


def command(module: str, *words: str) -> list[str]:
    """Return the command line that runs a module of ours."""
    return [sys.executable, "-P", "-m", module, *words]


def environment() -> dict[str, str]:
    """Return the environment for it: ours, and where our modules are."""
    path = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": f"{_ROOT}{os.pathsep}{path}" if path else str(_ROOT)}


def start(module: str, *words: str, errors: int | IO[bytes] | None = None) -> Child:
    """Start a module of ours. Its standard error is ours, or what is given for it."""
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and our own words
        command(module, *words),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        env=environment(),
        start_new_session=True,  # Ctrl-C is for us
    )
    assert process.stdin is not None  # noqa: S101 - it was asked for
    assert process.stdout is not None  # noqa: S101 - as above
    return Child(process, process.stdin, process.stdout)


def end(child: Child) -> None:
    """Cut its lifeline, and wait for its end; not for long."""
    with suppress(BrokenPipeError):  # what it never read
        child.input.close()
    child.output.close()
    try:
        child.process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        child.process.kill()
        child.process.wait()


@contextmanager
def running(module: str, *words: str, errors: IO[bytes] | None = None) -> Iterator[Child]:
    """Run a module of ours, as ``start`` has it. It is gone when the block ends."""
    child = start(module, *words, errors=errors)
    try:
        yield child
    finally:
        end(child)
