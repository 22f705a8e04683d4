"""Mirrors in lists, tables and the API: what is accepted, and what is shown and written of them."""

from __future__ import annotations

import hashlib
import json
import logging
from pathlib import Path
from typing import Any

import pytest

import getflags
from getflags import Entry
from getflags.core.events import Retrying
from getflags.core.models import Target
from getflags.output.progress import Lines
from getflags.targets.list_file import parse, unparse
from getflags.targets.resolve import Place, settle
from tests.kit import files, run_main
from tests.rawserver import Answer, RawServer, ok

GOOD = b"the file"


def settled(*words: str, **more: Any) -> Target:
    (target,) = settle([Entry(words[0], mirrors=words[1:], **more)], Place("http://mirror"))
    return target


@pytest.mark.parametrize(
    ("line", "mirrors"),
    [
        ("http://a/f", ()),
        ("http://a/f\t", ()),
        ("http://a/f\thttp://b/f", ("http://b/f",)),
        ("http://a/f \t http://b/f\t\t \thttp://c/f\t\r", ("http://b/f", "http://c/f")),
    ],
)
def test_tabs_separate_the_mirrors_of_a_line(line: str, mirrors: tuple[str, ...]) -> None:
    (entry,) = parse([f"{line}\n", "  out=g\n"])
    assert entry == Entry("http://a/f", out="g", mirrors=mirrors)
    assert list(parse(unparse(entry).splitlines())) == [entry]


def test_a_line_that_begins_with_an_odd_space_is_no_mirror() -> None:
    (entry,) = parse(["\u00a0\thttp://b/f\n"])
    assert settled(entry.word, *entry.mirrors).flaw.startswith(
        "it begins with the character U+00A0"
    )


def test_each_mirror_is_asked_once() -> None:
    words = ["http://a/f#x", "http://B/f", "http://a/f", "http://b/f#y", "http://b/g"]
    target = settled(*words)
    assert (target.url, target.mirrors) == ("http://a/f", ("http://b/f", "http://b/g"))
    assert settled("http://a/f", "http://a/f#1").mirrors == ()


