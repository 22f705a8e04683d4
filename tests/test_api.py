"""The library's front door, in both colours."""

from __future__ import annotations

import asyncio
import signal
import threading
import tracemalloc
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

import getflags
from getflags import Entry, Progressed, UsageError
from getflags.core import errors
from getflags.core.events import Event
from getflags.core.models import Plan
from getflags.engines import event_loop, threads
from getflags.targets.list_file import parse_checksum
from tests.kit import files
from tests.messages import NO_CERTIFICATES
from tests.rawserver import RawServer, ok, silence


@pytest.fixture
def server() -> Iterator[RawServer]:
    with RawServer({"/f": ok(b"abc"), "/big": ok(bytes(2_000_000)), "/mute": silence}) as running:
        yield running


def test_a_report_says_what_became_of_each(server: RawServer, tmp_path: Path) -> None:
    report = getflags.download([server.url("/f"), server.url("/none")], dir=tmp_path)
    assert {outcome.target.name: outcome.status for outcome in report.outcomes} == {
        "f": getflags.Status.OK,
        "none": getflags.Status.NOT_FOUND,
    }
    assert (report.total, report.arrived, report.failures, report.bytes) == (2, 1, 1, 3)
    assert report.elapsed > 0
    assert report.exit_status is getflags.ExitStatus.SOME_FAILED


def test_entries_give_names_folders_and_checksums(server: RawServer, tmp_path: Path) -> None:
    wrong = parse_checksum("sha1=" + "0" * 40)
    report = getflags.download(
        [
            Entry(server.url("/f"), out="a/b", folder=str(tmp_path / "other")),
            Entry(server.url("/f"), checksum=wrong),
            Entry("BR"),
        ],
        dir=tmp_path / "main",
        headers={"X-A": "b"},
        proxy=None,
    )
    assert files(tmp_path) == {"other/a/b": b"abc"}
    assert report.failures == 2  # a code needs to be told where flags are


def test_inside_a_running_loop(server: RawServer, tmp_path: Path) -> None:
    events: list[Event] = []

    async def scenario() -> getflags.Report:
        return await getflags.adownload(
            [server.url("/f"), server.url("/big")], dir=tmp_path, emit=events.append
        )

    report = asyncio.run(scenario())
    assert report.exit_status is getflags.ExitStatus.OK
    assert files(tmp_path) == {"f": b"abc", "big": bytes(2_000_000)}
    received = [event.received for event in events if isinstance(event, Progressed)]
    assert received == sorted(received)
    assert len(received) >= 2


@pytest.mark.parametrize("engine", ["asyncio", "auto", None])
@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_download_inside_a_running_loop_names_adownload(
    server: RawServer, tmp_path: Path, engine: str | None, loop: str
) -> None:
    """In a notebook a loop is always running."""
    settings: getflags.Settings = {"dir": tmp_path, "loop": loop}
    if engine:
        settings["engine"] = engine

    async def scenario() -> None:
        with pytest.raises(UsageError, match=r"^download\(\) .*; await adownload\(\) instead$"):
            getflags.download([server.url("/f")], **settings)
        assert (await getflags.adownload([server.url("/f")], **settings)).arrived == 1

    with asyncio.Runner(loop_factory=partial(event_loop.new_loop, loop)) as runner:
        runner.run(scenario())
    assert server.asked("/f") == 1


@pytest.mark.parametrize("engine", ["sequential", "threads", "processes"])
def test_other_engines_block_a_running_loop_and_work(
    server: RawServer, tmp_path: Path, engine: str
) -> None:
    async def scenario() -> getflags.Report:
        turns: list[int] = []
        asyncio.get_running_loop().call_soon(turns.append, 1)
        report = getflags.download([server.url("/f")], dir=tmp_path, engine=engine)
        assert turns == [], "the loop did nothing else meanwhile"
        return report

    assert asyncio.run(scenario()).exit_status is getflags.ExitStatus.OK
    assert files(tmp_path) == {"f": b"abc"}


def test_cancelling_leaves_nothing(server: RawServer, tmp_path: Path) -> None:
    async def scenario() -> None:
        job = asyncio.create_task(
            getflags.adownload([server.url("/mute"), server.url("/f")], dir=tmp_path, max_req=2)
        )
        while not files(tmp_path):  # noqa: ASYNC110 - the other end is a file
            await asyncio.sleep(0.001)
        job.cancel()
        with pytest.raises(asyncio.CancelledError):
            await job

    asyncio.run(scenario())
    assert files(tmp_path) == {"f": b"abc"}


