"""Several processes: nothing is lost when one dies, and none outlives a run.

What all engines have in common is in test_engines.py.
"""

from __future__ import annotations

import asyncio
import errno
import gc
import multiprocessing
import multiprocessing.spawn
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import nullcontext
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from multiprocessing.context import ForkContext
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest

import getflags
from getflags import engines
from getflags.core import deferred_signals
from getflags.core.events import Event, Finished, Resumed, Started
from getflags.core.feed import NO_JOB
from getflags.core.models import Plan, Status, Target
from getflags.engines import event_loop, processes, spawn, worker
from getflags.scheduling.limits import Limits
from getflags.testing import local_server
from tests.kit import ENVIRON, ROOT, command, descriptors, files
from tests.rawserver import RawServer, ok, stall_after
from tests.servers_kit import until

STALLED = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"


def children(parent: int | None = None) -> list[int]:
    """Return the processes that a process, or this one, has started."""
    parent = parent or os.getpid()
    return [
        int(each) for each in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    ]


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two workers, however many processors there are."""
    monkeypatch.setattr(processes, "worker_count", lambda limit: min(limit, 2))


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize("full", [2, 128])
def test_a_worker_that_is_killed_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, full: int
) -> None:
    """It is killed in the midst of a file, and with a batch in hand; some news are never sent."""
    monkeypatch.setattr(worker, "_MAX_EVENTS", full)
    paths = [f"/{number}" for number in range(300)]
    events: list[Event] = []

    def emit(event: Event) -> None:
        events.append(event)
        if isinstance(event, Finished) and len(events) > 100 and not killed:
            killed.append(children()[0])
            os.kill(killed[0], signal.SIGKILL)

    killed: list[int] = []
    with RawServer({path: ok(path.encode()) for path in paths}) as server:
        report = getflags.download(
            map(server.url, paths), dir=tmp_path, engine="processes", max_req=4, emit=emit
        )
    assert killed
    assert report.exit_status == 0
    finished = sorted(e.outcome.target.number for e in events if isinstance(e, Finished))
    assert finished == sorted(e.target.number for e in events if isinstance(e, Started))
    assert finished == list(range(300))
    whole = {name: body for name, body in files(tmp_path).items() if not name.startswith(".")}
    assert whole == {path[1:]: path.encode() for path in paths}
    assert children() == []


@pytest.mark.usefixtures("two")
def test_a_target_that_two_workers_die_of_is_given_up_by_name(tmp_path: Path) -> None:
    def deadly(*_: object) -> None:
        os.kill(children()[-1], signal.SIGKILL)

    with RawServer({"/deadly": deadly}) as server:
        report = getflags.download(
            [server.url("/deadly")], dir=tmp_path, engine="processes", max_req=1
        )
    (outcome,) = report.outcomes
    assert (outcome.status, outcome.reason) == (Status.FAILED, "the worker process died twice")
    assert report.exit_status == 3
    assert children() == []


@pytest.mark.usefixtures("two")
def test_a_bug_in_a_worker_is_raised_by_the_parent(tmp_path: Path) -> None:
    target = Target(0, "f", "f", "http://127.0.0.1:1/", str(tmp_path), "f")
    job = Plan([target], "httpx", limit=2, options=None)  # type: ignore[arg-type] # these are none
    with pytest.raises(AttributeError, match="'NoneType' object has no attribute"):
        processes.run(job, lambda _: None)
    assert children() == []
    assert files(tmp_path) == {}


def test_an_interrupted_run_leaves_no_process_and_no_part_file(tmp_path: Path) -> None:
    def emit(event: Event) -> None:
        if isinstance(event, Finished):
            assert server.stalled.acquire(timeout=20)
            raise KeyboardInterrupt

    with RawServer({"/stall": stall_after(STALLED), "/f": ok(b"x")}) as server:
        with pytest.raises(KeyboardInterrupt):
            getflags.download(
                [server.url("/stall"), server.url("/f")],
                dir=tmp_path, engine="processes", max_req=2, emit=emit,
            )  # fmt: skip
        assert children() == []
    assert files(tmp_path) == {"f": b"x"}


def test_files_that_are_there_after_an_interrupt_are_not_in_the_rest(tmp_path: Path) -> None:
    """Workers report many files at once; what they have to report is not lost with them."""
    with local_server() as server:
        root = server.url.removesuffix("/flags")
        urls = [f"{root}/bytes/10/{number}" for number in range(20_000)]
        (tmp_path / "list").write_text("\n".join(urls))
        words = ["-q", "--engine", "processes", "-m", "8", "-i", "list", "--failed-out", "rest"]
        with subprocess.Popen(command(*words), cwd=tmp_path, env=ENVIRON) as process:
            until(lambda: len(list(tmp_path.glob("downloaded/*"))) > 500)
            process.send_signal(signal.SIGINT)
        assert process.returncode == 128 + signal.SIGINT
    rest = set((tmp_path / "rest").read_text().split())
    there = {f"{root}/bytes/10/{path.name}" for path in (tmp_path / "downloaded").iterdir()}
    assert rest | there == set(urls)
    # A worker may be ended between a file's installation and its report.
    assert len(rest & there) <= 2 * 8


def test_the_work_sent_ahead_depends_on_what_was_done_lately(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [0.0]
    monkeypatch.setattr(processes, "monotonic", lambda: now[0])
    ours, _ = Pipe()
    found = processes._Worker(multiprocessing.Process(), ours, 0, share=5, since=0.0)
    assert found.capacity() == 5
    now[0] = 3600.0  # the list had no more for an hour
    for _ in range(20):
        found.capacity()
    found.done += 5000
    now[0] += 1.0
    assert found.capacity() > 5 + 50
    assert found.done == 5000


def test_a_target_counts_again_when_its_retry_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(processes, "monotonic", lambda: now[0])
    ours, _ = Pipe()
    target = Target(7, "", "", "http://h/", "", "")
    found = processes._Worker(multiprocessing.Process(), ours, 0, share=2, since=0.0)
    found.pending[7] = target
    found.load["http://h:80"] = 1
    found.wait(7, 10.0)
    found.wait(7, 20.0)
    now[0] = 19.0
    assert (found.capacity(), found.load) == (2, {})
    now[0] = 20.0
    assert (found.capacity(), found.load) == (1, {"http://h:80": 1})


class Line:
    """The parent's end of a pipe, and whether it was closed while somebody read from it."""

    def __init__(self, real: Connection) -> None:
        self.real = real
        self.reading = threading.Event()
        self.closed_early = threading.Event()

    def recv(self) -> Any:
        """Receive, and be slow to tell that the worker has ended."""
        self.reading.set()
        try:
            return self.real.recv()
        except EOFError:
            self.closed_early.wait(0.2)  # whoever closes it now is caught
            raise
        finally:
            self.reading.clear()

    def close(self) -> None:
        """Close, after a look at who reads."""
        if self.reading.is_set():
            self.closed_early.set()
        self.real.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


