"""Ctrl-C and SIGTERM, for real: exit code, seconds, one line, nothing left behind."""

from __future__ import annotations

import fcntl
import json
import shutil
import signal
import socket
import subprocess
import sys
import termios
import threading
from array import array
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep

import pytest

from getflags import engines, transport
from getflags.__main__ import main as program
from getflags.cli import signals
from tests.kit import ENVIRON, ROOT, command, files
from tests.messages import INTERRUPTED
from tests.rawserver import RawServer, ok, stall_after

SIGNALS = [signal.SIGINT, signal.SIGTERM]
AGAIN = "; run the same command again with --exists skip to continue"
DONE = ("; 0 files complete", f"; 1 file complete{AGAIN}")
STALLED = b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\nabc"


@pytest.fixture
def server() -> Iterator[RawServer]:
    answers = {f"/stall{number}": stall_after(STALLED) for number in range(4)}
    with RawServer({**answers, "/ok": ok(b"fine"), "/mute": stall_after(b"")}) as running:
        yield running


def start(cwd: Path, *words: str) -> subprocess.Popen[str]:
    environ = {**ENVIRON, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        command(*words), cwd=cwd, env=environ, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


PATHS = ["/ok", "/stall1", "/stall2", "/mute"]
LOOPS = [(engine, "auto") for engine in sorted(engines.ENGINES)] + [("asyncio", "asyncio")]


@pytest.mark.parametrize(
    ("engine", "exists"),
    [(engine, "overwrite") for engine in sorted(engines.ENGINES)] + [("threads", "skip")],
)
def test_an_interrupted_run_says_how_to_continue(tmp_path: Path, engine: str, exists: str) -> None:
    """One file is complete, and one is kept in part; then only one is kept in part."""
    fields = b'HTTP/1.1 200 OK\r\nETag: "1"\r\nContent-Length: 9999999\r\n\r\n'
    hanging = stall_after(fields + bytes(2_000_000))
    ends = []
    with RawServer({"/ok": ok(b"fine"), "/long": hanging}) as server:
        for paths in (["/ok", "/long"], ["/long"]):
            words = ["--engine", engine, "--exists", exists, "--json", *map(server.url, paths)]
            process = start(tmp_path, *words)
            assert server.stalled.acquire(timeout=20)
            while not any(tmp_path.glob("downloaded/.*.json")):
                assert process.poll() is None
            assert process.stdout
            while "/ok" in paths and '"finished"' not in process.stdout.readline():
                assert process.poll() is None
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=10)
            ends.append(err.splitlines()[-1])
            summary = json.loads(out.splitlines()[-1])
            assert (summary["event"], summary["exit_code"]) == ("summary", 130)
            shutil.rmtree(tmp_path / "downloaded")
    again = AGAIN if exists == "overwrite" else "; run the same command again to continue"
    assert ends == [
        f"{INTERRUPTED}; 1 file complete{again}",
        f"{INTERRUPTED}; 0 files complete; run the same command again to continue",
    ]


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("client", sorted(transport.CLIENTS))
@pytest.mark.parametrize(("engine", "loop"), LOOPS)
def test_a_signal_ends_stalled_transfers(  # noqa: PLR0917 - a table
    server: RawServer, tmp_path: Path, engine: str, loop: str, client: str, number: signal.Signals
) -> None:
    (tmp_path / "downloaded").mkdir()
    (tmp_path / "downloaded" / "stall1").write_bytes(b"old")
    urls = map(server.url, PATHS)
    words = ["-m", "4", "--engine", engine, "--loop", loop, "--failed-out", "failed.txt"]
    words += ["--client", client]
    process = start(tmp_path, *words, *urls)
    for _ in range(1 if engine == "sequential" else 3):
        assert server.stalled.acquire(timeout=20)

    process.send_signal(number)
    began = monotonic()
    _, err = process.communicate(timeout=10)

    assert process.returncode == 128 + number
    assert monotonic() - began < 3
    # On a machine that is busy with other things the end may come before all is tidied up.
    ends = {f"{INTERRUPTED}{done}\n" for done in ("", *DONE)}
    assert err in ends
    left = files(tmp_path)
    assert left.pop("downloaded/ok", b"fine") == b"fine"
    rest = left.pop("failed.txt").decode().split()
    assert rest in ([server.url(path) for path in paths] for paths in (PATHS, PATHS[1:]))
    assert left == {"downloaded/stall1": b"old"}


