"""``--content-disposition``: what servers call files, and what they can do with it: nothing bad.

Every name is one part of a path, made safe; no file is ever replaced; records find a file again.
How a field is read is shown in test_content_disposition.py.
"""

from __future__ import annotations

import errno
import json
import os
import signal
import socket
import subprocess
import threading
from copy import copy
from hashlib import sha256
from pathlib import Path

import pytest

import getflags
from getflags import Checksum, Entry, Status, UsageError
from getflags.storage.records import fetch_record
from getflags.storage.server_names import ServerNames
from getflags.transfer.body import PROGRESS_STEP
from tests.hazards import Way, everywhere, harmless
from tests.kit import ENVIRON, ROOT, command, files, run_main
from tests.rawserver import Answer, RawServer, moved, ok, stall_after
from tests.test_resume import part

BODY = bytes(range(256)) * 8192  # 2 MiB
CUT = 1536 * 1024  # bytes; more than waits for the disk


def named(name: str, body: bytes = b"hello", *fields: str) -> bytes:
    """Return a response whose file has this name; quotes are escaped."""
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    return ok(body, f'Content-Disposition: attachment; filename="{quoted}"', *fields)


def fetch(
    server: RawServer, folder: Path, way: Way, *paths: str, exists: str = "overwrite"
) -> list[getflags.Outcome]:
    """Download with names of the server; return the outcomes in order."""
    report = getflags.download(
        map(server.url, paths), dir=folder, content_disposition=True, exists=exists, max_req=1,
        **way,
    )  # fmt: skip
    return sorted(report.outcomes, key=lambda outcome: outcome.target.number)


#: What servers say → the name of the file; nothing: that of the URL.
FIELDS = {
    "G1 up": ("attachment; filename=../../../../g1a", "g1a"),
    "G1 absolute": ('attachment; filename="/etc/g1b"', "g1b"),
    "G1 backslashes": (r'attachment; filename="..\\..\\g1c"', "g1c"),
    "G1 a drive": (r'attachment; filename="C:\\g1d"', "g1d"),
    "G1 a folder": ('attachment; filename="g1/"', ""),
    "G1 the folder above": ('attachment; filename="x/.."', ""),
    "G2 encoded": ("attachment; filename*=UTF-8''..%2F..%2Fg2a", "g2a"),
    "G2 encoded twice": ("attachment; filename*=UTF-8''%252e%252e%252fg2b", "%2e%2e%2fg2b"),
    "G2 both": ("attachment; filename=bad; filename*=UTF-8''%2Fetc%2Fg2c", "g2c"),
    "G2 no such charset": ("attachment; filename*=x-odd'%00'%FF%FE", ""),
    "G2 a broken encoding": ("attachment; filename*=UTF-8''%E4; filename=g2d", "g2d"),
    "G3 control characters": ("attachment; filename*=UTF-8''g3%00%0a%1b%7f", "g3____"),
    "G3 the other direction": ("attachment; filename*=UTF-8''%E2%80%AEg3b.exe", "_g3b.exe"),
    "G3 raw C1": ("attachment; filename=\u009bg3c", "_g3c"),
    "G4 nothing": ('attachment; filename=""', ""),
    "G4 dots": ("attachment; filename=..", ""),
    "G5 a device": ("attachment; filename=nul.txt", "nul.txt"),
    "G7 a dot": ("attachment; filename=.bashrc", "_.bashrc"),
    "G7 a dash": ("attachment; filename=-rf", "_-rf"),
    "G7 a tilde": ("attachment; filename=~", "_~"),
    "G12 unquoted": ("attachment; filename=g12 a; b", "g12 a"),
    "G12 a semicolon": ('attachment; filename="g12;b"', "g12;b"),
    "G12 escapes": (r'attachment; filename="g12\"c"', 'g12"c'),
    "G12 an odd quote": ('attachment; filename="g12', ""),
    "G12 twice": ("attachment; filename=g12d; filename=g12e", "g12d"),
    "G12 continued": ("attachment; filename*0=g1; filename*1=2", ""),
    "G12 no type": ("filename=g12f", "g12f"),
    "G12 inline": ("inline; filename=g12g", "g12g"),
    "G12 nothing at all": ("", ""),
    "G12 signs alone": (';;=;"";*=', ""),
    "X6 hidden": ("attachment; filename=.getflags-1.part", "_.getflags-1.part"),
    "X6 long": ("attachment; filename=" + "x" * 5000 + ".gif", "x" * 236 + ".gif"),
}  # fmt: skip


