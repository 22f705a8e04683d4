"""Origins that are down, fail, or refuse too many requests."""

from __future__ import annotations

from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest

from getflags.testing import local_server
from tests.cluster.conftest import MakeJob
from tests.cluster.fault_proxy import FaultProxy
from tests.cluster.kit import anywhere, many_urls, until
from tests.cluster.test_workers import SLOW
from tests.kit import free_port


@anywhere
def test_an_origin_is_down(make_job: MakeJob) -> None:
    """Its shards wait for a later run; those of the other origin are done."""
    port = free_port()
    with local_server() as server:
        urls = many_urls(server, 200)
        proxy = FaultProxy(urlsplit(server.root).port or 0)
        job = make_job(urls + [url.replace(str(proxy._upstream), str(port)) for url in urls])
        run = job.run(code=75)
        assert "no server answered" in run.err
        assert "the job is not finished; run the same command to resume it" in run.err
        job.check_machine()
        done = job.records()
        assert job.shards() // 4 <= done <= job.shards() - 3
        run = job.run(code=75)
        assert job.records() == done
        with proxy.running(port):
            job.run()
    job.check()


@anywhere
def test_an_origin_is_down_for_a_while(make_job: MakeJob) -> None:
    with local_server(delay=SLOW) as server:
        urls = many_urls(server, 300)
        proxy = FaultProxy(urlsplit(server.root).port or 0)
        with proxy.running():
            job = make_job([url.replace(str(proxy._upstream), str(proxy.port)) for url in urls])
            run = job.start(*job.words("--retries", "0"))
            until(job.records)
            proxy.down = True
            code = run.process.wait(150)
            assert code in {1, 75}
            run.ends(code)
            proxy.down = False
            assert (job.records() == job.shards()) == (code == 1)
            if code == 75:
                again = job.start(*job.words("--retries", "0"))
                code = again.process.wait(150)
                again.ends(code)
                assert code in {0, 1}
            if code:
                job.run("cluster", "retry", "-o", job.out)
    job.check()


@anywhere
def test_targets_are_requested_again_by_three_generations(make_job: MakeJob) -> None:
    with local_server(fault="error:status=503,first=3,match=*/bad*") as server:
        bad, good = many_urls(server, 120, "bad"), many_urls(server, 120, "good")
        job = make_job([url for pair in zip(bad, good, strict=True) for url in pair])
        job.run(*job.words("--retries", "0"), code=1)
        for _ in range(2):
            job.check(failed=bad)
            job.run("cluster", "retry", "-o", job.out, "--workers", "2", code=1)
        job.check(failed=bad)
        job.run("cluster", "retry", "-o", job.out, "--workers", "2")
        ledger = server.ledger()
    assert set(ledger.attempts.values()) == {1, 4}
    job.check()


@anywhere
@pytest.mark.parametrize("killed", [False, True])
def test_no_origin_gets_more_requests_than_allowed(make_job: MakeJob, *, killed: bool) -> None:
    """Four servers refuse above 16 in flight, and the workers could have 128."""
    with ExitStack() as stack:
        servers = [stack.enter_context(local_server(busy_above=16, delay=SLOW)) for _ in range(4)]
        lists = [many_urls(server, 250) for server in servers]
        job = make_job([url for four in zip(*lists, strict=True) for url in four])
        run = job.start(*job.words("-m", "64", "--per-origin", "16"))
        if killed:
            until(job.records)
            run.kill_worker()
        run.ends(0)
        ledgers = [server.ledger() for server in servers]
    assert [each.refused for each in ledgers] == [0, 0, 0, 0]
    assert max(each.peak_in_flight for each in ledgers) <= 16
    assert min(each.peak_in_flight for each in ledgers) > 4
    job.check()
