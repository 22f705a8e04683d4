"""That a file costs the same, however many there are and however many at a time.

Each measurement is a process of its own, on small files from the LOCAL server, made up as they are
sent; the levels come in rounds, because a shared machine has moods. CPU is the client's own, with
its worker processes; what starting costs is in it, and shows where the files are few.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import tempfile

import getflags
from tests.siteserver import serve

COUNTS = (1_000, 10_000, 100_000, 1_000_000)
LEVELS = (1, 10, 100, 1_000)
FILES = 10_000  # at each level
ROUNDS = 5
SIZE = 64  # bytes


def measure(root: str, engine: str, count: int, level: int) -> None:
    """Download and print wall and CPU a file (microseconds) and the peak of memory (MiB)."""
    before = _cpu()
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        report = getflags.download(
            (f"{root}/bytes/{SIZE}/{number}.bin" for number in range(count)),
            dir=folder, engine=engine, max_req=level, keep_outcomes=False,
        )  # fmt: skip
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        spent = _cpu() - before
    assert report.arrived == count  # noqa: S101 - a figure for half the work would be none
    print(report.elapsed / count * 1e6, spent / count * 1e6, peak)


def _cpu() -> float:
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(sum(resource.getrusage(kind)[:2]) for kind in kinds)


def _cell(root: str, *words: object) -> list[float]:
    command = [sys.executable, "-m", "benchmarks.scale", root, *map(str, words)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return [float(word) for word in done.stdout.split()]


def main() -> None:
    """Measure and print."""
    with serve("LOCAL") as server:
        for engine in ("asyncio", "processes"):
            for count in COUNTS:
                _show(
                    f"{engine:9} {count:9,} files, 20 at a time",
                    [_cell(server.root, engine, count, 20)],
                )
        rows: dict[int, list[list[float]]] = {level: [] for level in LEVELS}
        for _ in range(ROUNDS):
            for level in LEVELS:
                rows[level].append(_cell(server.root, "asyncio", FILES, level))
        for level, cells in rows.items():
            _show(f"asyncio   {FILES:9,} files, {level:,} at a time", cells)


def _show(what: str, cells: list[list[float]]) -> None:
    wall, cpu, peak = (statistics.median(column) for column in zip(*cells, strict=True))
    print(f"{what:42} {wall:6.0f} us  CPU {cpu:6.0f} us a file  {peak:6.1f} MiB", flush=True)


if __name__ == "__main__":
    if sys.argv[1:]:
        measure(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
    else:
        main()
