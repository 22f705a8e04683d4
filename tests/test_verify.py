"""Verifying the files that are there: each is right, wrong or missing, and nothing is touched."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

import getflags
from getflags.testing import PORTS
from tests.hazards import Way, everywhere
from tests.kit import files, run_main
from tests.messages import CHECKSUM
from tests.rawserver import RawServer, ok
from tests.test_arriving_targets import producing
from tests.test_dry_run import trace

BODY = b"the file\n"
HEX = hashlib.sha256(BODY).hexdigest()


def words(way: Way) -> list[str]:
    return ["--engine", way["engine"], "--client", way["client"], "--verify"]


@everywhere
def test_each_file_is_right_wrong_or_missing(tmp_path: Path, way: Way) -> None:
    folder = tmp_path / "d"
    (folder / "folder").mkdir(parents=True)
    (folder / "right").write_bytes(BODY)
    (folder / "wrong").write_bytes(b"changed\n")
    (folder / "short").write_bytes(BODY[:-1])
    (folder / "plain").write_bytes(BODY)
    names = ["right", "wrong", "missing", "short", "folder"]
    with RawServer({f"/{name}": ok(BODY) for name in [*names, "plain"]}) as server:
        text = "".join(f"{server.url(f'/{name}')}\n  checksum=sha-256={HEX}\n" for name in names)
        (tmp_path / "list").write_text(f"{text}{server.url('/plain')}\nhttp://[\n")
        before = trace(folder)
        done = run_main(*words(way), "-i", "list", "-d", "d", cwd=tmp_path)
        assert server.heads == []
        url = server.url
    assert trace(folder) == before
    assert done.returncode == 1
    out = done.stdout.splitlines()
    assert out[0].startswith("Verifying 7 files: ")
    assert out[1] == f"{url('/right')} OK d/right (right)"
    assert out[2:-1] == ["-" * 20, "  1 file right.", "  1 missing.", "  5 errors."]
    digests = [hashlib.sha256(each).hexdigest() for each in (b"changed\n", BODY[:-1])]
    assert sorted(done.stderr.splitlines()) == sorted([
        f"getflags: {url('/wrong')}: wrong: {CHECKSUM}: sha256 expected {HEX}, got {digests[0]}",
        f"getflags: {url('/short')}: wrong: {CHECKSUM}: sha256 expected {HEX}, got {digests[1]}",
        f"getflags: {url('/missing')}: missing",
        f"getflags: {url('/folder')}: cannot read: it exists and is not a regular file",
        f"getflags: {url('/plain')}: there is no checksum to verify it with",
        "getflags: list:12: http://[: it is malformed",
    ])  # fmt: skip


@everywhere
def test_what_an_interrupted_run_has_left_can_still_be_resumed(tmp_path: Path, way: Way) -> None:
    body = BODY * 200_000
    digest = hashlib.sha256(body).hexdigest()
    head = b'HTTP/1.1 200 OK\r\nConnection: close\r\nETag: "one"\r\nContent-Length: 1800000\r\n\r\n'
    with RawServer({"/f": head + body[:1_500_000]}) as server:
        target = ["-q", "--checksum", f"sha-256={digest}", server.url("/f")]
        assert run_main("--retries", "0", *target, cwd=tmp_path).returncode == 3
        left = {path.suffix for path in (tmp_path / "downloaded").iterdir()}
        assert left == {".part", ".json"}
        before = trace(tmp_path)
        done = run_main(*words(way), *target, cwd=tmp_path)
        assert server.asked("/f") == 1
    assert (done.returncode, done.stderr) == (3, f"getflags: {target[-1]}: missing\n")
    assert trace(tmp_path) == before


@everywhere
def test_all_right_is_success(tmp_path: Path, way: Way) -> None:
    (tmp_path / "downloaded").mkdir()
    for name in "ab":
        (tmp_path / "downloaded" / name).write_bytes(BODY)
    (tmp_path / "SUMS").write_text(f"{HEX}  a\n{HEX}  b\n{'0' * 64}  c\n")
    urls = [f"http://127.0.0.1:1/{name}" for name in "ab"]
    done = run_main(*words(way), "--checksum-file", "SUMS", *urls, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "  2 files right.\nElapsed time:" in done.stdout
    for name in "ab":
        os.truncate(tmp_path / "downloaded" / name, 0)
    done = run_main(*words(way), "-q", "--checksum-file", "SUMS", *urls, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.count("wrong: ") == 2


def test_nothing_is_created(tmp_path: Path) -> None:
    words = ["--verify", "--checksum", f"md5={'0' * 32}"]
    for target in ("http://127.0.0.1:1/f", "BR"):  # no bundled server is started, either
        done = run_main(*words, target, cwd=tmp_path)
        assert done.returncode == 3
        assert done.stderr == f"getflags: {target}: missing\n"
        assert done.stdout.startswith("Verifying 1 ")  # and not with the site of a server
    assert list(tmp_path.iterdir()) == []


def test_a_code_has_the_usual_url_of_its_server(tmp_path: Path) -> None:
    words = ["--verify", "--json", "--checksum", f"md5={'0' * 32}", "br"]
    done = run_main(*words, cwd=tmp_path)
    *_, finished, summary = map(json.loads, done.stdout.splitlines())
    assert finished["url"] == f"http://127.0.0.1:{PORTS['LOCAL']}/flags/br/br.gif"
    assert (finished["status"], finished["reason"], finished["requests"]) == (
        "not found", "missing", 0,
    )  # fmt: skip
    assert summary["counts"] == {"ok": 0, "present": 0, "not found": 1, "failed": 0}


def test_what_is_not_right_can_be_downloaded(tmp_path: Path) -> None:
    (tmp_path / "downloaded").mkdir()
    with RawServer({f"/{name}": ok(BODY) for name in "abc"}) as server:
        names = "abc"
        (tmp_path / "list").write_text(
            "".join(f"{server.url(f'/{name}')}\n  checksum=sha-256={HEX}\n" for name in names)
        )
        (tmp_path / "downloaded" / "a").write_bytes(BODY)
        (tmp_path / "downloaded" / "b").write_bytes(b"old")
        words = ["-q", "-i", "list", "--verify", "--failed-out", "bad"]
        assert run_main(*words, cwd=tmp_path).returncode == 1
        assert run_main("-q", "-i", "bad", cwd=tmp_path).returncode == 0
        assert [server.asked(f"/{name}") for name in "abc"] == [0, 1, 1]
        assert run_main(*words, cwd=tmp_path).returncode == 0
        assert (tmp_path / "bad").read_text() == ""


def test_skip_with_checksums_downloads_only_what_is_not_right(tmp_path: Path) -> None:
    """The other of both mechanisms, which docs/how-to/checksums.md describes beside this one."""
    (tmp_path / "downloaded").mkdir()
    (tmp_path / "downloaded" / "a").write_bytes(BODY)
    (tmp_path / "downloaded" / "b").write_bytes(b"old")
    (tmp_path / "SUMS").write_text("".join(f"{HEX}  {name}\n" for name in "abc"))
    with RawServer({f"/{name}": ok(BODY) for name in "abc"}) as server:
        urls = [server.url(f"/{name}") for name in "abc"]
        words = ["-q", "--exists", "skip", "--checksum-file", "SUMS"]
        assert run_main(*words, *urls, cwd=tmp_path).returncode == 0
        assert [server.asked(f"/{name}") for name in "abc"] == [0, 1, 1]
    assert files(tmp_path / "downloaded") == dict.fromkeys("abc", BODY)


def test_an_optional_file_may_be_missing_but_not_wrong(tmp_path: Path) -> None:
    text = f"http://127.0.0.1:1/f\n  optional=yes\n  checksum=sha-256={HEX}\n"
    (tmp_path / "list").write_text(text)
    done = run_main("--verify", "-i", "list", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "http://127.0.0.1:1/f not found\n" in done.stdout
    (tmp_path / "downloaded").mkdir()
    (tmp_path / "downloaded" / "f").touch()
    assert run_main("--verify", "-i", "list", cwd=tmp_path).returncode == 3


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["http://h/f"], "--verify needs checksums: --checksum-file FILE, --checksum ALGO=HEX, or"),
        (["-i", "none", "--exists", "skip"], "--verify downloads nothing, so --exists has no"),
        (["-i", "none", "--dry-run"], "--dry-run only prints the targets"),
    ],
)
def test_what_cannot_be_combined(tmp_path: Path, words: list[str], sentence: str) -> None:
    done = run_main("--verify", *words, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith(f"getflags: {sentence}")
    assert done.stderr.count("\n") == 1


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="a file of Linux")
def test_a_file_that_cannot_be_read_is_not_right(tmp_path: Path) -> None:
    (tmp_path / "downloaded").mkdir()
    (tmp_path / "downloaded" / "f").symlink_to("/proc/self/mem")
    words = ["--verify", "-q", "--checksum", f"sha-256={HEX}", "http://h/f"]
    done = run_main(*words, cwd=tmp_path)
    assert done.returncode == 3
    assert done.stderr == "getflags: http://h/f: cannot read: Input/output error\n"


def test_from_python(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(BODY)
    entry = getflags.Entry("http://127.0.0.1:1/f", checksum=getflags.Checksum("sha256", HEX))
    report = getflags.download([entry], dir=tmp_path, verify=True)
    assert report.outcomes[0].status is getflags.Status.PRESENT
    report = getflags.download([entry], dir=tmp_path / "none", verify=True)
    assert report.outcomes[0].reason == "missing"
    assert report.outcomes[0].failed
    assert set(files(tmp_path)) == {"f"}
    assert not (tmp_path / "none").exists()


def test_a_list_that_is_still_written_is_verified_as_it_comes(tmp_path: Path) -> None:
    (tmp_path / "downloaded").mkdir()
    (tmp_path / "downloaded" / "f").write_bytes(BODY)
    with producing(tmp_path, "--verify") as producer:
        line = f"  checksum=sha-256={HEX}\n"
        producer.write(f"http://127.0.0.1:1/f\n{line}")
        producer.write(f"http://127.0.0.1:1/g\n{line}")
        code, out, err = producer.close()
    assert code == 1, err
    assert "(right)\n" in out
    assert "http://127.0.0.1:1/g: missing\n" in err


def test_an_interrupt_says_how_to_start_again(tmp_path: Path) -> None:
    (tmp_path / "downloaded").mkdir()
    (tmp_path / "downloaded" / "f").write_bytes(BODY)
    with producing(tmp_path, "--verify") as producer:
        producer.write(f"http://127.0.0.1:1/f\n  checksum=sha-256={HEX}\n")
        producer.wait_for(b"(right)")
        code, _, err = producer.interrupt()
    assert code == 130
    assert err == "getflags: interrupted; 1 file complete; run the same command again\n"