@everywhere
def test_a_server_names_a_file_and_nothing_else(tmp_path: Path, way: Way) -> None:
    folder = tmp_path / "deep" / "d"
    answers = {
        f"/{number}": ok(key.encode(), f"Content-Disposition: {field}")
        for number, (key, (field, _)) in enumerate(FIELDS.items())
    }
    # As sent: bytes, not the UTF-8 of them.
    answers = {path: answer.replace("\u009b".encode(), b"\x9b") for path, answer in answers.items()}
    with RawServer(answers) as server:
        outcomes = fetch(server, folder, way, *answers)
    assert {(outcome.status, outcome.reason) for outcome in outcomes} == {(Status.OK, "")}
    expected = {
        name or str(number): key.encode() for number, (key, (_, name)) in enumerate(FIELDS.items())
    }
    assert files(tmp_path) == {f"deep/d/{name}": body for name, body in expected.items()}
    for outcome in outcomes:
        assert Path(outcome.path).read_bytes() == expected[Path(outcome.path).name]
        assert harmless(outcome.path)


@pytest.mark.parametrize("exists", ["skip", "refresh", "fail"])
@everywhere
def test_a_token_may_be_the_only_difference_of_two_files(
    tmp_path: Path, way: Way, exists: str
) -> None:
    date = "Last-Modified: Sat, 01 Jan 2022 00:00:00 GMT"
    one, other = "/get?access_token=A", "/get?access_token=B"
    answers = {one: named("A", b"A", date), other: named("B", b"B", date)}
    with RawServer(answers) as server:
        for path in (one, other):
            fetch(server, tmp_path, way, path, exists=exists)
    assert files(tmp_path) == {"A": b"A", "B": b"B"}


@everywhere
def test_the_file_of_a_mirror_is_found_again(tmp_path: Path, way: Way) -> None:
    answers: dict[str, Answer] = {"/mirror": named("real", b"right", 'ETag: "1"')}
    with RawServer(answers) as server:
        entry = getflags.Entry(server.url("/first"), mirrors=(server.url("/mirror"),))
        for exists, asked in (("skip", 1), ("skip", 1), ("fail", 1), ("refresh", 2)):
            getflags.download([entry], dir=tmp_path, content_disposition=True, exists=exists, **way)
            assert server.asked("/mirror") == asked
            assert server.asked("/first") == 1
            assert files(tmp_path) == {"real": b"right"}


@everywhere
def test_g8_names_of_servers_are_numbered_like_those_of_urls(tmp_path: Path, way: Way) -> None:
    """Two targets with one name, a name that another URL gives, and files that are there."""
    (tmp_path / "old.tar.gz").write_bytes(b"old")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("nowhere")
    answers: dict[str, Answer] = {
        "/1": named("same.gif", b"1"),
        "/2": named("same.gif", b"2"),
        "/3": named("url.gif", b"3"),
        "/url.gif": ok(b"4"),
        "/5": named("old.tar.gz", b"5"),
        "/6": named("folder", b"6"),
        "/7": named("link", b"7"),
        "/old.tar.gz": ok(b"8"),
    }
    with RawServer(answers) as server:
        outcomes = fetch(server, tmp_path, way, *answers)
    names = {
        Path(outcome.path).name: str(number).encode() for number, outcome in enumerate(outcomes, 1)
    }
    assert files(tmp_path) == {"old.tar.gz": b"old", **names}
    assert set(names) == {
        "same.gif", "same.1.gif", "url.gif", "url.1.gif",
        "old.tar.1.gz", "folder.1", "link.1", "old.tar.2.gz",
    }  # fmt: skip
    assert [outcome.saved_as == "" for outcome in outcomes] == [
        outcome.path == outcome.target.path for outcome in outcomes
    ]


