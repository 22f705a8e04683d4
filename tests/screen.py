"""A screen for tests: what a terminal shows after all that a program has written to it.

Knows what our programs use, and fails at anything else; a program that sends more has to be looked
at. And a pseudo-terminal to run a program on.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from tests.kit import ENVIRON, ROOT, command

_CONTROL = re.compile(r"\x1b\[(\d*)([AKJm])|[\r\n]|[^\x00-\x1f\x7f]")


def shown(text: str) -> list[str]:
    """Return the lines of a wide screen of any height, without colours and spaces at the end."""
    lines, row, column = [""], 0, 0
    place = 0
    while place < len(text):
        match = _CONTROL.match(text, place)
        assert match, f"unexpected control: {text[place : place + 20]!r}"
        place = match.end()
        number, kind = match[1], match[2]
        if kind == "A":
            row = max(0, row - int(number or 1))
        elif kind == "K":
            lines[row] = lines[row][:column]
        elif kind == "J":
            lines[row:] = [lines[row][:column]]
        elif match[0] == "\r":
            column = 0
        elif match[0] == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif kind is None:
            lines[row] = f"{lines[row]:<{column}}"[:column] + match[0] + lines[row][column + 1 :]
            column += 1
    return [line.rstrip() for line in lines]


def resize(terminal: int, columns: int, rows: int = 30) -> None:
    """Set a terminal's size."""
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


class Terminal:
    """A program on a terminal of its own."""

    def __init__(self, process: subprocess.Popen[bytes], descriptor: int) -> None:
        self.process = process
        self.descriptor = descriptor
        self.written = ""
        self._rest = b""

    def write(self, text: str) -> None:
        """Type text."""
        os.write(self.descriptor, text.encode())

    def read_until(self, words: str) -> None:
        """Wait until words have been written."""
        while words not in self.written:
            self.read_more()

    def read_more(self) -> None:
        """Wait until something has been written."""
        assert self._read(), f"it has ended: {self.written}"

    def read_all(self) -> list[str]:
        """Wait for the end; return what the screen shows."""
        while self._read():
            pass
        self.process.wait()
        return shown(self.written)

    def _read(self) -> bool:
        try:
            piece = self._rest + os.read(self.descriptor, 65536)
        except OSError:  # how Linux says that nobody holds the other end any more
            return False
        text = piece.decode("utf-8", "ignore")  # a character may be cut in two
        self._rest = piece[len(text.encode()) :]
        self.written += text
        return bool(piece)


@contextmanager
def sizeless() -> Iterator[tuple[TextIO, Callable[[str], str]]]:
    """Make a terminal that reports 0 columns and 0 lines.

    Yield a stream to it, and a function that returns all that was written up to these words.
    """
    ours, its = pty.openpty()
    resize(its, 0, 0)

    def read_until(words: str) -> str:
        written = b""
        while words.encode() not in written:
            written += os.read(ours, 65536)
        return written.decode()

    try:
        with os.fdopen(its, "w", encoding="utf-8") as stream:
            yield stream, read_until
    finally:
        os.close(ours)


@contextmanager
def on_terminal(
    cwd: Path,
    *words: str,
    columns: int = 100,
    rows: int = 30,
    environ: dict[str, str] | None = None,
) -> Iterator[Terminal]:
    """Run getflags on a terminal, whose end of the line it is the leader of, as from a shell."""
    ours, its = pty.openpty()
    resize(its, columns, rows)
    environ = {**ENVIRON, "PYTHONPATH": str(ROOT), "TERM": "xterm", **(environ or {})}
    process = subprocess.Popen(
        command(*words), cwd=cwd, env=environ, stdin=its, stdout=its, stderr=its,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - no threads here
    )  # fmt: skip
    os.close(its)
    try:
        yield Terminal(process, ours)
    finally:
        os.close(ours)
        process.kill()
        process.wait()
