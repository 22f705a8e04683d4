"""The cells of the benchmark: what is downloaded, from which server, how many at a time.

A table and nothing else. A cell is a folder of files with a server in front of it; how a client
is called is told in ``clients.py``, how the files and servers come to be in ``grounds.py``.
"""

from __future__ import annotations

from dataclasses import dataclass

SCHEMES = ("http", "https", "h2")


@dataclass(frozen=True, slots=True)
class Cell:
    """One kind of work. ``size`` 0 means the project's own flags, as they are."""

    name: str
    what: str
    count: int
    size: int
    limit: int  # files at a time, on equal terms
    ground: str = "nginx"
    timeout: float = 90.0  # after which a client is stopped

    @property
    def waits(self) -> bool:
        """Whether each answer is slow, so that one at a time is out of the question."""
        return self.ground != "nginx"

    @property
    def tries(self) -> int:
        """How often a refused file is asked for, on equal terms."""
        return 100 if self.ground == "capped" else 1


CELLS = {
    cell.name: cell
    for cell in (
        Cell("small", "5,000 files of 12 KB", 5_000, 12_000, 10),
        Cell("mid", "64 files of 8 MiB", 64, 8 << 20, 8),
        Cell("big", "one file of 1 GiB", 1, 1 << 30, 1),
        Cell("tiny", "20 flags", 20, 0, 10),
        Cell("wan", "500 files of 12 KB, each after 50 ms", 500, 12_000, 50, "delay", 40),
        Cell(
            "capped", "500 files, 50 ms each, 429 above 16 at once", 500, 12_000, 50, "capped", 40
        ),
    )
}


def limit(cell: Cell, scheme: str) -> int:
    """Return the files at a time on equal terms: a stream is cheaper than a connection."""
    return 5 * cell.limit if scheme == "h2" and cell.name == "small" else cell.limit


def schemes(cell: Cell, wanted: tuple[str, ...]) -> tuple[str, ...]:
    """Return those schemes that the cell's server speaks."""
    spoken = SCHEMES if cell.ground == "nginx" else ("http",)
    return tuple(scheme for scheme in spoken if scheme in wanted)
