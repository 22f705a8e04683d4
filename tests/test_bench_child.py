"""The process that runs a cell: its figures are true, and nothing of it stays behind."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from getflags.bench.measure import child
from getflags.bench.measure.child import measure
from getflags.bench.measure.job import Job, dumps
from getflags.core.models import DownloadOptions, Network
from getflags.engines import ENGINES
from getflags.testing import interpreter
from getflags.transport import CLIENTS
from tests.rawserver import RawServer, moved, ok, stall_after

PATHS = [f"/{number}" for number in range(30)]


def job(targets: list[str], **values: object) -> Job:
    fields = {
        "engine": "asyncio", "client": "curl", "level": 4, "targets": "\n".join(targets),
        "files": len(targets), "base_url": "", "options": DownloadOptions(retries=0),
        "network": Network(),
        **values,
    }  # fmt: skip
    return Job(**fields)  # type: ignore[arg-type] # of the right kinds


@pytest.fixture
def server() -> Iterator[RawServer]:
    stalled = stall_after(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")
    with RawServer({**{path: ok(bytes(100)) for path in PATHS}, "/stall": stalled}) as running:
        yield running


@pytest.mark.parametrize("client", sorted(CLIENTS))
@pytest.mark.parametrize("engine", sorted(ENGINES))
def test_figures_are_of_what_happened(
    server: RawServer, tmp_path: Path, engine: str, client: str
) -> None:
    level = 1 if engine == "sequential" else 4
    server.answers["/0"] = moved("/1")
    targets = [*map(server.url, PATHS), server.url("/none"), server.url("/neither")]
    told = measure(job(targets, engine=engine, client=client, level=level), str(tmp_path))
    assert (told["files"], told["arrived"], told["requests"]) == (32, 30, 33)
    assert told["bytes"] == 3_000
    assert told["errors"] == {"404 Not Found": 2}
    assert 0 < told["steady_files"] <= 32 - 2 * level
    assert told["steady_bytes"] == told["steady_files"] * 100
    assert 0 < told["steady_seconds"] < told["seconds"]
    assert 0 < told["latency"]["p50"] <= told["latency"]["p90"] <= told["latency"]["p99"]
    assert told["latency"]["p99"] < told["seconds"]
    assert 0 < told["cpu"] < told["seconds"] * (os.cpu_count() or 1) + 1
    assert told["rss"] > 10 << 20
    assert len(list(tmp_path.iterdir())) == 30
    json.dumps(told)


def test_the_clock_starts_when_all_is_imported(server: RawServer, tmp_path: Path) -> None:
    """Importing takes ten times as long as a single file does."""
    before = os.times()
    figures = told(job([server.url("/1")], client="httpx"), tmp_path)
    after = os.times()
    all_in_all = after.children_user + after.children_system
    all_in_all -= before.children_user + before.children_system
    assert figures["cpu"] < all_in_all / 4


def test_rare_reasons_are_counted_together(server: RawServer, tmp_path: Path) -> None:
    for number in range(25):
        whole = b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"
        server.answers[f"/cut{number}"] = whole + bytes(number + 1)
    targets = [server.url(f"/cut{number}") for number in range(25)]
    errors = measure(job(targets), str(tmp_path))["errors"]
    assert len(errors) == 21
    assert errors["other reasons"] == 5
    assert sum(errors.values()) == 25


def test_nothing_arrived_has_no_latency(server: RawServer, tmp_path: Path) -> None:
    figures = measure(job([server.url("/none")]), str(tmp_path))
    assert (figures["arrived"], figures["latency"], figures["steady_files"]) == (0, {}, 0)


def test_memory_is_this_process_own_not_its_parents() -> None:
    script = (
        "import subprocess, sys; ballast = bytes(1) * (200 << 20); "
        "subprocess.run([sys.executable, '-c', 'from getflags.bench.measure import child; "
        "print(child._own_peak())'], check=True)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True,
        env=interpreter.environment(),
    )  # fmt: skip
    assert 5 << 10 < int(done.stdout) < 100 << 10


def test_where_the_kernel_tells_less_its_own_count_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    own = child._own_peak()
    monkeypatch.setattr(child, "_STATUS", "/no/such/file")
    assert child._own_peak() >= own / 2


def start(work: bytes, tmp_path: Path) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        interpreter.command("getflags.bench.measure.child"),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        env={**interpreter.environment(), "TMPDIR": str(tmp_path)},
    )  # fmt: skip
    assert process.stdin
    process.stdin.write(work)
    process.stdin.flush()
    return process


def told(work: Job, tmp_path: Path) -> dict[str, Any]:
    """Return what a process says before its lifeline is cut."""
    with start(dumps(work).encode() + b"\n", tmp_path) as process:
        assert process.stdout
        answer = process.stdout.read()
        assert process.wait(20) == 0
    assert list(tmp_path.iterdir()) == []
    return dict(json.loads(answer))


def test_it_tells_its_figures_and_leaves_nothing(server: RawServer, tmp_path: Path) -> None:
    assert told(job([server.url("/1")] * 2), tmp_path)["arrived"] == 2


def test_what_cannot_work_is_told_in_a_sentence(tmp_path: Path) -> None:
    failure = told(job(["http://127.0.0.1:1/"], client="telnet"), tmp_path)
    assert failure["failed"].startswith("unknown client 'telnet'; choose from")


@pytest.mark.parametrize("engine", sorted(ENGINES))
def test_it_ends_with_its_parent_and_takes_its_folder_along(
    server: RawServer, tmp_path: Path, engine: str
) -> None:
    process = start(dumps(job([server.url("/stall")], engine=engine)).encode() + b"\n", tmp_path)
    assert process.stdin
    assert process.stdout
    assert server.stalled.acquire(timeout=20)
    assert len(list(tmp_path.iterdir())) == 1
    process.stdin.close()
    assert process.wait(10) == 143
    assert process.stdout.read() == b""
    process.stdout.close()
    assert list(tmp_path.iterdir()) == []


def test_it_ends_where_there_is_no_job(tmp_path: Path) -> None:
    process = start(b'{"half a', tmp_path)
    process.communicate()
    assert process.returncode == 143


def test_what_holds_it_does_not_hold_it_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The signal is heeded by nobody here."""
    hears, tells = os.pipe()
    os.close(tells)
    before, stdin = signal.signal(signal.SIGTERM, signal.SIG_IGN), os.dup(0)
    ended: list[int] = []
    monkeypatch.setattr(os, "_exit", ended.append)
    monkeypatch.setattr(child, "_CLEANUP_TIMEOUT", 0)
    (tmp_path / "folder").mkdir()
    try:
        os.dup2(hears, 0)
        child._end_with_parent(str(tmp_path / "folder"))
    finally:
        signal.signal(signal.SIGTERM, before)
        os.dup2(stdin, 0)
        os.close(stdin)
        os.close(hears)
    assert ended == [143]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("failures", "left"), [(0, False), (1, False), (9, True)])
def test_a_folder_that_is_still_written_to_is_deleted_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failures: int, *, left: bool
) -> None:
    real = shutil.rmtree
    calls = itertools.count()

    def busy(path: str, *, ignore_errors: bool) -> None:
        if next(calls) >= failures:
            real(path, ignore_errors=ignore_errors)

    monkeypatch.setattr(shutil, "rmtree", busy)
    monkeypatch.setattr(child, "_ATTEMPTS", 3)
    monkeypatch.setattr(child, "_PAUSE", 0)
    folder = tmp_path / "folder"
    folder.mkdir()
    child._remove(str(folder))
    assert folder.exists() is left
