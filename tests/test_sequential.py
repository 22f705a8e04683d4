"""The sequential engine, interrupted at every instruction: neither file nor descriptor is lost."""

from __future__ import annotations

import gc
import itertools
import os
import signal
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from getflags.cli.lists.failed_list import list_rest
from getflags.core import deferred_signals
from getflags.core.errors import Aborted, Disconnected
from getflags.core.events import EventHandler, Finished
from getflags.core.models import Checksum, DownloadOptions, Fields, Outcome, Plan, Status, Target
from getflags.core.response_head import Head
from getflags.engines import sequential
from getflags.storage.directories import make_folder
from getflags.storage.part_file import PartFile
from tests.interrupting import interrupted_at
from tests.kit import descriptors, files

BODY = b"x" * 300_000  # more than a step of progress, at which a record is written
TAGGED = (("etag", '"one"'), ("content-length", str(len(BODY))), ("accept-ranges", "bytes"))


@pytest.fixture(autouse=True, scope="module")
def _no_garbage() -> None:
    """Close now what earlier tests have left to the garbage collector: here, files are counted."""
    gc.collect()


class MemoryTransport:
    """A ``Transport`` that answers from memory, with a part of the body; then it breaks."""

    def __init__(self, head: Head, most: int | None = None) -> None:
        self.head = head
        self.most = most
        self.aborted = False

    def get(
        self,
        url: str,
        headers: Fields,
        on_head: Callable[[Head], bool],
        on_body: Callable[[bytes], None],
        within: float | None = None,
        *,
        certified: bool = False,
    ) -> None:
        del url, within, certified
        start = int(dict(headers).get("Range", "bytes=0-")[6:-1])
        head = self.head
        if start:
            place = ("content-range", f"bytes {start}-{len(BODY) - 1}/{len(BODY)}")
            head = Head(206, (TAGGED[0], place, ("content-length", str(len(BODY) - start))))
        if on_head(head):
            on_body(BODY[start : self.most])
        if self.aborted:
            raise Aborted("interrupted")
        if self.most is not None:
            raise Disconnected("the connection broke")

    def abort(self) -> None:
        self.aborted = True

    def close(self) -> None:
        pass


class Client:
    """A ``Client`` that has such a transport."""

    def __init__(self, transport: MemoryTransport) -> None:
        self._transport = transport

    def open_transport(self, _: object) -> MemoryTransport:
        return self._transport


PLAIN = (TAGGED[1],)
SUM = Checksum("sha256", sha256(BODY).hexdigest())
MOST = 280_000  # bytes, before a connection breaks


def download(
    folder: Path,
    transport: MemoryTransport,
    checksum: Checksum | None,
    rules: DownloadOptions,
    emit: EventHandler = lambda _: None,
) -> None:
    target = Target(0, "http://h/f", "f", "http://h/f", str(folder), "f", checksum)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sequential, "client", lambda _, **_more: Client(transport))
        patch.setattr(os, "fsync", lambda _: None)  # what a disk does meanwhile takes its time
        sequential.run(Plan([target], "memory", 1, options=rules), emit)


def left_over(folder: Path) -> None:
    """Let an earlier run leave a part file and its record."""
    download(folder, MemoryTransport(Head(200, TAGGED), MOST), None, DownloadOptions(retries=0))
    assert len(files(folder)) == 2


def old(folder: Path) -> None:
    (folder / "f").write_bytes(b"old")


#: What stands there, what the server does, and with which rules.
RUNS: dict[str, tuple[Callable[[Path], object], MemoryTransport, DownloadOptions]] = {
    "new": (lambda _: None, MemoryTransport(Head(200, TAGGED)), DownloadOptions()),
    "broken": (old, MemoryTransport(Head(200, PLAIN), MOST), DownloadOptions(retries=0)),
    "kept": (old, MemoryTransport(Head(200, TAGGED), MOST), DownloadOptions(retries=0)),
    "resumed": (left_over, MemoryTransport(Head(200, TAGGED)), DownloadOptions(fsync=True)),
    "begun anew": (left_over, MemoryTransport(Head(200, PLAIN)), DownloadOptions()),
    "not found": (left_over, MemoryTransport(Head(404, ())), DownloadOptions(retries=0)),
}
#: Those of a fast run: with a record and a part file of its own, and with those of an earlier run.
QUICK = ("new", "resumed")