@pytest.mark.parametrize("engine", ["threads", "sequential", "asyncio"])
def test_download_works_on_any_thread(server: RawServer, tmp_path: Path, engine: str) -> None:
    reports: list[getflags.Report] = []

    def work() -> None:
        reports.append(getflags.download([server.url("/f")], dir=tmp_path, engine=engine))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert reports[0].exit_status is getflags.ExitStatus.OK


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_a_callers_own_signal_handler_has_its_effect_after_the_tidying(
    server: RawServer, tmp_path: Path, loop: str
) -> None:
    def handler(number: int, frame: object) -> None:
        raise LookupError(number, frame)

    before = signal.signal(signal.SIGTERM, handler)

    def emit(event: Event) -> None:
        if isinstance(event, getflags.Finished):
            signal.raise_signal(signal.SIGTERM)

    try:
        with pytest.raises(LookupError):
            getflags.download(
                [server.url("/mute"), server.url("/f")],
                dir=tmp_path, loop=loop, emit=emit, max_req=2,
            )  # fmt: skip
        assert signal.getsignal(signal.SIGTERM) is handler
    finally:
        signal.signal(signal.SIGTERM, before)
    assert files(tmp_path) == {"f": b"abc"}


def test_a_job_that_is_cancelled_from_inside_is_cancelled(tmp_path: Path) -> None:
    def emit(_: Event) -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        getflags.download(["http://h:0x/"], dir=tmp_path, emit=emit)


def test_settings_that_make_no_sense(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="max_req is 0; it takes at least 1"):
        getflags.download([], max_req=0)
    with pytest.raises(UsageError, match="exists is 'x'; it takes overwrite, skip, refresh, fail"):
        getflags.download([], exists="x")
    with pytest.raises(UsageError, match="unknown engine 'x'"):
        getflags.download([], engine="x")
    with pytest.raises(UsageError, match="unknown client 'x'"):
        getflags.download([], client="x")
    with pytest.raises(UsageError, match="unknown loop 'x'; choose from auto, uvloop, asyncio"):
        getflags.download([], loop="x")
    with pytest.raises(UsageError, match=f"{NO_CERTIFICATES} in"):
        getflags.download([], cacert=tmp_path / "x")
    with pytest.raises(UsageError, match="proxy 'ftp://h' is not"):
        getflags.download([], proxy="ftp://h")


@pytest.mark.parametrize(
    "name",
    "Range if-range If-None-Match IF-MODIFIED-SINCE Content-Length Transfer-Encoding".split(),
)
def test_fields_that_are_not_the_callers_to_set(
    server: RawServer, tmp_path: Path, name: str
) -> None:
    settings: getflags.Settings = {"dir": tmp_path / "d", "headers": {"X-A": "b", name: "secret"}}
    with pytest.raises(UsageError, match=f"^headers: {name} cannot be set: "):
        getflags.download([server.url("/f")], **settings)
    with pytest.raises(UsageError, match=f"^headers: {name} cannot be set: "):
        asyncio.run(getflags.adownload([server.url("/f")], **settings))
    assert server.heads == []
    assert files(tmp_path) == {}


def test_where_uvloop_does_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "uvloop", None)
    monkeypatch.setattr(event_loop, "find_spec", lambda _: None)
    with pytest.raises(UsageError, match="uvloop is not installed; run: pip install uvloop"):
        event_loop.new_loop("uvloop")
    loop = event_loop.new_loop("auto")
    assert type(loop).__module__.startswith("asyncio")
    loop.close()


@pytest.mark.parametrize("engine", ["asyncio", "threads", "sequential"])
def test_memory_does_not_grow_with_the_number_of_targets(tmp_path: Path, engine: str) -> None:
    """Targets that fail without a request: what is left is what we keep of each."""

    def peak(total: int) -> int:
        tracemalloc.start()
        getflags.download(
            (f"http://[{number}/" for number in range(total)),
            dir=tmp_path, engine=engine, keep_outcomes=False, max_req=4,
        )  # fmt: skip
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(100)  # whatever is loaded or cached once
    assert peak(4_000) < 2 * peak(400)


def test_every_public_name_can_be_loaded() -> None:
    for name in getflags.__all__:
        assert getattr(getflags, name) is not None
    assert sorted(getflags.__all__) == sorted(
        name for names in getflags._HOMES.values() for name in names
    )
    with pytest.raises(AttributeError, match="no attribute 'nonesuch'"):
        getflags.nonesuch  # noqa: B018


def test_more_settings_that_make_no_sense(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="targets is a single string; it takes a list of them"):
        getflags.download("http://h/x", dir=tmp_path)
    with pytest.raises(UsageError, match="speed_limit is -1; it takes 0 or more"):
        getflags.download([], speed_limit=-1)
    with pytest.raises(UsageError, match="timeout is -1; it takes a positive number"):
        getflags.download([], dir=tmp_path, timeout=-1)


def test_a_wire_that_is_lent_after_the_end_is_of_no_use(tmp_path: Path) -> None:
    pool = threads._Pool(Plan([], "httpx"))
    pool.abort()
    with (
        pool.borrow() as wire,
        pytest.raises(errors.Aborted),
        RawServer({"/f": ok(b"x")}) as server,
    ):
        wire.get(server.url("/f"), (), lambda _: True, lambda _: None)
    pool.close()
    assert files(tmp_path) == {}
