"""Shared rules and fixtures of the test suite, and which tests a fast run leaves out."""

from __future__ import annotations

import fcntl
import gc
import os
import shutil
import signal
import socket
import subprocess
import sys
import venv
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
import uvloop

from getflags import engines, testing, transport
from servers.app.tls import Certificate, make_certificate
from tests.kit import ENVIRON, ROOT, free_port
from tests.servers_kit import Factory

# A shell's background job ignores SIGINT, and nohup SIGHUP; what is under test would inherit it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

# Nothing of what the collection of the tests makes is garbage: to look through it again and again
# takes a quarter of the collection's time, and later a part of each test's.
gc.disable()


def pytest_collection_finish() -> None:
    """Let the garbage collector look only at what the tests themselves make."""
    gc.freeze()
    gc.enable()


def _once(folders: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """Return a folder that the first worker which needs it makes, for all workers."""
    own = folders.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    folder, made = shared / name, shared / f"{name}.made"
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            shutil.rmtree(folder, ignore_errors=True)  # a test that took too long has left it
            folder.mkdir()
            make(folder)
            made.touch()
    return folder


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel as a user's pip would; return its path."""
    (path,) = _once(tmp_path_factory, "wheel", _build).glob("*.whl")
    return path


def _build(folder: Path) -> None:
    words = ["--quiet", "--disable-pip-version-check", "--no-deps", "--wheel-dir", str(folder)]
    build = [sys.executable, "-m", "pip", "wheel", *words, str(ROOT)]
    subprocess.run(build, env=ENVIRON, check=True, timeout=100)


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the interpreter of an environment that holds the wheel and what it needs."""

    def install(folder: Path) -> None:
        venv.create(folder, with_pip=False)
        words = [
            "--python",
            str(folder / "bin" / "python"),
            "--quiet",
            "--disable-pip-version-check",
        ]
        pip = [sys.executable, "-m", "pip", *words, "install", str(wheel)]
        subprocess.run(pip, env=ENVIRON, check=True, timeout=100)

    return _once(tmp_path_factory, "venv", install) / "bin" / "python"


#: Parameters of tests that name an engine, a client, or both; it is not for expected values.
WAYS = frozenset({"engine", "client", "way"})


@pytest.fixture(autouse=True)
def _bundled_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let free ports stand for 8000 and its neighbours: other tests or people may use those.

    Else a test would use a server that ends with another test.
    """
    for label in testing.PORTS:
        monkeypatch.setitem(testing.PORTS, label, free_port())


@pytest.fixture(autouse=True)
def _forked_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fork worker processes, so that they inherit what a test has replaced.

    Else the threads of pytest-xdist, and those of a server in a test, would make getflags spawn.
    """
    monkeypatch.setattr("getflags.engines.processes.has_other_threads", lambda: False)


@pytest.fixture
def closed_port() -> Iterator[int]:
    """Hold a port on which nobody listens: it refuses connections, and no other test gets it."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@pytest.fixture
def unknown_host(monkeypatch: pytest.MonkeyPatch) -> str:
    """Return a host name that is unknown, also where no name server answers."""
    system = socket.getaddrinfo

    def look_up(host: str | bytes, *rest: Any, **named: Any) -> Any:
        if host in {"nonexistent.invalid", b"nonexistent.invalid"}:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return system(host, *rest, **named)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return "nonexistent.invalid"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--everything",
        action="store_true",
        help="run slow tests, too, and each test on every engine and client",
    )
    parser.addoption(
        "--rest",
        action="store_true",
        help="run what a fast run leaves out, but not each row of a test on every way",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without --everything, leave out slow tests and all but one way to run each other test.

    A way is a pair of engine and client. A test that is named by its node id on the command line
    always runs, on every engine and client.
    """
    if config.getoption("everything") or any("::" in word for word in config.args):
        return
    fast = _one_way_each([item for item in items if item.get_closest_marker("slow") is None])
    kept = set(items) - fast - _spared(items) if config.getoption("rest") else fast
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = [item for item in items if item in kept]


def _spared(items: list[pytest.Item]) -> set[pytest.Item]:
    """Return the items that are left out of the rest, by the hash of each test's name."""
    tests: defaultdict[str, defaultdict[Hashable, list[pytest.Item]]]
    tests = defaultdict(lambda: defaultdict(list))
    for item in items:
        tests[item.nodeid.partition("[")[0]][_without_way(item)].append(item)
    spared = set[pytest.Item]()
    for name, rows in tests.items():
        for turn, row in enumerate(rows.values(), crc32(name.encode())):
            many = len(rows) >= len(transport.CLIENTS)
            spared |= set(row) - _in_turn(row, turn) if many else _spared_ways(row)
    return spared


def _in_turn(items: list[pytest.Item], turn: int) -> set[pytest.Item]:
    """Choose ways for one of a test's many rows: each engine and each client, but not each pair.

    The next row begins with the next client, so that all rows together take each pair.
    """
    ours, theirs = set(engines.ENGINES), set(transport.CLIENTS)
    ways = {item: (_way(item) & ours, _way(item) & theirs) for item in items}
    left = sorted({str(*one) for one, _ in ways.values()})
    right = sorted({str(*one) for _, one in ways.values()})
    pairs = {
        (left[place % len(left)], right[(place + turn) % len(right)])
        for place in range(max(len(left), len(right)))
    }
    return {item for item, (one, other) in ways.items() if (str(*one), str(*other)) in pairs}


def _spared_ways(items: list[pytest.Item]) -> set[pytest.Item]:
    """Return the items that are left out of a test with few rows.

    A client other than the usual one is tested with three of the four engines at most: one that
    has its own transport (threads or asyncio) for each client, and one way that shares it.
    """
    shared = [item for item in items if _is_shared(item)]
    spared = set(shared) - _one_way_each(shared)
    for name in sorted(set(transport.CLIENTS) - {transport.DEFAULT}):
        own = [item for item in items if name in _way(item) and item not in shared]
        own = [item for item in own if _way(item) & set(engines.ENGINES)]
        spared |= set(own) - _one_way_each(own)
    return spared


def _way(item: pytest.Item) -> set[object]:
    """Return the engine and the client of an item, as far as it has them."""
    callspec = getattr(item, "callspec", None)
    params = callspec.params if callspec else {}
    way = params.get("way", ())
    return {
        *(way.values() if isinstance(way, dict) else way),
        params.get("engine"),
        params.get("client"),
    }


def _is_shared(item: pytest.Item) -> bool:
    """Return whether an item runs a client on an engine that shares its transport with another."""
    others = set(transport.CLIENTS) - {transport.DEFAULT}
    return bool(_way(item) & others and _way(item) & {"sequential", "processes"})


def _one_way_each(items: list[pytest.Item]) -> set[pytest.Item]:
    """Choose one item of those that differ only in engine and client, by the hash of its name.

    A hash rather than a counter: a new test doesn't move the choice for the others.
    """
    groups: defaultdict[Hashable, list[pytest.Item]] = defaultdict(list)
    for item in items:
        groups[_without_way(item)].append(item)
    return {group[crc32(group[0].nodeid.encode()) % len(group)] for group in groups.values()}


def _without_way(item: pytest.Item) -> Hashable:
    """Return a key that items have in common which differ only in engine and client."""
    callspec = getattr(item, "callspec", None)
    if callspec is None or not WAYS & set(callspec.params):
        return item.nodeid
    rest = {name: id(value) for name, value in callspec.params.items() if name not in WAYS}
    return (item.nodeid.partition("[")[0], *sorted(rest.items()))


@pytest.fixture(params=[None, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def factory(request: pytest.FixtureRequest) -> Factory | None:
    """Return the factory of an event loop that the servers must support."""
    loop: Factory | None = request.param
    return loop


@pytest.fixture(scope="module")
def certificate() -> Certificate:
    """Return a new certificate."""
    return make_certificate("127.0.0.1")
