"""Where files go: folders made from URLs, and templates of names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import getflags
from getflags import UsageError
from tests.hazards import Way, everywhere
from tests.kit import files, run_main
from tests.rawserver import Answer, RawServer, ok

TREE: dict[str, Answer] = {
    "/": ok(b"root"),
    "/a": ok(b"a"),
    "/a/": ok(b"a/"),
    "/a/b": ok(b"a/b"),
    "/a/b/c.iso?sig=1": ok(b"c"),
    "/%2e%2e/%2e%2e/etc/passwd": ok(b"up"),
    "/..%2f..%2fetc/passwd": ok(b"slash"),
    "/x//./y.txt": ok(b"y"),
    "/%00%1b%e2%80%ae/%5c..%5cz": ok(b"z"),
}
#: Where they go, below the folder of the host.
PLACES = {
    "index.html": b"root",
    "a": b"a",
    "a.1/index.html": b"a/",
    "a.1/b": b"a/b",
    "a.1/b.1/c.iso": b"c",
    "etc/passwd": b"up",
    ".._.._etc/passwd": b"slash",
    "x/y.txt": b"y",
    "___/_.._z": b"z",
}


@everywhere
def test_folders_are_those_of_the_url_and_made_safe(tmp_path: Path, way: Way) -> None:
    """One of a file and a folder of the same name gets a number, whatever arrives first."""
    with RawServer(TREE) as server:
        # Only libcurl would remove dots from a path itself.
        server.answers["/etc/passwd"] = TREE["/%2e%2e/%2e%2e/etc/passwd"]
        server.answers["/x//y.txt"] = TREE["/x//./y.txt"]
        report = getflags.download(
            map(server.url, TREE), dir=tmp_path / "d", force_directories=True, **way
        )
    assert [each.reason for each in report.outcomes if each.failed] == []
    host = f"127.0.0.1:{server.port}"
    assert files(tmp_path) == {f"d/{host}/{place}": body for place, body in PLACES.items()}


@pytest.mark.parametrize(
    ("paths", "places"),
    [
        (["/a", "/a/b", "/a/c", "/a"], ["a", "a.1/b", "a.1/c", "a.2"]),
        (["/a/b", "/a", "/a/c", "/a"], ["a/b", "a.1", "a/c", "a.2"]),
        (["/a", "/a.1", "/a/b"], ["a", "a.1", "a.2/b"]),
        (["/a.1/b", "/a", "/a/b"], ["a.1/b", "a", "a.1/b.1"]),
    ],
)
def test_the_later_one_of_a_file_and_a_folder_gets_a_number(
    tmp_path: Path, paths: list[str], places: list[str]
) -> None:
    with RawServer({path: ok(path.encode()) for path in paths}) as server:
        urls = map(server.url, paths)
        report = getflags.download(urls, dir=tmp_path, force_directories=True)
    assert report.exit_status == 0
    found = {f"127.0.0.1:{server.port}/{place}": b"" for place in places}
    assert files(tmp_path).keys() == found.keys()


@everywhere
@pytest.mark.parametrize("exists", ["skip", "refresh", "overwrite"])
def test_a_later_run_finds_the_files_and_the_parts_again(
    tmp_path: Path, way: Way, exists: str
) -> None:
    settings: dict[str, Any] = {"dir": tmp_path, "force_directories": True, "retries": 0, **way}
    whole = b"0123456789" * 20_000
    cut = ok(whole, 'ETag: "1"')[:150_000]
    with RawServer({"/a": ok(b"a", 'ETag: "a"'), "/a/b": cut}) as server:
        urls = [server.url("/a"), server.url("/a/b")]
        report = getflags.download(urls, **settings)
        assert [each.failed for each in sorted(report.outcomes, key=_number)] == [False, True]
        server.heads.clear()
        part = len(whole) // 65_536  # what is kept of it has a note
        assert part
        server.answers["/a/b"] = lambda connection, server: connection.sendall(
            _rest(server.head, whole)
        )
        server.answers["/a"] = lambda connection, server: connection.sendall(
            ok(b"a", 'ETag: "a"', status="304 Not Modified")[:-1]
            if b"if-none-match" in server.head.lower()
            else ok(b"a")
        )
        report = getflags.download(urls, exists=exists, **settings)
        assert [each.failed for each in report.outcomes] == [False, False]
        assert server.asked("/a") == (exists != "skip")
    assert any(b"range: bytes=" in head.lower() for head in server.heads)
    host = f"127.0.0.1:{server.port}"
    assert files(tmp_path) == {f"{host}/a": b"a", f"{host}/a.1/b": whole}


def _number(outcome: getflags.Outcome) -> int:
    return outcome.target.number


def _rest(head: bytes, whole: bytes) -> bytes:
    """Return the response to a request for the rest of a file."""
    start = int(head.lower().partition(b"range: bytes=")[2].partition(b"-")[0])
    field = f"Content-Range: bytes {start}-{len(whole) - 1}/{len(whole)}"
    return ok(whole[start:], 'ETag: "1"', field, status="206 Partial Content")


def test_the_folders_of_the_command_line(tmp_path: Path) -> None:
    paths: dict[str, Answer] = {
        path: ok(path.encode()) for path in ("/1/2/f", "/1/g", "/h", "/1/2/3/i")
    }
    with RawServer(paths) as server:
        host = f"127.0.0.1:{server.port}"
        text = "\n".join(map(server.url, paths)) + "\n  out=1/named\n"
        (tmp_path / "list").write_text(text)
        words = ["-i", "list", "-q", "--force-directories"]
        for cut, places in {
            "0": ["1/2/f", "1/g", "h"],
            "1": ["2/f", "g", "h"],
            "2": ["f", "g", "h"],
            "9": ["f", "g", "h"],
        }.items():
            done = run_main(*words, "--cut-dirs", cut, "-d", cut, cwd=tmp_path)
            assert (done.returncode, done.stderr) == (0, "")
            found = dict(zip(places, paths, strict=False))
            assert files(tmp_path / cut) == {
                **{f"{host}/{place}": path.encode() for place, path in found.items()},
                "1/named": b"/1/2/3/i",
            }


def test_what_failed_is_named_so_that_it_gets_its_place_again(tmp_path: Path) -> None:
    with RawServer({"/a": ok(b"a")}) as server:
        urls = [server.url("/a"), server.url("/a/b")]
        words = ["-q", "--force-directories", "-d", "d"]
        done = run_main(*words, "--failed-out", "rest", *urls, cwd=tmp_path)
        assert done.returncode == 1
        server.answers["/a/b"] = ok(b"b")
        done = run_main(*words, "-i", "rest", cwd=tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
    host = f"127.0.0.1:{server.port}"
    assert files(tmp_path / "d") == {f"{host}/a": b"a", f"{host}/a.1/b": b"b"}


def test_a_folder_of_the_url_that_is_a_link_out_of_the_folder_is_not_followed(
    tmp_path: Path,
) -> None:
    with RawServer({"/a/b": ok(b"b"), "/c": ok(b"c")}) as server:
        host = tmp_path / "d" / f"127.0.0.1:{server.port}"
        host.mkdir(parents=True)
        (tmp_path / "out").mkdir()
        (host / "a").symlink_to(tmp_path / "out")
        urls = [server.url("/a/b"), server.url("/c")]
        done = run_main("-q", "--force-directories", "-d", "d", *urls, cwd=tmp_path)
    assert done.returncode == 1
    assert "is a link out of the folder" in done.stderr
    assert files(tmp_path / "out") == {}


def test_more_folders_than_can_be_made_are_one_failure(tmp_path: Path) -> None:
    with RawServer({"/c": ok(b"c")}) as server:
        urls = [server.url("/a" * 300), server.url("/c")]
        done = run_main("-q", "--force-directories", *urls, cwd=tmp_path)
    assert done.returncode == 1
    assert "the name has more than 200 levels" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--cut-dirs", "1"], "--cut-dirs needs --force-directories or --output-template\n"),
        (
            ["--force-directories", "--output-template", "{name}"],
            "--force-directories cannot be used with --output-template\n",
        ),
        (["--output-template", ""], "argument --output-template: the value is empty"),
        (
            ["--output-template", "{host}/{nam}"],
            "the output template '{host}/{nam}' cannot be used: there is no field '{nam}'; did",
        ),
        (["--output-template", "{name"], "the output template '{name' cannot be used: '{' has no"),
        (
            ["--output-template", "../{name}"],
            "the output template '../{name}' cannot be used: the name must be relative and stay",
        ),
        (["--output-template", "\x1b{n}"], "the output template '\\x1b{n}' cannot be used: the"),
        (["--force-directories", "--cut-dirs", "-1"], "argument --cut-dirs: "),
    ],
)
def test_what_cannot_be_is_a_usage_error(tmp_path: Path, words: list[str], message: str) -> None:
    with RawServer({"/a": ok(b"a")}) as server:
        for more in ([], [server.url("/b")]):
            done = run_main(*words, server.url("/a"), *more, cwd=tmp_path)
            assert (done.returncode, done.stdout) == (2, "")
            assert done.stderr.startswith(f"getflags: {message}")
            assert len(done.stderr.splitlines()) == 1
        assert server.heads == []
    assert files(tmp_path) == {}


def test_the_library_says_so_too(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="needs --force-directories"):
        getflags.download(["http://h/a"], dir=tmp_path, cut_dirs=1)
    with pytest.raises(UsageError, match=r"there is no field '\{x\}'"):
        getflags.download(["http://h/a"], dir=tmp_path, output_template="{x}")


@everywhere
def test_a_template_says_where_files_go(tmp_path: Path, way: Way) -> None:
    paths = ["/a/b.tar.gz?v=1&token=SECRET", "/a/b.tar.gz?v=2", "/c/", "/%2e%2e/..%2f?../.."]
    with RawServer({path: ok(path.encode()) for path in paths}) as server:
        server.answers["/..%2f?../.."] = server.answers[paths[-1]]  # curl removes dots itself
        places = {
            "{n}-{name}": ["1-b.tar.gz", "2-b.tar.gz", "3-index.html", "4-.._"],
            "x/{{{stem}}}-{query}{suffix}": [
                "x/{b.tar}-v=1.gz",
                "x/{b.tar}-v=2.gz",
                "x/{index}-.html",
                "x/{.._}-.._..",
            ],
            "{dir}/f": ["a/f", "a/f.1", "c/f", "f"],
        }
        for number, (template, names) in enumerate(places.items()):
            report = getflags.download(
                map(server.url, paths),
                dir=tmp_path / "d" / str(number),
                output_template=template,
                **way,
            )
            assert report.exit_status == 0
            bodies = map(str.encode, paths)
            found = dict(zip(names, bodies, strict=True))
            assert files(tmp_path / "d" / str(number)) == found
    assert set(files(tmp_path)) == {f"d/{path}" for path in files(tmp_path / "d")}


def test_codes_and_named_files_with_a_template(tmp_path: Path) -> None:
    with RawServer({"/br/br.gif": ok(b"br"), "/f": ok(b"f")}) as server:
        (tmp_path / "list").write_text(f"BR\n{server.url('/f')}\n  out=own/f\n  dir=e\n")
        words = ["--base-url", server.url(""), "--output-template", "{port}/{path}"]
        done = run_main("-q", *words, "--cut-dirs", "1", "-i", "list", "-d", "d", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert files(tmp_path / "d") == {f"{server.port}/br.gif": b"br"}
    assert files(tmp_path / "e") == {"own/f": b"f"}
