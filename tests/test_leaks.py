"""Many runs in one process: descriptors, threads, processes and memory are back where they were.

The server is hostile and in a process of its own; tests/test_cli_signals.py has the interruptions.
"""

from __future__ import annotations

import gc
import multiprocessing
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import NamedTuple

import pytest

import getflags
from getflags import engines, transport
from getflags.core.events import Event, Finished, Progressed
from getflags.transfer import retry
from tests.kit import descriptors
from tests.servers_kit import until
from tests.siteserver import Running, serve

pytestmark = pytest.mark.slow

# What a run may leave: caches fill, and coverage remembers each thread. A connection is more.
OBJECTS, MEMORY = 30, 20_000  # bytes
# Each engine, and each transport: the sequential engine uses those of threads, processes asyncio's.
PAIRS = sorted(
    {(engine, transport.DEFAULT) for engine in engines.ENGINES}
    | set(product(("asyncio", "threads"), transport.CLIENTS))
)
SCENARIO = "\n".join(
    f'[[rule]]\nfault = "{fault}"\nmatch = "*/{name}"\n{more}\n'
    for name, fault, more in (
        ("reset", "reset", ""),
        ("cut", "truncate", ""),
        ("garbage", "garbage", ""),
        ("closed", "garbage", "size = 0"),
        ("too-short", "wrong-length", ""),
        ("too-long", "wrong-length", 'by = "-5"'),
        ("silent", "stall", "first = 1"),
        ("loop", "redirect-loop", ""),
        ("error", "error", ""),
        ("busy", "busy", "retry-after = 0"),
        ("changing", "etag-changes", ""),
        ("changing", "truncate", 'after = "90%"'),
    )
)
TARGETS = [
    *(f"/bytes/12000/{name}" for name in ("a", "reset", "cut", "garbage", "closed", "too-short")),
    *(f"/bytes/12000/{name}" for name in ("too-long", "silent", "loop", "error", "busy", "b")),
    "/bytes/600000/c",
    "/bytes/600000/changing",
    "/nowhere",
]
SIZES = [3_000_000, 12_000, 2_000_000, 1_000_000, 400_000, 13_000, 5_000_000]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    file = tmp_path_factory.mktemp("leaks") / "scenario.toml"
    file.write_text(SCENARIO, encoding="utf-8")
    with serve("LOCAL", scenario=file) as running:
        yield running


class Held(NamedTuple):
    """What this process holds."""

    descriptors: int
    threads: int
    processes: int
    objects: int
    memory: int


def working() -> set[threading.Thread]:
    """Return the threads, but for the one alarm clock that stays for the runs to come."""
    return {each for each in threading.enumerate() if each.name != "getflags watchdog"}


def held(before: set[threading.Thread]) -> Held:
    """Look, when those threads are gone that nobody waits for."""
    until(lambda: working() <= before)
    gc.collect()
    gc.collect()
    return Held(
        descriptors(),
        threading.active_count(),
        len(multiprocessing.active_children()),
        len(gc.get_objects()),
        tracemalloc.get_traced_memory()[0],
    )


@pytest.fixture
def traced(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(retry, "_FIRST_DELAY", 0.01)  # seconds
    tracemalloc.start()
    yield
    tracemalloc.stop()


# Each of these takes half a minute. Further clients are in the test below.
@pytest.mark.parametrize("engine", ["asyncio", "threads"])
@pytest.mark.parametrize("client", [transport.DEFAULT])
@pytest.mark.usefixtures("traced")
def test_nothing_grows_from_run_to_run(
    server: Running, tmp_path: Path, engine: str, client: str
) -> None:
    def run() -> None:
        report = getflags.download(
            [*(f"{server.root}{path}" for path in TARGETS), "http://127.0.0.1:1/"],
            dir=tmp_path, engine=engine, client=client, retries=1, timeout=0.15, max_req=5,
        )  # fmt: skip
        assert report.total == len(TARGETS) + 1
        assert report.arrived

    compare(server, run)


@pytest.mark.parametrize("kind", [Finished, Progressed])
@pytest.mark.parametrize("way", PAIRS, ids="-".join)
@pytest.mark.usefixtures("traced")
def test_nothing_is_left_of_a_run_that_is_broken_off(
    server: Running,
    tmp_path: Path,
    way: tuple[str, str],
    kind: type[Event],
    capfd: pytest.CaptureFixture[str],
) -> None:
    engine, client = way

    def emit(event: Event) -> None:
        if isinstance(event, kind):
            raise ZeroDivisionError

    def run() -> None:
        with pytest.raises(ZeroDivisionError):
            getflags.download(
                (f"{server.root}/bytes/{size}/{size}" for size in SIZES),
                dir=tmp_path, engine=engine, client=client, max_req=5, emit=emit,
            )  # fmt: skip

    compare(server, run)
    assert capfd.readouterr() == ("", ""), "asyncio's complaints, a worker's too"


def compare(server: Running, run: Callable[[], None]) -> None:
    """See that a run leaves nothing behind.

    What leaks is there after each, so one after which there is no more than before is enough; the
    first two fill caches.
    """
    before = working()
    states = []
    for _ in range(8):
        server.reset(7)
        run()
        states.append(held(before))
        if len(states) > 2 and grown(*states[-2:]) == []:
            return
    pytest.fail(f"{grown(*states[-2:])}: {states}")


def grown(before: Held, after: Held) -> list[str]:
    """Return the names of what is more."""
    more = zip(Held._fields, before, after, Held(0, 0, 0, OBJECTS, MEMORY), strict=True)
    return [name for name, old, new, chance in more if new > old + chance]
