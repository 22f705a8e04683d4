"""A resolver that hangs holds up nobody for longer than allowed, whatever library waits for it."""

from __future__ import annotations

import asyncio
import errno
import multiprocessing
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from time import monotonic
from typing import Any, TypeAlias

import pytest

import getflags
from getflags import transport
from getflags.core.errors import Exhausted, Expired, TimedOut, Unresolved
from getflags.core.events import Event, Retrying
from getflags.transfer import retry
from getflags.transport import dns
from getflags.transport.dns import HostLookups
from tests.kit import files
from tests.messages import REFUSED
from tests.rawserver import RawServer, ok

Wait: TypeAlias = "Callable[[HostLookups, str, float, float | None], float | None]"


class Resolver:
    """Stands before the system's and hangs for names that end in .hangs."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.over = threading.Event()
        self._system: Callable[..., Any] = socket.getaddrinfo

    def look_up(self, host: Any, *rest: Any, **named: Any) -> Any:
        """Do as ``socket.getaddrinfo`` does, or hang."""
        name = host.decode() if isinstance(host, bytes) else str(host)
        self.asked.append(name)
        if name.endswith(".hangs"):
            self.over.wait(30)
            raise socket.gaierror(socket.EAI_NONAME, "hung up")
        return self._system(host, *rest, **named)


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Resolver]:
    resolver = Resolver()
    monkeypatch.setattr(socket, "getaddrinfo", resolver.look_up)
    yield resolver
    resolver.over.set()


def blocking(lookups: HostLookups, url: str, seconds: float, within: float | None) -> float | None:
    return lookups.wait_for(url, seconds, within)


def awaiting(lookups: HostLookups, url: str, seconds: float, within: float | None) -> float | None:
    return asyncio.run(lookups.await_for(url, seconds, within))


both = pytest.mark.parametrize("wait", [blocking, awaiting])


@both
def test_who_does_not_answer_is_not_waited_for(resolver: Resolver, wait: Wait) -> None:
    lookups = HostLookups()
    began = monotonic()
    with pytest.raises(TimedOut, match=r"no answer from the resolver within 0.1 s"):
        wait(lookups, "http://a.hangs:80/x", 0.1, None)
    with pytest.raises(Expired):
        wait(lookups, "http://a.hangs:80/y", 5, 0.1)
    assert 0.2 <= monotonic() - began < 2
    assert resolver.asked == ["a.hangs"], "once is enough: the second waits for the same answer"


@both
def test_an_answer_is_asked_for_once(resolver: Resolver, wait: Wait) -> None:
    lookups = HostLookups()
    for path in ("", "/", "/x/y?z"):
        assert wait(lookups, f"http://localhost:80{path}", 10, None) is None
        assert wait(lookups, "https://localhost", 10, None) is None
    assert resolver.asked == ["localhost", "localhost"], "once for each origin"


@both
def test_an_answer_is_not_used_for_ever(
    resolver: Resolver, wait: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    lookups = HostLookups()
    monkeypatch.setattr(dns, "_KNOWN_FOR", 0.0)
    for _ in range(2):
        wait(lookups, "http://localhost:80", 10, None)
    assert resolver.asked == ["localhost", "localhost"]


@both
def test_an_address_is_not_asked_for(resolver: Resolver, wait: Wait) -> None:
    for url in ("http://127.0.0.1:80/", "http://[::1]/x", "http://[::1/x", "http:///x"):
        assert wait(HostLookups(), url, 10, 5) == 5
    assert resolver.asked == []


@both
@pytest.mark.parametrize("host", ["nonexistent.invalid", "x" * 64])
def test_no_is_an_answer(resolver: Resolver, wait: Wait, host: str) -> None:
    left = wait(HostLookups(), f"http://{host}/", 10, 20)
    assert left is not None
    assert 10 < left < 20
    assert resolver.asked == [host]


@both
def test_a_failure_of_the_resolver_is_no_answer(
    monkeypatch: pytest.MonkeyPatch, wait: Wait
) -> None:
    """It is reported and not remembered: the next request asks again."""
    failures: list[OSError] = [
        OSError(errno.EMFILE, "Too many open files"),
        socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"),
    ]

    def look_up(*_: object, **__: object) -> list[object]:
        if failures:
            raise failures.pop()
        return []

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    lookups = HostLookups()
    for reason in ("temporary failure in name resolution", "too many open files"):
        with pytest.raises(Unresolved, match=f"^host name not resolved: {reason}$"):
            wait(lookups, "http://a.example/", 10, None)
    assert wait(lookups, "http://a.example/", 10, None) is None


@pytest.mark.parametrize("engine", ["sequential", "asyncio"])
def test_a_host_that_only_libcurl_does_not_find_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, engine: str
) -> None:
    """Its error does not tell an unknown host from a failure of the resolver."""
    pytest.importorskip("pycurl")
    monkeypatch.setattr(retry, "_FIRST_DELAY", 0.05)
    asked: list[object] = []

    def look_up(host: bytes, *_: object, **__: object) -> list[object]:
        asked.append(host)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    report = getflags.download(
        [f"http://{engine}.invalid/f"], dir=tmp_path, engine=engine, client="curl", retries=1
    )
    assert [each.reason for each in report.outcomes] == ["host name no longer found (2 tries)"]
    asked_each_time = [f"{engine}.invalid".encode()] * 2
    assert asked == asked_each_time, "the second try asks the system's resolver again"


def test_what_is_late_is_remembered_and_who_gave_up_took_it_from_nobody(
    resolver: Resolver,
) -> None:
    lookups = HostLookups()
    with pytest.raises(TimedOut):
        awaiting(lookups, "http://a.hangs/", 0.05, None)
    threading.Timer(0.1, resolver.over.set).start()
    assert blocking(lookups, "http://a.hangs/", 10, None) is None
    assert awaiting(lookups, "http://a.hangs/", 10, None) is None
    assert resolver.asked == ["a.hangs"]


@both
def test_only_so_many_names_are_remembered(
    resolver: Resolver, monkeypatch: pytest.MonkeyPatch, wait: Wait
) -> None:
    """A program may meet any number of hosts in its life; the first is asked for again."""
    monkeypatch.setattr(dns, "_MAX_REMEMBERED", 3)
    lookups = HostLookups()
    for host in ("a", "b", "c", "d"):
        wait(lookups, f"http://{host}.localhost/", 10, None)
        wait(lookups, f"http://127.0.0.1:{ord(host)}/", 10, None)
    assert len(lookups._complete) == 3
    wait(lookups, "http://d.localhost/", 10, None)
    wait(lookups, "http://a.localhost/", 10, None)
    assert resolver.asked == [f"{host}.localhost" for host in "abcda"]


@both
def test_where_no_thread_can_be_had_the_next_try_may_have_one(
    resolver: Resolver, monkeypatch: pytest.MonkeyPatch, wait: Wait
) -> None:
    lookups = HostLookups()
    with monkeypatch.context() as crowded:
        crowded.setattr(threading.Thread, "start", refuse)
        with pytest.raises(Exhausted, match="cannot start a thread: the system limit is reached"):
            wait(lookups, "http://localhost/", 0.1, None)
    assert wait(lookups, "http://localhost/", 10, None) is None
    assert resolver.asked == ["localhost"]


def refuse(_: threading.Thread) -> None:
    raise RuntimeError("can't start new thread")


@pytest.mark.parametrize("engine", ["sequential", "asyncio"])
@pytest.mark.parametrize("client", sorted(transport.CLIENTS))
def test_a_target_is_tried_again_where_no_thread_could_be_had(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, engine: str, client: str
) -> None:
    """It is no fault of the target's, and no reason to end the run."""
    monkeypatch.setattr(retry, "_FIRST_DELAY", 0.05)
    begin = threading.Thread.start
    waits: list[Retrying] = []

    def start(thread: threading.Thread) -> None:
        if not waits:
            refuse(thread)
        begin(thread)

    def emit(event: Event) -> None:
        if isinstance(event, Retrying):
            waits.append(event)

    with RawServer({"/f": ok(b"fine")}) as server:
        url = server.url("/f").replace("127.0.0.1", "localhost")
        monkeypatch.setattr(threading.Thread, "start", start)
        report = getflags.download([url], dir=tmp_path, engine=engine, client=client, emit=emit)
    assert report.arrived == 1
    assert [each.reason for each in waits] == ["cannot start a thread: the system limit is reached"]


