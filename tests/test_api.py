"""The library's front door, in both colours."""

from __future__ import annotations

import asyncio
import re
import signal
import socket
import threading
import tracemalloc
from collections.abc import Iterator
from functools import partial
from hashlib import sha256
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

import getflags
from getflags import Entry, Progressed, UsageError
from getflags.core import errors
from getflags.core.events import Event
from getflags.core.models import Plan
from getflags.engines import event_loop, threads
from getflags.targets.list_file import parse_checksum
from getflags.transfer.body import MIN_EVENT_INTERVAL
from tests.kit import files
from tests.messages import NO_CERTIFICATES
from tests.rawserver import RawServer, ok, silence


@pytest.fixture
def server() -> Iterator[RawServer]:
    with RawServer({"/f": ok(b"abc"), "/mute": silence}) as running:
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


def test_inside_a_running_loop(tmp_path: Path) -> None:
    events: list[Event] = []

    def in_halves(connection: socket.socket, _: RawServer) -> None:
        """Send the second half when the first one has been reported, and another may be."""
        whole, end = ok(bytes(2_000_000)), monotonic() + 20
        connection.sendall(whole[:1_000_000])
        while not any(isinstance(event, Progressed) for event in events) and monotonic() < end:
            sleep(0.01)
        sleep(MIN_EVENT_INTERVAL)
        connection.sendall(whole[1_000_000:])

    async def scenario(server: RawServer) -> getflags.Report:
        return await getflags.adownload(
            [server.url("/f"), server.url("/big")], dir=tmp_path, emit=events.append
        )

    with RawServer({"/f": ok(b"abc"), "/big": in_halves}) as server:
        report = asyncio.run(scenario(server))
    assert report.exit_status is getflags.ExitStatus.OK
    assert files(tmp_path) == {"f": b"abc", "big": bytes(2_000_000)}
    received = [event.received for event in events if isinstance(event, Progressed)]
    assert received == sorted(received)
    assert len(received) >= 2


@pytest.mark.parametrize("engine", ["asyncio", None])
@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_download_inside_a_running_loop_names_adownload(
    server: RawServer, tmp_path: Path, engine: str | None, loop: str
) -> None:
    """In a notebook a loop is always running."""
    settings: getflags.SettingsDict = {"dir": tmp_path, "loop": loop}
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
def test_adownload_refuses_other_engines_and_names_download(
    server: RawServer, tmp_path: Path, engine: str
) -> None:
    sentence = (
        f"adownload() always uses the asyncio engine; for engine='{engine}', run download() in a "
        "thread (asyncio.to_thread)"
    )
    with pytest.raises(UsageError, match=f"^{re.escape(sentence)}$"):
        asyncio.run(getflags.adownload([server.url("/f")], dir=tmp_path / "new", engine=engine))
    assert server.heads == []
    assert files(tmp_path) == {}

    async def as_it_says() -> getflags.Report:
        return await asyncio.to_thread(
            getflags.download, [server.url("/f")], dir=tmp_path, engine=engine
        )

    assert repr(asyncio.run(as_it_says())).startswith("<Report: 1 ok; 3 bytes in ")
    assert files(tmp_path) == {"f": b"abc"}


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
    with pytest.raises(
        UsageError, match="max_req is 0; it must be a whole number, 1 or more, or auto"
    ):
        getflags.download([], max_req=0)
    with pytest.raises(
        UsageError, match="exists is 'x'; it must be one of overwrite, skip, refresh, fail"
    ):
        getflags.download([], exists="x")
    with pytest.raises(UsageError, match="engine is 'x'; it must be one of auto, sequential"):
        getflags.download([], engine="x")
    with pytest.raises(UsageError, match="client is 'x'; it must be one of auto, curl, h1, httpx"):
        getflags.download([], client="x")
    with pytest.raises(UsageError, match="loop is 'x'; it must be one of auto, uvloop, asyncio"):
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
    settings: getflags.SettingsDict = {
        "dir": tmp_path / "d",
        "headers": {"X-A": "b", name: "secret"},
    }
    with pytest.raises(UsageError, match=f"^headers is refused: {name} cannot be set: "):
        getflags.download([server.url("/f")], **settings)
    with pytest.raises(UsageError, match=f"^headers is refused: {name} cannot be set: "):
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
    # Up to 1,000 targets may wait, which takes 300 kB; how many do depends on the machine.
    assert peak(6_000) < peak(2_000) + 500_000