@everywhere
def test_g8_many_targets_at_once_with_one_name(tmp_path: Path, way: Way) -> None:
    answers = {f"/{number}": named("same", f"{number}".encode()) for number in range(60)}
    with RawServer(answers) as server:
        report = getflags.download(
            map(server.url, answers), dir=tmp_path, content_disposition=True, **way
        )
    assert set(files(tmp_path)) == {"same", *(f"same.{number}" for number in range(1, 60))}
    for outcome in report.outcomes:
        assert Path(outcome.path).read_text() == outcome.target.name


@everywhere
def test_g8_two_processes_at_once_with_one_name(tmp_path: Path, way: Way) -> None:
    both = threading.Barrier(2)

    def answer(connection: socket.socket, server: RawServer) -> None:
        path = server.head.split(b" ")[1]
        both.wait(30)
        connection.sendall(named("same.gif", path))

    words = ["--content-disposition", "-d", "d", "-q"]
    words += ["--engine", way["engine"], "--client", way["client"]]
    with RawServer({"/a": answer, "/b": answer}) as server:
        runs = [
            subprocess.Popen(
                command(*words, server.url(path)), cwd=tmp_path,
                env={**ENVIRON, "PYTHONPATH": str(ROOT)},
            )
            for path in ("/a", "/b")
        ]  # fmt: skip
        assert [each.wait(50) for each in runs] == [0, 0]
    found = files(tmp_path / "d")
    assert set(found) == {"same.gif", "same.1.gif"}
    assert set(found.values()) == {b"/a", b"/b"}


@pytest.mark.parametrize("rest_is_named", [False, True])
@everywhere
def test_h9_a_run_that_was_killed_is_resumed_and_keeps_the_name(
    tmp_path: Path, way: Way, *, rest_is_named: bool
) -> None:
    """A server need not repeat the name with the rest of the file (RFC 9110 section 15.3.7)."""
    fields = b'ETag: "one"\r\nContent-Disposition: attachment; filename=whole.bin\r\n'
    head = b"HTTP/1.1 200 OK\r\n" + fields + b"Content-Length: %d\r\n\r\n" % len(BODY)
    words = command("--content-disposition", "-d", ".", "--engine", way["engine"])
    words += ["--client", way["client"]]
    with RawServer({"/f": stall_after(head + BODY[:CUT])}) as server:
        environ = {**ENVIRON, "PYTHONPATH": str(ROOT)}
        with subprocess.Popen(
            [*words, server.url("/f")], cwd=tmp_path, env=environ, stdout=-3, stderr=-3
        ) as process:
            assert server.stalled.acquire(timeout=20)
            while not any(path.stat().st_size for path in tmp_path.glob(".*.json")):
                assert process.poll() is None
            process.send_signal(signal.SIGKILL)
            process.wait(10)
        assert not [name for name in files(tmp_path) if not name.startswith(".getflags-")]
        server.answers["/f"] = part(
            BODY, fields if rest_is_named else b'ETag: "one"\r\n', least=PROGRESS_STEP
        )
        (outcome,) = fetch(server, tmp_path, way, "/f")
    assert outcome.resumed >= PROGRESS_STEP
    assert files(tmp_path) == {"whole.bin": BODY}


@everywhere
def test_the_name_is_that_of_the_last_response(tmp_path: Path, way: Way) -> None:
    gone = moved("/g").replace(
        b"\r\n\r\n", b"\r\nContent-Disposition: inline; filename=bad\r\n\r\n"
    )
    with RawServer({"/f": gone, "/g": named("good"), "/h": moved("/i"), "/i": ok(b"i")}) as server:
        fetch(server, tmp_path, way, "/f", "/h")
    assert files(tmp_path) == {"good": b"hello", "h": b"i"}


@everywhere
def test_only_the_last_part_of_a_path_is_the_servers(tmp_path: Path, way: Way) -> None:
    answers = {"/a/b/1": named("../x"), "/a/2": named("y"), "/3": named("z")}
    with RawServer(answers) as server:
        entries: list[str | Entry] = [
            server.url("/a/b/1"),
            Entry(server.url("/a/2"), out="sub/mine"),
            server.url("/3"),
        ]
        report = getflags.download(
            entries, dir=tmp_path, content_disposition=True, output_template="{dir}/{name}", **way
        )
    assert files(tmp_path) == {"a/b/x": b"hello", "sub/mine": b"hello", "z": b"hello"}
    assert {each.target.name: each.saved_as for each in report.outcomes} == {
        "a/b/1": "a/b/x", "sub/mine": "", "3": "z"
    }  # fmt: skip


