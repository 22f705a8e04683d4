"""The figures of docs/decisions that no other target measures: ``make records``.

First the default of ``-m`` (decision 3), then the start of servers for tests (11), then simulations
of the adaptive concurrency (14), which use the virtual clock of its tests.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import getflags
from tests.bench_kit import Delay
from tests.kit import ENVIRON, command
from tests.test_adaptive_concurrency import DELAYS, FIXED, Paper

LEVELS = (1, 5, 20, 50, 100)
ROUNDS = 3
STARTS = 30
BEST = 256  # the best fixed level of a server without a limit
EXPONENTIAL: Delay = lambda source: source.expovariate(1 / 0.05)  # noqa: E731 - as in the tests
FIXTURE = f"""\
import time

def test_starts(flag_server):
    times = []
    for _ in range({STARTS}):
        start = time.perf_counter()
        flag_server()
        times.append(time.perf_counter() - start)
    print("first", times[0] * 1e3, "further", sorted(times[1:])[{STARTS // 2 - 1}] * 1e3)
"""


def run(*words: str, folder: str) -> tuple[float, str]:
    """Run a command; return its seconds and what it printed."""
    start = time.perf_counter()
    done = subprocess.run(
        words, cwd=folder, env=ENVIRON, capture_output=True, text=True, check=True
    )
    return time.perf_counter() - start, done.stdout


def levels(folder: str) -> None:
    """Print the seconds of 676 requests to LOCAL at several levels."""
    seconds: dict[int, list[float]] = {level: [] for level in LEVELS}
    for _ in range(ROUNDS):
        for level, found in seconds.items():
            found.append(run(*command("-q", "-e", "-m", str(level)), folder=folder)[0])
    for level, found in seconds.items():
        print(f"getflags -e -m {level:3}  {median(found):5.2f} s", flush=True)


def servers(folder: str) -> None:
    """Print how long a server takes to start, by itself and from the pytest fixture."""
    times = []
    for _ in range(STARTS):
        start = time.perf_counter()
        with getflags.serving("LOCAL"):
            times.append(time.perf_counter() - start)
    print(f"a server in a process of its own  {median(times) * 1e3:4.0f} ms", flush=True)
    path = Path(folder) / "test_starts.py"
    path.write_text(FIXTURE, encoding="utf-8")
    _, printed = run(sys.executable, "-m", "pytest", "-qs", path.name, folder=folder)
    first, further = map(float, re.findall(r"(?:first|further) ([0-9.]+)", printed))
    print(f"flag_server: first {first:.0f} ms, each further {further:.0f} ms", flush=True)


def longer(files: int, seeds: int, delay: Delay, broken: float = 0.0) -> float:
    """Return how much longer a simulated job takes with -m auto than at the best fixed level."""
    ratios = []
    for seed in range(seeds):
        best = Paper(delay, broken=broken, level=BEST, seed=seed).fetch(files)
        ratios.append(Paper(delay, broken=broken, seed=seed).fetch(files) / best)
    return median(ratios)


def adaptive() -> None:
    """Print what -m auto costs, and how far it goes, in simulations."""
    for broken in (0.02, 0.1, 0.2, 0.5):
        ratio = longer(5_000, 10, FIXED, broken)
        print(f"auto, 5,000 files, {broken:3.0%} failures: {ratio:.2f} times the best", flush=True)
    for name, delay in DELAYS.items():
        ratio = longer(10_000, 10, delay)
        print(f"auto, 10,000 files, {name} delays: {ratio:.2f} times the best", flush=True)
    for name, delay in {**DELAYS, "exponential": EXPONENTIAL}.items():
        above = 0
        for seed in range(200):
            paper = Paper(delay, 16, seed=seed)
            paper.fetch(5_000)
            above += paper.peak > 2 * 16
        print(f"auto, 16 slots, {name} delays: {above} of 200 went beyond 32", flush=True)


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        levels(folder)
        servers(folder)
    adaptive()


if __name__ == "__main__":
    main()
