"""The deadline of a run: it holds whatever servers do, and names what is left."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import threading
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

import getflags
from getflags import engines
from getflags.core.errors import Expired, Stopped, TimedOut
from getflags.core.events import Finished
from getflags.core.feed import NO_JOB
from getflags.core.models import DownloadOptions, Target
from getflags.engines import processes
from getflags.scheduling.scheduler import GRACE_PERIOD, Scheduler
from getflags.transfer.transfer import Transfer
from tests.hazards import CHUNKED, Way, everywhere
from tests.kit import ENVIRON, ROOT, command, files, run_main
from tests.rawserver import Answer, RawServer, ok, silence, stall_after

PASSED = "the deadline of the run has passed (--deadline)"
#: A body that may be resumed, and stalls in its middle.
STALLED = b'HTTP/1.1 200 OK\r\nETag: "1"\r\nContent-Length: 9999999\r\n\r\n' + bytes(2_000_000)
DEADLINE = 2.0  # seconds, enough to start
LATE = DEADLINE + 3


def drip_head(connection: socket.socket, server: RawServer) -> None:
    """Send a head that never ends, a byte at a time."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
    while not server.over.wait(0.05):
        connection.sendall(b"x")


def drip_body(connection: socket.socket, server: RawServer) -> None:
    """Send a body that never ends, a byte at a time."""
    connection.sendall(CHUNKED)
    while not server.over.wait(0.05):
        connection.sendall(b"1\r\nx\r\n")


def flood(connection: socket.socket, server: RawServer) -> None:
    """Send a body that never ends, as fast as it is read."""
    connection.sendall(CHUNKED)
    while not server.over.is_set():
        connection.sendall(b"1000\r\n" + bytes(0x1000) + b"\r\n")


def redirect(connection: socket.socket, server: RawServer) -> None:
    """Lead to a path that is silent."""
    connection.sendall(ok(b"", f"Location: {server.url('/silent')}", status="302 Found"))


PAUSE = ok(b"no", "Retry-After: 30", status="503 Busy")
#: What a server does → the reason of those in flight; none is while all wait.
ROWS: dict[str, tuple[Answer, str]] = {
    "X30 silence": (silence, PASSED),
    "X30 a body that stalls": (stall_after(STALLED), PASSED),
    "X30 a head that drips": (drip_head, PASSED),
    "X30 a body that drips": (drip_body, PASSED),
    "X30 a flood": (flood, PASSED),
    "X30 a silent redirect": (redirect, f"{PASSED} (redirected to HERE)"),
    "X30 a pause": (PAUSE, ""),
}


@everywhere
@pytest.mark.parametrize("row", ROWS)
def test_the_deadline_holds_whatever_the_server_does(tmp_path: Path, way: Way, row: str) -> None:
    answer, reason = ROWS[row]
    many = {f"/{number}": answer for number in range(50)}
    with RawServer({**many, "/silent": silence}) as server:
        urls = map(server.url, many)
        began = monotonic()
        report = getflags.download(urls, dir=tmp_path, max_req=3, deadline=DEADLINE, **way)
        assert monotonic() - began < LATE
        assert server.asked("/40") == 0
        begun = server.asked("/silent") if answer is redirect else len(server.heads)
        reason = reason.replace("HERE", server.url(""))
    assert report.stopped == PASSED
    assert report.exit_status == 3
    reasons = {each.reason for each in report.outcomes}
    # Workers that take longer than that to start on a busy machine have begun nothing.
    assert reason in reasons or not (reason and begun)
    assert reasons <= ({reason, PASSED} if reason else set()), "one may have begun just before"
    assert not any((tmp_path / path[1:]).exists() for path in many)


@everywhere
def test_a_part_stays_resumable(tmp_path: Path, way: Way) -> None:
    with RawServer({"/f": stall_after(STALLED)}) as server:
        report = getflags.download([server.url("/f")], dir=tmp_path, deadline=DEADLINE, **way)
        assert [each.reason for each in report.outcomes] == [PASSED]
        assert sorted(path.suffix for path in tmp_path.iterdir()) == [".json", ".part"]
        assert max(path.stat().st_size for path in tmp_path.iterdir()) >= 1_000_000


# httpx leaves the socket of a cancelled handshake to the garbage collector, which closes it.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@everywhere
def test_the_deadline_holds_during_a_handshake(tmp_path: Path, way: Way) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"https://127.0.0.1:{listener.getsockname()[1]}/f"
        judge_late([url], tmp_path, way)