def check(folder: Path) -> None:
    """Check that what stands there is whole, or can be resumed."""
    found = files(folder)
    assert found.pop("f", b"old") in {b"old", BODY}
    if found:
        record, part = sorted(found)
        assert (record[-5:], part[-5:]) == (".json", ".part")
        assert found[part]
        assert BODY.startswith(found[part])


@pytest.mark.parametrize(
    "name",
    [each if each in QUICK else pytest.param(each, marks=pytest.mark.slow) for each in RUNS],
)
def test_an_interrupted_download_loses_nothing(tmp_path: Path, name: str) -> None:
    prepare, transport, rules = RUNS[name]
    for place in itertools.count(1):
        folder = tmp_path / str(place)
        folder.mkdir()
        prepare(folder)
        before = descriptors()
        try:
            with interrupted_at(place):
                download(folder, transport, SUM, rules)
        except KeyboardInterrupt:
            pass
        else:
            break
        finally:
            assert descriptors() == before, f"at place {place}"
            check(folder)
    assert place > len("a handful of places")


def test_an_interrupted_look_at_the_folder_leaves_nothing_there(tmp_path: Path) -> None:
    for place in itertools.count(1):
        before = descriptors()
        try:
            with interrupted_at(place):
                make_folder(str(tmp_path))
        except KeyboardInterrupt:
            assert files(tmp_path) == {}
            assert descriptors() == before, f"at place {place}"
        else:
            break
    assert place > len("a handful of places")


def test_a_signal_during_a_write_ends_the_request_after_it(tmp_path: Path) -> None:
    transport = MemoryTransport(Head(200, TAGGED))
    done: list[str] = []
    write = PartFile.write

    def interrupted(part: PartFile, data: bytes, at: int) -> None:
        signal.raise_signal(signal.SIGINT)
        write(part, data, at)
        done.append("written")

    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(PartFile, "write", interrupted)
        download(tmp_path, transport, None, DownloadOptions())
    assert (done, transport.aborted) == (["written"], True)


class Ended(BaseException):
    """What the handler of SIGTERM raises."""


@pytest.fixture
def handlers() -> Iterator[None]:
    """Have a handler for SIGTERM, too."""

    def end(*_: object) -> None:
        raise Ended

    before = signal.signal(signal.SIGTERM, end)
    yield
    signal.signal(signal.SIGTERM, before)
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.mark.usefixtures("handlers")
def test_a_block_whose_end_is_interrupted_swallows_no_later_signal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = signal.signal

    def set_handler(number: int, handler: Any) -> Any:
        before = real(number, handler)
        if handler is signal.default_int_handler:  # the first that is given back
            signal.raise_signal(signal.SIGINT)
        return before

    with (
        monkeypatch.context() as patch,
        pytest.raises(KeyboardInterrupt),
        deferred_signals.signals_deferred(lambda: None),
    ):
        patch.setattr(signal, "signal", set_handler)
    with pytest.raises(Ended):
        signal.raise_signal(signal.SIGTERM)


@pytest.mark.usefixtures("handlers")
def test_a_block_whose_beginning_is_interrupted_leaves_no_handler(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = signal.signal

    def set_handler(number: int, handler: Any) -> Any:
        before = real(number, handler)
        if before is signal.default_int_handler:  # the first that is taken away
            signal.raise_signal(signal.SIGTERM)
        return before

    with (
        monkeypatch.context() as patch,
        pytest.raises(Ended),
    ):
        patch.setattr(signal, "signal", set_handler)
        with deferred_signals.signals_deferred(lambda: None):
            pytest.fail("it has not begun")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_interrupted_rest_of_the_job_is_written_once_it_has_begun(tmp_path: Path) -> None:
    target = Target(0, "http://h/f", "http://h/f", "http://h/f", "d", "f")
    name = str(tmp_path / "rest")
    for place in itertools.count(1):
        (tmp_path / "rest").write_bytes(b"old")
        before, begun = descriptors(), False
        try:
            with interrupted_at(place), list_rest(name, "d", [target], print) as rest:
                begun = True
                rest.read(Finished(Outcome(target, Status.OK)))
        except KeyboardInterrupt:
            pass
        else:
            break
        finally:
            gc.collect()
            assert descriptors() == before, f"at place {place}"
            assert list(files(tmp_path)) == ["rest"], f"at place {place}"
            lines = (tmp_path / "rest").read_text()
            assert lines in ({"http://h/f\n", ""} if begun else {"old", "http://h/f\n"}), place
    assert files(tmp_path) == {"rest": b""}
    assert place > len("a handful of places")
