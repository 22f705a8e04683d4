"""Run clients and write down what it took: one row a run, written the moment it exists.

Rounds are interleaved: each round runs every client once, in an order shuffled from the seed, so
that a machine that slows down does so for all. Round 0 is the warm-up; it is written down too, but
reports leave it out. It settles who goes on: who gets nothing right then has nothing to measure,
and who is slow runs fewer rounds.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from benchmarks import files
from benchmarks.cells import Cell
from benchmarks.clients import BIN, Errand, Peer
from benchmarks.grounds import ROOT, Ground

Row: TypeAlias = dict[str, Any]
LAUNCH = Path(__file__).with_name("launch.py")
FEWEST = 3  # rounds of a client that is slow; one if a single run takes the whole budget


@dataclass(frozen=True, slots=True)
class Job:
    """A cell with a scheme and a group: what every client is given. ``limit`` as in Errand."""

    cell: Cell
    scheme: str
    group: str
    limit: int | None
    ground: Ground
    source: Path
    names: list[str]
    scratch: Path

    def errand(self, folder: Path, *, probe: bool) -> Errand:
        """Write the lists and return what to put into command lines."""
        root = (self.ground.probes if probe else self.ground.urls)[self.scheme]
        urls, config = self.scratch / "urls.txt", self.scratch / "curl.cfg"
        urls.write_text("".join(f"{root}{name}\n" for name in self.names))
        config.write_text("".join(f"url={root}{name}\noutput={name}\n" for name in self.names))
        cacert = self.ground.cacert if self.scheme != "http" else None
        first = root + self.names[0]
        tries = self.cell.tries
        return Errand(urls, config, first, folder, self.scheme, self.limit, tries, cacert)


@dataclass(frozen=True, slots=True)
class Method:
    """How often and in which order. ``budget`` is in seconds a client, for all its rounds."""

    rounds: int
    budget: float
    seed: int


def environment(job: Job) -> dict[str, str]:
    """Return the environment of a client: nobody's settings, no proxies."""
    environ = {
        "HOME": str(job.scratch),
        "LANG": "C.UTF-8",
        "PATH": os.pathsep.join((BIN, os.environ.get("PATH", os.defpath))),
        "PYTHONPATH": str(ROOT),
    }
    # For those that have no option for it.
    return environ | ({"SSL_CERT_FILE": str(job.ground.cacert)} if job.scheme != "http" else {})


def measure(words: list[str], job: Job) -> Row:
    """Run a command line in a session of its own and return what it took."""
    report, log = job.scratch / "took.txt", job.scratch / "said.txt"
    report.unlink(missing_ok=True)
    start, late = time.monotonic(), False
    with log.open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(LAUNCH), str(report), *words],
            cwd=job.scratch, env=environment(job), stdin=subprocess.DEVNULL,
            stdout=said, stderr=said, start_new_session=True,
        )  # fmt: skip
        try:
            process.wait(job.cell.timeout)
        except subprocess.TimeoutExpired:
            late = True
        finally:  # also on Ctrl-C: whatever the client has started goes with it
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    said_last = log.read_text(errors="replace").strip()[-200:]
    if late or not report.exists():
        wall = time.monotonic() - start
        return {"wall": wall, "cpu": None, "rss": None, "exit": None, "late": late,
                "said": said_last}  # fmt: skip
    wall, cpu, rss, floor, code = map(float, report.read_text().split())
    return {"wall": wall, "cpu": cpu, "rss": int(rss), "floor": int(floor), "exit": int(code),
            "late": False, "said": said_last if code else ""}  # fmt: skip


def run(peer: Peer, job: Job, number: int) -> Row:
    """Run one client once, in a fresh folder, and check what it made."""
    folder = job.scratch / "arrived"
    folder.mkdir()
    try:
        noted, refused = job.ground.noted(), job.ground.refused()
        words = peer.words(job.errand(folder, probe=number == 0))
        row = measure(words, job)
        found = files.check(job.source, job.names, folder)
    finally:
        shutil.rmtree(folder)
    return {
        "cell": job.cell.name, "scheme": job.scheme, "group": job.group, "limit": job.limit,
        "client": peer.name, "round": number, "load": os.getloadavg()[0], **row,
        "files": len(job.names), "right": found.right, "strange": found.strange,
        "refused": job.ground.refused() - refused,
        "spoken": job.ground.spoken(noted) if number == 0 else "",
    }  # fmt: skip


def told(row: Row) -> str:
    """Return a run in one line, for whoever watches."""
    flaw = "" if row["right"] == row["files"] else f", {row['right']} of {row['files']} right"
    ended = "too late" if row["late"] else f"exit {row['exit']}"
    where = f"{row['cell']} {row['scheme']} {row['group']} {row['round']}"
    return f"{where:24} {row['client']:24} {row['wall']:8.3f} s  {ended}{flaw}"


def planned(warm: Row, method: Method) -> int:
    """Return how many rounds a client runs, from its warm-up."""
    if warm["late"] or not warm["right"]:
        return 0
    fewest = FEWEST if warm["wall"] < method.budget else 1
    return min(method.rounds, max(fewest, int(method.budget / warm["wall"])))


def interleave(peers: list[Peer], job: Job, method: Method, keep: Callable[[Row], None]) -> None:
    """Run all clients for their rounds, and hand each row on at once."""
    plan = dict.fromkeys((peer.name for peer in peers), 1)
    for number in range(method.rounds + 1):
        turn = [peer for peer in peers if plan[peer.name] >= number]
        name = f"{method.seed} {job.cell.name} {job.scheme} {job.group} {number}"
        random.Random(name).shuffle(turn)  # noqa: S311 - reproducible is what is wanted
        for peer in turn:
            row = run(peer, job, number)
            if number == 0:
                plan[peer.name] = planned(row, method)
            keep(row)


def fitting(peers: list[Peer], job: Job) -> list[Peer]:
    """Return the clients that make sense for a job."""
    return [
        peer
        for peer in peers
        if (not peer.cells or job.cell.name in peer.cells)
        and job.scheme in peer.schemes
        and not (peer.one_at_a_time and job.cell.waits)
        and (job.group == "equal" or peer.defaults)
    ]


def sink(path: Path) -> Callable[[Row], None]:
    """Return a function that appends a row to a file, and tells of it."""

    def keep(row: Row) -> None:
        with path.open("a") as file:
            file.write(json.dumps(row) + "\n")
        if "client" in row:
            print(told(row), file=sys.stderr, flush=True)

    return keep
