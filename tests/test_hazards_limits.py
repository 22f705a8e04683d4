"""Servers that refuse requests because there are too many, or that restart (J1, J6, J10, J13)."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from contextlib import suppress
from email.utils import formatdate
from pathlib import Path
from time import monotonic, time
from typing import Literal

import pytest

import getflags
from getflags.core.events import Event, Finished, Retrying, Slowed
from getflags.core.resource_limits import worker_count
from getflags.testing.flag_server import StartFlagServer
from getflags.transfer import retry
from tests.hazards import WAYS, Way, everywhere, title
from tests.kit import files
from tests.rawserver import Answer, RawServer, ok, stall_after
from tests.test_resume import whole

FILES = 60


@pytest.mark.parametrize("limit", [1, 20, "auto"])
@everywhere
def test_j1_everything_arrives_at_a_server_with_a_rate_limit(
    tmp_path: Path, way: Way, limit: int | Literal["auto"], flag_server: StartFlagServer
) -> None:
    if way["engine"] == "processes" and limit == "auto":
        limit = 64
    server = flag_server(rate_limit=100, burst=5)
    targets = [server.url_for(f"/bytes/500/{n}.bin") for n in range(FILES)]
    events: list[Event] = []
    report = getflags.download(
        targets, dir=tmp_path, max_req=limit, retries=2, emit=events.append, **way
    )
    assert report.exit_status == 0
    assert len(files(tmp_path)) == FILES
    assert server.ledger().requests <= 2.5 * FILES, "most of them are not refused"
    slowed = [each for each in events if isinstance(each, Slowed)]
    one_by_one = limit == 1 or way["engine"] == "sequential"
    assert slowed or one_by_one, "one at a time may be slow enough on a busy machine"
    assert {each.origin for each in slowed} <= {server.root}
    retrying = [each for each in events if isinstance(each, Retrying)]
    assert not any(each.asked for each in retrying)


@everywhere
def test_j13_targets_that_are_always_refused_hold_up_no_other(
    tmp_path: Path, way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "_FIRST_DELAY", 0.05)  # seconds
    replies = {f"/{n}": ok(b"x") for n in range(FILES)}
    replies["/0"] = b"HTTP/1.1 429 No\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n"
    replies["/9"] = b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"
    events: list[Event] = []
    with RawServer(replies) as server:
        targets = [server.url(name) for name in replies]
        report = getflags.download(
            targets, dir=tmp_path, max_req=5, retries=1, emit=events.append, **way
        )
    assert report.exit_status == 1
    assert len(files(tmp_path)) == FILES - 2
    rates = [each.rate for each in events if isinstance(each, Slowed)]
    assert min(rates, default=1.0) >= 1, "requests a second"
    assert max(each.seconds for each in events if isinstance(each, Retrying)) < 10


@everywhere
def test_j1_a_503_is_a_rate_limit_too_if_it_comes_again_and_again(tmp_path: Path, way: Way) -> None:
    """Nginx answers 503 if it is not told otherwise."""
    answered = [0, 0]  # served and refused
    last = [0.0]
    lock = threading.Lock()

    def overwhelmed(connection: socket.socket, _: RawServer) -> None:
        """Serve five requests, then refuse until there are none for a while."""
        with lock:
            quiet, last[0] = monotonic() - last[0], monotonic()
            refused = answered[0] >= 5 and (answered[1] < 8 or (quiet < 0.3 and answered[0] == 5))
            answered[refused] += 1
        connection.sendall(ok(b"no", status="503 Busy") if refused else ok(b"fine"))

    events: list[Event] = []
    with RawServer({f"/{n}": overwhelmed for n in range(FILES)}) as server:
        targets = [server.url(f"/{n}") for n in range(FILES)]
        report = getflags.download(targets, dir=tmp_path, retries=3, emit=events.append, **way)
    assert report.exit_status == 0
    assert len(files(tmp_path)) == FILES
    # On a busy machine, there may be a silence before a worker has seen eight refusals in a row.
    enough = 8 * (worker_count(20) if way["engine"] == "processes" else 1)
    slowed = any(isinstance(each, Slowed) for each in events)
    assert slowed or longest_refusal(events) < enough


def longest_refusal(events: list[Event]) -> int:
    """Return the largest number of refusals with nothing served in between."""
    longest = number = 0
    for event in events:
        if isinstance(event, Finished):
            number = 0
        elif isinstance(event, Retrying):
            number += 1
            longest = max(longest, number)
    return longest


@everywhere
def test_j10_three_targets_told_to_come_back_much_later_speak_for_all(
    tmp_path: Path, way: Way
) -> None:
    late = ok(b"no", "Retry-After: 90", status="503 Busy")
    with RawServer({f"/{n}": late for n in range(50)}) as server:
        report = getflags.download(
            [server.url(f"/{n}") for n in range(50)], dir=tmp_path, max_req=2, **way
        )
        assert report.exit_status == 3
        assert len(server.heads) <= 8
    assert all("for another" in each.reason for each in report.outcomes)


@everywhere
def test_j10_a_part_stays_if_its_origin_is_not_asked(tmp_path: Path, way: Way) -> None:
    """Three targets were told to come back much later; the part of the fourth is for then."""
    body = bytes(range(256)) * 8192
    late = ok(b"no", "Retry-After: 90", status="503 Busy")
    answers: dict[str, Answer] = {f"/{n}": late for n in range(3)}
    with RawServer({**answers, "/3": whole(body, cut=1536 * 1024)}) as server:
        urls = [server.url(f"/{n}") for n in range(4)]
        getflags.download(urls[3:], dir=tmp_path, retries=0, **way)
        left = set(files(tmp_path))
        assert len(left) == 2
        report = getflags.download(urls, dir=tmp_path, max_req=1, **way)
        assert (report.exit_status, server.asked("/3")) == (3, 1)
        assert set(files(tmp_path)) == left


@everywhere
def test_j10_a_date_without_a_date_is_compared_with_our_clock(tmp_path: Path, way: Way) -> None:
    times: list[float] = []

    def answer(connection: socket.socket, _: RawServer) -> None:
        times.append(monotonic())
        when = f"Retry-After: {formatdate(time() + 2, usegmt=True)}"
        connection.sendall(ok(b"no", when, status="503 Busy") if len(times) == 1 else ok(b"fine"))

    with RawServer({"/f": answer}) as server:
        report = getflags.download([server.url("/f")], dir=tmp_path, retries=1, **way)
    assert report.exit_status == 0
    assert times[1] - times[0] >= 0.9


@pytest.mark.parametrize(
    ("status", "fields"),
    [
        ("403 Forbidden", ["Retry-After: 1"]),
        ("429 Too Many", ['RateLimit: "default";r=0;t=1']),
        ("429 Too Many", ["X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 1"]),
    ],
)
@everywhere
def test_j10_the_time_that_a_server_names_is_waited_for(
    tmp_path: Path, way: Way, status: str, fields: list[str]
) -> None:
    times: list[float] = []

    def answer(connection: socket.socket, _: RawServer) -> None:
        times.append(monotonic())
        connection.sendall(ok(b"no", *fields, status=status) if len(times) == 1 else ok(b"fine"))

    with RawServer({"/f": answer, "/g": answer}) as server:
        urls = [server.url("/f"), server.url("/g")]
        report = getflags.download(urls, dir=tmp_path, retries=1, max_req=1, **way)
    assert report.exit_status == 0
    assert times[1] - times[0] >= 1, "it is a pause for all targets"


@everywhere
def test_j10_a_pause_behind_a_redirect_is_for_all_that_lead_there(tmp_path: Path, way: Way) -> None:
    times: list[float] = []

    def answer(connection: socket.socket, _: RawServer) -> None:
        times.append(monotonic())
        busy = ok(b"no", "Retry-After: 1", status="429 Too Many")
        connection.sendall(busy if len(times) == 1 else ok(b"fine"))

    with RawServer({f"/{n}": answer for n in range(5)}) as behind:
        moved = {
            f"/{n}": ok(b"", f"Location: {behind.url(f'/{n}')}", status="302 Found")
            for n in range(5)
        }
        with RawServer(moved) as front:
            urls = [front.url(f"/{n}") for n in range(5)]
            report = getflags.download(urls, dir=tmp_path, retries=1, max_req=1, **way)
    assert report.exit_status == 0
    assert len(times) == 6
    assert times[1] - times[0] >= 1


@everywhere
def test_j6_a_server_that_restarts_loses_no_file(tmp_path: Path, way: Way) -> None:
    """Once it has answered, a refused connection is tried again."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        urls = [f"http://127.0.0.1:{port}/{n}" for n in range(30)]
        command = [sys.executable, "-m", "getflags", "-q", "-m", "2", "-d", str(tmp_path), *urls]
        run = subprocess.Popen([*command, "--engine", way["engine"], "--client", way["client"]])
        for _ in range(4):
            _serve_one(listener)
    with socket.create_server(("127.0.0.1", port), backlog=64) as again:
        again.settimeout(0.2)
        while run.poll() is None:
            with suppress(TimeoutError):
                _serve_one(again)
    assert run.returncode == 0
    assert len(files(tmp_path)) == 30