def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    """The first is caught by code that never comes to an end."""
    script = (
        "import time\n"
        "from getflags.cli.signals import Interrupted, handle_signals\n"
        "with handle_signals():\n"
        "    try:\n"
        "        print('ready', flush=True)\n"
        "        time.sleep(60)\n"
        "    except Interrupted:\n"
        "        print('caught', flush=True)\n"
        "        while True: pass\n"
    )
    environ = {**ENVIRON, "PYTHONPATH": str(ROOT)}
    environ.pop("COVERAGE_PROCESS_CONFIG", None)  # a tracer and a sudden end don't get on
    for second in (True, False):
        with subprocess.Popen(
            [sys.executable, "-c", script], cwd=tmp_path, env=environ,
            stdout=subprocess.PIPE, text=True,
        ) as process:  # fmt: skip
            assert process.stdout
            process.stdout.readline()
            process.send_signal(signal.SIGINT)
            began = monotonic()
            assert process.stdout.readline() == "caught\n"
            if second:
                process.send_signal(signal.SIGTERM)
            assert process.wait(10) == (143 if second else 130)
            assert (monotonic() - began < 2) == second
            assert monotonic() - began < 3


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with signals.handle_signals():
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
            assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
    finally:
        signal.signal(signal.SIGINT, before)


def test_handlers_are_given_back_after_success_and_after_an_error() -> None:
    numbers = [*SIGNALS, signals._WAKE_SIGNAL]
    before = [signal.getsignal(number) for number in numbers]
    with signals.handle_signals():
        for number, handler in zip(numbers, before, strict=True):
            assert signal.getsignal(number) is not handler
    assert [signal.getsignal(number) for number in numbers] == before
    with pytest.raises(ZeroDivisionError), signals.handle_signals():
        raise ZeroDivisionError
    assert [signal.getsignal(number) for number in numbers] == before


@pytest.mark.usefixtures("handlers")
def test_a_signal_that_is_ignored_stays_ignored_during_start_up(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["getflags", "no such target"])
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    assert program() == 2
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    assert capsys.readouterr().err.startswith("getflags: ")


def test_interrupted_says_what_a_shell_expects() -> None:
    assert signals.Interrupted(signal.SIGINT).code == 130
    assert signals.Interrupted(signal.SIGTERM).code == 143


def test_a_bundled_server_ends_with_an_interrupted_run(tmp_path: Path) -> None:
    process = start(tmp_path, "-s", "DELAY", "-l", "5", "--seed", "3", "-m", "5", "--json")
    assert process.stdout
    assert process.stderr
    process.stdout.readline()  # the first has started
    server = next(line for line in process.stderr if "site:" in line).split()[2]
    port = int(server.rpartition(":")[2].partition("/")[0])
    # The connection, not the port: another server may be listening there by then.
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        process.send_signal(signal.SIGINT)
        assert process.wait(5) == 130
        with suppress(ConnectionResetError):
            assert connection.recv(1) == b""
    process.stdout.close()
    process.stderr.close()


@pytest.mark.parametrize("engine", sorted(engines.ENGINES))
def test_a_body_that_ends_with_the_connection_is_not_whole_when_we_end_it(
    tmp_path: Path, engine: str
) -> None:
    unsized = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\npartial"
    (tmp_path / "downloaded").mkdir()
    (tmp_path / "downloaded" / "f").write_bytes(b"old")
    with RawServer({"/f": stall_after(unsized)}) as server:
        process = start(tmp_path, "--engine", engine, server.url("/f"))
        assert server.stalled.acquire(timeout=20)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=10)
    assert process.returncode == 143
    assert files(tmp_path) == {"downloaded/f": b"old"}


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_a_loop_that_is_held_up_does_not_hold_up_the_end(tmp_path: Path, loop: str) -> None:
    """Events as JSON into a pipe that nobody reads: the write blocks, and the loop with it."""
    urls = [f"http://127.0.0.1:1/{'x' * 300}{number}" for number in range(300)]
    process = start(tmp_path, "--json", "--loop", loop, *urls)
    with process:
        assert process.stdout
        waiting = array("i", [0])
        while waiting[0] < 40_000:  # until the pipe is as good as full
            fcntl.ioctl(process.stdout, termios.FIONREAD, waiting)
        process.send_signal(signal.SIGTERM)
        began = monotonic()
        assert process.wait(10) == 143
        assert monotonic() - began < 3


@pytest.fixture
def handlers() -> Iterator[None]:
    """Let the test do to handlers what it likes."""
    numbers = [*SIGNALS, signal.SIGHUP, signals._WAKE_SIGNAL]
    before = {number: signal.getsignal(number) for number in numbers}
    yield
    for number in numbers:
        signal.signal(number, before[number])


