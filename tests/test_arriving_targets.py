"""Lists that are still being written while their first targets are downloaded (J9)."""

from __future__ import annotations

import gzip
import json
import re
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import sleep

import pytest

from getflags.cli.lists.arriving_targets import ArrivingTargets
from getflags.cli.lists.target_source import READ_AHEAD
from getflags.core.feed import NO_JOB, Feed
from getflags.core.models import Target
from getflags.targets.list_file import Entry, ListParser
from getflags.targets.resolve import Listing, Place
from tests.hazards import Way, everywhere
from tests.kit import ENVIRON, ROOT, command, files, run_main
from tests.rawserver import RawServer, ok, stall_after
from tests.screen import on_terminal
from tests.servers_kit import until


class Producer:
    """A run of getflags, and the writing end of its list."""

    def __init__(self, folder: Path, process: subprocess.Popen[bytes]) -> None:
        self._folder = folder
        self._process = process

    def write(self, text: str | bytes, *, arrived: str = "") -> None:
        """Write a part of the list; wait until a file has been downloaded."""
        assert self._process.stdin
        self._process.stdin.write(text.encode() if isinstance(text, str) else text)
        self._process.stdin.flush()
        if arrived:
            until((self._folder / "downloaded" / arrived).exists)

    def interrupt(self) -> tuple[int, str, str]:
        """Interrupt the run while the list is open; return its exit code and output."""
        self._process.send_signal(signal.SIGINT)
        return self.end()

    def close(self) -> tuple[int, str, str]:
        """End the list; return the run's exit code and output."""
        assert self._process.stdin
        self._process.stdin.close()
        return self.end()

    def wait_until_started(self) -> None:
        """Wait until the run no longer waits for the end of the list."""
        self.wait_for(b"will be used")

    def wait_for(self, words: bytes) -> None:
        """Wait until the run prints a line with these words on standard output."""
        assert self._process.stdout
        while words not in self._process.stdout.readline():
            assert self._process.poll() is None

    def end(self) -> tuple[int, str, str]:
        """Wait for the end of the run; return its exit code and output."""
        assert self._process.stdout
        assert self._process.stderr
        out, err = self._process.stdout.read().decode(), self._process.stderr.read().decode()
        return self._process.wait(30), out, err


