"""A dry run: what it prints is what the run does, and it leaves no trace anywhere."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from getflags.storage.directories import Comparison, NameKeys, compare_read_only
from getflags.testing import PORTS, REMOTE
from tests.kit import ROOT, getflags, run_main
from tests.rawserver import RawServer, ok


def planned(*words: str, cwd: Path) -> list[list[str]]:
    """Return the fields of each line of a dry run, which ends well and changes nothing."""
    before = trace(cwd)
    done = run_main("--dry-run", *words, cwd=cwd)
    assert (done.returncode, done.stderr) == (0, "")
    assert trace(cwd) == before
    return [line.split("\t") for line in done.stdout.splitlines()]


def trace(folder: Path) -> dict[str, int]:
    """Return every name below a folder and the folder itself, and when it was last changed."""
    return {str(path): path.stat().st_mtime_ns for path in [folder, *folder.rglob("*")]}


def test_the_lines_are_what_the_run_does(tmp_path: Path) -> None:
    bodies = {"/f": b"1", "/a/f": b"2", "/b/f": b"3", "/c/f": b"4", "/br/br.gif": b"5"}
    with RawServer({path: ok(body) for path, body in bodies.items()}) as server:
        (tmp_path / "list").write_text(
            f"{server.url('/a/f')}\n{server.url('/b/f')}#part\n  out=sub/g\nbr\n"
            f"{server.url('/c/f')}\n  dir=other\n"
        )
        words = [server.url("/f"), "-i", "list", "-d", "data", "--base-url", server.url("")]
        lines = planned(*words, "--failed-out", "rest", "-q", cwd=tmp_path)
        assert server.heads == []
        assert [url for url, _ in lines] == [
            server.url(path) for path in ("/f", "/a/f", "/b/f", "/br/br.gif", "/c/f")
        ]
        assert [path for _, path in lines] == [
            "data/f", "data/f.1", "data/sub/g", "data/br.gif", "other/f",
        ]  # fmt: skip
        assert run_main(*words, "-q", cwd=tmp_path).returncode == 0
    for url, path in lines:
        assert (tmp_path / path).read_bytes() == bodies[url.removeprefix(server.url(""))]


def test_a_single_name_is_placed(tmp_path: Path) -> None:
    words = ["http://h/f", "-o", "sub/name", "--exists", "fail", "--checksum", f"md5={'0' * 32}"]
    assert planned(*words, cwd=tmp_path) == [["http://h/f", "downloaded/sub/name"]]


@pytest.mark.parametrize("label", ["LOCAL", "error", "REMOTE"])
def test_flags_are_named_without_a_server(label: str, tmp_path: Path) -> None:
    port = PORTS.get(label.upper())
    base = REMOTE if port is None else f"http://127.0.0.1:{port}/flags"
    lines = planned("-s", label, "CN", "BR", cwd=tmp_path)
    names = ("br", "cn")
    assert lines == [[f"{base}/{name}/{name}.gif", f"downloaded/{name}.gif"] for name in names]


def test_no_server_is_started_and_no_port_is_asked(tmp_path: Path) -> None:
    """The interpreter itself reports each connection, each process and each file it creates."""
    (tmp_path / "sitecustomize.py").write_text(
        "import os, sys\n"
        "def watch(event, args):\n"
        "    writes = event == 'open' and isinstance(args[2], int) and args[2] & os.O_CREAT\n"
        "    if event in ('socket.connect', 'subprocess.Popen', 'os.mkdir') or writes:\n"
        "        os.write(2, f'{event} {args}'.encode())\n"
        "sys.addaudithook(watch)\n"
    )
    environ = {"PYTHONPATH": f"{tmp_path}:{ROOT}", "PYTHONDONTWRITEBYTECODE": "1"}
    work = tmp_path / "work"
    work.mkdir()
    done = getflags("--dry-run", "BR", "http://h/f", cwd=work, environ=environ)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == 2
    assert list(work.iterdir()) == []
    seen = getflags("-q", "BR", "--connect-timeout", "1", cwd=work, environ=environ)
    assert "socket.connect" in seen.stderr  # the watch does watch


def test_a_malformed_target_of_a_list_is_named(tmp_path: Path) -> None:
    (tmp_path / "list").write_text("http://h/f\nhttp://h:x/g\nh/no\x1b\n  out=n\n")
    done = run_main("--dry-run", "-i", "list", "-i", "list", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stdout == "http://h/f\tdownloaded/f\nhttp://h/f\tdownloaded/f.1\n"
    first, second, *again = done.stderr.splitlines()
    assert first.startswith("getflags: list:2: http://h:x/g: its port is not a number")
    assert second.startswith("getflags: list:3: h/no\\x1b: it is not an http:// or https:// URL")
    assert again == [first, second]


def test_usage_errors_are_those_of_the_run(tmp_path: Path) -> None:
    (tmp_path / "list").write_text("http://h/f\nout=g\n")
    for words in (["-i", "list"], ["http://h:x/f"], ["a", "-o", "b"], ["-o", "../x", "http://h/"]):
        done = run_main("--dry-run", *words, cwd=tmp_path)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == run_main(*words, cwd=tmp_path).stderr


def test_the_list_of_failures_is_no_target(tmp_path: Path) -> None:
    (tmp_path / "list").write_text("http://h/rest\n")
    done = run_main("--dry-run", "-i", "list", "--failed-out", "downloaded/rest", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "--failed-out names the same file" in done.stderr


def test_no_password_and_no_control_character_is_shown(tmp_path: Path) -> None:
    (tmp_path / "list").write_text(
        "http://user:pa55@h/f?token=pa55\n  dir=a\tb\nhttp://h/%1b%09g\n  dir=\u202ed\n"
    )
    assert planned("-i", "list", cwd=tmp_path) == [
        ["http://***@h/f?token=***", "a\\tb/f"],
        ["http://h/%1b%09g", "\\u202ed/__g"],
    ]


def test_json_has_an_object_a_line(tmp_path: Path) -> None:
    (tmp_path / "list").write_text("http://u:pa55@h/f\nhttp://[\n")
    done = run_main("--dry-run", "--json", "-i", "list", cwd=tmp_path)
    assert done.returncode == 1
    assert "list:2: http://[: it is malformed" in done.stderr
    first, second = map(json.loads, done.stdout.splitlines())
    assert first == {
        "event": "planned", "index": 0, "target": "http://***@h/f", "url": "http://***@h/f",
        "path": "downloaded/f", "reason": "",
    }  # fmt: skip
    assert (second["url"], second["path"], second["reason"]) == ("", None, "it is malformed")


def test_a_list_on_standard_input_is_read_to_its_end(tmp_path: Path) -> None:
    text = "".join(f"http://h/{number}\n" for number in range(2_500))
    done = getflags("--dry-run", "-i", "-", "-l", "2001", cwd=tmp_path, stdin=text)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines == [f"http://h/{number}\tdownloaded/{number}" for number in range(2_001)]


def test_an_empty_list_has_no_lines(tmp_path: Path) -> None:
    (tmp_path / "list").touch()
    assert planned("-i", "list", cwd=tmp_path) == []
    assert planned("--json", "-i", "list", cwd=tmp_path) == []


def test_a_folder_is_asked_how_it_compares_names_by_those_it_has(tmp_path: Path) -> None:
    assert compare_read_only(str(tmp_path / "not" / "there")) == Comparison()
    (tmp_path / "1").touch()  # this name has no other form
    assert compare_read_only(str(tmp_path)) == Comparison()
    for name in ("Name", "caf\u00e9", "nAME"):
        (tmp_path / name).touch()
    assert compare_read_only(str(tmp_path)) == Comparison()


def test_a_folder_that_cannot_be_read_is_taken_for_a_usual_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: str) -> list[str]:
        raise PermissionError

    monkeypatch.setattr(os, "listdir", refuse)  # root may read any folder
    assert compare_read_only(str(tmp_path)) == Comparison()


@pytest.mark.parametrize("name", ["caf\u00e9", "cafe\u0301"])
def test_a_folder_that_ignores_case_and_normalizes_is_recognized(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / name).touch()
    monkeypatch.setattr(os.path, "lexists", lambda _: True)  # as on macOS
    assert compare_read_only(str(tmp_path)) == Comparison(ignores_case=True, normalizes=True)
    keys = NameKeys(read_only=True)
    assert keys(f"{tmp_path}/A") == keys(f"{tmp_path}/a")