@everywhere
def test_a_name_that_another_target_needs_for_its_folder_fails_that_target(
    tmp_path: Path, way: Way
) -> None:
    with RawServer({"/1": named("a"), "/a/2": ok(b"2")}) as server:
        report = getflags.download(
            map(server.url, server.answers), dir=tmp_path, content_disposition=True, max_req=1,
            output_template="{dir}/{name}", **way,
        )  # fmt: skip
    assert report.exit_status == 1
    assert files(tmp_path) == {"a": b"hello"}


@pytest.mark.parametrize("exists", ["skip", "refresh", "fail"])
@everywhere
def test_a_second_run_finds_what_the_first_has_saved(tmp_path: Path, way: Way, exists: str) -> None:
    """By the record: also behind a redirect, without a validator, or under a number."""
    tag = 'ETag: "one"'
    answers: dict[str, Answer] = {
        "/get?id=1": named("same", b"1", tag),
        "/get?id=2": named("same", b"2", tag),
        "/moved": moved("/there"),
        "/there": named("moved.bin", b"3", tag),
        "/plain": ok(b"4", tag),
    }
    paths = ["/get?id=1", "/get?id=2", "/moved", "/plain"]
    with RawServer(answers) as server:
        fetch(server, tmp_path, way, *paths)
        before = files(tmp_path)
        assert set(before) == {"same", "same.1", "moved.bin", "plain"}
        asked = len(server.heads)
        outcomes = fetch(server, tmp_path, way, *paths, exists=exists)
        assert files(tmp_path) == before
        expected = Status.FAILED if exists == "fail" else Status.PRESENT
        assert [outcome.status for outcome in outcomes] == [expected] * 4
        assert [Path(outcome.path).name for outcome in outcomes] == [
            "same",
            "same.1",
            "moved.bin",
            "plain",
        ]
        assert (len(server.heads) > asked) == (exists == "refresh")
        # Another target whose URL has the name of one of these files is not taken for it.
        server.answers["/same"] = ok(b"5")
        (outcome,) = fetch(server, tmp_path, way, "/same", exists=exists)
        assert outcome.status is Status.OK
    assert files(tmp_path) == {**before, "same.2": b"5"}


@everywhere
def test_refresh_keeps_the_old_version_beside_the_new_one(tmp_path: Path, way: Way) -> None:
    with RawServer({"/f": named("n.bin", b"old", 'ETag: "1"')}) as server:
        fetch(server, tmp_path, way, "/f")
        server.answers["/f"] = named("n.bin", b"new!", 'ETag: "2"')
        for status in (Status.OK, Status.PRESENT):
            (outcome,) = fetch(server, tmp_path, way, "/f", exists="refresh")
            assert outcome.status is status
            assert outcome.saved_as == "n.1.bin"
    assert files(tmp_path) == {"n.bin": b"old", "n.1.bin": b"new!"}


@everywhere
def test_a_file_that_has_changed_since_is_fetched_again_and_survives(
    tmp_path: Path, way: Way
) -> None:
    with RawServer({"/f": named("n.bin")}) as server:
        fetch(server, tmp_path, way, "/f")
        (tmp_path / "n.bin").write_bytes(b"changed by the user")
        (outcome,) = fetch(server, tmp_path, way, "/f", exists="skip")
    assert outcome.status is Status.OK
    assert files(tmp_path) == {"n.bin": b"changed by the user", "n.1.bin": b"hello"}


@everywhere
def test_a_file_is_found_wherever_the_user_has_renamed_it_to(tmp_path: Path, way: Way) -> None:
    with RawServer({"/f": named("n.bin")}) as server:
        fetch(server, tmp_path, way, "/f")
        (tmp_path / "n.bin").rename(tmp_path / "mine.bin")
        (tmp_path / "folder").mkdir()
        (tmp_path / "zlink").symlink_to("mine.bin")  # is not the file itself
        (outcome,) = fetch(server, tmp_path, way, "/f", exists="skip")
    assert (outcome.status, outcome.saved_as) == (Status.PRESENT, "mine.bin")
    assert files(tmp_path) == {"mine.bin": b"hello", "zlink": b"hello"}


