"""Commits that are interrupted, repeated, or lost: each shard has one record and its objects."""

from __future__ import annotations

import pytest

from getflags.testing import local_server
from tests.cluster.conftest import MakeJob
from tests.cluster.fault_proxy import FaultProxy, Hold, Request
from tests.cluster.kit import many_urls

pytestmark = pytest.mark.parametrize("place", ["s3"], indirect=True)


def is_record(request: Request) -> bool:
    return request.method == "PUT" and "/done/" in request.path


@pytest.mark.parametrize("after", [False, True])
def test_a_worker_dies_at_the_commit(make_job: MakeJob, s3: FaultProxy, *, after: bool) -> None:
    s3.hold = hold = Hold(is_record, after=after)
    with local_server() as server:
        job = make_job(many_urls(server, 200))
        run = job.start(*job.words("--workers", "1"))
        assert hold.held.wait(200)
        run.kill_worker()
        hold.release.set()
        run.ends(0)
    job.check()


def test_a_driver_and_its_workers_die_at_the_commit(make_job: MakeJob, s3: FaultProxy) -> None:
    """The put of the record arrives when another run has committed the shard."""
    s3.hold = hold = Hold(is_record, carry_out=True)
    with local_server() as server:
        job = make_job(many_urls(server, 200))
        run = job.start()
        assert hold.held.wait(200)
        for process in job.processes():
            process.kill()
        run.ends(-9)
        job.run()
        hold.release.set()
    job.check()


@pytest.mark.parametrize("name", ["/_getflags/lists/", "/_getflags/index"])
def test_a_driver_dies_while_it_prepares_or_ends(
    make_job: MakeJob, s3: FaultProxy, name: str
) -> None:
    s3.hold = hold = Hold(lambda request: request.method == "PUT" and name in request.path)
    with local_server() as server:
        job = make_job(many_urls(server, 100))
        run = job.start()
        assert hold.held.wait(200)
        run.process.kill()
        run.ends(-9)
        hold.release.set()
        assert any(job.scratch.iterdir())
        job.run()
    job.check()


def test_answers_of_commits_are_lost(make_job: MakeJob, s3: FaultProxy) -> None:
    """The put is repeated, and finds our own record."""
    with local_server() as server:
        job = make_job(many_urls(server, 400))
        s3.lose = 0.5
        job.run()
        s3.lose = 0.0
    puts = [request.path for request in s3.requests if is_record(request)]
    assert len(puts) > len(set(puts)) + 3
    job.check()


def test_each_shard_is_submitted_twice(make_job: MakeJob) -> None:
    with local_server(delay=(0.02, 0.1)) as server:
        job = make_job(many_urls(server, 300), on="twice")
        run = job.start(program="tests.cluster.twice")
        run.ends(0)
        ledger = server.ledger()
    assert ledger.requests > len(job.urls)
    job.check()