@pytest.mark.usefixtures("handlers")
def test_a_signal_that_is_put_off_has_its_effect_at_the_end() -> None:
    done: list[str] = []
    with pytest.raises(KeyboardInterrupt), signals.defer_signals():
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        done.append("tidied up")
    assert done == ["tidied up"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.usefixtures("handlers")
def test_a_second_signal_does_not_end_what_tidies_up_after_the_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ended: list[int] = []
    monkeypatch.setattr("os._exit", ended.append)
    signal.signal(signal.SIGTERM, signals._second_handler)
    with signals.defer_signals():
        signal.raise_signal(signal.SIGTERM)
    assert ended == []
    signal.raise_signal(signal.SIGTERM)
    assert ended == [143]


@pytest.mark.usefixtures("handlers")
def test_what_is_ignored_or_as_it_ever_was_is_not_put_off() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with signals.defer_signals():
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
        signal.raise_signal(signal.SIGINT)


@pytest.mark.usefixtures("handlers")
def test_the_end_of_the_terminal_counts_as_a_request_to_end() -> None:
    before = signal.getsignal(signal.SIGHUP)
    came: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: came.append(number))
    with signals.hangup_as_sigterm():
        signal.raise_signal(signal.SIGHUP)
    assert came == [signal.SIGTERM]
    assert signal.getsignal(signal.SIGHUP) is before


@pytest.mark.usefixtures("handlers")
def test_the_end_of_the_terminal_is_ignored_where_it_was() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with signals.hangup_as_sigterm():
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


def test_the_second_signal_ends_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[int] = []
    monkeypatch.setattr("os._exit", ended.append)
    signals._second_handler(signal.SIGTERM, None)
    assert ended == [143]


