"""``-m auto`` beside every fixed level, and beside others with their defaults.

676 files from servers of six kinds. Printed are the seconds of the best fixed level and of auto,
their ratio, the most requests that the server saw at once, and the seconds of other programs with
how many files they got right. Medians; the commands are whole, start-up included.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import NamedTuple

from tests.siteserver import Running, serve

FILES = 676
SIZE = 12_000
LEVELS = (4, 8, 16, 32, 64, 128, 256)
ROUNDS = 3
GROUNDS: dict[str, dict[str, object]] = {
    "LOCAL": {},
    "fixed 50 ms": {"latency": "fixed:0.05"},
    "uniform 50-500 ms": {"latency": "uniform:0.05-0.5"},
    "16 slots of 50 ms": {"latency": "fixed:0.05", "slots": 16},
    "429 above 16": {"latency": "fixed:0.05", "busy_above": 16},
    "20 % errors": {"latency": "fixed:0.05", "error_rate": 0.2},
}
PEERS = {
    "curl -Z": ["curl", "-Zs", "--config", "LIST.curl"],
    "aria2c": ["aria2c", "-q", "--no-conf", "-i", "LIST"],
    "wget2": ["wget2", "-q", "-i", "LIST"],
}


class Ran(NamedTuple):
    """One run: its seconds, files that are right, and the most requests at once."""

    seconds: float
    right: int
    peak: int


def run(words: Sequence[str], server: Running, folder: Path) -> Ran:
    """Run a command in an empty folder, against a server that has forgotten all."""
    server.reset(7)
    files = Path(tempfile.mkdtemp(dir=folder))
    said = [word.replace("LIST", str(folder / "list")) for word in words]
    environ = {**os.environ, "HOME": str(folder)}
    start = perf_counter()
    subprocess.run(said, cwd=files, env=environ, check=False, timeout=600, capture_output=True)
    seconds = perf_counter() - start
    right = sum(path.stat().st_size == SIZE for path in files.rglob("*.bin"))
    shutil.rmtree(files)
    return Ran(seconds, right, server.ledger()["peak_in_flight"])


def ours(level: int | str) -> list[str]:
    """Return our command for a level."""
    words = ["-m", "getflags", "-q", "-i", "LIST", "-d", ".", "--engine", "asyncio"]
    return [sys.executable, *words, "-m", str(level)]


def measure(name: str, folder: Path) -> None:
    """Measure on one kind of server, and print."""
    commands = {str(level): ours(level) for level in (*LEVELS, "auto")}
    commands |= {peer: words for peer, words in PEERS.items() if shutil.which(words[0])}
    found: dict[str, list[Ran]] = {each: [] for each in commands}
    with serve("LOCAL", seed=7, **GROUNDS[name]) as server:
        urls = [f"{server.root}/bytes/{SIZE}/{number:03}.bin" for number in range(FILES)]
        (folder / "list").write_text("\n".join(urls) + "\n")
        lines = [f'url="{url}"\noutput="{url.rpartition("/")[2]}"\n' for url in urls]
        (folder / "list.curl").write_text("".join(lines))
        for _ in range(ROUNDS):
            for each, words in commands.items():
                found[each].append(run(words, server, folder))
    _print(name, found)


def _print(name: str, found: dict[str, list[Ran]]) -> None:
    middle = {each: median(run.seconds for run in runs) for each, runs in found.items()}
    most = max(found[str(level)][0].right for level in LEVELS)
    best = min((str(level) for level in LEVELS if found[str(level)][0].right == most),
               key=middle.__getitem__)  # fmt: skip
    auto = found["auto"]
    peers = ", ".join(
        f"{each} {middle[each]:.2f} s ({found[each][-1].right})" for each in PEERS if each in found
    )
    print(
        f"{name:18} best -m {best:3} {middle[best]:6.2f} s   auto {middle['auto']:6.2f} s   "
        f"ratio {middle['auto'] / middle[best]:.2f}   peak {max(run.peak for run in auto):3}   "
        f"files {auto[-1].right}   {peers}",
        flush=True,
    )


def main() -> None:
    """Measure on every kind of server, or on those that are named."""
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as name:  # noqa: S108 - in memory
        for each in sys.argv[1:] or GROUNDS:
            measure(each, Path(name))


if __name__ == "__main__":
    main()