@everywhere
def test_a_checksum_decides_about_a_file_that_is_found(tmp_path: Path, way: Way) -> None:
    checksum = Checksum("sha256", sha256(b"hello").hexdigest())
    other = Checksum("sha256", sha256(b"world").hexdigest())

    def again(checksum: Checksum) -> getflags.Outcome:
        entry = Entry(server.url("/f"), checksum=checksum)
        report = getflags.download(
            [entry], dir=tmp_path, content_disposition=True, exists="skip", **way
        )
        return report.outcomes[0]

    with RawServer({"/f": named("n.bin")}) as server:
        assert again(checksum).status is Status.OK
        assert again(checksum).status is Status.PRESENT
        assert again(other).status is Status.FAILED
        server.answers["/f"] = named("n.bin", b"world")
        assert again(other).saved_as == "n.1.bin"
    assert files(tmp_path) == {"n.bin": b"hello", "n.1.bin": b"world"}


@everywhere
def test_a_split_file_gets_its_name_and_is_flushed(tmp_path: Path, way: Way) -> None:
    fields = b'ETag: "one"\r\nContent-Disposition: attachment; filename=whole.bin\r\n'
    with RawServer({"/f": part(BODY, fields)}) as server:
        report = getflags.download(
            [server.url("/f")], dir=tmp_path, content_disposition=True, split=4,
            min_split_size=100_000, fsync=True, **way,
        )  # fmt: skip
    assert [each.saved_as for each in report.outcomes] == ["whole.bin"]
    assert files(tmp_path) == {"whole.bin": BODY}


@pytest.mark.parametrize("lacking", ["links", "attributes"])
@everywhere
def test_a_file_system_that_lacks_something_loses_nothing(
    tmp_path: Path, way: Way, lacking: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    if lacking == "links":
        monkeypatch.setattr(os, "link", refuse)
    else:
        monkeypatch.delattr(os, "setxattr")
        monkeypatch.delattr(os, "getxattr")
    (tmp_path / "same").write_bytes(b"old")
    with RawServer({"/1": named("same", b"1"), "/2": named("same", b"2")}) as server:
        for _ in range(2):
            fetch(server, tmp_path, way, "/1", "/2", exists="skip")
    found = {"same": b"old", "same.1": b"1", "same.2": b"2"}
    if lacking == "attributes":  # nothing says that these are the files
        found |= {"same.3": b"1", "same.4": b"2"}
    assert files(tmp_path) == found


def test_a_rename_that_fails_leaves_no_empty_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refuse)
    monkeypatch.setattr(os, "replace", refuse)
    with RawServer({"/f": named("n.bin")}) as server:
        report = getflags.download(
            [server.url("/f")], dir=tmp_path, content_disposition=True, engine="sequential"
        )
    assert report.outcomes[0].reason == "cannot save: Operation not permitted"
    assert files(tmp_path) == {}


@everywhere
def test_a_server_cannot_name_what_is_written_at_the_end(tmp_path: Path, way: Way) -> None:
    answers = {
        "/1": named("FAILED.txt", b"1"),
        "/2": named("jar.txt", b"2"),
        "/3": named("x", b"3"),
    }
    with RawServer(answers) as server:
        words = [*map(server.url, answers), server.url("/gone"), "--content-disposition", "-d", "."]
        words += ["--failed-out", "failed.txt", "--client", way["client"]]
        words += ["--engine", way["engine"]]
        if way["engine"] != "processes":
            words += ["--cookie-jar", "jar.txt"]
        done = run_main(*words, cwd=tmp_path)
    assert done.returncode == 1
    found = files(tmp_path)
    assert found.pop("failed.txt").decode() == server.url("/gone") + "\n"
    jar = found.pop("jar.txt")
    assert (jar == b"2") == (way["engine"] == "processes")
    assert found == {"FAILED.1.txt": b"1", "x": b"3"} | ({} if jar == b"2" else {"jar.1.txt": b"2"})