@pytest.mark.parametrize(
    ("words", "flaw"),
    [
        (["http://a/f", "b/f"], "its mirror 'b/f' cannot be used: it is not an http:// or "),
        (["http://a/f", "ftp://b/f"], "its mirror 'ftp://b/f' cannot be used: it is not an http"),
        (["http://a/f", "BR"], "its mirror 'BR' cannot be used: only http:// and https:// are "),
        (["http://a/f", "http://u:SECRET@b:x/f"], "its mirror 'http://***@b:x/f' cannot be used"),
        (["http://a/f", "http://b/f g"], "its mirror 'http://b/f g' cannot be used: it contains"),
        (["BR", "http://b/f"], "a country code has no mirrors; write its URL"),
        (["B", "http://b/f"], "a country code has no mirrors; write its URL"),
        (["a/f", "http://b/f"], "it is not an http:// or https:// URL, a country code such as BR"),
    ],
)
def test_a_bad_mirror_fails_its_line_alone(tmp_path: Path, words: list[str], flaw: str) -> None:
    assert settled(*words).flaw.startswith(flaw)
    with RawServer({"/good": ok(GOOD)}) as server:
        line = "\t".join(words)
        (tmp_path / "list").write_text(f"{line}\n{server.url('/good')}\n")
        done = run_main("-i", "list", "-q", "-d", "d", "--failed-out", "rest", cwd=tmp_path)
        again = run_main("-i", "rest", "--dry-run", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("getflags: list:1: ")
    assert flaw in done.stderr
    assert "SECRET" not in done.stderr
    assert done.stderr.count("\n") == 1
    assert files(tmp_path / "d") == {"good": GOOD}
    assert (tmp_path / "rest").read_text() == f"{line}\n"
    assert flaw in again.stderr


@pytest.mark.parametrize("more", [[], ["--dedupe"]])
def test_a_code_with_mirrors_takes_nothing_from_the_code_itself(
    tmp_path: Path, more: list[str]
) -> None:
    (tmp_path / "list").write_text("BR\thttp://b/f\nBR\nB\thttp://c/f\n")
    words = ["-i", "list", "--dry-run", "--base-url", "http://h", *more]
    done = run_main(*words, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stdout == "http://h/br/br.gif\tdownloaded/br.gif\n"
    assert done.stderr.count("a country code has no mirrors") == 2


def test_a_target_of_the_command_line_has_no_mirrors(tmp_path: Path) -> None:
    with RawServer({}) as server:
        done = run_main(f"{server.url('/f')}\t{server.url('/g')}", "-q", cwd=tmp_path)
        assert server.heads == []
    assert done.returncode == 2
    assert "it contains a space or a control character" in done.stderr


def test_a_hundred_mirrors(tmp_path: Path) -> None:
    with RawServer({"/99/f": ok(GOOD)}) as server:
        urls = [server.url(f"/{number}/f") for number in range(100)]
        (tmp_path / "list").write_text("\t".join(urls))
        done = run_main("-i", "list", "-q", "-d", "d", "--retries", "0", cwd=tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
        assert len(server.heads) == 100
        assert files(tmp_path / "d") == {"f": GOOD}
        server.answers = {}
        words = ["--failed-out", "rest", "--retries", "3", "-q"]
        done = run_main("-i", "list", *words, cwd=tmp_path)
    assert done.returncode == 3
    assert done.stderr.count("\n") == 1
    assert done.stderr == f"getflags: {': 404 Not Found; '.join(urls)}: 404 Not Found\n"
    assert (tmp_path / "rest").read_text() == "\t".join(urls) + "\n"


TABLES = {
    "list.csv": 'url,out,mirrors\nFIRST,f,"SECOND\t\tTHIRD"\nTHIRD,g,\n',
    "list.jsonl": '{"url": "FIRST", "out": "f", "mirrors": ["SECOND", "", "THIRD"]}\n'
    '{"url": "THIRD", "out": "g", "mirrors": null}\n',
    "two.jsonl": '{"url": "FIRST", "out": "f", "mirrors": "SECOND\\tTHIRD"}\n'
    '{"url": "THIRD", "out": "g", "mirrors": []}\n',
}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_has_a_column_of_mirrors(tmp_path: Path, name: str) -> None:
    with RawServer({"/3": ok(GOOD)}) as server:
        text = TABLES[name]
        for path, word in {"/1": "FIRST", "/2": "SECOND", "/3": "THIRD"}.items():
            text = text.replace(word, server.url(path))
        (tmp_path / name).write_text(text)
        done = run_main("-i", name, "-q", "-d", "d", cwd=tmp_path)
        assert [server.asked(path) for path in ("/1", "/2", "/3")] == [1, 1, 2]
    assert (done.returncode, done.stderr) == (0, "")
    assert files(tmp_path / "d") == {"f": GOOD, "g": GOOD}


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("l.csv", "url,mirrors,mirrors\n", "l.csv: its first line names the column mirrors twice"),
        ("l.jsonl", '{"url": "http://a/f", "mirrors": 1}', "l.jsonl:1: mirrors is not a string"),
        (
            "l.jsonl",
            '{"url": "http://a/f", "mirrors": ["http://b/f", 1]}',
            "l.jsonl:1: each of the mirrors is not a string",
        ),
    ],
)
def test_odd_mirrors_in_a_table_are_a_usage_error(
    tmp_path: Path, name: str, text: str, why: str
) -> None:
    (tmp_path / name).write_text(text)
    done = run_main("-i", name, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"getflags: {why}")


@pytest.mark.parametrize("mirrors", ["http://b/f", ["http://b/f"], (1,), 1])
def test_mirrors_of_another_type_are_a_usage_error(tmp_path: Path, mirrors: Any) -> None:
    with pytest.raises(getflags.UsageError, match=r"targets\[0\] has mirrors that are not a tuple"):
        getflags.download([Entry("http://a/f", mirrors=mirrors)], dir=tmp_path)


def test_the_representation_of_an_entry_has_no_secret() -> None:
    entry = Entry("http://a/f", headers=(("X-Key", "SECRET"),), mirrors=("http://u:SECRET@b/f",))
    assert repr(entry) == ("Entry('http://a/f', headers=('X-Key',), mirrors=('http://***@b/f',))")


def test_a_line_with_other_mirrors_is_a_duplicate(tmp_path: Path) -> None:
    lines = ["http://a/f\thttp://b/f", "http://a/f\thttp://c/f", "http://a/f", "http://a/f\tbad"]
    (tmp_path / "list").write_text("\n".join(lines))
    done = run_main("-i", "list", "--dedupe", "--dry-run", cwd=tmp_path)
    assert done.stdout == "http://a/f\tdownloaded/f\n"
    assert done.stderr.count("its mirror 'bad' cannot be used") == 1


def test_the_files_of_targets_with_mirrors_are_verified(tmp_path: Path) -> None:
    """The checksum file is searched for the name that the first URL gives."""
    (tmp_path / "SUMS").write_text(f"{hashlib.sha256(GOOD).hexdigest()}  a.iso\n")
    with RawServer({"/b.iso": ok(b"hello")}) as server:
        (tmp_path / "list").write_text(f"{server.url('/a.iso')}\t{server.url('/b.iso')}\n")
        words = ["-i", "list", "--checksum-file", "SUMS", "-d", "d", "-q"]
        missing = run_main(*words, "--verify", cwd=tmp_path)
        assert server.heads == []
        assert missing.returncode == 3
        assert missing.stderr.endswith("/a.iso: missing\n")
        wrong = run_main(*words, cwd=tmp_path)
        assert wrong.returncode == 3
        assert "/b.iso: checksum mismatch" in wrong.stderr
        server.answers["/b.iso"] = ok(GOOD)
        assert run_main(*words, cwd=tmp_path).returncode == 0
        asked = len(server.heads)
        right = run_main(*words, "--verify", cwd=tmp_path)
        assert len(server.heads) == asked
    assert (right.returncode, right.stderr) == (0, "")
    assert files(tmp_path / "d") == {"a.iso": GOOD}


def test_the_mirror_that_has_failed_is_named(tmp_path: Path) -> None:
    missing = ok(b"", status="404 Not Found")
    with RawServer({"/a": missing, "/b": missing, "/c": ok(GOOD)}) as server:
        first, second, third = map(server.url, ("/a", "/b", "/c"))
        (tmp_path / "list").write_text(f"{first}\t{second}\t{third}\n")
        done = run_main("-i", "list", "-v", "-d", "d", cwd=tmp_path)
    assert f"{first}: 404 Not Found; trying {second}\n" in done.stdout
    assert f"{first}: {second}: 404 Not Found; trying {third}\n" in done.stdout


def test_what_is_tried_next_and_where_a_file_is_from_is_shown(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    busy: Answer = ok(b"", "Retry-After: 0", status="500 Oh No")
    with RawServer({"/m": ok(GOOD)}) as server:
        secret = server.url("/m?token=SECRET")
        server.answers["/m?token=SECRET"] = ok(GOOD)
        (tmp_path / "list").write_text(f"{server.url('/f')}\t{secret}\n")
        done = run_main("-i", "list", "-v", "-d", "d", cwd=tmp_path)
        with caplog.at_level(logging.INFO, "getflags"):
            target = Entry(server.url("/f"), mirrors=(secret,))
            getflags.download([target], dir=tmp_path / "c")
        server.answers["/m?token=SECRET"] = busy
        words = ["-i", "list", "-v", "-d", "e", "--retries", "1"]
        tried = run_main(*words, cwd=tmp_path)
    first, shown = server.url("/f"), server.url("/m?token=***")
    assert f"{first}: 404 Not Found; trying {shown}\n" in done.stdout + done.stderr
    assert f"{first} OK d/f (8 B from {shown})\n" in done.stdout + done.stderr
    assert "retr" not in done.stdout + done.stderr
    text = tried.stdout + tried.stderr
    assert f"{first}: 500 Internal Server Error; retrying in 0.0 s\n" in text
    assert " 1 retry.\n" in text
    assert f"{first}: trying {shown} in 0.0 s: 404 Not Found" in caplog.messages
    assert "SECRET" not in done.stdout + done.stderr + text + caplog.text
    assert done.returncode == 0


def test_a_dry_run_shows_the_first_url(tmp_path: Path) -> None:
    (tmp_path / "list").write_text("http://a/f\thttp://b/g\n")
    done = run_main("-i", "list", "--dry-run", "--json", cwd=tmp_path)
    (line,) = done.stdout.splitlines()
    assert json.loads(line)["url"] == "http://a/f"


def test_a_wait_before_another_mirror_is_shown() -> None:
    lines: list[str] = []
    target = settled("http://a/f", "http://b/f")
    Lines(lines.append, lines.append).read(Retrying(target, 1.5, "reset", mirror="http://b/f"))
    assert lines == ["http://a/f: reset; trying http://b/f in 1.5 s"]
