"""Processes of ours that end with us, however we end: their standard input is their lifeline.

How one is started and how it is ended; what it does, and what is said to it, is told elsewhere.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO

from getflags import interpreter

_PATIENCE = 2.0  # seconds; more than one of ours takes when its lifeline is cut


@contextmanager
def running(
    module: str, *words: str, errors: IO[bytes] | None = None
) -> Iterator[tuple[subprocess.Popen[bytes], IO[bytes], IO[bytes]]]:
    """Run a module of ours; yield the process, its standard input and its standard output.

    Its standard error is ours, or what is given for it. It is gone when the block ends.
    """
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and our own words
        interpreter.command(module, *words),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        env=interpreter.environment(),
        start_new_session=True,  # Ctrl-C is for us
    )
    assert process.stdin is not None  # noqa: S101 - it was asked for
    assert process.stdout is not None  # noqa: S101 - as above
    try:
        yield process, process.stdin, process.stdout
    finally:
        with suppress(BrokenPipeError):  # what it never read
            process.stdin.close()
        process.stdout.close()
        try:
            process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