@everywhere
def test_the_saved_name_is_told_to_people_and_to_scripts(tmp_path: Path, way: Way) -> None:
    with RawServer({"/f": named("n\x9b.bin")}) as server:
        words = [server.url("/f"), "--content-disposition", "-d", "d", "--client", way["client"]]
        words += ["--engine", way["engine"]]
        said = run_main("-v", *words, cwd=tmp_path)
        assert f"{server.url('/f')} OK d/n_.bin (5 B)\n" in said.stdout
        done = run_main("--json", *words, "--exists", "skip", cwd=tmp_path)
        events = [json.loads(line) for line in done.stdout.splitlines()]
        assert [event.get("path") for event in events] == ["d/f", "d/n_.bin", None]
    record = fetch_record.read(str(tmp_path / "d" / "n_.bin"))
    assert record is not None
    assert record.name == "n_.bin"


USAGE = {
    ("-o", "-"): "-o - gives the file no name, so --content-disposition has no meaning",
    ("--verify", "--checksum", "md5=" + "0" * 32): "--verify looks for files under the names of "
    "their URLs, so it cannot be used with --content-disposition",
}


@pytest.mark.parametrize("words", USAGE)
def test_impossible_combinations_are_usage_errors(tmp_path: Path, words: tuple[str, ...]) -> None:
    with RawServer({}) as server:
        done = run_main("--content-disposition", *words, server.url("/f"), cwd=tmp_path)
    assert done.returncode == 2
    assert USAGE[words] in done.stderr
    assert server.heads == []
    with pytest.raises(UsageError, match="--verify"):
        getflags.download([], verify=True, content_disposition=True)


def test_the_users_name_wins_and_a_dry_run_prints_that_of_the_url(tmp_path: Path) -> None:
    with RawServer({"/f": named("n.bin")}) as server:
        words = ["--content-disposition", "-q", "-d", "d", server.url("/f")]
        for _ in range(2):  # and is overwritten as without the option
            assert run_main("-o", "mine", *words, cwd=tmp_path).returncode == 0
        assert files(tmp_path) == {"d/mine": b"hello"}
        done = run_main("--dry-run", *words, cwd=tmp_path)
        assert done.stdout == f"{server.url('/f')}\td/f\n"


def test_the_list_of_failed_targets_states_only_the_users_names(tmp_path: Path) -> None:
    with RawServer({}) as server:
        url, other = server.url("/f"), server.url("/a/f")
        (tmp_path / "list").write_text(f"{url}\n  out=f\n{other}\n{other}\n  out=mine\n")
        words = ["--content-disposition", "-q", "-i", "list", "--failed-out", "failed"]
        run_main(*words, cwd=tmp_path)
    assert (tmp_path / "failed").read_text() == (tmp_path / "list").read_text()


def test_checksums_of_a_file_are_found_by_the_names_of_urls(tmp_path: Path) -> None:
    (tmp_path / "SUMS").write_text(f"{sha256(b'hello').hexdigest()}  f\n")
    with RawServer({"/f": named("n.bin")}) as server:
        words = ["--content-disposition", "--checksum-file", "SUMS", "-d", "d", server.url("/f")]
        assert run_main(*words, cwd=tmp_path).returncode == 0
    assert files(tmp_path / "d") == {"n.bin": b"hello"}


def test_a_name_that_is_taken_is_not_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise, ten thousand files of one name would cost fifty million attempts."""
    attempts, link = [], os.link

    def count(source: str, path: str) -> None:
        attempts.append(path)
        link(source, path)

    monkeypatch.setattr(os, "link", count)
    names = ServerNames()
    for number in range(100):
        (tmp_path / "part").touch()
        expected = f"n.{number}.bin" if number else "n.bin"
        assert names.install(f"{tmp_path}/part", str(tmp_path), "n.bin") == expected
    assert len(attempts) == 199


def test_a_process_of_an_engine_gets_the_names_that_are_reserved(tmp_path: Path) -> None:
    names: ServerNames = copy(ServerNames((f"{tmp_path}/n",)))
    (tmp_path / "part").touch()
    assert names.install(f"{tmp_path}/part", str(tmp_path), "N") == "N.1"