@pytest.mark.parametrize("locked", [True, False])
def test_a_process_that_was_forked_asks_for_itself(resolver: Resolver, *, locked: bool) -> None:
    """The threads that were asking are its parent's, and so is whoever held the lock."""
    lookups = HostLookups()
    with pytest.raises(TimedOut):
        blocking(lookups, "http://a.hangs/", 0.05, None)

    def work() -> None:
        resolver.over.set()
        blocking(lookups, "http://a.hangs/", 5, None)

    child = multiprocessing.get_context("fork").Process(target=work)
    with lookups._lock if locked else nullcontext():
        child.start()
    child.join(10)
    child.kill()
    assert child.exitcode == 0


@pytest.mark.parametrize("client", sorted(transport.CLIENTS))
@pytest.mark.parametrize("engine", ["sequential", "threads", "asyncio"])
def test_the_others_go_on_and_the_run_ends(
    resolver: Resolver, tmp_path: Path, engine: str, client: str
) -> None:
    began = monotonic()
    with RawServer({"/f": ok(b"fine")}) as server:
        report = getflags.download(
            [f"http://{engine}-{client}.hangs/g", server.url("/f")], dir=tmp_path, engine=engine,
            client=client, connect_timeout=0.3, retries=1,
        )  # fmt: skip
    assert monotonic() - began < 5
    reasons = [outcome.reason for outcome in report.outcomes if outcome.reason]
    assert reasons == ["no answer from the resolver within 0.3 s (2 tries)"]
    assert files(tmp_path) == {"f": b"fine"}
    assert f"{engine}-{client}.hangs" in resolver.asked


