"""Output to standard streams that may be closed, broken, full, or limited in their encoding.

Text may be lost on such a stream, but the download never fails because of it.
"""

from __future__ import annotations

import os
from typing import TextIO


def reopen_closed() -> None:
    """Open ``/dev/null`` for each standard stream that is closed, as in a daemon or a cron job.

    Otherwise the first socket or file would get the descriptor of that stream.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest free descriptor, which is this one


def print_line(line: str, stream: TextIO | None) -> None:
    """Print a line and flush it."""
    write_text(line + "\n", stream)


def write_text(text: str, stream: TextIO | None) -> None:
    """Write text as it is, and flush it."""
    if stream is None:  # the stream was closed when Python started
        return
    try:
        try:
            stream.write(text)
        except UnicodeEncodeError:
            stream.write(text.encode("ascii", "backslashreplace").decode())
        stream.flush()
    except (OSError, ValueError):  # ValueError: the stream has been closed
        _redirect_to_devnull(stream)


def _redirect_to_devnull(stream: TextIO) -> None:
    """Redirect a stream to ``/dev/null``, including the text that Python flushes at exit."""
    try:
        number = stream.fileno()
    except (OSError, ValueError):  # without a descriptor, the flush at exit cannot fail
        return
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, number)
    os.close(devnull)
