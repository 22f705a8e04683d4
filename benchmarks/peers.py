"""getflags beside other downloaders: ``python -m benchmarks.peers`` runs, and can report.

All clients fetch the same files from the same servers, once told to do equally many at a time and
once with their own defaults. What is missing on this machine is told in a sentence each and left
out. The rows go to a file, one JSON object a line; ``benchmarks.report`` makes tables of it.
"""

from __future__ import annotations

import argparse
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks import cells, files, grounds, report
from benchmarks.cells import CELLS, SCHEMES, Cell
from benchmarks.clients import PEERS, Peer, find
from benchmarks.rounds import Job, Method, Row, fitting, interleave, sink

#: Files in memory: on a disk, the disk would be measured instead of the clients.
MEMORY = "/dev/shm"  # noqa: S108 - only a folder of our own is used there
PACKAGES = ("getflags", "httpx", "aiohttp", "parfive", "pypdl", "pycurl", "uvloop", "h2")
PROGRAMS = ("curl", "wget2", "aria2c", "axel")


def several(choices: tuple[str, ...]) -> Callable[[str], tuple[str, ...]]:
    """Return a converter for names separated by commas."""

    def convert(text: str) -> tuple[str, ...]:
        names = tuple(text.split(","))
        if unknown := [name for name in names if name not in choices]:
            raise argparse.ArgumentTypeError(f"{unknown[0]!r} is none of {', '.join(choices)}")
        return names

    return convert


def options() -> argparse.ArgumentParser:
    """Return the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.peers", description=str(__doc__).partition(":")[0]
    )
    add = parser.add_argument
    add("--rounds", type=int, default=7, metavar="N", help="after the warm-up (%(default)s)")
    add("--cells", type=several(tuple(CELLS)), default=tuple(CELLS), help=", ".join(CELLS))
    add("--schemes", type=several(SCHEMES), default=SCHEMES, help=", ".join(SCHEMES))
    add("--clients", type=several(tuple(peer.name for peer in PEERS)), help="some of them only")
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--equal-only", action="store_true", help="all told the same number")
    group.add_argument("--defaults-only", action="store_true", help="nobody told a number")
    add("--budget", type=float, default=20, metavar="S",
        help="seconds a client may take for its rounds; slow ones run fewer")  # fmt: skip
    add("--seed", type=int, default=7, help="of the order in each round")
    add("--memory", type=Path, default=Path(MEMORY), metavar="DIR", help="where files go")
    add("--out", type=Path, default=Path("peers.jsonl"), metavar="FILE", help="rows are added")
    add("--report", action="store_true", help="print tables at the end, and draw")
    add("--svg", type=Path, default=report.PICTURE, metavar="FILE", help="picture of --report")
    return parser


def package(name: str) -> str:
    """Return a package's version, or nothing."""
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def program(path: str | None, option: str = "--version") -> str:
    """Return the first line that a program says about itself, or nothing."""
    if path is None:
        return ""
    done = subprocess.run([path, option], capture_output=True, text=True, check=False)
    return ((done.stdout or done.stderr).splitlines() or [""])[0].strip()


def about(words: argparse.Namespace) -> Row:
    """Return what a reader must know of the machine, as a row of its own."""
    versions = {name: package(name) for name in PACKAGES}
    versions |= {name: program(find(name)) for name in PROGRAMS}
    versions["nginx"] = program(grounds.find_nginx(), "-v")
    return {
        "about": time.strftime("%Y-%m-%d %H:%M %Z"), "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}", "workers": grounds.WORKERS,
        "python": platform.python_version(), "seed": words.seed, "load": os.getloadavg()[0],
        "versions": {name: text for name, text in versions.items() if text},
    }  # fmt: skip


def present(words: argparse.Namespace) -> list[Peer]:
    """Return the clients that can run here; tell of the others."""
    wanted = [peer for peer in PEERS if words.clients is None or peer.name in words.clients]
    for sentence in filter(None, (peer.missing() for peer in wanted)):
        print(sentence, file=sys.stderr)
    return [peer for peer in wanted if not peer.missing()]


def groups(words: argparse.Namespace) -> list[str]:
    """Return the groups that are asked for."""
    asked = (("equal", words.defaults_only), ("defaults", words.equal_only))
    return [name for name, left_out in asked if not left_out]


def run_cell(
    cell: Cell, words: argparse.Namespace, peers: list[Peer], keep: Callable[[Row], None]
) -> None:
    """Make a cell's files and its server, run everything on it, take all of it away."""
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=words.memory)))
        source = scratch / "served"
        names = files.make(cell, source)
        ground = stack.enter_context(grounds.prepare(cell, scratch / "server", source))
        for scheme in cells.schemes(cell, words.schemes):
            for group in groups(words):
                limit = cells.limit(cell, scheme) if group == "equal" else None
                job = Job(cell, scheme, group, limit, ground, source, names, scratch)
                turn = fitting(peers, job)
                interleave(turn, job, Method(words.rounds, words.budget, words.seed), keep)


def stopped(_number: int, _frame: object) -> None:
    """End as Ctrl-C does, so that servers and folders are taken away."""
    raise KeyboardInterrupt


def main() -> int:
    """Run from the command line."""
    words = options().parse_args()
    signal.signal(signal.SIGTERM, stopped)
    chosen = [CELLS[name] for name in words.cells]
    if grounds.find_nginx() is None and any(cell.ground == "nginx" for cell in chosen):
        print(f"Only cells that need no nginx will run: {grounds.INSTALL}.", file=sys.stderr)
        chosen = [cell for cell in chosen if cell.ground != "nginx"]
    peers, keep = present(words), sink(words.out)
    keep(about(words))
    try:
        for cell in chosen:
            run_cell(cell, words, peers, keep)
    except KeyboardInterrupt:
        print(f"Stopped. What was measured so far is in {words.out}.", file=sys.stderr)
        return 130
    if words.report:
        print(report.report(words.out, words.svg))
    return 0


if __name__ == "__main__":
    sys.exit(main())
