"""Disks and processes: whatever happens to them, a name stands for a whole file or for none.

The smallest cases stand in test_part_file.py, without a server; here they meet every engine.
"""

from __future__ import annotations

import errno
import os
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from hashlib import sha256
from pathlib import Path
from time import time

import pytest

import getflags
from getflags import Entry, UsageError, transport
from getflags.storage import locked_file
from tests.hazards import PLAIN, SIZED, WAYS, Way, everywhere, title
from tests.kit import ENVIRON, ROOT, command, files
from tests.messages import CHECKSUM, INTERRUPTED, NO_FOLDER, NOT_SAVED
from tests.rawserver import Answer, RawServer, ok, stall_after

BODY = bytes(range(256)) * 8192  # 2 MiB
CUT = 1536 * 1024  # bytes; more than waits for the disk
TAG = b'ETag: "one"\r\n'


def announced(body: bytes, fields: bytes = b"") -> bytes:
    """Return the head of a response with that body."""
    return PLAIN + fields + b"Content-Length: %d\r\n\r\n" % len(body)


def start(folder: Path, way: Way, *words: str) -> subprocess.Popen[str]:
    """Run getflags; the end of its output is the end of all its processes."""
    return subprocess.Popen(
        command("-d", "d", "--engine", way["engine"], "--client", way["client"], *words),
        cwd=folder, env={**ENVIRON, "PYTHONPATH": str(ROOT)}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def part_of(folder: Path, least: int) -> Path:
    """Wait for the part file to have so many bytes; return it."""
    while True:
        for path in folder.glob(".getflags-*.part"):
            with suppress(FileNotFoundError):  # of another name, with which the folder was tried
                if path.stat().st_size >= least:
                    return path


@everywhere
def test_who_looks_at_a_name_sees_the_old_file_or_the_new_one(tmp_path: Path, way: Way) -> None:
    (tmp_path / "old").write_bytes(b"old")
    seen: set[bytes | None] = set()

    def answer(connection: socket.socket, server: RawServer) -> None:
        name = server.head.split(b" ")[1].decode()[1:]
        connection.sendall(announced(BODY))
        for start in range(0, len(BODY), 1 << 18):
            path = tmp_path / name  # the last piece is still to come
            seen.add(path.read_bytes() if path.exists() else None)
            connection.sendall(BODY[start:][: 1 << 18])

    with RawServer({"/old": answer, "/new": answer}) as server:
        urls = [server.url("/old"), server.url("/new")]
        report = getflags.download(urls, dir=tmp_path, max_req=1, **way)
    assert report.exit_status == 0
    assert seen == {b"old", None}
    assert files(tmp_path) == {"old": BODY, "new": BODY}


@pytest.mark.parametrize("folder", ["file", "file/below", "/proc/getflags"])
@everywhere
def test_a_folder_that_cannot_be_written_to_is_a_sentence_before_any_request(
    tmp_path: Path, way: Way, folder: str
) -> None:
    (tmp_path / "file").write_bytes(b"precious")
    with RawServer({"/f": ok(b"new")}) as server:
        with pytest.raises(UsageError, match=NO_FOLDER):
            getflags.download([server.url("/f")], dir=tmp_path / folder, **way)
        assert server.heads == []
    assert files(tmp_path) == {"file": b"precious"}


@everywhere
def test_links_at_final_names_are_replaced_and_never_written_through(
    tmp_path: Path, way: Way
) -> None:
    victim, folder = tmp_path / "victim", tmp_path / "d"
    victim.write_bytes(b"precious")
    folder.mkdir()
    (folder / "symbolic").symlink_to(victim)
    (folder / "dangling").symlink_to(tmp_path / "nothing")
    (folder / "hard").hardlink_to(victim)
    os.mkfifo(folder / "pipe")
    names = ["symbolic", "dangling", "hard", "pipe"]
    with RawServer({f"/{name}": ok(b"new") for name in names}) as server:
        urls = [server.url(f"/{name}") for name in names]
        report = getflags.download(urls, dir=folder, **way)
    assert report.exit_status == 0
    assert victim.read_bytes() == b"precious"
    assert not (tmp_path / "nothing").exists()
    assert not any(path.is_symlink() for path in folder.iterdir())
    assert files(folder) == dict.fromkeys(names, b"new")


@pytest.mark.parametrize("suffix", [".part", ".json"])
@everywhere
def test_links_at_hidden_names_are_never_followed(tmp_path: Path, way: Way, suffix: str) -> None:
    """They can be told in advance; so somebody might."""
    victim, folder = tmp_path / "victim", tmp_path / "d"
    victim.write_bytes(b"precious")
    with RawServer({"/f": announced(BODY, TAG) + BODY[:CUT]}) as server:
        getflags.download([server.url("/f")], dir=folder, retries=0, **way)
        hidden = list(folder.iterdir())
        assert {path.suffix for path in hidden} == {".part", ".json"}
        for path in hidden:
            path.unlink()
            if path.suffix == suffix:
                path.symlink_to(victim)
        server.answers["/f"] = announced(BODY, TAG) + BODY
        report = getflags.download([server.url("/f")], dir=folder, retries=0, **way)
    assert report.exit_status == 0
    assert victim.read_bytes() == b"precious"
    assert (folder / "f").read_bytes() == BODY
    assert not set(folder.iterdir()) - set(hidden) - {folder / "f"}


@everywhere
def test_what_a_killed_run_has_left_is_swept_away_by_the_next(tmp_path: Path, way: Way) -> None:
    """Without a validator there is nothing to go on with."""
    folder = tmp_path / "d"
    folder.mkdir()
    (folder / "f").write_bytes(b"old")
    with RawServer({"/f": stall_after(announced(BODY) + BODY[:CUT])}) as server:
        with start(tmp_path, way, server.url("/f")) as process:
            assert server.stalled.acquire(timeout=20)
            part_of(folder, CUT // 2)
            process.kill()
            process.communicate(timeout=10)
        assert (folder / "f").read_bytes() == b"old"
        server.answers["/f"] = announced(BODY) + BODY
        report = getflags.download([server.url("/f")], dir=folder, **way)
    assert report.exit_status == 0
    assert files(folder) == {"f": BODY}


OTHER = [way for way in WAYS if way["client"] != transport.DEFAULT]


@pytest.mark.parametrize("way", OTHER, ids=title)
def test_a_signal_ends_the_other_client_too(tmp_path: Path, way: Way) -> None:
    """For the usual one, see test_cli_signals.py."""
    with (
        RawServer({"/f": stall_after(SIZED + b"9\r\n\r\nabc")}) as server,
        start(tmp_path, way, server.url("/f")) as process,
    ):
        assert server.stalled.acquire(timeout=20)
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=3)
    assert process.returncode == 143
    assert said.splitlines()[-1].startswith(INTERRUPTED)
    assert "Traceback" not in said
    assert files(tmp_path) == {}


@everywhere
def test_a_wrong_checksum_is_no_file_and_names_both(tmp_path: Path, way: Way) -> None:
    (tmp_path / "old").write_bytes(b"old")
    right, wrong = sha256(b"right").hexdigest(), sha256(b"wrong").hexdigest()
    checksum = getflags.Checksum("sha256", right)
    answers = {"/old": ok(b"wrong"), "/new": ok(b"wrong"), "/right": ok(b"right")}
    with RawServer(answers) as server:
        entries = [Entry(server.url(path), checksum=checksum) for path in answers]
        report = getflags.download(entries, dir=tmp_path, **way)
        assert [server.asked(path) for path in answers] == [1, 1, 1]
    reasons = {outcome.target.name: outcome.reason for outcome in report.outcomes}
    mismatch = f"{CHECKSUM}: sha256 expected {right}, got {wrong}"
    assert reasons == {"old": mismatch, "new": mismatch, "right": ""}
    assert files(tmp_path) == {"old": b"old", "right": b"right"}


#: Last-Modified → the file's date, None for today.
DATES = {
    "H17 Sun, 06 Nov 1994 08:49:37 GMT": 784111777,
    "H17 yesterday": None,
    "H17 Sun, 99 Nov 1994 08:49:37 GMT": None,
    "H17 Fri, 31 Dec 9999 23:59:59 GMT": None,
    "H17 Thu, 01 Jan 99999999999 00:00:00 GMT": None,
    "H17 Wed, 31 Dec 1969 23:59:59 GMT": None,
    "H17 -1": None,
    "H17 ": None,
}


@everywhere
def test_an_odd_date_is_ignored(tmp_path: Path, way: Way) -> None:
    now = time()
    answers = {
        f"/{number}": ok(b"x", f"Last-Modified: {key[4:]}") for number, key in enumerate(DATES)
    }
    with RawServer(answers) as server:
        report = getflags.download(map(server.url, answers), dir=tmp_path, **way)
    assert report.exit_status == 0
    for number, (key, date) in enumerate(DATES.items()):
        seen = (tmp_path / str(number)).stat().st_mtime
        assert seen == date or (date is None and now - 2 <= seen < now + 60), key


@everywhere
def test_a_file_that_the_disk_has_no_room_for_fails_alone(tmp_path: Path, way: Way) -> None:
    """A limit on the size of files stands for a full disk: a write is cut short, then refused.

    What can be gone on with stays, for when there is room again.
    """
    folder = tmp_path / "d"
    folder.mkdir()
    (folder / "old").write_bytes(b"old")
    answers = {"/old": announced(BODY, TAG) + BODY, "/new": PLAIN + b"\r\n" + BODY}
    with RawServer({**answers, "/fits": ok(b"fits")}) as server:
        urls = [server.url(path) for path in ("/old", "/new", "/fits")]
        words = command("-d", "d", "--engine", way["engine"], "--client", way["client"], *urls)
        done = subprocess.run(
            ["bash", "-c", 'ulimit -f 1000; exec "$@"', "bash", *words],
            cwd=tmp_path, env={**ENVIRON, "PYTHONPATH": str(ROOT)},
            capture_output=True, text=True, timeout=50, check=False,
        )  # fmt: skip
        left = files(folder)
        report = getflags.download(urls, dir=folder, **way)
    assert done.returncode == 1
    assert sorted(done.stderr.splitlines()) == sorted(
        f"getflags: {url}: {NOT_SAVED}{os.strerror(errno.EFBIG)}" for url in urls[:2]
    )
    hidden = {name: left.pop(name) for name in list(left) if name.startswith(".")}
    assert len(hidden) in {0, 2}, "a part and its note"
    assert left == {"old": b"old", "fits": b"fits"}
    assert report.exit_status == 0
    assert files(folder) == {"old": BODY, "new": BODY, "fits": b"fits"}


@pytest.mark.parametrize("exists", ["fail", "skip"])
@pytest.mark.parametrize("links", ["links", "no links"])
@everywhere
def test_a_file_that_appears_during_the_download_is_kept(
    tmp_path: Path, way: Way, exists: str, links: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    if links == "no links":
        monkeypatch.setattr(os, "link", no_links)
    names = ["file", "right", "wrong", "nothing", "folder"]

    def answer(name: str, connection: socket.socket, _: RawServer) -> None:
        connection.sendall(SIZED + b"4\r\n\r\nbo")
        if name == "nothing":
            (tmp_path / name).symlink_to("missing")
        elif name == "folder":
            (tmp_path / name).mkdir()
        else:
            (tmp_path / name).write_bytes(b"mine" if name != "right" else b"body")
        connection.sendall(b"dy")

    checksum = getflags.Checksum("sha256", sha256(b"body").hexdigest())
    answers: dict[str, Answer] = {f"/{name}": partial(answer, name) for name in names}
    answers["/new"] = ok(b"new")
    with RawServer(answers) as server:
        report = getflags.download(
            [
                Entry(server.url(path), checksum=checksum if path in {"/right", "/wrong"} else None)
                for path in answers
            ],
            dir=tmp_path, exists=exists, retries=0, **way,
        )  # fmt: skip
    kept = "a file with that name exists" if exists == "fail" else "already exists"
    assert {each.target.name: each.reason for each in report.outcomes} == {
        "file": kept,
        "right": kept,
        "wrong": kept if exists == "fail" else "",
        "nothing": "",
        "folder": f"{NOT_SAVED}it exists and is not a regular file",
        "new": "",
    }
    assert report.failures == (4 if exists == "fail" else 1)
    wrong = b"mine" if exists == "fail" else b"body"
    assert files(tmp_path) == {
        "file": b"mine", "right": b"body", "wrong": wrong, "nothing": b"body", "new": b"new",
    }  # fmt: skip


def replaced(part: Path) -> None:
    """Do what a person does who clears away hidden files and begins another run."""
    part.unlink()
    part.write_bytes(b"another's")


#: What somebody does to the part file.
MEDDLING: dict[str, Callable[[Path], object]] = {
    "X9 taken away": Path.unlink,
    "X9 moved": lambda part: part.rename(part.parent.parent / "elsewhere"),
    "X9 replaced": replaced,
    "X9 with its folder": lambda part: shutil.rmtree(part.parent),
}


@pytest.mark.parametrize("row", MEDDLING)
@everywhere
def test_a_part_that_is_meddled_with_is_no_file(tmp_path: Path, way: Way, row: str) -> None:
    folder = tmp_path / "d"
    folder.mkdir()
    (folder / "f").write_bytes(b"old")

    def answer(connection: socket.socket, _: RawServer) -> None:
        connection.sendall(announced(BODY) + BODY[:CUT])
        MEDDLING[row](part_of(folder, CUT // 2))
        connection.sendall(BODY[CUT:])

    with RawServer({"/f": answer, "/g": ok(b"fine")}) as server:
        urls = [server.url("/f"), server.url("/g")]
        report = getflags.download(urls, dir=folder, max_req=1, retries=0, **way)
    reasons = {outcome.target.name: outcome.reason for outcome in report.outcomes}
    assert reasons == {"f": f"{NOT_SAVED}the part file was deleted during the download", "g": ""}
    assert (folder / "g").read_bytes() == b"fine"
    if row != "X9 with its folder":
        assert (folder / "f").read_bytes() == b"old"


@everywhere
def test_two_runs_at_once_are_not_in_each_others_way(tmp_path: Path, way: Way) -> None:
    first, second = BODY, BODY[::-1]
    go_on = threading.Event()

    def slow(connection: socket.socket, server: RawServer) -> None:
        connection.sendall(announced(first, TAG) + first[:CUT])
        server.stalled.release()
        assert go_on.wait(20)
        connection.sendall(first[CUT:])

    with RawServer({"/f": slow}) as server, start(tmp_path, way, server.url("/f")) as process:
        assert server.stalled.acquire(timeout=20)
        part_of(tmp_path / "d", CUT // 2)
        server.answers["/f"] = announced(second, b'ETag: "two"\r\n') + second
        report = getflags.download([server.url("/f")], dir=tmp_path / "d", **way)
        assert report.exit_status == 0
        assert (tmp_path / "d" / "f").read_bytes() == second
        go_on.set()
        process.communicate(timeout=20)
    assert process.returncode == 0
    assert files(tmp_path) == {"d/f": first}


@pytest.mark.parametrize("what", ["no locks", "another owner"])
@everywhere
def test_a_file_system_that_lacks_something_is_good_enough(
    tmp_path: Path, way: Way, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_locks(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    if what == "no locks":
        monkeypatch.setattr(locked_file, "flock", no_locks)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with RawServer({"/f": announced(BODY, TAG) + BODY, "/g": ok(b"small")}) as server:
        urls = [server.url("/f"), server.url("/g")]
        report = getflags.download(urls, dir=tmp_path, **way)
    assert report.exit_status == 0
    assert files(tmp_path) == {"f": BODY, "g": b"small"}
