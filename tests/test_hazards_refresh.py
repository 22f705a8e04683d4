"""``--exists refresh``: files that are kept, and files that never are (J2, J3)."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

import getflags
from getflags.core.models import FetchRecord, Status
from getflags.storage.records import fetch_record
from tests.hazards import Way, everywhere
from tests.kit import files
from tests.rawserver import Answer, RawServer, moved, ok

BODY = bytes(range(250)) * 400  # 100,000 bytes
OLDER = BODY[::-1]
DATE = "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT"
EARLIER = "Last-Modified: Sat, 05 Nov 1994 08:49:37 GMT"
NOT_MODIFIED = b"HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n"


def tagged(tag: str, body: bytes, *fields: str) -> Answer:
    """Answer as RFC 9110 asks: 304 to a request with that tag, else with the body."""

    def answer(connection: socket.socket, server: RawServer) -> None:
        known = f'if-none-match: "{tag}"'.encode() in server.head.lower()
        connection.sendall(NOT_MODIFIED if known else ok(body, f'ETag: "{tag}"', *fields))

    return answer


def dated(body: bytes, date: str = DATE) -> Answer:
    """Answer as many servers do: 304 to any request with If-Modified-Since, whatever the date."""

    def answer(connection: socket.socket, server: RawServer) -> None:
        asked = re.search(rb"(?i)\r\nif-modified-since:", server.head)
        connection.sendall(NOT_MODIFIED if asked else ok(body, date))

    return answer


def refresh(urls: list[str], folder: Path, way: Way) -> list[Status]:
    report = getflags.download(urls, dir=folder, exists="refresh", **way)
    assert report.exit_status == 0
    return [outcome.status for outcome in report.outcomes]


@everywhere
def test_j3_what_was_fetched_is_asked_for_by_its_tag(tmp_path: Path, way: Way) -> None:
    with RawServer({"/f": tagged("one", BODY)}) as server:
        urls = [server.url("/f")]
        assert refresh(urls, tmp_path, way) == [Status.OK]
        assert refresh(urls, tmp_path, way) == [Status.PRESENT]
        assert b'if-none-match: "one"' in server.heads[-1].lower()
        server.answers["/f"] = tagged("older", OLDER)
        assert refresh(urls, tmp_path, way) == [Status.OK], "the server went back to it"
    assert files(tmp_path) == {"f": OLDER}


@everywhere
def test_j3_without_a_tag_size_and_date_decide(tmp_path: Path, way: Way) -> None:
    with RawServer({"/f": dated(BODY)}) as server:
        urls = [server.url("/f")]
        assert refresh(urls, tmp_path, way) == [Status.OK]
        assert refresh(urls, tmp_path, way) == [Status.PRESENT]
        server.answers["/f"] = dated(OLDER, EARLIER)
        assert refresh(urls, tmp_path, way) == [Status.OK], "the server went back to it"
    assert files(tmp_path) == {"f": OLDER}


def remain(path: Path) -> None:
    path.write_bytes(BODY[:1_234])
    os.utime(path, (784111777, 784111777))


#: what has become of a file that was fetched
MISHAPS: dict[str, Callable[[Path], object]] = {
    "a remnant": lambda path: path.write_bytes(BODY[:1_234]),
    "a remnant, with its old date": remain,
    "another file, which is newer": lambda path: path.write_bytes(OLDER),
    "a byte more": lambda path: path.write_bytes(BODY + b"!"),
    "empty": lambda path: path.write_bytes(b""),
}


@pytest.mark.parametrize("server_is", [tagged("one", BODY, DATE), dated(BODY)], ids=["tag", "date"])
@pytest.mark.parametrize("what", MISHAPS)
@everywhere
def test_j3_a_file_that_has_changed_since_is_fetched(
    tmp_path: Path, way: Way, what: str, server_is: Answer
) -> None:
    with RawServer({"/f": server_is}) as server:
        refresh([server.url("/f")], tmp_path, way)
        MISHAPS[what](tmp_path / "f")
        assert refresh([server.url("/f")], tmp_path, way) == [Status.OK]
    assert files(tmp_path) == {"f": BODY}


@everywhere
def test_j3_a_file_of_that_name_from_another_url_is_fetched(tmp_path: Path, way: Way) -> None:
    answers = {"/a/f": tagged("one", OLDER, DATE), "/b/f": tagged("one", BODY, DATE)}
    with RawServer(answers) as server:
        refresh([server.url("/a/f")], tmp_path, way)
        assert refresh([server.url("/b/f")], tmp_path, way) == [Status.OK]
    assert files(tmp_path) == {"f": BODY}


@everywhere
def test_j3_a_file_without_a_record_is_kept_by_size_and_date_only(tmp_path: Path, way: Way) -> None:
    """As another program has left it, or a file system without extended attributes."""
    (tmp_path / "f").write_bytes(BODY)
    os.utime(tmp_path / "f", (784111777, 784111777))
    with RawServer({"/f": dated(BODY)}) as server:
        assert refresh([server.url("/f")], tmp_path, way) == [Status.PRESENT]
        os.utime(tmp_path / "f", (784111778, 784111778))
        assert refresh([server.url("/f")], tmp_path, way) == [Status.OK], "in doubt"


@everywhere
def test_j3_behind_a_redirect_the_tag_is_for_the_url_behind_it(tmp_path: Path, way: Way) -> None:
    with RawServer({"/f": moved("/g"), "/g": tagged("one", BODY)}) as server:
        urls = [server.url("/f")]
        assert refresh(urls, tmp_path, way) == [Status.OK]
        assert refresh(urls, tmp_path, way) == [Status.PRESENT]
        server.answers |= {"/f": moved("/h"), "/h": tagged("one", OLDER)}
        assert refresh(urls, tmp_path, way) == [Status.OK], "another place, another meaning"
    assert files(tmp_path) == {"f": OLDER}


@pytest.mark.parametrize("status", ["201 Created", "202 Accepted", "203 Changed", "207 Multi"])
@everywhere
def test_j2_no_other_success_replaces_a_file(tmp_path: Path, way: Way, status: str) -> None:
    (tmp_path / "f").write_bytes(b"good")
    with RawServer({"/f": ok(b"", status=status)}) as server:
        report = getflags.download([server.url("/f")], dir=tmp_path, **way)
    assert report.exit_status == 3
    assert status[:3] in report.outcomes[0].reason
    assert files(tmp_path) == {"f": b"good"}


@everywhere
def test_j2_a_file_that_is_being_made_is_asked_for_again(tmp_path: Path, way: Way) -> None:
    first = [ok(b"", "Retry-After: 0", status="202 Accepted")]

    def answer(connection: socket.socket, server: RawServer) -> None:
        del server
        connection.sendall(first.pop() if first else ok(b"made"))

    with RawServer({"/f": answer}) as server:
        report = getflags.download([server.url("/f")], dir=tmp_path, **way)
    assert report.exit_status == 0
    assert files(tmp_path) == {"f": b"made"}


RECORD = FetchRecord("0123456789abcdef01234567", '"a tag with spaces"', None)


def test_a_record_is_of_a_file_that_has_not_changed(tmp_path: Path) -> None:
    path = tmp_path / "f"
    with path.open("wb") as file:
        file.write(b"abc")
        file.flush()
        stored = os.fstat(file.fileno())
        fetch_record.write(file.fileno(), RECORD, stored.st_size, stored.st_mtime_ns)
    assert fetch_record.read(str(path)) == RECORD
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))
    assert fetch_record.read(str(path)) is None


@pytest.mark.parametrize(
    "text", [b"", b"1 2", b"2 3 4 a - b", b"x y z a - b", b"1 0 0 a b c", b"\xff"]
)
def test_a_record_that_makes_no_sense_is_none(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "f"
    path.touch()
    os.setxattr(path, "user.getflags", text)
    assert fetch_record.read(str(path)) is None


def test_a_system_without_attributes_has_no_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "setxattr")
    monkeypatch.delattr(os, "getxattr")
    with (tmp_path / "f").open("wb") as file:
        stored = os.fstat(file.fileno())
        fetch_record.write(file.fileno(), RECORD, stored.st_size, stored.st_mtime_ns)
    assert fetch_record.read(str(tmp_path / "f")) is None


def test_a_file_system_that_refuses_attributes_has_no_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(os, "setxattr", refuse)
    with (tmp_path / "f").open("wb") as file:
        stored = os.fstat(file.fileno())
        fetch_record.write(file.fileno(), RECORD, stored.st_size, stored.st_mtime_ns)
    assert fetch_record.read(str(tmp_path / "f")) is None