@everywhere
def test_the_deadline_holds_while_no_connection_is_accepted(tmp_path: Path, way: Way) -> None:
    """The queue of the listener is full, so that the system answers nothing."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = [socket.socket() for _ in range(3)]
        for each in waiting:
            each.setblocking(False)  # noqa: FBT003 - the standard library has no keyword
            each.connect_ex(listener.getsockname())
        judge_late([f"http://127.0.0.1:{listener.getsockname()[1]}/f"], tmp_path, way)
        for each in waiting:
            each.close()


@everywhere
def test_the_deadline_holds_while_the_resolver_hangs(
    tmp_path: Path, way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    system, over = socket.getaddrinfo, threading.Event()

    def look_up(host: str | bytes, *rest: Any, **named: Any) -> Any:
        if ".hangs" in str(host):
            over.wait(30)
            raise socket.gaierror(socket.EAI_NONAME, "hung up")
        return system(host, *rest, **named)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    judge_late([f"http://{way['engine']}-{way['client']}-deadline.hangs/f"], tmp_path, way)
    over.set()


def judge_late(urls: list[str], folder: Path, way: Way) -> None:
    """See that a target which hangs ends in time, and says why."""
    began = monotonic()
    report = getflags.download(urls, dir=folder, deadline=DEADLINE, **way)
    assert DEADLINE <= monotonic() - began < LATE
    assert [each.reason for each in report.outcomes] == [PASSED]
    assert report.exit_status == 3
    assert files(folder) == {}


@everywhere
def test_the_deadline_ends_the_wait_for_a_rate_limit(tmp_path: Path, way: Way) -> None:
    with RawServer({"/f": ok(bytes(1_000_000))}) as server:
        began = monotonic()
        report = getflags.download(
            [server.url("/f")], dir=tmp_path, deadline=DEADLINE, limit_rate=1, **way
        )
        assert monotonic() - began < LATE
    assert [each.reason for each in report.outcomes] == [PASSED]


@everywhere
def test_a_run_that_ends_in_time_has_not_been_stopped(tmp_path: Path, way: Way) -> None:
    paths = [f"/{number}" for number in range(20)]
    with RawServer(dict.fromkeys(paths, ok(b"fine"))) as server:
        report = getflags.download(map(server.url, paths), dir=tmp_path, deadline=60, **way)
    assert (report.exit_status, report.stopped, report.arrived) == (0, "", 20)


@everywhere
def test_the_time_for_a_file_may_be_shorter(tmp_path: Path, way: Way) -> None:
    with RawServer({"/f": silence}) as server:
        report = getflags.download(
            [server.url("/f")], dir=tmp_path, deadline=60, max_time=0.5, **way
        )
    assert [each.reason for each in report.outcomes] == ["the time for the whole file is over"]
    assert report.stopped == ""


def test_a_coroutine_has_a_deadline_too(tmp_path: Path) -> None:
    with RawServer({"/f": silence}) as server:
        began = monotonic()
        urls = [server.url("/f")] * 3
        report = asyncio.run(getflags.adownload(urls, dir=tmp_path, max_req=2, deadline=DEADLINE))
        assert monotonic() - began < LATE
    assert (report.stopped, len(report.outcomes)) == (PASSED, 2)


@pytest.mark.parametrize("engine", sorted(engines.ENGINES))
def test_the_rest_of_the_job_names_the_deadline(tmp_path: Path, engine: str) -> None:
    words = ["-m", "2", "--engine", engine, "--deadline", "4", "--failed-out", "rest"]
    with RawServer({"/a": ok(b"fine"), **{f"/{name}": silence for name in "bcdef"}}) as server:
        urls = [server.url(f"/{name}") for name in "abcdef"]
        done = run_main(*words, "--json", *urls, cwd=tmp_path)
        alone = run_main(*words, "-q", urls[1], cwd=tmp_path)
    assert (done.returncode, alone.returncode) == (1, 3)
    assert alone.stderr == f"getflags: {urls[1]}: {PASSED}\n", "it is the last target"
    *_, last = done.stderr.splitlines()
    again = "; 1 file complete; run the same command again with --exists skip to continue"
    assert last == f"getflags: {PASSED}{again}"
    summary = json.loads(done.stdout.splitlines()[-1])
    assert (summary["stopped"], summary["exit_code"]) == (PASSED, 1)


@pytest.mark.parametrize("engine", sorted(engines.ENGINES))
def test_the_deadline_holds_while_a_list_is_silent(tmp_path: Path, engine: str) -> None:
    """Its writer has written one target, and neither writes another one nor ends."""
    words = ["-i", "-", "--engine", engine, "--deadline", "4", "--failed-out", "rest"]
    with RawServer({"/a": ok(b"fine"), "/b": silence}) as server:
        for path, code in (("/a", 1), ("/b", 3)):
            began = monotonic()
            process = start(tmp_path, words)
            assert process.stdin
            process.stdin.write(f"{server.url(path)}\n")
            process.stdin.flush()
            assert process.wait(timeout=20) == code
            assert monotonic() - began < 4 + 3
            _, err = process.communicate()
            assert f"getflags: {PASSED}; " in err
            assert "the list had not ended" in err
            rest = (tmp_path / "rest").read_text()
            assert rest == ("" if path == "/a" else f"{server.url(path)}\n") + f"# {PASSED}\n"


def test_a_list_for_a_single_target_must_end_before_the_deadline(tmp_path: Path) -> None:
    """-o needs to know that there is no second target."""
    words = ["-i", "-", "-o", "name", "--deadline", "2"]
    with RawServer({"/a": ok(b"fine")}) as server:
        for ends, code in ((False, 3), (True, 0)):
            began = monotonic()
            process = start(tmp_path, words)
            assert process.stdin
            process.stdin.write(f"{server.url('/a')}\n")
            process.stdin.flush()
            if ends:
                process.stdin.close()
                process.stdin = None
            assert process.wait(timeout=20) == code
            assert monotonic() - began < 2 + 3
            _, err = process.communicate()
            assert (f"getflags: {PASSED}; the list had not ended\n" == err) is not ends
    assert files(tmp_path) == {"downloaded/name": b"fine"}


def start(cwd: Path, words: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command(*words), cwd=cwd, env={**ENVIRON, "PYTHONPATH": str(ROOT)}, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


@pytest.mark.parametrize("text", ["0", "-1", "x", "inf", ""])
def test_a_deadline_is_a_positive_number_of_seconds(tmp_path: Path, text: str) -> None:
    done = run_main(f"--deadline={text}", "http://127.0.0.1:1/f", cwd=tmp_path)
    assert done.returncode == 2
    assert "--deadline" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_worker_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the reason: the parent does not wait for it much longer than until the deadline."""
    monkeypatch.setattr(processes, "serve", lambda *_: sleep(30))
    began = monotonic()
    report = getflags.download(
        ["http://127.0.0.1:1/f"], dir=tmp_path, engine="processes", deadline=0.2
    )
    assert monotonic() - began < 0.2 + 3
    assert (report.stopped, report.outcomes, report.exit_status) == (PASSED, [], 3)


