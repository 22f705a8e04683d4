"""Printing a line, whatever has become of the stream.

A stream may be closed, be a pipe that nobody reads, sit on a full disk, or know fewer characters
than the line has. None of that may end a download: the text suffers, the files don't.
"""

from __future__ import annotations

import os
from typing import TextIO


def reopen_closed() -> None:
    """Put nothing in the place of standard streams that are closed (a daemon's, a cron job's).

    Otherwise the first socket or file would get such a number, and be taken for the stream.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free: this one


def print_line(line: str, stream: TextIO | None) -> None:
    """Print a line and flush it."""
    put(line + "\n", stream)


def put(text: str, stream: TextIO | None) -> None:
    """Print text as it is, and flush it."""
    if stream is None:  # it was closed before we began
        return
    try:
        try:
            stream.write(text)
        except UnicodeEncodeError:
            stream.write(text.encode("ascii", "backslashreplace").decode())
        stream.flush()
    except (OSError, ValueError):  # ValueError: closed since
        _send_nowhere(stream)


def _send_nowhere(stream: TextIO) -> None:
    """Let all further text vanish, also what Python wants to flush when it exits."""
    try:
        number = stream.fileno()
    except (OSError, ValueError):  # no file behind it, so nothing can go wrong at exit
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, number)
    os.close(nowhere)