def _serve_one(listener: socket.socket) -> None:
    connection, _ = listener.accept()
    with connection:
        if connection.recv(4096):
            connection.sendall(ok(b"fine"))


CONCURRENT = [way for way in WAYS if way["engine"] != "sequential"]


@pytest.mark.parametrize("way", CONCURRENT, ids=title)
def test_j12_a_hanging_server_at_the_beginning_of_a_list_holds_up_nobody(
    tmp_path: Path, way: Way
) -> None:
    ends: dict[str, float] = {}
    start = monotonic()

    def note(event: Event) -> None:
        if isinstance(event, Finished):
            ends[event.outcome.target.url] = monotonic() - start

    slow, fast = {f"/{n}": stall_after(b"") for n in range(20)}, {f"/{n}": b"" for n in range(100)}
    with RawServer(slow) as hanging, RawServer(dict.fromkeys(fast, ok(b"fine"))) as server:
        urls = [*map(hanging.url, slow), *map(server.url, fast)]
        report = getflags.download(
            urls, dir=tmp_path, max_req=20, retries=0, timeout=5, emit=note, **way
        )
        times = [ends[server.url(path)] for path in fast]
        first_timeout = min(ends[hanging.url(path)] for path in slow)
    assert report.exit_status == 1
    # On a busy machine, the last of them may take its time.
    assert sorted(times)[50] < first_timeout


@everywhere
def test_j10_a_policy_for_which_nobody_could_wait_is_ignored(tmp_path: Path, way: Way) -> None:
    """The server allows a request every eleven days, once, and then answers as usual."""
    policy = b'RateLimit-Policy: "d";q=1;w=1000000'
    refusal = b"HTTP/1.1 429 Too Many\r\n%s\r\nContent-Length: 0\r\n\r\n" % policy

    def answer(connection: socket.socket, server: RawServer) -> None:
        first = server.asked("/f3") == 1
        connection.sendall(refusal if first else ok(b"fine"))

    answers = {f"/f{number}": ok(b"fine") for number in range(10)}
    with RawServer({**answers, "/f3": answer}) as server:
        began = monotonic()
        report = getflags.download(map(server.url, server.answers), dir=tmp_path, max_req=1, **way)
    assert report.exit_status == 0
    assert monotonic() - began < 30
