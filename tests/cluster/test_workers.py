"""Workers that die or stop in mid-job, and the processes that a job leaves: none."""

from __future__ import annotations

import signal
from functools import partial
from importlib.util import find_spec
from time import sleep

import pytest

from getflags.testing import local_server
from tests.cluster.conftest import MakeJob
from tests.cluster.fault_proxy import FaultProxy
from tests.cluster.kit import PATIENCE, Job, Run, anywhere, many_urls, repeatedly, until

ON_RAY = pytest.param(
    "ray", marks=pytest.mark.skipif(not find_spec("ray"), reason="Ray is not installed")
)
BACKENDS = ["dask", ON_RAY]
#: Seconds before each response: a job of a few hundred files takes some seconds.
SLOW = (0.05, 0.15)
KILLS = 6


@pytest.mark.parametrize("on", BACKENDS)
@pytest.mark.parametrize("place", ["file", "s3"], indirect=True)
def test_a_worker_is_killed(make_job: MakeJob, on: str) -> None:
    with local_server(delay=SLOW) as server:
        job = make_job(many_urls(server, 400), on)
        run = job.start()
        until(job.records)
        assert job.listening() == {"127.0.0.1"}
        assert run.kill_worker()
        run.ends(0)
        assert run.out.startswith(f"{len(job.urls):,} targets in ")
    job.check()


def kill_after_progress(job: Job, run: Run, seen: list[int]) -> bool:
    """Kill a worker if shards have been done since the last time: a busy machine takes longer."""
    done = job.records()
    if done == seen[-1] or len(seen) > KILLS:
        return False
    seen.append(done)
    run.kill_worker()
    return True


@pytest.mark.parametrize("place", ["s3"], indirect=True)
@pytest.mark.parametrize("on", BACKENDS)
def test_workers_die_again_and_again_while_the_storage_fails(
    make_job: MakeJob, s3: FaultProxy, on: str
) -> None:
    with local_server(delay=SLOW) as server:
        job = make_job(many_urls(server, 500), on)
        s3.slow_down, s3.cut, s3.lose = 0.2, 0.1, 0.1
        run = job.start()
        with repeatedly(partial(kill_after_progress, job, run, [0]), 2) as kills:
            code = run.process.wait(PATIENCE)
        run.ends(code)
        assert code in {0, 75}  # Dask gives up a worker that dies while it starts
        assert any(kills)
        if code:
            job.run()
        s3.slow_down = s3.cut = s3.lose = 0.0
    job.check()


@anywhere
@pytest.mark.parametrize("on", BACKENDS)
def test_a_worker_is_stopped_for_a_while(make_job: MakeJob, on: str) -> None:
    """It comes back when others may have done its shards."""
    with local_server(delay=SLOW) as server:
        job = make_job(many_urls(server, 300), on)
        run = job.start()
        until(job.records)
        worker = run.workers()[0]
        worker.suspend()
        sleep(14)
        worker.resume()
        run.ends(0)
    job.check()


@pytest.mark.parametrize("on", BACKENDS)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_interrupted_ends_within_seconds(
    make_job: MakeJob, number: signal.Signals, on: str
) -> None:
    with local_server(delay=SLOW) as server:
        job = make_job(many_urls(server, 300), on)
        run = job.start()
        until(job.records)
        run.interrupt(number)
        run.ends(128 + number, 10)
        until(lambda: not job.processes(), 10)
        assert run.err == "getflags: interrupted\n"
        assert job.records() < job.shards()
        job.run()
    job.check()


@pytest.mark.parametrize("on", BACKENDS)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_is_interrupted_while_its_workers_start(
    make_job: MakeJob, number: signal.Signals, on: str
) -> None:
    with local_server() as server:
        job = make_job(many_urls(server, 100), on)
        run = job.start()
        until(lambda: len(job.processes()) > 1)
        run.interrupt(number)
        run.ends(128 + number, 10)
        until(lambda: not job.processes(), 20)
        assert run.err == "getflags: interrupted\n"
        job.run()
    job.check()
