"""A bench that ends too early: by signals, kill -9, a server that dies.

No result is lost or doubled, and nothing stays behind.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep
from uuid import uuid4

import pytest

from tests.kit import ENVIRON, ROOT, command
from tests.messages import INTERRUPTED
from tests.rawserver import RawServer, ok, stall_after

PATIENCE = 20.0
WORDS = ["--engine", "asyncio,processes", "-m", "4", "-s", "DELAY", "--delay", "0.005",
         "--files", "30", "--rounds", "3", "--seed", "5"]  # fmt: skip
RUNS = 2 * 4


class Bench:
    """A bench in a process group of its own, whose every offspring can be told by a mark."""

    def __init__(self, folder: Path, *words: str) -> None:
        self.file = folder / "results.jsonl"
        self.scratch = folder / "scratch"
        self.scratch.mkdir(exist_ok=True)
        self._mark = f"GETFLAGS_TEST_MARK={uuid4()}"
        name, _, value = self._mark.partition("=")
        environ = {**ENVIRON, "PYTHONPATH": str(ROOT), "TMPDIR": str(self.scratch), name: value}
        self.process = subprocess.Popen(
            command("bench", *(words or WORDS)), cwd=folder, env=environ, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip

    def lines(self) -> list[str]:
        """Return the whole lines of the file of results."""
        text = self.file.read_text() if self.file.exists() else ""
        return text.splitlines(keepends=True)[: text.count("\n")]

    def wait_for(self, count: int) -> None:
        """Wait until so many results are in the file."""
        until(lambda: len(self.lines()) >= count or self.process.poll() is not None)

    def alive(self) -> dict[int, str]:
        """Return all processes that have come of it, and their command lines."""
        return {
            int(folder.name): words
            for folder in Path("/proc").iterdir()
            if folder.name.isdigit() and (words := marked(folder, self._mark))
        }

    def ends(self) -> tuple[int, str, str]:
        """Wait for the end of it and of all that has come of it; return code and output.

        The lines that a bench prints from time to time are left out: a slow machine sees them.
        """
        out, err = self.process.communicate(timeout=60)
        until(lambda: not self.alive())
        lines = (line for line in err.splitlines(keepends=True) if " runs done" not in line)
        return self.process.returncode, out, "".join(lines)


def marked(folder: Path, mark: str) -> str:
    """Return the command line of a process that has the mark in its environment."""
    try:
        environ = (folder / "environ").read_bytes()
        words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:  # it has gone meanwhile
        return ""
    return words if mark.encode() in environ else ""


def until(condition: Callable[[], object]) -> None:
    """Wait until a condition holds."""
    deadline = monotonic() + PATIENCE
    while not condition():
        assert monotonic() < deadline
        sleep(0.01)


def runs(lines: list[str]) -> list[tuple[object, ...]]:
    """Return which run each line is of."""
    names = ("engine", "client", "level", "server", "round")
    return [tuple(json.loads(line)[name] for name in names) for line in lines]


@pytest.fixture
def started() -> Iterator[list[Bench]]:
    """Benches that are ended with the test, whatever becomes of it."""
    benches: list[Bench] = []
    yield benches
    for bench in benches:
        if bench.process.poll() is None:
            bench.process.kill()
            bench.process.communicate()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_a_bench_that_is_killed_goes_on_where_it_was(
    tmp_path: Path, started: list[Bench], seed: int
) -> None:
    source = random.Random(seed)
    before = ""
    for _ in range(3):
        bench = Bench(tmp_path)
        started.append(bench)
        bench.wait_for(len(before.splitlines()) + source.randrange(2))
        with suppress(subprocess.TimeoutExpired):
            bench.process.wait(source.uniform(0, 0.7))  # any moment will do
        os.killpg(bench.process.pid, signal.SIGKILL)
        bench.ends()
        assert list(bench.scratch.iterdir()) == []
        now = "".join(bench.lines())
        assert now.startswith(before)
        before = now
    bench = Bench(tmp_path)
    started.append(bench)
    code, out, err = bench.ends()
    assert (code, err) == (0, "")
    assert "".join(bench.lines()).startswith(before)
    assert len(set(runs(bench.lines()))) == len(bench.lines()) == RUNS
    assert f"{len(before.splitlines())} of them already done." in out or not before
    assert list(bench.scratch.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_in_good_order(
    tmp_path: Path, started: list[Bench], number: signal.Signals
) -> None:
    bench = Bench(tmp_path)
    started.append(bench)
    bench.wait_for(2)
    bench.process.send_signal(number)
    began = monotonic()
    code, _, err = bench.ends()
    assert monotonic() - began < 3
    assert code == 128 + number
    known = len(bench.lines())
    assert err == (f"{INTERRUPTED}; {known} of {RUNS} runs are in 'results.jsonl'; run the "
                   "same command again to resume\n")  # fmt: skip
    assert list(bench.scratch.iterdir()) == []


@pytest.mark.parametrize("engine", ["sequential", "threads", "asyncio", "processes"])
def test_a_signal_ends_a_run_that_stalls(tmp_path: Path, started: list[Bench], engine: str) -> None:
    stalled = stall_after(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")
    with RawServer({"/f": ok(b"f"), "/stall": stalled}) as server:
        urls = [server.url("/f"), server.url("/stall")]
        bench = Bench(tmp_path, *urls, "--engine", engine, "-m", "2")
        started.append(bench)
        assert server.stalled.acquire(timeout=PATIENCE)
        bench.process.send_signal(signal.SIGINT)
        began = monotonic()
        code, _, _ = bench.ends()
        assert monotonic() - began < 3.5
    assert code == 130
    assert bench.lines() == []
    assert list(bench.scratch.iterdir()) == []


def test_a_server_that_dies_in_mid_bench_is_a_sentence(
    tmp_path: Path, started: list[Bench]
) -> None:
    bench = Bench(tmp_path)
    started.append(bench)
    bench.wait_for(2)
    (server,) = [number for number, words in bench.alive().items() if "--lifeline" in words]
    os.kill(server, signal.SIGKILL)
    code, out, err = bench.ends()
    assert code == 1
    assert err.endswith(" on DELAY: the server DELAY stopped responding\n")
    assert err.count("\n") == 1
    assert 2 <= len(bench.lines()) < RUNS
    assert out.startswith("2 cells, ")
    assert list(bench.scratch.iterdir()) == []
    again = Bench(tmp_path)
    started.append(again)
    assert again.ends()[0] == 0
    assert len(set(runs(bench.lines()))) == len(bench.lines()) == RUNS


def test_a_run_whose_process_is_killed_is_a_sentence(tmp_path: Path, started: list[Bench]) -> None:
    bench = Bench(tmp_path, "--engine", "asyncio", "-m", "1", "-s", "DELAY", "--delay", "0.3")
    started.append(bench)

    def child() -> list[int]:
        return [number for number, words in bench.alive().items() if "measure.child" in words]

    until(child)
    os.kill(child()[0], signal.SIGKILL)
    code, _, err = bench.ends()
    assert code == 3
    assert err == ("getflags: asyncio/h1 -m 1 on DELAY: the measuring process exited "
                   "without a result (exit code -9)\n")  # fmt: skip
    assert bench.lines() == []


def test_two_benches_at_a_time_are_not_for_one_file(tmp_path: Path, started: list[Bench]) -> None:
    first = Bench(tmp_path)
    started.append(first)
    first.wait_for(1)
    second = Bench(tmp_path)
    started.append(second)
    code, _, err = second.ends()
    assert code == 2
    assert (
        err == "getflags: another bench is writing to 'results.jsonl'; wait until it has finished\n"
    )
    assert first.ends()[0] == 0
    assert len(first.lines()) == RUNS
