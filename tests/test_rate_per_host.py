"""--rate-per-host: the requests started at each server in a second."""

from __future__ import annotations

import socket
from collections import defaultdict
from math import inf
from pathlib import Path
from time import monotonic

import pytest

import getflags
from getflags.core.feed import NO_JOB
from getflags.core.models import Allowance, DownloadOptions, HostLimits, Target
from getflags.core.response_head import Head
from getflags.engines import PROCESSES_FROM, select
from getflags.rates.learnt_rate import FIRST_RATE, LearntRate
from getflags.scheduling import scheduler as module
from getflags.scheduling.host import HostState
from getflags.scheduling.limits import Limits
from getflags.scheduling.scheduler import Scheduler
from getflags.scheduling.shared_limits import share_of
from getflags.transfer.actions import Refusal
from getflags.transfer.transfer import Transfer
from tests.hazards import Way, everywhere
from tests.kit import files, run_main
from tests.rawserver import Answer, RawServer, moved, ok

ORIGIN = "http://h:80"


@everywhere
def test_requests_to_one_server_start_no_faster(tmp_path: Path, way: Way) -> None:
    """Each target begins after the one before, retries included, at each server by itself."""
    rate, count = 20, 24

    def failing(connection: socket.socket, server: RawServer) -> None:
        """Fail once; the backoff is shorter than what the others take."""
        failed = server.asked("/0") == 1
        connection.sendall(ok(b"no", status="500 No") if failed else ok(b"fine"))

    paths: dict[str, Answer] = {"/0": failing}
    paths |= {f"/{n}": ok(b"fine") for n in range(1, count)}
    with RawServer(paths) as one, RawServer(paths) as other:
        urls = [server.url(path) for path in paths for server in (one, other)]
        start = monotonic()
        report = getflags.download(urls, dir=tmp_path, rate_per_host=rate, retries=1, **way)
        elapsed = monotonic() - start
        requests = [len(one.heads), len(other.heads)]
    assert report.exit_status == 0
    assert len(files(tmp_path)) == 2 * count
    assert requests == [count + 1] * 2
    assert elapsed >= count / rate, "from the first request to the last one"


@everywhere
def test_a_rate_and_a_limit_in_flight_go_together(tmp_path: Path, way: Way) -> None:
    paths = [f"/{n}" for n in range(9)]
    with RawServer(dict.fromkeys(paths, ok(b"fine"))) as behind, RawServer({}) as front:
        front.answers = {path: moved(behind.url(path)) for path in paths}
        urls = map(front.url, paths)
        start = monotonic()
        report = getflags.download(
            urls, dir=tmp_path, rate_per_host=10, max_per_host=1, max_req=4, **way
        )
        elapsed = monotonic() - start
    assert report.exit_status == 0
    assert elapsed >= (len(paths) - 1) / 10


@pytest.mark.parametrize("rate", ["0", "-1", "nan", "inf", "1e18", "fast", ""])
def test_a_bad_rate_is_a_usage_error(tmp_path: Path, rate: str) -> None:
    done = run_main("--rate-per-host", rate, "http://127.0.0.1:9/f", cwd=tmp_path)
    assert (done.returncode, files(tmp_path)) == (2, {})
    assert done.stderr.startswith("getflags: argument --rate-per-host: ")
    assert "a positive number of requests a second" in done.stderr


def test_the_command_line_takes_a_fraction(tmp_path: Path) -> None:
    with RawServer({"/a": ok(b"a"), "/b": ok(b"b")}) as server:
        start = monotonic()
        words = ["-q", "--rate-per-host", "2.5", server.url("/a"), server.url("/b")]
        done = run_main(*words, cwd=tmp_path)
        assert monotonic() - start >= 1 / 2.5
    assert (done.returncode, done.stderr) == (0, "")
    with pytest.raises(getflags.UsageError, match="rate_per_host is 0; it must be a positive"):
        getflags.download([], rate_per_host=0)


def test_starts_are_spaced_and_never_made_up_for() -> None:
    limits = Limits(Allowance(rate=4))
    starts = []
    for now in [10, 10.1, 10.25, 10.3, 10.9, 11, 11.1, 11.2, 11.5]:
        if limits.allow(now):
            limits.started(now)
            starts.append(now)
        else:
            assert limits.allow_at(now) == pytest.approx(starts[-1] + 0.25)
    assert starts == [10, 10.25, 10.9, 11.2, 11.5]
    assert not limits.learnt