def test_a_lookup_that_has_ended_calls_at_once() -> None:
    lookup = dns._Lookup()
    called: list[str] = []
    lookup.call(lambda: called.append("during it"))
    lookup.end("")
    lookup.call(lambda: called.append("after it"))
    assert called == ["during it", "after it"]


def test_addresses_that_one_request_doubts_are_still_there_for_the_others(
    resolver: Resolver,
) -> None:
    """Otherwise, a host that has refused a connection would be an unknown host for them."""
    lookups, url = HostLookups(), "http://localhost:80/f"
    assert not lookups.doubt(url), "it was not looked up"
    lookups.wait_for(url, 10)
    assert lookups.doubt(url)
    assert lookups.addresses(url, "localhost", 80, "")
    assert lookups.doubt(url), "it was found, also for the second that doubts it"
    lookups.wait_for(url, 10)
    lookups.wait_for(url, 10)
    assert resolver.asked == ["localhost"] * 2


def test_addresses_of_too_many_hosts_are_looked_up_by_the_next_try() -> None:
    with pytest.raises(Unresolved, match="where: host name not resolved"):
        HostLookups().addresses("http://localhost:80/f", "localhost", 80, "where: ")


@pytest.mark.parametrize("engine", ["asyncio", "threads"])
def test_a_host_that_refuses_many_requests_at_a_time_is_not_unknown(
    tmp_path: Path, engine: str, closed_port: int
) -> None:
    urls = [f"http://localhost:{closed_port}/{number}" for number in range(300)]
    report = getflags.download(urls, dir=tmp_path, engine=engine, max_req=20, retries=0)
    assert {outcome.reason for outcome in report.outcomes} == {REFUSED}
