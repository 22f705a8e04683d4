"""What a job on several machines costs beside one machine, to start, and with a million targets.

Each run is a command of its own; its CPU is that of all its processes, which the servers' is not.
The S3 is moto, a Python program on the same processors, so its wall time says little.
"""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.cluster.moto_s3 import serving
from tests.siteserver import serve

FILES = 20_000
SIZE = 10_000  # bytes
WORKERS = 2
LEVEL = 32
ROUNDS = 3
FEW = 100  # files of a job that does little more than start
MILLION = 1_000_000
SMALL = 100  # bytes of each of a million files
BUCKET = "jobs"
START = f"job of {FEW} files, Dask, folder"


def _cpu() -> float:
    return sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])


def timed(*words: str) -> tuple[float, float]:
    """Run a getflags command; return its wall time and the CPU of its processes, in seconds."""
    before, start = _cpu(), time.perf_counter()
    subprocess.run([sys.executable, "-m", "getflags", *words, "-q"], check=True)
    return time.perf_counter() - start, _cpu() - before


@contextmanager
def local_s3() -> Iterator[None]:
    """Run an S3 with a bucket in the block; the environment names it."""
    with serving() as port:
        url = f"http://127.0.0.1:{port}"
        os.environ.update(
            AWS_ACCESS_KEY_ID="user", AWS_SECRET_ACCESS_KEY="secret",  # noqa: S106 - of a server for tests
            AWS_REGION="us-east-1", AWS_ENDPOINT_URL=url,
        )  # fmt: skip
        request = urllib.request.Request(f"{url}/{BUCKET}", method="PUT")  # noqa: S310 - http
        with urllib.request.urlopen(request, timeout=60):  # noqa: S310 - http
            pass
        yield


def rates(folder: Path) -> None:
    """Measure one machine, and a job on this machine into a folder and into S3."""
    rows: dict[str, list[tuple[float, float]]] = {}
    with serve("LOCAL") as server, local_s3():
        targets = folder / "urls.txt"
        urls = [f"{server.root}/bytes/{SIZE}/{number}.bin\n" for number in range(FILES)]
        targets.write_text("".join(urls))
        few = folder / "few.txt"
        few.write_text("".join(urls[:FEW]))
        run = ["cluster", "run", "--workers", str(WORKERS), "-m", str(LEVEL)]
        run += ["--per-origin", str(WORKERS * LEVEL)]
        job = [*run, "-i", str(targets)]
        for number in range(ROUNDS):
            cells = {
                "one machine, asyncio": [
                    "-i", str(targets), "-d", str(folder / f"one-{number}"), "--engine", "asyncio",
                    "-m", str(WORKERS * LEVEL),
                ],
                "one machine, processes": [
                    "-i", str(targets), "-d", str(folder / f"two-{number}"),
                    "--engine", "processes", "-m", str(WORKERS * LEVEL),
                ],
                "job, Dask, folder": [*job, "-o", str(folder / f"job-{number}")],
                "job, Dask, S3": [*job, "-o", f"s3://{BUCKET}/job-{number}"],
                START: [*run, "-i", str(few), "-o", str(folder / f"few-{number}")],
            }  # fmt: skip
            for name, words in cells.items():
                rows.setdefault(name, []).append(timed(*words))
    _print_rates(rows)


def _print_rates(rows: dict[str, list[tuple[float, float]]]) -> None:
    """Print the medians of the wall times and of the CPU of each cell, in seconds."""
    start = rows.pop(START)
    print(f"{START}: {statistics.median(cpu for _, cpu in start):.1f} s of CPU", flush=True)
    base = [cpu for _, cpu in rows["one machine, asyncio"]]
    for name, cells_of in rows.items():
        wall = statistics.median(each for each, _ in cells_of)
        cpu = statistics.median(each for _, each in cells_of)
        more = statistics.median(
            (each - one) / FILES * 1e6 for (_, each), one in zip(cells_of, base, strict=True)
        )
        print(
            f"{name:24} {FILES / wall:6,.0f} files/s  CPU {cpu / FILES * 1e6:4.0f} us a file, "
            f"{more:+4.0f} more than one machine with asyncio",
            flush=True,
        )


def million(folder: Path, what: str, url: Callable[[int], str]) -> None:
    """Measure a job of a million targets: planning, memory, and a run with nothing left to do."""
    targets, out = folder / "million.txt", folder / "job-million"
    with targets.open("w") as file:
        file.writelines(f"{url(number)}\n" for number in range(MILLION))
    for which in (f"a million {what}", "the same again"):
        command = [sys.executable, "-m", "benchmarks.cluster", str(targets), str(out)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        print(f"{which}: {done.stdout.strip()}", flush=True)
    shutil.rmtree(out)


def run_million(targets: str, out: str) -> None:
    """Run the job and print what it took; run in a child."""
    from getflags import cluster
    from getflags.cluster.job import layout
    from getflags.cluster.storage import Storage

    start, begun = time.perf_counter(), time.time()
    planned: list[float] = []

    def progress(_: cluster.JobReport) -> None:
        if not planned:
            job = Storage(out).find(layout.JOB)
            planned.append(job.modified - begun if job else 0.0)

    report = cluster.run(
        targets, out, workers=WORKERS, max_req=LEVEL, per_origin=WORKERS * LEVEL, progress=progress
    )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    assert report.targets == MILLION  # noqa: S101 - a figure for half the work would be none
    counts = ", ".join(f"{count:,} {status}" for status, count in report.counts.items() if count)
    # A job that was there already has been planned before.
    plan = f"planned in {planned[0]:.1f} s, " if planned and planned[0] > 0 else ""
    seconds = time.perf_counter() - start
    print(f"{counts}; {plan}{seconds:.2f} s in all, the driver's memory {peak:.0f} MiB")


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        os.environ["TMPDIR"] = folder
        rates(Path(folder))
        million(Path(folder), "without a request", lambda n: f"ftp://host{n % 1000}/{n}")
        with serve("LOCAL") as server:
            root = f"{server.root}/bytes/{SMALL}"
            million(Path(folder), f"files of {SMALL} bytes", lambda n: f"{root}/{n}.bin")


if __name__ == "__main__":
    if sys.argv[1:]:
        run_million(sys.argv[1], sys.argv[2])
    else:
        main()