def test_a_learnt_rate_can_only_be_lower() -> None:
    rate = LearntRate(most=2)
    rate.started(1)
    rate.refused(1, 1)
    assert (rate.rate, FIRST_RATE) == (2, 16)
    for now in range(10, 50):
        rate.started(now)
        rate.accepted(now)
    assert rate.rate == 2
    rate.started(50)
    rate.refused(50, 51)
    assert rate.rate < 2
    announced = LearntRate(most=2)
    announced.refused(1, 1, policy=100)
    assert announced.rate == 2
    announced.refused(2, 3, policy=0.5)
    assert announced.rate == 0.5
    fast = LearntRate(most=1000)
    fast.refused(1, 1)
    assert fast.rate == FIRST_RATE


def test_a_refusal_is_seen_although_requests_are_paced() -> None:
    limits = Limits(Allowance(rate=4))
    flight = limits.started(1)
    limits.ended(1)
    limits.accepted(flight, 1)
    flight = limits.started(2)
    limits.ended(2)
    assert limits.refused(flight, Refusal(ORIGIN, pause=5), 2) is False
    assert limits.learnt
    assert not limits.allow(6.9)
    assert limits.allow(7)


class Clock:
    """A clock that a test sets."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def paced(targets: list[Target], clock: Clock, rate: float) -> Scheduler:
    limits = HostLimits(rate=rate)
    return Scheduler(
        targets, DownloadOptions(), clock, new_limits=lambda origin: Limits(limits.at(origin))
    )


def run(scheduler: Scheduler, clock: Clock) -> dict[str, list[float]]:
    """Serve each request at once; return when they started, by origin."""
    starts: defaultdict[str, list[float]] = defaultdict(list)
    while not scheduler.exhausted:
        transfer = scheduler.take()
        if transfer is NO_JOB:
            delay = scheduler.delay()
            assert delay is not None
            clock.now += delay
            continue
        starts[transfer.origin].append(clock.now - Clock.now)
        serve(scheduler, transfer, clock)
    return starts


def serve(scheduler: Scheduler, transfer: Transfer, clock: Clock) -> None:
    transfer.begin(None, None, clock.now, 0)
    transfer.head_arrived(Head(200, (("content-length", "0"),)))
    transfer.succeeded(clock.now)
    transfer.installed()
    scheduler.returned(transfer)


def listed(hosts: int, each: int) -> list[Target]:
    urls = [f"http://h{host}/{n}" for host in range(hosts) for n in range(each)]
    return [Target(n, url, url, url, "d", f"{n}") for n, url in enumerate(urls)]


def test_many_servers_are_paced_by_themselves() -> None:
    """All of them take turns: a list sorted by server takes no longer than one server needs."""
    clock = Clock()
    starts = run(paced(listed(100, 5), clock, 0.5), clock)
    assert len(starts) == 100
    for times in starts.values():
        assert times == pytest.approx([0, 2, 4, 6, 8])


def test_states_of_thousands_of_servers_are_kept_only_while_they_matter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_MAX_HOSTS", 10)
    clock = Clock()
    scheduler = paced(listed(300, 1), clock, 0.5)
    most = 0
    while (transfer := scheduler.take()) is not NO_JOB:
        serve(scheduler, transfer, clock)
        clock.now += 0.1  # so 20 servers at a time are still waited for
        most = max(most, len(scheduler._hosts))
    assert scheduler.exhausted
    assert 20 <= most <= 50


def test_a_server_is_not_idle_until_its_next_request_may_start() -> None:
    host = HostState(Limits(Allowance(rate=0.1)))
    transfer = Transfer(listed(1, 1)[0], DownloadOptions())
    assert host.start(transfer, 100)
    assert not host.is_idle(100)
    host.ended(transfer, 101)
    assert not host.is_idle(109)
    assert host.is_idle(110)
    assert not host.limited


@pytest.mark.parametrize("workers", [1, 2, 7])
def test_a_server_with_a_rate_belongs_to_one_worker(workers: int) -> None:
    owners = set()
    for n in range(100):
        origin = f"http://h{n}:80"
        for allowance in (Allowance(rate=2), Allowance(3, 2)):
            shares = [share_of(allowance, origin, worker, workers) for worker in range(workers)]
            (owner,) = [index for index, share in enumerate(shares) if share.max_in_flight]
            assert shares[owner] == allowance
            assert {share.rate for share in shares} == {2}
            owners.add(owner)
    assert len(owners) == workers


def test_a_rate_is_for_servers_of_this_machine_too() -> None:
    limits = HostLimits(6, only_remote=True, rate=2)
    assert limits.at("http://localhost:80") == Allowance(inf, 2)
    assert limits.at(ORIGIN) == Allowance(6, 2)


def test_auto_takes_one_process_for_a_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getflags.engines.worker_count", lambda limit: limit)
    assert select("auto", PROCESSES_FROM, 20) == "processes"
    assert select("auto", PROCESSES_FROM, 20, paced=True) == "asyncio"
    assert select("processes", PROCESSES_FROM, 20, paced=True) == "processes"
