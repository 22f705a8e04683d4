"""Limits of each server: --max-per-host, and the default for servers beyond this machine."""

from __future__ import annotations

import multiprocessing
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

import getflags
from getflags.core.events import Adjusted, Event
from getflags.core.models import NO_LIMIT, Allowance, HostLimits
from getflags.core.urls import is_loopback
from getflags.scheduling.limits import Limits
from getflags.scheduling.shared_limits import LimitsTable, SharedLimits, share_of
from tests.hazards import WAYS, Way, everywhere, title
from tests.kit import files, run_main
from tests.rawserver import RawServer, moved, ok

CONCURRENT = [way for way in WAYS if way["engine"] != "sequential"]
concurrently = pytest.mark.parametrize("way", CONCURRENT, ids=title)
PATIENCE = 20  # seconds; only a test that fails waits for so long


UP_TO_30 = "Up to 30 concurrent connections"


class Counter:
    """Counts the requests in flight at a server, which answers once ``full`` are, or were."""

    def __init__(self, full: int = 1) -> None:
        self.peak = self.in_flight = 0
        self._full = full
        self._change = threading.Condition()

    def __call__(self, connection: socket.socket, server: RawServer) -> None:
        with self._change:
            self.in_flight += 1
            self.peak = max(self.peak, self.in_flight)
            self._change.notify_all()
            self._change.wait_for(lambda: self.peak >= self._full or server.over.is_set(), PATIENCE)
        threading.Event().wait(0.01)  # more than the limit would become visible
        with self._change:
            self.in_flight -= 1  # before the client can know that the response has ended
        connection.sendall(self.response(server))

    def response(self, server: RawServer) -> bytes:
        """Return the response to the request that this thread answers."""
        del server
        return ok(b"fine")


class Flaky(Counter):
    """The same, but the first request for some paths fails."""

    def response(self, server: RawServer) -> bytes:
        path = server.head.split(b" ")[1].decode()
        failed = path.endswith("0") and server.asked(path) == 1
        return ok(b"no", status="500 No") if failed else ok(b"fine")


@contextmanager
def counting(counters: list[Counter], count: int) -> Iterator[list[list[str]]]:
    """Run a server for each counter; yield the URLs of its files."""
    with ExitStack() as stack:
        servers = [
            stack.enter_context(RawServer({f"/{at}-{n}": each for n in range(count)}))
            for at, each in enumerate(counters)
        ]
        yield [
            [server.url(f"/{at}-{n}") for n in range(count)] for at, server in enumerate(servers)
        ]


@pytest.mark.parametrize("most", [1, 3])
@everywhere
def test_no_server_gets_more_requests_at_a_time(tmp_path: Path, way: Way, most: int) -> None:
    hosts, each = 20, 7
    full = 1 if way["engine"] == "sequential" else most
    counters: list[Counter] = [Flaky(full) for _ in range(hosts)]
    with counting(counters, each) as urls:
        listed = [url for of_host in urls for url in of_host]
        report = getflags.download(
            listed, dir=tmp_path, max_req=60, max_per_host=most, retries=1, **way
        )
    assert report.exit_status == 0
    assert len(files(tmp_path)) == hosts * each
    assert [counter.peak for counter in counters] == [full] * hosts


@concurrently
def test_slow_targets_of_one_server_do_not_hold_up_those_of_others(
    tmp_path: Path, way: Way
) -> None:
    """The slow server answers nothing before all others have answered."""
    fast = 200
    left = threading.Semaphore(0)
    waited: list[bool] = []

    def slow(connection: socket.socket, _: RawServer) -> None:
        with lock:
            if not waited:
                waited.append(all(left.acquire(timeout=PATIENCE) for _ in range(fast)))
        connection.sendall(ok(b"slow"))

    def quick(connection: socket.socket, _: RawServer) -> None:
        connection.sendall(ok(b"fast"))
        left.release()

    lock = threading.Lock()
    with RawServer({f"/s{n}": slow for n in range(40)}) as server, ExitStack() as stack:
        others = [
            stack.enter_context(RawServer({f"/{at}-{n}": quick for n in range(50)}))
            for at in range(4)
        ]
        urls = [server.url(f"/s{n}") for n in range(40)]
        urls += [each.url(f"/{at}-{n}") for at, each in enumerate(others) for n in range(50)]
        report = getflags.download(urls, dir=tmp_path, max_req=8, max_per_host=3, **way)
    assert report.exit_status == 0
    assert waited == [True]
    assert len(files(tmp_path)) == 240