def test_every_public_name_can_be_loaded() -> None:
    for name in getflags.__all__:
        assert getattr(getflags, name) is not None
    assert sorted(getflags.__all__) == sorted(
        name for names in getflags._MODULES.values() for name in names
    )
    with pytest.raises(AttributeError, match="no attribute 'nonesuch'"):
        getflags.nonesuch  # noqa: B018


def test_more_settings_that_make_no_sense(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="targets is a single string; pass a list of targets"):
        getflags.download("http://h/x", dir=tmp_path)
    with pytest.raises(UsageError, match="speed_limit is -1; it must be 0 or more"):
        getflags.download([], speed_limit=-1)
    with pytest.raises(UsageError, match="timeout is -1; it must be a positive number"):
        getflags.download([], dir=tmp_path, timeout=-1)


#: Keyword arguments that are mistakes, and what is said of them.
MISTAKES: list[tuple[dict[str, object], str]] = [
    ({"retires": 0}, "there is no setting 'retires'; did you mean retries?"),
    ({"xyzzy": 0}, "there is no setting 'xyzzy'; the settings are dir, engine, client, "),
    ({"max_req": "50"}, "max_req is '50'; it must be a whole number, 1 or more, or auto"),
    ({"max_req": 10**5000}, "max_req is 0x"),
    ({"retries": -1}, "retries is -1; it must be a whole number, 0 or more"),
    ({"retries": True}, "retries is True; it must be a whole number"),
    ({"retries": 1.5}, "retries is 1.5; it must be a whole number"),
    ({"max_redirs": None}, "max_redirs is None; it must be a whole number"),
    ({"timeout": None}, "timeout is None; it must be a positive number of seconds"),
    ({"timeout": False}, "timeout is False; it must be a positive number"),
    ({"timeout": float("nan")}, "timeout is nan; it must be a positive number"),
    ({"connect_timeout": float("inf")}, "connect_timeout is inf; it must be a positive number"),
    ({"connect_timeout": 1e300}, "connect_timeout is 1e+300; it must be a positive number of"),
    (
        {"max_time": 0},
        "max_time is 0; it must be a positive number of seconds, at most 1e9, or None",
    ),
    ({"max_filesize": 0}, "max_filesize is 0; it must be a whole number, 1 or more, or None"),
    ({"limit_rate": 0.5}, "limit_rate is 0.5; it must be 1 or more bytes a second, or None"),
    ({"speed_limit": float("inf")}, "speed_limit is inf; it must be 0 or more bytes a second"),
    ({"headers": None}, "headers is None; it must be a mapping of names to values"),
    ({"headers": [("a", "secret")]}, "headers is of type list; it must be a mapping"),
    ({"headers": {"a": 1}}, "headers contains a non-string name or value"),
    ({"headers": {b"a": "secret"}}, "headers contains a non-string name or value"),
    ({"headers": {"a b": "secret"}}, "headers contains 'a b', whose name or value cannot be sent"),
    ({"headers": {"a": "secret\r\nb: c"}}, "headers contains 'a', whose name or value cannot"),
    ({"headers": {"a": "\u20ac"}}, "headers contains 'a', whose name or value cannot be sent"),
    ({"user": "secret"}, "user has no password: write USER:PASSWORD"),
    ({"user": "a:\ud800secret"}, "user has a character that cannot be sent"),
    (
        {"user": ("a", "secret")},
        "user is of type tuple; it must be a string, USER:PASSWORD, or None",
    ),
    ({"oauth2_bearer": "secret x"}, "oauth2_bearer is empty, or has a space"),
    ({"oauth2_bearer": b"secret"}, "oauth2_bearer is of type bytes; it must be a string without"),
    ({"headers": {"Cookie": "a=secret", "cookie": "b=2"}}, "the header field Cookie is given more"),
    ({"user": "a:secret", "oauth2_bearer": "secret"}, "a user (--user) and a bearer token"),
    (
        {"engine": "warp"},
        "engine is 'warp'; it must be one of auto, sequential, threads, asyncio, processes",
    ),
    ({"engine": ["asyncio"]}, "engine is of type list; it must be one of auto, sequential"),
    ({"loop": None}, "loop is None; it must be one of auto, uvloop, asyncio"),
    ({"dir": b"x"}, "dir is of type bytes; it must be a path"),
    ({"dir": ""}, "dir is ''; it must be a path"),
    ({"cacert": "a\0b"}, r"cacert is 'a\x00b'; it must be a path, or None"),
    ({"proxy": ""}, "proxy is ''; it must be a non-empty string, or None"),
    ({"proxy": 8080}, "proxy is 8080; it must be a non-empty string, or None"),
    ({"base_url": "ftp://u:secret@h"}, "base_url 'ftp://***@h' cannot be used: only http"),
    ({"base_url": 1}, "base_url is 1; it must be an http:// or https:// URL, or None"),
    ({"insecure": "no"}, "insecure is 'no'; it must be True or False"),
    ({"fsync": 1}, "fsync is 1; it must be True or False"),
    ({"emit": "print"}, "emit is 'print'; it must be a function, or None"),
]