def scheduler(count: int) -> tuple[Scheduler, list[float]]:
    """Return a scheduler of some targets whose deadline is at 10 s, and its clock."""
    now = [0.0]
    targets = [
        Target(number, "", "", f"http://h/{number}", "d", f"{number}") for number in range(count)
    ]
    return Scheduler(targets, DownloadOptions(deadline=10), lambda: now[0]), now


def test_transfers_in_flight_have_a_moment_to_end_by_themselves() -> None:
    desk, now = scheduler(3)
    transfer = desk.take()
    assert isinstance(transfer, Transfer)
    now[0] = 4
    assert (desk.delay(full=True), desk.delay()) == (6, 6)
    now[0] = 10
    assert desk.take() is NO_JOB
    assert desk.delay(full=True) == desk.delay() == GRACE_PERIOD
    now[0] = 10 + GRACE_PERIOD
    for full in (False, True):
        with pytest.raises(Stopped, match="deadline"):
            desk.delay(full=full)


@pytest.mark.parametrize(("count", "more"), [(1, False), (2, True)])
def test_a_run_whose_last_target_ends_at_the_deadline_has_not_been_stopped(
    count: int, *, more: bool
) -> None:
    desk, now = scheduler(count)
    transfer = desk.take()
    assert isinstance(transfer, Transfer)
    transfer.begin(None, None, 0)
    now[0] = 10
    transfer.failed(Expired(), 10)
    (finished,) = desk.returned(transfer)
    assert isinstance(finished, Finished)
    assert finished.outcome.reason == PASSED
    if more:
        with pytest.raises(Stopped, match="deadline"):
            desk.take()
    else:
        assert desk.take() is NO_JOB
        assert desk.exhausted


def test_a_retry_that_is_due_earlier_is_waited_for_only_so_long() -> None:
    desk, now = scheduler(1)
    transfer = desk.take()
    assert isinstance(transfer, Transfer)
    transfer.begin(None, None, 0)
    transfer.failed(TimedOut("silence"), 0)
    desk.returned(transfer)
    assert (desk.delay() or 0) < 1
    now[0] = 9.9
    assert desk.delay() == 0
