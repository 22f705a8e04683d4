"""That memory stays flat, however many targets there are and however large a file is.

Each measurement is a process of its own, because a peak never goes down again. The bodies come from
the LOCAL server, made up as they are sent.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile

import getflags
from getflags.engines import ENGINES
from tests.siteserver import serve

COUNTS = (1_000, 10_000, 100_000)
SIZE = 2 << 30


def measure(root: str, engine: str, count: int, size: int) -> None:
    """Download and print one line; run in a child."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        report = getflags.download(
            (f"{root}/bytes/{size}/{number}.bin" for number in range(count)),
            dir=folder, engine=engine, keep_outcomes=False,
        )  # fmt: skip
        # Before the folder is taken away: listing it is not the downloader's memory.
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    assert report.arrived == count  # noqa: S101 - a figure for half the work would be none
    print(
        f"{engine:10} {count:7,} x {size:13,} bytes  {report.elapsed:7.2f} s "
        f"{report.elapsed / count * 1e6:10,.0f} us/file  {peak:6.1f} MiB",
        flush=True,
    )


def main() -> None:
    """Measure and print."""
    with serve("LOCAL") as server:
        cells = [(engine, count, 64) for count in COUNTS for engine in ("asyncio", "threads")]
        cells += [(engine, 1, SIZE) for engine in ENGINES]
        for engine, count, size in cells:
            words = [server.root, engine, str(count), str(size)]
            subprocess.run([sys.executable, "-m", "benchmarks.memory", *words], check=True)


if __name__ == "__main__":
    if sys.argv[1:]:
        measure(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
    else:
        main()