class Lines:
    """Makes processes as usual, with pipes that are watched."""

    def __init__(self, context: ForkContext) -> None:
        self._context = context
        self.lines: list[Line] = []

    def Pipe(self) -> tuple[Line, Connection]:  # noqa: N802 - multiprocessing's name
        """Make a pipe."""
        ours, theirs = self._context.Pipe()
        self.lines.append(Line(ours))
        return self.lines[-1], theirs

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Lines:
    lines = Lines(processes._context())
    monkeypatch.setattr(processes, "_context", lambda: lines)
    return lines


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize("interrupted", [True, False])
def test_no_pipe_is_closed_while_its_listener_reads(
    tmp_path: Path, lines: Lines, *, interrupted: bool
) -> None:
    def emit(event: Event) -> None:
        if interrupted and isinstance(event, Finished):
            raise KeyboardInterrupt

    with RawServer({"/f": ok(b"x")}) as server:
        expected = pytest.raises(KeyboardInterrupt) if interrupted else nullcontext()
        with expected:
            getflags.download(
                [server.url("/f")], dir=tmp_path, engine="processes", max_req=2, emit=emit
            )
    assert [line.closed_early.is_set() for line in lines.lines] == [False, False]
    assert all(line.closed for line in lines.lines)


@pytest.mark.usefixtures("two")
def test_a_worker_that_nobody_listens_to_yet_is_ended_too(
    tmp_path: Path, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system grants a first process and no second one."""
    pipe = lines.Pipe

    def first_only() -> tuple[Line, Connection]:
        if lines.lines:
            raise OSError(errno.EMFILE, "Too many open files")
        return pipe()

    monkeypatch.setattr(lines, "Pipe", first_only)
    with pytest.raises(OSError, match="Too many open files"):
        getflags.download(["http://127.0.0.1:1/"], dir=tmp_path, engine="processes", max_req=2)
    assert [line.closed for line in lines.lines] == [True]
    assert children() == []


def test_an_end_that_somebody_else_holds_too_does_not_hold_up_the_run() -> None:
    """A host that forks at the wrong moment leaves copies of a worker's end in its children."""
    ours, theirs = Pipe()
    heard: list[BaseException] = []

    def listen() -> None:
        try:
            ours.recv()
        except EOFError as end:
            heard.append(end)

    process = multiprocessing.get_context("fork").Process(target=int)
    process.start()
    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    processes._close_worker(processes._Worker(process, ours, 0, 1, listener=listener))
    assert heard
    assert ours.closed
    theirs.close()


@pytest.mark.usefixtures("two")
def test_a_run_that_is_ended_by_an_exception_leaves_no_descriptor_open(tmp_path: Path) -> None:
    """Not even while the exception is kept, and with it all that the run had."""

    def fail(_: Event) -> None:
        raise ZeroDivisionError

    gc.collect()  # what other tests have left
    before = descriptors()
    with pytest.raises(ZeroDivisionError) as raised:
        getflags.download(["http://h:0x/"] * 2, dir=tmp_path, engine="processes", emit=fail)
    assert descriptors() == before
    assert raised.traceback


def test_a_pipe_whose_other_end_is_gone_is_closed_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def gone(*_: object) -> None:
        raise OSError(errno.ENOTCONN, "Socket is not connected")  # as macOS says it

    monkeypatch.setattr("socket.socket.shutdown", gone)
    ours, theirs = Pipe()
    theirs.close()
    process = multiprocessing.get_context("fork").Process(target=int)
    process.start()
    listener = threading.Thread(target=int)
    listener.start()
    processes._close_worker(processes._Worker(process, ours, 0, 1, listener=listener))
    assert ours.closed


@pytest.mark.usefixtures("two")
def test_what_no_worker_had_in_hand_is_not_lost_with_them(tmp_path: Path) -> None:
    def deadly(*_: object) -> None:
        for child in children():
            os.kill(child, signal.SIGKILL)

    paths = [f"/{number}" for number in range(20)]
    with RawServer({"/deadly": deadly, **{path: ok(b"x") for path in paths}}) as server:
        urls = [server.url("/deadly"), server.url("/deadly"), *map(server.url, paths)]
        report = getflags.download(urls, dir=tmp_path, engine="processes", max_req=2)
    assert report.total == 22
    assert report.arrived == 20
    assert children() == []


def test_targets_of_a_dead_worker_do_not_make_the_list_seem_unread() -> None:
    """Otherwise the next death would start a process that has nothing to do."""
    target = Target(0, "f", "f", "http://127.0.0.1:1/", "/", "f")
    coordinator = processes._Coordinator(Plan((), "httpx", limit=1), lambda _: None)
    process = multiprocessing.get_context("fork").Process(target=int)
    ours, theirs = Pipe()
    with ours, theirs:
        coordinator._send_targets(processes._Worker(process, ours, 0, 1))
        assert theirs.recv() == ([], True)
        assert coordinator._targets.exhausted
        coordinator._queue.add("http://127.0.0.1:1", target)
        coordinator._send_targets(processes._Worker(process, ours, 0, 1))
        assert theirs.recv() == ([target], False)
    assert coordinator._targets.exhausted


class Crooked(Exception):
    """Can be pickled, and not be unpickled."""

    def __init__(self, one: str, two: str) -> None:
        super().__init__(one + two)


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize(
    ("bug", "raised", "text"),
    [
        (lambda: OSError(24, "Too many open files"), OSError, "Too many open files"),
        (lambda: Crooked("o", "h"), RuntimeError, "Crooked: oh"),
        (lambda: ValueError(threading.Lock()), RuntimeError, "ValueError: <unlocked"),
    ],
)
def test_a_workers_bug_is_raised_whatever_it_is(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    bug: Callable[[], Exception],
    raised: type[Exception],
    text: str,
) -> None:
    async def broken(*_: object) -> None:
        raise bug()

    monkeypatch.setattr(event_loop, "afetch", broken)
    urls = [f"http://127.0.0.1:1/{number}" for number in range(3)]
    with pytest.raises(raised, match=text):
        getflags.download(urls, dir=tmp_path, engine="processes", max_req=2)
    assert children() == []


def test_workers_that_wait_for_targets_end_with_their_parent_too(tmp_path: Path) -> None:
    script = (
        "import os, signal, sys, threading\n"
        "import getflags\n"
        "from getflags.engines import processes\n"
        "def targets():\n"
        "    yield sys.argv[1]\n"
        "    threading.Event().wait()\n"
        "def emit(event):\n"
        "    if isinstance(event, getflags.Finished):\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "processes.workers_for = lambda limit: 1\n"
        "getflags.download(targets(), engine='processes', max_req=1, emit=emit)\n"
    )
    with RawServer({"/f": ok(b"x")}) as server:
        words = [sys.executable, "-c", script, server.url("/f")]
        environ = {**ENVIRON, "PYTHONPATH": str(ROOT)}
        with subprocess.Popen(words, cwd=tmp_path, env=environ, stderr=subprocess.PIPE) as parent:
            assert parent.stderr
            assert parent.stderr.read() == b""  # to its end: nobody is left who could write there
    assert parent.returncode == -signal.SIGKILL


def test_a_worker_that_does_not_end_by_itself_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[int] = []
    monkeypatch.setattr("os.kill", lambda _, number: ended.append(number))
    monkeypatch.setattr("os._exit", ended.append)
    monkeypatch.setattr(processes, "_CLEANUP_TIME", 0)
    parent = threading.Thread(target=int)  # anything that ends
    parent.start()
    processes._exit_with_parent(parent)  # type: ignore[arg-type] # see above
    assert ended == [signal.SIGTERM, 143]


def test_a_signal_waits_until_a_new_process_is_known() -> None:
    known = False
    with pytest.raises(KeyboardInterrupt), deferred_signals.signals_blocked():
        signal.raise_signal(signal.SIGINT)
        known = True
    assert known
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_shard_ends_when_nobody_listens_any_more() -> None:
    ours, theirs = Pipe()
    ours.close()
    worker.serve(theirs, Plan((), "httpx", 1, loop="asyncio"), lambda _: Limits())


def test_a_failure_crosses_as_it_is_or_as_it_would_be_printed() -> None:
    class Local(Exception):
        """Nobody else can make one."""

    assert isinstance(worker._picklable(ZeroDivisionError("x")), ZeroDivisionError)
    told = worker._picklable(Local("lost"))
    assert isinstance(told, RuntimeError)
    assert "Local: lost" in str(told)


def test_an_outbox_that_nobody_empties() -> None:
    ours, theirs = Pipe()
    ours.close()
    outbox = worker._Outbox(theirs)
    outbox._waiting = [(1, "ok")]
    with pytest.raises(worker._ConnectionClosed):
        outbox.flush()
    outbox._waiting = [(1, "ok")]
    outbox._flush_delayed()  # from the loop, which would print an exception


def test_an_outbox_waits_for_a_full_message_each_time() -> None:
    """A timer that was left from the message before would send the next one too soon."""
    target = Target(0, "", "", "", "", "")
    ours, theirs = Pipe()

    async def fill() -> None:
        outbox = worker._Outbox(theirs)
        outbox.emit(Resumed(target, 1, 2))
        timer = outbox._timer
        assert timer
        for _ in range(worker._MAX_EVENTS - 1):
            outbox.emit(Resumed(target, 1, 2))
        assert timer.cancelled()
        outbox.emit(Resumed(target, 1, 2))
        assert outbox._timer
        assert outbox._timer is not timer

    asyncio.run(fill())
    assert len(ours.recv()) == worker._MAX_EVENTS
    assert not ours.poll()


@pytest.mark.parametrize("idle", [True, False])
def test_only_an_idle_worker_sends_a_message_that_is_not_full(*, idle: bool) -> None:
    ours, theirs = Pipe()
    outbox = worker._Outbox(theirs)
    outbox._waiting = [(Resumed, 0, 1, 2)]
    targets = worker._incoming(SimpleQueue(), outbox, lambda: idle)
    assert next(targets) is NO_JOB
    assert ours.poll() is idle


def test_workers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    """Even while they wait for a silent server; and they take their part files away."""
    with RawServer({f"/{number}": stall_after(STALLED) for number in range(4)}) as server:
        words = ["-q", "--engine", "processes", *(server.url(f"/{n}") for n in range(4))]
        with subprocess.Popen(command(*words), cwd=tmp_path, stderr=subprocess.PIPE) as parent:
            assert parent.stderr
            for _ in range(4):
                assert server.stalled.acquire(timeout=20)
            parent.kill()
            assert parent.stderr.read() == b""  # to its end: nobody is left who could write there
    assert files(tmp_path) == {}


@pytest.mark.parametrize(
    ("total", "limit", "engine"),
    [(None, 20, "asyncio"), (999, 20, "asyncio"), (1000, 20, "processes"), (10**6, 1, "asyncio")],
)
def test_auto_takes_processes_where_they_pay(
    monkeypatch: pytest.MonkeyPatch, total: int | None, limit: int, engine: str
) -> None:
    monkeypatch.setattr(engines, "worker_count", lambda limit: min(limit, 3))
    assert engines.select("auto", total, limit) == engine
    assert engines.select("threads", total, limit) == "threads"
    monkeypatch.setattr(engines, "worker_count", lambda limit: min(limit, 2))
    assert engines.select("auto", total, limit) == "asyncio"
    assert engines.select("auto", 10_000, 20) == "processes"


def test_a_daemonic_process_has_no_workers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As in a worker of ``multiprocessing.Pool``, which may start no process."""
    process = multiprocessing.current_process()
    monkeypatch.setattr(process, "_config", {"daemon": True})
    monkeypatch.setattr(engines, "worker_count", lambda limit: min(limit, 3))
    with RawServer({"/f": ok(b"abc")}) as server:
        with pytest.raises(getflags.UsageError, match="in a daemonic process"):
            getflags.download([server.url("/f")], dir=tmp_path, engine="processes")
        assert server.heads == []
        targets = [server.url("/f"), *["http://h:0x/"] * 999]
        report = getflags.download(targets, dir=tmp_path, retries=0)
    assert (report.total, report.arrived) == (1000, 1)


def test_elsewhere_processes_are_spawned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.system", lambda: "Darwin")
    assert processes._context().get_start_method() == "spawn"


def run_script(
    text: str, *words: str, folder: Path, stdin: bool = False
) -> subprocess.CompletedProcess[str]:
    """Run a Python program that is in a file or, with ``stdin``, on standard input."""
    path = folder / "program.py"
    path.write_text(text)
    return subprocess.run(
        [sys.executable, "-" if stdin else str(path), *words],
        input=text if stdin else "",
        cwd=folder,
        env={**ENVIRON, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )


THREADED = """
import sys, threading
import getflags

print("main module", flush=True)
lock = threading.Lock()
begun, over = threading.Event(), threading.Event()

def hold():
    with lock:
        begun.set()
        over.wait(50)

threading.Thread(target=hold, daemon=True).start()
begun.wait()
report = getflags.download(sys.argv[2:], dir=sys.argv[1], engine="processes")
print(report.arrived, [outcome.reason for outcome in report.outcomes if outcome.reason])
"""


@pytest.mark.parametrize("stdin", [False, True], ids=["a script", "standard input"])
def test_workers_of_a_threaded_program_do_not_run_its_main_module(
    tmp_path: Path, *, stdin: bool
) -> None:
    """It needs no ``if __name__ == "__main__"``, and no file that could be imported."""
    paths = [f"/{number}" for number in range(9)]
    with RawServer({path: ok(b"fine") for path in paths}) as server:
        urls = map(server.url, paths)
        done = run_script(THREADED, str(tmp_path / "d"), *urls, folder=tmp_path, stdin=stdin)
    assert (done.stdout, done.stderr) == ("main module\n9 []\n", "")
    assert files(tmp_path / "d") == {path[1:]: b"fine" for path in paths}


THREADS = """
import threading
from getflags.engines import processes

def context():
    print(processes._context().get_start_method())

context()
over = threading.Event()
threading.Thread(target=over.wait, args=(50,), name="getflags lookup", daemon=True).start()
context()
threading.Thread(target=over.wait, args=(50,), daemon=True).start()
context()
over.set()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems always spawn")
def test_threads_of_the_program_but_not_those_of_getflags_forbid_a_fork(tmp_path: Path) -> None:
    done = run_script(THREADS, folder=tmp_path)
    assert (done.stdout, done.stderr) == ("fork\nfork\nspawn\n", "")


def test_where_the_system_does_not_list_threads_those_of_python_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spawn, "_TASKS", tmp_path / "none")
    monkeypatch.setattr(threading, "enumerate", lambda: [threading.main_thread()])
    assert not spawn.has_other_threads()
    monkeypatch.setattr(threading, "enumerate", lambda: [threading.main_thread()] * 2)
    assert spawn.has_other_threads()


def test_only_workers_start_without_the_main_module() -> None:
    process = multiprocessing.get_context("spawn").Process(target=int)
    prepare = multiprocessing.spawn.get_preparation_data
    with spawn.without_main_module(process):
        own, other = map(multiprocessing.spawn.get_preparation_data, [process.name, "another"])
    assert multiprocessing.spawn.get_preparation_data is prepare
    assert other.keys() - own.keys() <= {"init_main_from_name", "init_main_from_path"}
    assert own.keys() >= {"sys_path", "sys_argv", "dir"}
    assert not any(key.startswith("init_main") for key in own)
    assert other.keys() == prepare("another").keys()