@pytest.mark.parametrize(
    ("given", "sentence"), MISTAKES, ids=[sentence[:30] for _, sentence in MISTAKES]
)
def test_a_mistaken_setting_is_named_before_any_request(
    server: RawServer, tmp_path: Path, given: Any, sentence: str
) -> None:
    async def inside() -> None:
        await getflags.adownload([server.url("/f")], **given)

    given = {"dir": tmp_path / "new", **given}
    for attempt in (
        lambda: getflags.download([server.url("/f")], **given),
        lambda: asyncio.run(inside()),
    ):
        with pytest.raises(UsageError) as caught:
            attempt()
        assert str(caught.value).startswith(sentence)
        assert "secret" not in str(caught.value)
    assert server.heads == []
    assert files(tmp_path) == {}


def test_settings_at_the_ends_of_their_ranges(server: RawServer, tmp_path: Path) -> None:
    report = getflags.download(
        [server.url("/f")],
        dir=str(tmp_path), client="auto", loop="auto", engine="auto", max_req=1, exists="skip",
        headers={"X-A": " b ", "X-B": ""}, timeout=1_000_000_000, connect_timeout=1e9, max_redirs=0,
        retries=0, max_time=1e9, max_filesize=3, limit_rate=10**6, speed_limit=0, fsync=True,
        proxy=None, cacert=None, insecure=False, base_url=None, keep_outcomes=False, emit=None,
    )  # fmt: skip
    assert (report.exit_status, report.outcomes) == (getflags.ExitStatus.OK, [])
    assert b"\r\nx-a: b\r\n" in server.heads[0].lower()


def test_type_checkers_see_a_misspelt_setting_and_a_wrong_type() -> None:
    """Each comment is an error to mypy if there is nothing to ignore."""
    with pytest.raises(UsageError):
        getflags.download([], retires=0)  # type: ignore[call-arg]
    with pytest.raises(UsageError):
        getflags.download([], retries="0")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("targets", "sentence"),
    [
        ([("a", "b")], "targets[0] is of type tuple; expected a string or an Entry"),
        (["http://h/", 5], "targets[1] is of type int; expected a string or an Entry"),
        (("http://h/", None), "targets[1] is of type NoneType; expected a string or an Entry"),
        ({b"BR": 1}, "targets[0] is of type bytes; expected a string or an Entry"),
        (iter([5]), "targets[0] is of type int; expected a string or an Entry"),
        ([Entry(5)], "targets[0] is an Entry, but one of its fields has a wrong type"),  # type: ignore[arg-type]
        ([Entry("BR", out=None)], "targets[0] is an Entry, but one"),  # type: ignore[arg-type]
        ([Entry("BR", checksum="md5=0")], "targets[0] is an Entry"),  # type: ignore[arg-type]
        ("http://h/x", "targets is a single string; pass a list of targets"),
        (b"http://h/x", "targets is a single bytes; pass a list"),
        (Entry("BR"), "targets is a single Entry; pass a list of targets"),
        (None, "targets is of type NoneType; pass a list"),
    ],
)
def test_something_that_cannot_be_a_target_is_named(
    tmp_path: Path, targets: Any, sentence: str
) -> None:
    with pytest.raises(UsageError) as caught:
        getflags.download(targets, dir=tmp_path)
    assert str(caught.value).startswith(sentence)
    assert files(tmp_path) == {}


def test_a_collection_is_checked_before_the_first_request(
    server: RawServer, tmp_path: Path
) -> None:
    targets: Any = [*[server.url("/f")] * 50, 5]
    with pytest.raises(UsageError, match=r"^targets\[50\] is of type int"):
        getflags.download(targets, dir=tmp_path, max_req=1)
    assert server.heads == []
    with pytest.raises(UsageError, match=r"^targets\[50\] is of type int"):
        getflags.download(iter(targets), dir=tmp_path, max_req=1)
    assert server.heads != []