@concurrently
def test_one_server_with_one_request_at_a_time_ends(tmp_path: Path, way: Way) -> None:
    """Some workers of the processes engine never get a target."""
    counter = Counter()
    with counting([counter], 30) as [urls]:
        report = getflags.download(urls, dir=tmp_path, max_per_host=1, **way)
    assert (report.exit_status, counter.peak) == (0, 1)


@concurrently
@pytest.mark.parametrize(
    ("settings", "peak"),
    [
        ({}, 6),
        ({"max_per_host": 9}, 9),
        ({"max_req": 12}, 12),
        ({"max_req": 20}, 20),
        ({"max_req": 20, "max_per_host": 2}, 2),
    ],
)
def test_servers_beyond_this_machine_are_spared_unless_the_user_has_chosen(
    tmp_path: Path, way: Way, settings: dict[str, Any], peak: int
) -> None:
    counter = Counter(peak)
    urls = [f"http://far.example/{n}" for n in range(40)]
    with RawServer(dict.fromkeys(urls, counter)) as proxy:
        report = getflags.download(urls, dir=tmp_path, proxy=proxy.url(""), **settings, **way)
    assert (report.exit_status, counter.peak) == (0, peak)


@concurrently
def test_a_server_of_this_machine_is_not_spared(tmp_path: Path, way: Way) -> None:
    counter = Counter(20)
    with counting([counter], 40) as [urls]:
        report = getflags.download(urls, dir=tmp_path, **way)
    assert (report.exit_status, counter.peak) == (0, 20)


@pytest.mark.parametrize("engine", ["threads", "asyncio"])
@pytest.mark.parametrize(("most", "peak"), [(3, 3), (None, 16)])
def test_auto_stays_within_the_limit_and_has_none_by_default(
    tmp_path: Path, engine: str, most: int | None, peak: int
) -> None:
    counter = Counter(peak)
    urls = [f"http://far.example/{n}" for n in range(100)]
    events: list[Event] = []
    with RawServer(dict.fromkeys(urls, counter)) as proxy:
        report = getflags.download(
            urls,
            dir=tmp_path,
            proxy=proxy.url(""),
            engine=engine,
            max_req="auto",
            max_per_host=most,
            emit=events.append,
        )
    assert report.exit_status == 0
    assert counter.peak <= most if most else counter.peak >= peak
    assert all(each.level <= (most or 99) for each in events if isinstance(each, Adjusted))


@pytest.mark.parametrize(
    ("words", "line", "peak"),
    [
        ([], "20 concurrent connections, at most 6 for each remote server, will be used.", 6),
        (["-m", "9"], "9 concurrent connections will be used.", 9),
        (
            ["-m", "9", "--max-per-host", "2"],
            "9 concurrent connections, at most 2 for each server, will be used.",
            2,
        ),
        (["-m", "3", "--max-per-host", "3"], "3 concurrent connections will be used.", 3),
        (
            ["-m", "auto", "--max-per-host", "4"],
            f"{UP_TO_30}, adapted to each server, at most 4 each, will be used.",
            4,
        ),
    ],
)
def test_the_command_line_says_how_many_connections_there_will_be(
    tmp_path: Path, words: list[str], line: str, peak: int
) -> None:
    counter = Counter(peak)
    urls = [f"http://far.example/{n}" for n in range(30)]
    (tmp_path / "list").write_text("\n".join(urls))
    with RawServer(dict.fromkeys(urls, counter)) as proxy:
        done = run_main("-i", "list", "--proxy", proxy.url(""), *words, cwd=tmp_path)
    assert (done.returncode, done.stderr.count("error")) == (0, 0)
    assert done.stdout.splitlines()[1] == line
    assert counter.peak == peak


