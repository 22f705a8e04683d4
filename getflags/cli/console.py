"""Output to standard streams that may be closed, broken, full, or limited in their encoding.

Text may be lost on such a stream, but the downloads go on. If it was lost on standard output, for
example because the disk is full, the command says so at the end. A reader that has gone away is no
error, because it has read what it wanted.
"""

from __future__ import annotations

import errno
import os
import sys
from typing import TextIO

#: The first error of standard output that lost text in this run.
_lost: list[OSError] = []


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
    except (OSError, ValueError) as error:  # ValueError: the stream has been closed
        if stream is sys.stdout and isinstance(error, OSError) and error.errno != errno.EPIPE:
            _lost.append(error)
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


def lost_output() -> str:
    """Return the error message about text lost on standard output, if any, and forget it."""
    if not _lost:
        return ""
    message = f"cannot write to standard output: {_lost[0].strerror}; some of it is lost"
    _lost.clear()
    return message
