"""Fixtures of the tests of jobs: a local S3, behind a proxy that can misbehave, and folders."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import Request, urlopen
from uuid import uuid4

import pytest

from tests.cluster.moto_s3 import serving
from tests.kit import ENVIRON, ROOT, free_port

if TYPE_CHECKING:
    from tests.cluster.fault_proxy import FaultProxy
    from tests.cluster.kit import Job, Place


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the tests of this folder more time: some have several runs."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.timeout(500))


@pytest.fixture(scope="session")
def s3_port() -> Iterator[int]:
    """Return the port of a local S3."""
    with serving() as port:
        yield port


@pytest.fixture
def s3(s3_port: int) -> Iterator[FaultProxy]:
    """Return a proxy before a local S3."""
    from tests.cluster.fault_proxy import FaultProxy

    proxy = FaultProxy(s3_port, seed=7)
    with proxy.running():
        yield proxy


def bucket(proxy: FaultProxy) -> Place:
    """Make a bucket, and return a place in it."""
    from tests.cluster.kit import Place

    name = f"bucket-{uuid4().hex[:8]}"
    with urlopen(Request(f"http://127.0.0.1:{proxy.port}/{name}", method="PUT"), timeout=60):
        pass
    environ = {
        "AWS_ACCESS_KEY_ID": "user",
        "AWS_SECRET_ACCESS_KEY": "secret-of-s3",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{proxy.port}",
    }
    return Place(f"s3://{name}/job", environ)


@pytest.fixture
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Return a place in a folder; with the parameter "s3", in a bucket."""
    from tests.cluster.kit import Place

    if getattr(request, "param", "file") == "s3":
        return bucket(request.getfixturevalue("s3"))
    return Place(f"file://{tmp_path}/job")


MakeJob = Callable[..., "Job"]


@pytest.fixture
def make_job(tmp_path: Path, place: Place) -> Iterator[MakeJob]:
    """Return a function that makes a job of some URLs; what it leaves running is ended."""
    from tests.cluster.kit import Job

    jobs: list[Job] = []

    def make(urls: Iterable[str], on: str = "dask") -> Job:
        jobs.append(Job(tmp_path, place, urls, on))
        return jobs[-1]

    yield make
    for job in jobs:
        job.end()


class Dask:
    """A scheduler and two workers, as a cluster's own tools start them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._processes: list[subprocess.Popen[bytes]] = []

    @property
    def scheduler(self) -> subprocess.Popen[bytes]:
        """The process of the scheduler."""
        return self._processes[0]

    def start(self, environ: Mapping[str, str] | None = None) -> str:
        """Start a scheduler with workers; return what ``--on`` takes.

        ``environ`` has what the workers need to use the storage of a job.
        """
        from tests.cluster.kit import until

        own = {"PYTHONPATH": str(ROOT), "TMPDIR": str(self._folder)}
        environ = {**ENVIRON, **own, **(environ or {})}
        address = f"127.0.0.1:{free_port()}"
        host, _, port = address.partition(":")
        common = ["--no-dashboard", "--host", host]
        self._start(environ, "dask_scheduler", *common, "--port", port)
        for _ in range(2):
            self._start(environ, "dask_worker", f"tcp://{address}", *common, "--nthreads", "1")
        until(partial(_is_listening, int(port)))
        return f"dask://{address}"

    def _start(self, environ: Mapping[str, str], program: str, *words: str) -> None:
        process = subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.{program}", *words], env=environ,
            cwd=self._folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self._processes.append(process)

    def stop(self) -> None:
        """Kill all processes, and those that they have started."""
        self._kill(0)

    def stop_workers(self) -> None:
        """Kill the workers, but not the scheduler."""
        self._kill(1)

    def _kill(self, first: int) -> None:
        from psutil import NoSuchProcess, Process

        for process in self._processes[first:]:
            with suppress(NoSuchProcess):
                for each in Process(process.pid).children(recursive=True):
                    each.kill()
            process.kill()
            process.wait()
        del self._processes[first:]


def _is_listening(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
        return True
    return False


@pytest.fixture
def dask(tmp_path: Path) -> Iterator[Dask]:
    """Return a Dask cluster that a test starts."""
    (tmp_path / "dask").mkdir()
    found = Dask(tmp_path / "dask")
    yield found
    found.stop()