#: A checksum → what is wrong with it.
CHECKSUMS: dict[str, tuple[Any, str]] = {
    "no algorithm": (("nope", "00"), "targets[1]: checksum 'nope=00': unknown algorithm"),
    "no fixed length": (("shake_128", "00"), "targets[1]: checksum 'shake_128=00': unknown"),
    "a number": ((5, "00"), "targets[1] has a checksum whose fields are not both strings"),
    "no digest": (("md5", None), "targets[1] has a checksum whose fields are not both strings"),
    "a short digest": (("md5", "00"), "targets[1]: checksum 'md5=00': md5 takes 32 hexadecimal"),
}


#: Header fields of an entry, and the error.
HEADERS: dict[str, tuple[Any, str]] = {
    "a mapping": ({"A": "secret"}, "targets[1] has headers that are not a tuple of pairs"),
    "a pair": (("A", "secret"), "targets[1] has headers that are not a tuple of pairs"),
    "three": ((("A", "b", "secret"),), "targets[1] has headers that are not a tuple of pairs"),
    "a number": ((("A", 1),), "targets[1].headers contains a non-string name or value"),
    "a line end": ((("A", "secret\n"),), "targets[1].headers contains 'A', whose name or value"),
    "refused": ((("Range", "secret"),), "targets[1].headers is refused: Range cannot be set:"),
}


@pytest.mark.parametrize(("headers", "sentence"), HEADERS.values(), ids=HEADERS)
def test_header_fields_of_an_entry_that_cannot_be_sent_are_named(
    server: RawServer, tmp_path: Path, headers: Any, sentence: str
) -> None:
    url = server.url("/f")
    targets: list[str | getflags.Entry] = [url, getflags.Entry(url, headers=headers)]
    with pytest.raises(UsageError) as caught:
        getflags.download(targets, dir=tmp_path / "new")
    assert str(caught.value).startswith(sentence)
    assert "secret" not in str(caught.value)
    assert server.heads == []
    assert files(tmp_path) == {}


@pytest.mark.parametrize("engine", ["sequential", "threads", "asyncio", "processes"])
@pytest.mark.parametrize(("fields", "sentence"), CHECKSUMS.values(), ids=CHECKSUMS)
def test_an_invalid_checksum_is_named(
    server: RawServer, tmp_path: Path, engine: str, fields: Any, sentence: str
) -> None:
    url = server.url("/f")
    targets: list[str | Entry] = [url, Entry(url, checksum=getflags.Checksum(*fields))]
    with pytest.raises(UsageError) as caught:
        getflags.download(targets, dir=tmp_path, engine=engine)
    assert str(caught.value).startswith(sentence)
    assert server.heads == []
    with pytest.raises(UsageError) as caught:
        getflags.download(iter(targets), dir=tmp_path, engine=engine)
    assert str(caught.value).startswith(sentence)


def test_a_checksum_may_be_in_capitals(server: RawServer, tmp_path: Path) -> None:
    checksum = getflags.Checksum("SHA-256", sha256(b"abc").hexdigest().upper())
    report = getflags.download([Entry(server.url("/f"), checksum=checksum)], dir=tmp_path)
    assert report.exit_status is getflags.ExitStatus.OK


def test_a_malformed_url_in_a_list_fails_alone(server: RawServer, tmp_path: Path) -> None:
    report = getflags.download(["http://[::1/", server.url("/f"), ""], dir=tmp_path)
    assert (report.arrived, report.failures) == (1, 2)


def test_a_transport_that_is_lent_after_the_end_is_of_no_use(tmp_path: Path) -> None:
    pool = threads._Pool(Plan([], "httpx", 1))
    pool.abort()
    with (
        pool.borrow() as transport,
        pytest.raises(errors.Aborted),
        RawServer({"/f": ok(b"x")}) as server,
    ):
        transport.get(server.url("/f"), (), lambda _: True, lambda _: None)
    pool.close()
    assert files(tmp_path) == {}


def test_a_report_shows_no_secret(tmp_path: Path, closed_port: int) -> None:
    """A notebook prints the value of its last line, and stores what it has printed."""
    url = f"http://me:hunter2@127.0.0.1:{closed_port}/f?token=hunter2"
    report = getflags.download([url], dir=tmp_path, retries=0)
    assert "127.0.0.1" in repr(report.outcomes)
    assert "hunter2" not in repr(report.outcomes)