def test_what_was_ignored_is_ignored_after_the_first_signal_too() -> None:
    before = {number: signal.getsignal(number) for number in SIGNALS}
    hears, tells = socket.socketpair()
    try:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        with hears, tells, pytest.raises(signals.Interrupted):
            signals._first_handler(tells, threading.Event())(signal.SIGINT, None)
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
        assert signal.getsignal(signal.SIGINT) is signals._second_handler
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def test_the_guard_minds_only_the_two_signals(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[int] = []
    monkeypatch.setattr("os._exit", ended.append)
    monkeypatch.setattr(signals, "_GRACE_PERIOD", 0)
    monkeypatch.setattr(signals, "_HANDLER_TIMEOUT", 0)
    heeded = threading.Event()
    heeded.set()
    hears, tells = socket.socketpair()
    tells.sendall(bytes([signal.SIGWINCH, signal.SIGTERM]))
    tells.close()
    signals._guard(hears, heeded)
    assert ended == [143]


def test_the_guard_does_not_repeat_the_message(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(signals, "reported", threading.Event())
    signals._print_interrupted()
    assert capfd.readouterr().err == "getflags: interrupted\n"
    signals.reported.set()
    signals._print_interrupted()
    assert capfd.readouterr().err == ""


@pytest.mark.usefixtures("handlers")
def test_a_signal_that_nobody_heeds_wakes_the_main_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """The main thread waits for a lock, and another thread was given the signal."""
    monkeypatch.setattr("os._exit", lambda _: None)
    monkeypatch.setattr(signals, "_GRACE_PERIOD", 0.01)
    monkeypatch.setattr(signals, "_HANDLER_TIMEOUT", 0.01)
    signal.signal(signals._WAKE_SIGNAL, lambda *_: None)
    hears, tells = socket.socketpair()

    def give() -> None:
        while sys._current_frames()[main].f_code is not wait.__code__:
            pass
        sleep(0.1)  # if it waits only after that, there is nothing to wake, and nothing is proved
        signal.raise_signal(signal.SIGINT)
        tells.sendall(bytes([signal.SIGINT]))
        tells.close()
        signals._guard(hears, threading.Event())

    def wait() -> None:
        lock.acquire(timeout=20)

    main = threading.get_ident()
    lock = threading.Lock()
    lock.acquire()
    guard = threading.Thread(target=give)
    began = monotonic()
    with pytest.raises(KeyboardInterrupt):
        guard.start()
        wait()
    guard.join()
    assert monotonic() - began < 10


@pytest.mark.usefixtures("handlers")
def test_a_wake_up_that_comes_late_is_not_taken_for_a_second_signal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The main thread runs the handler just when the guard has found that it did not."""
    ended: list[int] = []
    monkeypatch.setattr("os._exit", ended.append)
    hears, tells = socket.socketpair()
    with hears, tells, pytest.raises(KeyboardInterrupt):
        signal.signal(signal.SIGINT, signals._first_handler(tells, threading.Event()))
        try:
            signal.raise_signal(signal.SIGINT)
        finally:
            signals._wake_main_thread()
    assert ended == []


#: Where Python prints what is raised, and goes on.
LOSING = """
import signal, sys, time, weakref

class Destroyed:
    def __del__(self):
        signal.raise_signal(number)

class Referred:
    pass

def finalized():
    try:
        yield
    finally:
        signal.raise_signal(number)

def in_a_destructor():
    Destroyed()

def in_a_callback():
    referred = Referred()
    kept.append(weakref.ref(referred, lambda _: signal.raise_signal(number)))

def in_a_generator():
    next(generator := finalized())

kept = []
number = signal.Signals[sys.argv[1]]
lose = globals()[sys.argv[2]]
"""
PLACES = ["in_a_destructor", "in_a_callback", "in_a_generator"]


def run_losing(cwd: Path, script: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", LOSING + script, *words], cwd=cwd, text=True, check=False,
        env={**ENVIRON, "PYTHONPATH": str(ROOT)}, capture_output=True, timeout=20,
    )  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_that_python_loses_comes_again(
    tmp_path: Path, place: str, number: signal.Signals
) -> None:
    """It has its effect a moment later, in good order, and without a word of Python's."""
    script = (
        "from getflags import cli\n"
        "def command(words):\n"
        "    try:\n"
        "        lose(); time.sleep(30)\n"
        "    finally:\n"
        "        print('tidied up')\n"
        "cli._load = lambda *_: command\n"
        "began = time.monotonic()\n"
        "code = cli.main([])\n"
        "assert time.monotonic() - began < 2\n"
        "sys.exit(code)\n"
    )
    done = run_losing(tmp_path, script, number.name, place)
    assert done.stderr == "getflags: interrupted\n"
    assert done.stdout == "tidied up\n"
    assert done.returncode == 128 + number


@pytest.mark.parametrize("number", SIGNALS)
def test_a_second_signal_at_pythons_own_end_does_not_change_the_exit_code(
    tmp_path: Path, number: signal.Signals
) -> None:
    """It comes when Python has taken its handlers away, and destroys its modules."""
    script = (
        "import os\n"
        "from getflags import __main__, cli\n"
        "class Late:\n"
        "    kill, process, number = os.kill, os.getpid(), number\n"
        "    def __del__(self):\n"
        "        self.kill(self.process, self.number)\n"
        "late = Late()\n"
        "cli._load = lambda *_: lambda words: signal.raise_signal(number)\n"
        "sys.argv[1:] = []\n"
        "sys.exit(__main__.main())\n"
    )
    done = run_losing(tmp_path, script, number.name, "in_a_destructor")
    assert (done.returncode, done.stderr) == (128 + number, f"{INTERRUPTED}\n")


def test_a_signal_that_is_lost_again_comes_again(tmp_path: Path) -> None:
    script = (
        "from getflags.cli.signals import Interrupted, handle_signals\n"
        "class Slow:\n"
        "    def __del__(self):\n"
        "        time.sleep(0.2)\n"
        "try:\n"
        "    with handle_signals():\n"
        "        lose()\n"
        "        Slow()\n"
        "        time.sleep(30)\n"
        "except Interrupted as stop:\n"
        "    print(stop.code)\n"
    )
    done = run_losing(tmp_path, script, "SIGINT", "in_a_destructor")
    assert (done.stdout, done.stderr) == ("130\n", "")


def test_a_signal_that_is_lost_at_the_very_end_is_not_lost(tmp_path: Path) -> None:
    script = (
        "from getflags.cli.signals import Interrupted, handle_signals\n"
        "try:\n"
        "    with handle_signals():\n"
        "        lose()\n"
        "except Interrupted as stop:\n"
        "    time.sleep(0.2)\n"
        "    print(stop.code)\n"
    )
    done = run_losing(tmp_path, script, "SIGTERM", "in_a_destructor")
    assert (done.stdout, done.stderr) == ("143\n", "")


def test_what_is_lost_otherwise_is_printed_as_ever(tmp_path: Path) -> None:
    script = (
        "from getflags.core.deferred_signals import exit_on_sigterm\n"
        "class Broken:\n"
        "    def __del__(self):\n"
        "        raise ValueError('a bug')\n"
        "with exit_on_sigterm():\n"
        "    Broken()\n"
        "print('done')\n"
    )
    done = run_losing(tmp_path, script, "SIGTERM", "in_a_destructor")
    assert done.stdout == "done\n"
    assert done.stderr.startswith("Exception ignored in: ")
    assert "ValueError: a bug" in done.stderr


@pytest.mark.parametrize("place", PLACES)
def test_a_worker_and_a_bench_end_where_python_loses_the_signal(tmp_path: Path, place: str) -> None:
    """The worker's task, and the run of a bench, stand for whatever they do outside of a loop."""
    worker = (
        "import multiprocessing\n"
        "from getflags.engines import processes\n"
        "def serve(connection, plan, new_limits):\n"
        "    lose(); time.sleep(30)\n"
        "processes.serve = serve\n"
        "child = multiprocessing.get_context('fork').Process(\n"
        "    target=processes._worker_main, args=(None, [], None, None, 0))\n"
        "child.start()\n"
        "child.join(5)\n"
        "print(child.exitcode)\n"
        "child.kill()\n"
    )
    done = run_losing(tmp_path, worker, "SIGTERM", place)
    assert (done.stdout, done.stderr) == ("143\n", "")
    bench = (
        "import os, tempfile, threading\n"
        "from getflags.bench.measure import child\n"
        "def measure(job, folder):\n"
        "    lose(); time.sleep(5)\n"
        "child.loads, child._line, child.measure = (lambda data: data), bytes, measure\n"
        "tempfile.tempdir = os.getcwd()\n"
        "hears, tells = os.pipe()\n"
        "os.dup2(hears, 0)\n"
        "child.main()\n"
    )
    done = run_losing(tmp_path, bench, "SIGTERM", place)
    assert (done.returncode, done.stdout, done.stderr) == (143, "", "")
    assert files(tmp_path) == {}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("module", ["getflags.cli", "getflags.cli.commands.download"])
@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_during_start_up_prints_no_traceback(
    tmp_path: Path, module: str, number: signal.Signals
) -> None:
    """The signal arrives when ``module`` is imported."""
    script = (
        "import signal, sys\n"
        "from getflags.__main__ import main\n"
        "class Finder:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name == {module!r}:\n"
        f"            signal.raise_signal({int(number)})\n"
        "sys.meta_path.insert(0, Finder())\n"
        "sys.argv[1:] = ['http://127.0.0.1:1/f']\n"
        "sys.exit(main())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path, env={**ENVIRON, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, timeout=20, check=False,
    )  # fmt: skip
    handled = module != "getflags.cli"
    assert done.returncode == (128 + number if handled else -number)
    assert done.stderr == (f"{INTERRUPTED}\n" if handled else "")
    assert files(tmp_path) == {}


@pytest.mark.parametrize("engine", sorted(engines.ENGINES))
def test_the_end_of_the_terminal_leaves_the_rest_of_the_job(
    server: RawServer, tmp_path: Path, engine: str
) -> None:
    urls = [server.url("/stall1"), server.url("/stall2")]
    process = start(tmp_path, "--engine", engine, "--failed-out", "rest", *urls)
    assert server.stalled.acquire(timeout=20)
    process.send_signal(signal.SIGHUP)
    _, err = process.communicate(timeout=10)
    assert (process.returncode, err) == (143, f"{INTERRUPTED}; 0 files complete\n")
    assert files(tmp_path) == {"rest": "".join(f"{url}\n" for url in urls).encode()}


@pytest.mark.parametrize("engine", ["sequential", "threads"])
@pytest.mark.parametrize("client", sorted(transport.CLIENTS))
def test_a_signal_ends_the_wait_for_a_rate_limit(tmp_path: Path, engine: str, client: str) -> None:
    with RawServer({"/f": ok(bytes(1_000_000))}) as server:
        words = ["--limit-rate", "1", "--engine", engine, "--client", client, "--json"]
        process = start(tmp_path, *words, server.url("/f"))
        while not any((tmp_path / "downloaded").glob(".*.part")):
            assert process.poll() is None
        sleep(0.3)  # the moment when it waits; before that, the signal ends it as well
        process.send_signal(signal.SIGINT)
        began = monotonic()
        process.communicate(timeout=10)
    assert process.returncode == 130
    assert monotonic() - began < 1.7, "before the threads are no longer waited for"


@pytest.mark.parametrize("engine", ["sequential", "threads"])
def test_a_signal_ends_a_handshake(tmp_path: Path, engine: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"https://127.0.0.1:{listener.getsockname()[1]}/f"
        process = start(tmp_path, "--engine", engine, "--failed-out", "rest", url)
        connection, _ = listener.accept()
        with connection:
            assert connection.recv(9), "the beginning of the handshake"
            process.send_signal(signal.SIGINT)
            began = monotonic()
            process.communicate(timeout=10)
    assert process.returncode == 130
    assert monotonic() - began < 1.7, "before the threads are no longer waited for"
    assert files(tmp_path) == {"rest": f"{url}\n".encode()}
