"""What the machine grants: processors, and open files."""

from __future__ import annotations

import asyncio
import os
import re
import resource
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import getflags
from getflags.cli.options import checks
from getflags.core import resource_limits
from getflags.core.errors import UsageError
from tests.hazards import Way, everywhere
from tests.kit import command, files
from tests.rawserver import RawServer, ok

NONE = resource.RLIM_INFINITY


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the soft and the hard limit, which the test may change."""
    now = [1024, 4096]

    def set_(_: int, both: tuple[int, int]) -> None:
        now[:] = both

    monkeypatch.setattr(resource, "getrlimit", lambda _: tuple(now))
    monkeypatch.setattr(resource, "setrlimit", set_)
    monkeypatch.setattr(resource_limits, "_open_files", lambda: 5)
    return now


@pytest.mark.parametrize(
    ("before", "limit", "granted", "after"),
    [
        ((1024, 4096), 20, 20, 1024),  # enough as it is
        ((1024, 4096), 470, 470, 1024),
        ((1024, 4096), 471, 471, 1026),  # raised as far as needed
        ((1024, 4096), 5000, 2006, 4096),  # as far as allowed
        ((1024, NONE), 5000, 5000, 10084),
        ((NONE, NONE), 5000, 5000, NONE),
        ((64, 64), 20, 14, 64),
        ((23, 23), 20, 1, 23),
    ],
)
def test_the_soft_limit_is_raised_or_the_level_lowered(
    limits: list[int], before: tuple[int, int], limit: int, granted: int, after: int
) -> None:
    limits[:] = before
    resource_limits.raise_file_limit(limit, "asyncio", "curl")
    assert limits == [after, before[1]]
    assert resource_limits.max_concurrency(limit, "asyncio", "curl") == granted
    assert limits == [after, before[1]]


def test_a_system_that_refuses_to_raise_it_lowers_the_level(
    limits: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    limits[:] = [256, NONE]

    def refuse(*_: object) -> None:
        raise ValueError("current limit exceeds maximum limit")

    monkeypatch.setattr(resource, "setrlimit", refuse)
    resource_limits.raise_file_limit(100, "asyncio", "curl")
    assert resource_limits.max_concurrency(100, "asyncio", "curl") == 86


@pytest.mark.parametrize(
    ("way", "granted", "least"),
    [
        (("sequential", "curl"), 20, 14),
        (("sequential", "httpx"), 20, 12),
        (("threads", "curl"), 11, 14),
        (("threads", "httpx"), 18, 12),
        (("asyncio", "curl"), 14, 23),
        (("asyncio", "httpx"), 14, 23),
        (("processes", "curl"), 20, 29),
    ],
)
def test_each_engine_gets_as_many_connections_as_fit(
    limits: list[int],
    monkeypatch: pytest.MonkeyPatch,
    way: tuple[str, str],
    granted: int,
    least: int,
) -> None:
    """Each process has its own limit; with one worker less, one connection fits in less."""
    monkeypatch.setattr(resource_limits, "worker_count", lambda limit: min(limit, 2))
    limits[:] = [64, 64]
    assert resource_limits.max_concurrency(20, *way) == granted
    limits[:] = [least, least]
    assert resource_limits.max_concurrency(1, *way) == 1
    assert resource_limits.max_concurrency(20, *way) in {1, 20}
    limits[:] = [least - 1, least - 1]
    with pytest.raises(UsageError) as raised:
        resource_limits.max_concurrency(20, *way)
    assert str(raised.value) == (
        f"the {way[0]} engine needs at least {least} open files, but the system allows only "
        f"{least - 1} (ulimit -n raises the limit)"
    )


def test_open_files_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    before = resource_limits._open_files()
    with Path(os.devnull).open():
        assert resource_limits._open_files() == before + 1

    def fail(_: str) -> None:
        raise FileNotFoundError

    monkeypatch.setattr(os, "listdir", fail)
    assert resource_limits._open_files() == 3, "standard streams, where the system does not tell"


SENTENCE = re.compile(
    r"getflags: the \w+ engine needs at least \d+ open files, but the system allows only \d+ "
    r"\(ulimit -n raises the limit\)\n"
)
WARNING = re.compile(
    r"getflags: \d+ requests at a time need more open files than the system allows; "
    r"using (\d+) instead \(ulimit -n raises the limit\)\n"
)


@everywhere
@pytest.mark.parametrize("limit", [64, 32, 24, 16])
def test_a_low_limit_lowers_the_level_or_is_one_sentence(
    tmp_path: Path, way: Way, limit: int
) -> None:
    body = bytes(600_000)  # long enough for an open part file on every engine
    paths = [f"/{number}" for number in range(20)]
    with RawServer({path: ok(body) for path in paths}) as server:
        words = command("-q", "--engine", way["engine"], "--client", way["client"])
        words += map(server.url, paths)
        done = subprocess.run(
            ["bash", "-c", f'ulimit -n {limit}; exec "$@"', "bash", *words],
            cwd=tmp_path, capture_output=True, text=True, timeout=50, check=False,
        )  # fmt: skip
    if done.returncode == 2:
        assert SENTENCE.fullmatch(done.stderr), done.stderr
        assert limit < (32 if way["engine"] == "processes" else 24)
        assert files(tmp_path) == {}
    else:
        assert done.returncode == 0, done.stderr
        assert files(tmp_path) == {f"downloaded/{path[1:]}": body for path in paths}
        found = WARNING.fullmatch(done.stderr)
        level = int(found[1]) if found else 20
        assert level >= {64: 10, 32: 2}.get(limit, 1)


def test_connections_are_kept_while_there_are_files_for_them(
    limits: list[int],
) -> None:
    for soft, kept in ((NONE, 1024), (1 << 20, 1024), (1024, 252), (32, 4), (2, 1)):
        limits[0] = soft
        assert resource_limits.max_idle_connections() == kept


def test_there_is_a_worker_for_each_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    assert resource_limits.worker_count(1) == 1
    assert resource_limits.worker_count(10_000) == len(os.sched_getaffinity(0))
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    assert resource_limits.worker_count(10_000) == 3


@pytest.mark.parametrize("engine", ["asyncio", "threads", "processes"])
def test_too_high_a_level_is_one_warning_and_no_storm(tmp_path: Path, engine: str) -> None:
    paths = [f"/{number}" for number in range(300)]
    with RawServer({path: ok(b"fine") for path in paths}) as server:
        words = command("-q", "-m", "5000", "--engine", engine, *map(server.url, paths))
        done = subprocess.run(
            ["bash", "-c", 'ulimit -n 200; exec "$@"', "bash", *words],
            cwd=tmp_path, capture_output=True, text=True, timeout=50, check=False,
        )  # fmt: skip
    found = WARNING.fullmatch(done.stderr)
    assert found, done.stderr
    assert 30 < int(found[1]) < 300
    assert done.returncode == 0
    assert len(files(tmp_path)) == 300


def in_a_loop(url: str, **settings: Any) -> getflags.Report:
    return asyncio.run(getflags.adownload([url], **settings))


def blocking(url: str, **settings: Any) -> getflags.Report:
    return getflags.download([url], **settings)


both = pytest.mark.parametrize("download", [in_a_loop, blocking])


@both
def test_a_library_warns_too(
    tmp_path: Path, limits: list[int], download: Callable[..., getflags.Report]
) -> None:
    limits[:] = [200, 200]
    with (
        RawServer({"/f": ok(b"fine")}) as server,
        pytest.warns(RuntimeWarning, match="using 60 instead"),
    ):
        report = download(server.url("/f"), dir=tmp_path, max_req=300)
    assert report.arrived == 1


@both
def test_a_library_leaves_its_hosts_limits_alone(
    tmp_path: Path, limits: list[int], download: Callable[..., getflags.Report]
) -> None:
    """A host may rely on them: one that uses select() breaks at the 1,024th descriptor."""
    limits[:] = [200, 4096]
    with RawServer({"/f": ok(b"fine")}) as server:
        with pytest.warns(RuntimeWarning, match="using 60 instead"):
            download(server.url("/f"), dir=tmp_path, max_req=300)
        # Nobody asked for a number here, so there is nothing to warn of.
        assert download(server.url("/f"), dir=tmp_path, max_req="auto").arrived == 1
    assert limits == [200, 4096]


def test_a_command_raises_its_own_limit(limits: list[int]) -> None:
    limits[:] = [200, 4096]
    assert checks.allowed(300, "asyncio", "curl") == 300
    assert limits == [684, 4096]