@contextmanager
def producing(folder: Path, *words: str) -> Iterator[Producer]:
    process = subprocess.Popen(
        command("-i", "-", *words), cwd=folder, env={**ENVIRON, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    with process:
        try:
            yield Producer(folder, process)
        finally:
            process.kill()


def answers(names: str) -> dict[str, bytes]:
    return {f"/{name}": ok(name.encode()) for name in names}


@everywhere
def test_j9_a_list_is_downloaded_while_it_is_written(tmp_path: Path, way: Way) -> None:
    words = ["--engine", way["engine"], "--client", way["client"], "--json"]
    with RawServer(answers("abc")) as server, producing(tmp_path, *words) as producer:
        producer.write(f"{server.url('/a')}\n", arrived="a")
        producer.write(f"{server.url('/b')}\n  out=named\n{server.url('/c')}\n", arrived="named")
        code, out, err = producer.close()
    assert code == 0, err
    assert files(tmp_path / "downloaded") == {"a": b"a", "named": b"b", "c": b"c"}
    events = [json.loads(line) for line in out.splitlines()]
    assert sorted(each["index"] for each in events if each["event"] == "finished") == [0, 1, 2]
    assert "Searching for the files of a list that has not ended" in err


def test_what_is_wrong_later_fails_alone_and_is_named(tmp_path: Path) -> None:
    with RawServer(answers("abc")) as server:
        with producing(tmp_path, "--failed-out", "rest") as producer:
            producer.write(f"{server.url('/a')}\n", arrived="a")
            producer.write("  out=late\n  dir=d\n")
            producer.write(f"{server.url('/b')}\n  out\nBR\n{server.url('/c')}\n", arrived="c")
            code, out, err = producer.close()
        assert code == 1
        assert set(files(tmp_path / "downloaded")) == {"a", "c"}
        assert f"<stdin>:2: {server.url('/a')}: its options came too late" in err
        assert f"<stdin>:5: {server.url('/b')}: 'out' is not out=NAME" in err
        assert "BR: a country code that comes so late needs --base-url" in err
        assert "  2 files downloaded." in out
        rest = (tmp_path / "rest").read_text().splitlines()
    assert rest[:3] == [server.url("/a"), "  out=late", "  dir=d"]
    assert rest[3].startswith("# <stdin>:5: 'out' is not out=NAME")
    assert rest[3].endswith(f": {server.url('/b')}")
    assert rest[4:] == ["BR"]


MD5 = "0cc175b9c0f1b6a831c399e269772661"  # of the file a
SECRET = "pa55\u009b"
#: Lines that cannot be read, which come late, and their comments in the rest of the job.
UNREAD = {
    "checksum": ("URL\n  checksum=md5=abc\n", "2: checksum 'md5=abc': md5 takes 32 .*: URL"),
    "checksum, then others": ("URL\n  checksum=md5\n  out=x\n", "2: checksum 'md5': .*: URL"),
    "header": (f"URL\n  header=X-A {SECRET}\n", "2: the header is not of the form .*: URL"),
    "not indented": (f"URL\nchecksum=md5={MD5}\n", "2: indent 'checksum=md5=.*: URL"),
    "mirrors": ("URL\tURL\n  checksum=md5=abc\n", "2: checksum 'md5=abc': .*: URL"),
    "a code": ("BR\n  checksum=md5=abc\n", "2: checksum 'md5=abc': md5 takes 32 .*: BR"),
    "long": (f"URL\n  checksum={'x' * 1_000_000}\n", "2: checksum 'x{390}[.]{3}: URL"),
}


@pytest.mark.parametrize(("text", "comment"), UNREAD.values(), ids=UNREAD)
def test_a_target_that_could_not_be_read_is_only_a_comment(
    tmp_path: Path, text: str, comment: str
) -> None:
    """Without its checksum, a further run would download it unverified."""
    with RawServer(answers("ab")) as server:
        url = f"http://me:{SECRET}@{server.url('/a').removeprefix('http://')}"
        with producing(tmp_path, "--failed-out", "rest") as producer:
            producer.wait_until_started()
            producer.write(f"{text.replace('URL', url)}{server.url('/b')}\n", arrived="b")
            code, _, err = producer.close()
        rest = (tmp_path / "rest").read_text()
        shown = re.escape(server.url("/a").replace("//", "//***@"))
        assert re.fullmatch(f"# <stdin>:{comment.replace('URL', shown)}\n", rest)
        assert code == 1
        assert err.count("1 target that could not be read is only a comment in 'rest'\n") == 1
        again = run_main("-q", "-i", "rest", cwd=tmp_path)
    assert (again.returncode, again.stderr) == (0, "")
    assert SECRET not in err + rest
    assert set(files(tmp_path / "downloaded")) == {"b"}


def test_options_without_a_target_leave_the_rest_readable(tmp_path: Path) -> None:
    with producing(tmp_path, "--failed-out", "rest") as producer:
        producer.wait_until_started()
        producer.write("  header=X-A: pa55\n  out=x\nhttp://127.0.0.1:1/\n")
        code, _, err = producer.close()
    comment = "# <stdin>:1: an option without a target above it: header=X-A: ***"
    assert (tmp_path / "rest").read_text() == f"{comment}\nhttp://127.0.0.1:1/\n"
    assert code == 3
    assert "1 target that could not be read is only a comment in 'rest'" in err
    assert "pa55" not in err


def test_an_invalid_option_outweighs_one_that_came_too_late() -> None:
    parser = ListParser("list")
    parser.read("http://h/f\n")
    parser.release()
    for line in ("  out=x\n", "  checksum=md5=abc\n", "  header=none\n"):
        parser.read(line)
    entry = parser.release()
    assert entry
    assert (entry.line, entry.unread) == (3, True)
    assert entry.flaw.startswith("checksum 'md5=abc'")


def test_a_list_that_becomes_unreadable_keeps_what_came_before(tmp_path: Path) -> None:
    with RawServer(answers("ab")) as server, producing(tmp_path) as producer:
        producer.write(gzip.compress(f"{server.url('/a')}\n# {'x' * 9999}\n".encode()), arrived="a")
        producer.write(b"\x1f\x8b\x08\x00 this is no gzip")
        code, out, err = producer.close()
    assert code == 1
    assert "  1 file downloaded." in out
    assert "<stdin>: the gzip data is damaged" in err
    assert "the rest of the list has not been read" in err


def test_an_interrupt_leaves_the_rest_of_what_was_read(tmp_path: Path) -> None:
    with RawServer({**answers("a"), "/b": stall_after(b"")}) as server:
        with producing(tmp_path, "--failed-out", "rest", "-m", "1") as producer:
            producer.write(f"{server.url('/a')}\n", arrived="a")
            producer.write("".join(f"{server.url(f'/{name}')}\n" for name in "bcdef"))
            assert server.stalled.acquire(timeout=20)
            code, _, err = producer.interrupt()
        rest = [server.url(f"/{name}") for name in "bcde"]
    assert code == 130
    assert (tmp_path / "rest").read_text().split()[:4] == rest
    assert "of its targets, 'rest' has only those that had been read" in err


def test_a_limit_ends_the_run_before_the_list(tmp_path: Path) -> None:
    with RawServer(answers("abc")) as server, producing(tmp_path, "-l", "2") as producer:
        producer.write(f"{server.url('/a')}\n", arrived="a")
        producer.write(f"{server.url('/b')}\n{server.url('/c')}\n", arrived="b")
        code, out, err = producer.end()
    assert (code, err) == (0, "")
    assert set(files(tmp_path / "downloaded")) == {"a", "b"}
    assert "  2 files downloaded." in out


def test_codes_are_taken_late_if_the_mirror_is_known(tmp_path: Path) -> None:
    site = {f"/{code}/{code}.gif": ok(code.encode()) for code in ("br", "cn")}
    with (
        RawServer(site) as server,
        producing(tmp_path, "--base-url", server.url("")) as producer,
    ):
        producer.write("BR\n", arrived="br.gif")
        producer.write("CN\n", arrived="cn.gif")
        code, _, err = producer.close()
    assert (code, err) == (0, "")


@pytest.mark.parametrize("text", ["", "# nothing\n"])
def test_a_list_that_stays_empty_is_no_failure(tmp_path: Path, text: str) -> None:
    with producing(tmp_path) as producer:
        producer.wait_until_started()
        producer.write(text)
        code, out, err = producer.close()
    assert (code, err) == (0, "")
    assert "  0 files downloaded." in out


def test_a_name_for_a_single_target_waits_for_the_end_of_the_list(tmp_path: Path) -> None:
    with RawServer(answers("a")) as server, producing(tmp_path, "-o", "named") as producer:
        producer.write(f"{server.url('/a')}\n")
        sleep(READ_AHEAD + 0.5)
        code, out, _ = producer.close()
    assert code == 0
    assert "Searching for 1 file: " in out
    assert files(tmp_path / "downloaded") == {"named": b"a"}


def test_the_bar_has_no_total_until_the_list_has_one(tmp_path: Path) -> None:
    with RawServer(answers("ab")) as server, on_terminal(tmp_path, "-i", "-") as terminal:
        terminal.write(f"{server.url('/a')}\n")
        terminal.read_until("1/? files, 1 B [00:0")
        terminal.write(f"{server.url('/b')}\n\x04")
        assert any("| 2/2 files, 2/2 B [" in line for line in terminal.read_all())


def test_known_targets_come_first_and_all_have_names_of_their_own() -> None:
    def read(give: Callable[[Entry], None]) -> None:
        give(Entry("http://h/f"))
        give(Entry("http://i/f"))

    feed = Feed(read)
    later: list[Target] = []
    known = Listing([Entry("http://g/f")], [])
    targets = ArrivingTargets(known, feed, Place(folder="/d"), arrived=later.append)
    until(lambda: feed.ended)
    names = [each.name for each in targets if each is not NO_JOB]
    assert names == ["f", "f.1", "f.2"]
    assert [each.number for each in later] == [1, 2]
    assert targets.total == 3


def test_the_total_is_unknown_until_the_end() -> None:
    go_on = threading.Event()

    def read(give: Callable[[Entry], None]) -> None:
        give(Entry("http://h/f"))
        go_on.wait(9)
        give(Entry("G"))

    feed = Feed(read)
    targets = ArrivingTargets(Listing([], []), feed, Place("http://m"))
    woken = threading.Event()
    targets.wake = woken.set
    feed.wait(9)
    assert targets.total is None
    assert isinstance(next(targets), Target)
    assert next(targets) is NO_JOB
    go_on.set()
    assert woken.wait(9)
    until(lambda: feed.ended)
    assert len([each for each in targets if each is not NO_JOB]) == 26
    assert targets.total == 27
