"""Text suffers, files don't: closed streams, full disks, unknown characters, pipes nobody reads."""

from __future__ import annotations

import io
import os
import subprocess
from pathlib import Path

import pytest

from getflags.cli.console import print_line, reopen_closed
from getflags.targets.country_codes import ALL
from tests.kit import ENVIRON, ROOT, command, files
from tests.rawserver import RawServer, ok

REDIRECTIONS = [
    ">&-", "2>&-", "<&-", "<&- >&- 2>&-", ">/dev/full", "2>/dev/full", ">/dev/full 2>&1",
    "--json >/dev/full", "-q >&-", "-v >&-", "-i - </dev/null",
]  # fmt: skip


FLAGS = {f"/{code.lower()}/{code.lower()}.gif": ok(b"") for code in ALL}


@pytest.mark.parametrize("engine", ["asyncio", "threads", "sequential"])
@pytest.mark.parametrize("redirection", REDIRECTIONS)
def test_files_arrive_whatever_has_become_of_the_streams(
    tmp_path: Path, redirection: str, engine: str
) -> None:
    with RawServer({"/f": ok(b"fine"), "/g": ok(b"too")}) as server:
        words = command(server.url("/f"), server.url("/g"), server.url("/none"))
        script = " ".join([*words, "--engine", engine, redirection])
        environ = {**ENVIRON, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            ["sh", "-c", script], cwd=tmp_path, env=environ, timeout=30, check=False,
            capture_output=True,
        )  # fmt: skip
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr
    assert files(tmp_path / "downloaded") == {"f": b"fine", "g": b"too"}


@pytest.mark.parametrize("words", ["", "-v", "-a -q --json", "--json", "--json -q"])
def test_text_that_standard_output_has_no_room_for_is_an_error(tmp_path: Path, words: str) -> None:
    with RawServer({"/f": ok(b"fine"), **FLAGS}) as server:
        words = f"{words} --base-url {server.url('')}"
        script = " ".join([*command(server.url("/f"), words), "> /dev/full"])
        done = subprocess.run(
            ["sh", "-c", script], cwd=tmp_path, env={**ENVIRON, "PYTHONPATH": str(ROOT)},
            timeout=30, check=False, capture_output=True, text=True,
        )  # fmt: skip
    assert done.returncode == 1
    why = "cannot write to standard output: No space left on device; some of it is lost"
    assert done.stderr.splitlines()[-1] == f"getflags: {why}"
    assert done.stderr.count(why) == 1
    assert (tmp_path / "downloaded" / "f").read_bytes() == b"fine"


@pytest.mark.parametrize("words", ["", "--json"])
def test_a_closed_standard_output_or_one_without_a_reader_is_no_error(
    tmp_path: Path, words: str
) -> None:
    with RawServer({"/f": ok(b"fine")}) as server:
        run = " ".join(command(server.url("/f"), words))
        for script in (f"{run} >&-", f"({run}; echo $? > code) | :; exit $(cat code)"):
            done = subprocess.run(
                ["sh", "-c", script], cwd=tmp_path, env={**ENVIRON, "PYTHONPATH": str(ROOT)},
                timeout=30, check=False,
            )  # fmt: skip
            assert done.returncode == 0


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_narrow_encoding_costs_only_characters(tmp_path: Path, encoding: str) -> None:
    with RawServer({"/%E2%98%83": ok(b"snow")}) as server:
        environ = {**ENVIRON, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": encoding}
        done = subprocess.run(
            command("-v", server.url("/\u2603")), cwd=tmp_path, env=environ, timeout=30,
            check=False, capture_output=True, text=True,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "\\u2603" in done.stdout
    assert files(tmp_path / "downloaded") == {"\u2603": b"snow"}


def test_a_stream_without_a_file_behind_it() -> None:
    class Full(io.StringIO):
        def write(self, _: str) -> int:
            raise OSError

    print_line("x", Full())
    print_line("x", None)
    closed = io.StringIO()
    closed.close()
    print_line("x", closed)


def test_open_streams_are_left_alone() -> None:
    before = os.fstat(0)
    reopen_closed()
    assert os.path.samestat(before, os.fstat(0))