@pytest.mark.parametrize(
    ("base_url", "line"),
    [
        ("http://far.example", "20 concurrent connections, at most 6 for each remote server, will"),
        ("http://localhost:9", "20 concurrent connections will be used."),
    ],
)
def test_flags_of_a_mirror_beyond_this_machine(tmp_path: Path, base_url: str, line: str) -> None:
    flags = {f"http://far.example/{cc}/{cc}.gif": ok(b"flag") for cc in ("cn", "in")}
    with RawServer(flags) as proxy:
        words = ["--base-url", base_url, "--proxy", proxy.url(""), "-a", "--retries", "0"]
        done = run_main(*words, cwd=tmp_path, environ={"NO_PROXY": "localhost"})
    assert done.stdout.splitlines()[2].startswith(line)


def test_a_bad_number_is_a_usage_error(tmp_path: Path) -> None:
    done = run_main("--max-per-host", "0", "http://127.0.0.1:9/f", cwd=tmp_path)
    assert (done.returncode, files(tmp_path)) == (2, {})
    assert done.stderr.startswith("getflags: argument --max-per-host: ")
    with pytest.raises(getflags.UsageError, match="max_per_host is 0"):
        getflags.download([], max_per_host=0)


@everywhere
def test_a_redirect_counts_for_the_server_at_which_it_began(tmp_path: Path, way: Way) -> None:
    full = 1 if way["engine"] == "sequential" else 2
    counter = Counter(full)
    with RawServer({f"/{n}": counter for n in range(12)}) as behind:
        answers = {f"/{n}": moved(behind.url(f"/{n}")) for n in range(12)}
        with RawServer(answers) as front:
            urls = [front.url(path) for path in answers]
            report = getflags.download(urls, dir=tmp_path, max_per_host=2, **way)
    assert (report.exit_status, counter.peak) == (0, full)


@pytest.mark.parametrize(
    "origin",
    ["http://localhost:80", "https://a.localhost:443", "http://127.0.0.1:1", "http://[::1]:80"],
)
def test_an_origin_of_this_machine(origin: str) -> None:
    assert is_loopback(origin)
    assert HostLimits(6, only_remote=True).at(origin) == NO_LIMIT
    assert HostLimits(6).at(origin) == Allowance(6)


@pytest.mark.parametrize(
    "origin",
    ["http://localhost.example:80", "http://127.example:80", "http://10.0.0.1:80", "http://h:80"],
)
def test_an_origin_beyond_this_machine(origin: str) -> None:
    assert not is_loopback(origin)
    assert HostLimits(6, only_remote=True).at(origin) == Allowance(6)


def test_targets_without_a_request_have_no_limit() -> None:
    assert HostLimits(6).at("") == NO_LIMIT


@pytest.mark.parametrize("workers", [1, 2, 3, 16])
@pytest.mark.parametrize("most", [1, 2, 3, 6, 100])
def test_the_shares_of_the_workers_are_the_whole(most: int, workers: int) -> None:
    first = set()
    for n in range(50):
        origin = f"http://h{n}:80"
        shares = [
            share_of(Allowance(most), origin, worker, workers).max_in_flight
            for worker in range(workers)
        ]
        assert sum(shares) == most
        assert max(shares) - min(shares) <= 1
        first.add(shares[0])
    assert len(first) == (2 if most % workers else 1), "not always the same worker has less"


def test_a_worker_without_a_share_can_follow_a_redirect() -> None:
    """Its targets begin elsewhere, and no other worker could go on with them."""
    table = LimitsTable(multiprocessing.get_context("fork"), 3)
    for worker in range(3):
        limits = SharedLimits("http://h:80", table, worker, Allowance(1))
        assert limits.allow(1)
        limits.started(1)
        assert limits.allow_at(2) is None


def test_a_limit_of_the_user_is_not_one_that_was_learnt() -> None:
    limits = Limits(Allowance(2))
    flights = [limits.started(1) for _ in range(2)]
    assert not limits.allow(2)
    assert limits.allow_at(2) is None
    limits.ended(3)
    limits.accepted(flights[0], 3)
    assert limits.allow(3)
    assert limits.allow_at(3) == 3
    assert not limits.learnt
