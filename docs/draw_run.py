"""Draws a picture of a real run for the README.

It runs getflags on a pseudo-terminal, keeps what the screen shows at the end, and writes it as SVG:
text, so that it is sharp at any size and a screen reader can read it.
"""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import tempfile
import termios
from html import escape
from pathlib import Path

COMMAND = ["getflags", "--server", "DELAY", "--all", "--max-req", "100", "--seed", "7"]
COLUMNS = 80
LINE, CHARACTER, MARGIN = 20, 8.43, 20  # pixels


def run() -> list[str]:
    """Run the command and return the lines that stay on the screen."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 24, COLUMNS, 0, 0))
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [sys.executable, "-m", *COMMAND], cwd=folder, stdout=its, stderr=its, stdin=its
        )
        os.close(its)
        shown = b""
        try:
            while piece := os.read(ours, 65536):
                shown += piece
        except OSError:  # how Linux says that nobody holds the other end any more
            pass
        process.wait()
    os.close(ours)
    return [line.rstrip("\r").rpartition("\r")[2] for line in shown.decode().rstrip().split("\n")]


def draw(lines: list[str]) -> str:
    """Return the lines as a picture of a terminal."""
    width = round(COLUMNS * CHARACTER + 2 * MARGIN)
    height = LINE * len(lines) + 2 * MARGIN
    rows = "\n".join(
        f'<text x="{MARGIN}" y="{MARGIN + LINE * number + 14}">{escape(line)}</text>'
        for number, line in enumerate(lines)
    )
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}">
<title>A run of getflags</title>
<rect width="100%" height="100%" rx="8" fill="#1b1f24"/>
<g font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="14" fill="#e6edf3"
   style="white-space: pre">
{rows}
</g>
</svg>
"""


def main() -> None:
    """Write the picture beside this script."""
    lines = [f"$ {' '.join(COMMAND)}", *run()]
    Path(__file__).with_name("run.svg").write_text(draw(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
