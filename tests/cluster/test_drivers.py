"""Drivers that die, are lost, are two, or are asked for another job."""

from __future__ import annotations

import re
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

import pytest

from getflags import cluster
from getflags.cluster.backends import dask_backend
from getflags.cluster.errors import BackendLost
from getflags.core.errors import UsageError
from getflags.testing import local_server
from tests.cluster.conftest import Dask, MakeJob
from tests.cluster.kit import Place, anywhere, many_urls, until, urls_of
from tests.cluster.test_workers import BACKENDS, SLOW


@anywhere
@pytest.mark.parametrize("on", BACKENDS)
def test_a_driver_that_is_killed_is_started_again(make_job: MakeJob, on: str) -> None:
    with local_server(delay=SLOW) as server:
        job = make_job(many_urls(server, 300), on)
        run = job.start()
        until(job.records)
        run.process.kill()
        run.ends(-9)
        until(lambda: not job.processes(), 60)
        job.run()
    job.check()


@pytest.mark.skipif(not find_spec("ray"), reason="Ray is not installed")
def test_a_ray_that_dies(make_job: MakeJob) -> None:
    """What remains of it ends by itself."""
    with local_server(delay=SLOW) as server:
        job = make_job(many_urls(server, 300), on="ray")
        run = job.start()
        until(job.records)
        raylets = [each for each in job.processes() if each.name() == "raylet"]
        for raylet in raylets:
            raylet.kill()
        assert raylets
        run.ends(75)
        until(lambda: not job.processes(), 60)
        job.run()
    job.check()


@pytest.mark.parametrize("place", ["file", "s3"], indirect=True)
def test_two_drivers_run_one_job(make_job: MakeJob) -> None:
    """They begin at the same time, so both may create the job."""
    with local_server(delay=SLOW) as server:
        job = make_job(many_urls(server, 300))
        runs = [job.start(), job.start()]
        for run in runs:
            run.ends(0)
    job.check()


@anywhere
def test_another_job_in_the_same_place_is_refused(make_job: MakeJob) -> None:
    with local_server() as server:
        job = make_job(many_urls(server, 60))
        job.run()
        run = job.run(*job.words("--per-origin", "3"), code=2)
        assert "has another job: it has another --per-origin; choose another place" in run.err
        job.list.write_text("".join(f"{url}\n" for url in job.urls[1:]))
        run = job.run(code=2)
        assert "has another job: its list (urls.txt) is another, or has changed since" in run.err
        assert server.ledger().requests == len(job.urls)
    job.check()


@anywhere
def test_a_scheduler_that_is_killed(make_job: MakeJob, place: Place, dask: Dask) -> None:
    """The job waits for a run with another scheduler."""
    with local_server(delay=SLOW) as server:
        job = make_job(many_urls(server, 300))
        address = dask.start(place.environ)
        run = job.start(*job.words("--on", address))
        until(job.records)
        dask.scheduler.kill()
        run.ends(75, 60)
        assert run.err.endswith("getflags: Dask has lost its scheduler; run it again later\n")
        run = job.run(*job.words("--on", address), code=75)
        assert re.fullmatch(r"getflags: no Dask scheduler at [^\n]*; run it again later\n", run.err)
        dask.stop()
        run = job.run(*job.words("--on", dask.start(place.environ)))
        dask.stop()
    job.check()


def test_a_cluster_whose_workers_are_gone_for_long(
    dask: Dask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may get others, so the job waits for them for some minutes."""
    monkeypatch.setattr(dask_backend, "_LOST_ELSEWHERE", 2)
    with closing(dask_backend.DaskBackend(dask.start().removeprefix("dask://"), 0)) as backend:
        for _ in range(30):
            assert backend.next_done(0.1) is None
        dask.stop_workers()
        with pytest.raises(BackendLost, match="has had no worker for 2 seconds"):
            until(lambda: backend.next_done(0.1), 60)
    dask.stop()


def test_a_job_runs_on_a_client_of_the_user(make_job: MakeJob, dask: Dask, tmp_path: Path) -> None:
    """The client is the user's also after the job."""
    from distributed import Client

    with local_server() as server, Client(f"tcp{dask.start().removeprefix('dask')}") as client:
        job = make_job(urls_of(server, 60))
        report = cluster.run(job.list, job.out, on=client, shard_targets=20)
        assert (report.exit_code, report.targets) == (0, 60)
        assert client.submit(sum, [1, 2]).result(60) == 3
        with pytest.raises(UsageError, match="on is 7; it must be a Dask client, or a string"):
            cluster.run(job.list, tmp_path / "other", on=7)
    with pytest.raises(BackendLost, match="Dask cannot be reached"):
        cluster.run(job.list, tmp_path / "other", on=client)
    dask.stop()
    job.check()


def test_a_retry_that_is_killed_is_resumed_by_the_same_command(make_job: MakeJob) -> None:
    with local_server(fault="error:status=404,match=*/f1?.bin") as server:
        urls = urls_of(server, 40)
        job = make_job(urls)
        job.run(code=1)
        root = Path(job.out.removeprefix("file://"), "_getflags")
        retry = job.start("cluster", "retry", "-o", job.out)
        until((root / "generation-001.json").exists)
        retry.process.kill()
        retry.process.wait()
        early = job.run("cluster", "sweep", "-o", job.out)
        assert early.out.startswith("0 objects deleted")
        again = job.run("cluster", "retry", "-o", job.out, code=1)
        assert again.out.startswith("40 targets in 4 of 4 shards: 30 ok, 10 not found, ")
        assert not (root / "generation-002.json").exists()
    job.check(failed=urls[10:20])
