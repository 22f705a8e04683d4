"""Duplicates of a list: left out where they ask for the same file again, and only there."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import getflags
from getflags.targets.list_file import Entry
from getflags.targets.resolve import Duplicates, Place
from tests.hazards import Way, everywhere
from tests.kit import files, run_main
from tests.rawserver import RawServer, ok
from tests.test_arriving_targets import answers, producing


@everywhere
def test_a_url_is_requested_once(tmp_path: Path, way: Way) -> None:
    with RawServer({"/a": ok(b"a"), "/b": ok(b"b")}) as server:
        targets = [server.url(path) for path in ("/a", "/b", "/a", "/b#part", "/a")]
        targets.append(server.url("/a").replace("http", "HTTP"))
        report = getflags.download(
            targets, dedupe=True, dir=tmp_path / "d", engine=way["engine"], client=way["client"]
        )
        assert (server.asked("/a"), server.asked("/b")) == (1, 1)
    assert (report.arrived, report.total, report.duplicates) == (2, 2, 4)
    assert files(tmp_path / "d") == {"a": b"a", "b": b"b"}


def test_without_the_option_each_has_its_own_file(tmp_path: Path) -> None:
    with RawServer({"/a": ok(b"a")}) as server:
        report = getflags.download([server.url("/a")] * 2, dir=tmp_path)
        assert server.asked("/a") == 2
    assert (report.arrived, report.duplicates) == (2, 0)
    assert set(files(tmp_path)) == {"a", "a.1"}


def test_the_summary_counts_what_was_left_out(tmp_path: Path) -> None:
    with RawServer(answers("ab")) as server:
        text = f"{server.url('/a')}\n{server.url('/a')}\n{server.url('/b')}\n"
        (tmp_path / "list").write_text(text)
        words = ["--dedupe", "-i", "list", "-i", "list", server.url("/b"), "--failed-out", "rest"]
        done = run_main(*words, cwd=tmp_path)
        assert "Searching for 2 files: " in done.stdout
        assert "\n  2 files downloaded.\n  5 duplicates left out.\n" in done.stdout
        assert (tmp_path / "rest").read_text() == ""
        done = run_main(*words[:3], "--json", cwd=tmp_path)
        assert json.loads(done.stdout.splitlines()[-1])["duplicates"] == 1
        assert "  1 duplicate left out.\n" in done.stderr
        done = run_main(*words, "--dry-run", cwd=tmp_path)
        assert done.stdout.splitlines() == [
            f"{server.url('/b')}\tdownloaded/b", f"{server.url('/a')}\tdownloaded/a",
        ]  # fmt: skip


def test_the_limit_counts_what_is_left(tmp_path: Path) -> None:
    (tmp_path / "list").write_text("http://h/a\nhttp://h/a\nhttp://h/b\nhttp://h/c\n")
    done = run_main("--dedupe", "--dry-run", "-i", "list", "-l", "2", cwd=tmp_path)
    assert done.stdout == "http://h/a\tdownloaded/a\nhttp://h/b\tdownloaded/b\n"


def test_what_is_wanted_in_another_way_is_kept(tmp_path: Path) -> None:
    url = "http://h/f"
    digest, other = "0" * 32, "1" * 32
    options = [
        "", "  out=g", "  dir=other", f"  checksum=md5={digest}", f"  checksum=md5={other}",
        "  optional=yes", f"  out=g\n  checksum=md5={digest}",
    ]  # fmt: skip
    text = "".join(f"{url}\n{each}\n" for each in options)
    (tmp_path / "list").write_text(text * 2)
    done = run_main("--dedupe", "--dry-run", "-i", "list", cwd=tmp_path)
    assert [line.split("\t")[1] for line in done.stdout.splitlines()] == [
        "downloaded/f", "downloaded/g", "other/f", "downloaded/f.1", "downloaded/f.2",
        "downloaded/f.3", "downloaded/g.1",
    ]  # fmt: skip


def test_options_that_change_nothing_make_no_difference(tmp_path: Path) -> None:
    digest = "ab" * 32
    (tmp_path / "list").write_text(
        f"http://h/f\n  checksum=sha-256={digest}\n"
        f"http://h/f\n  dir=data\n  out=f\n  checksum=sha256={digest.upper()}\n"
    )
    done = run_main("--dedupe", "--dry-run", "-i", "list", "-d", "data", cwd=tmp_path)
    assert done.stdout == "http://h/f\tdata/f\n"


def test_the_query_and_the_user_make_a_difference(tmp_path: Path) -> None:
    words = ["http://h/f", "http://h/f?", "http://h/f?a", "http://h/F", "http://me@h/f"]
    done = run_main("--dedupe", "--dry-run", *words, *words, cwd=tmp_path)
    assert len(done.stdout.splitlines()) == len(words)


def test_a_code_and_its_url_are_one(tmp_path: Path) -> None:
    base = "http://h/flags"
    words = ["--dedupe", "--dry-run", "--base-url", base, "-v"]
    for targets in (["BR", f"{base}/br/br.gif"], [f"{base}/br/br.gif", "br"]):
        done = run_main(*words, *targets, cwd=tmp_path)
        assert done.stdout == f"{base}/br/br.gif\tdownloaded/br.gif\n"


def test_a_code_that_was_named_is_not_lost_to_its_letter(tmp_path: Path) -> None:
    with RawServer({}) as server:
        words = ["--dedupe", "-q", "--base-url", server.url(""), "B", "BR"]
        done = run_main(*words, cwd=tmp_path)
    assert done.returncode == 3  # unlike the others of its letter, it may not be missing
    assert done.stderr == "getflags: BR: 404 Not Found\n"


def test_each_malformed_target_is_named(tmp_path: Path) -> None:
    (tmp_path / "list").write_text("http://[\nhttp://[\n")
    done = run_main("--dedupe", "-q", "-i", "list", cwd=tmp_path)
    assert done.returncode == 3
    assert done.stderr.count("it is malformed") == 2


def test_duplicates_of_a_list_that_is_still_written(tmp_path: Path) -> None:
    with (
        RawServer(answers("abc")) as server,
        producing(tmp_path, "--dedupe", "--json", server.url("/c")) as producer,
    ):
        producer.write(f"{server.url('/a')}\n{server.url('/c')}\n", arrived="a")
        producer.write(f"{server.url('/a')}\n{server.url('/b')}\n", arrived="b")
        producer.write(f"{server.url('/a')}\n")
        code, out, err = producer.close()
        assert [server.asked(f"/{name}") for name in "abc"] == [1, 1, 1]
    assert code == 0, err
    assert json.loads(out.splitlines()[-1])["duplicates"] == 3
    assert set(files(tmp_path / "downloaded")) == {"a", "b", "c"}


def test_memory_is_a_few_bytes_for_each_target() -> None:
    total = 50_000
    left_out: list[None] = []
    duplicates = Duplicates(Place(), lambda: left_out.append(None))
    entries = (Entry(f"http://host/{number % total}") for number in range(total + 3))
    tracemalloc.start()
    try:
        assert sum(1 for _ in duplicates.kept(entries)) == total
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(left_out) == 3
    assert peak < total * 40
