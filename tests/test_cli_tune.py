"""``getflags tune`` as a person meets it, on servers whose knee is known."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
from pathlib import Path
from types import FrameType

import pytest

from getflags.cli.commands import tune
from getflags.cli.signals import Interrupted
from tests.kit import ENVIRON, ROOT, command, files, run_main
from tests.messages import INTERRUPTED, NOT_A_COUNT, NOT_WHOLE
from tests.rawserver import RawServer, silence


@pytest.mark.slow
def test_a_known_knee_is_named_with_its_flag(tmp_path: Path) -> None:
    words = ["--latency", "fixed:0.05", "--slots", "2", "--max-level", "8", "--rounds", "5"]
    done = run_main("tune", *words, cwd=tmp_path)
    assert done.returncode == 0
    (level,) = re.findall(r"^Use -m ([0-9]+)\.$", done.stdout, re.MULTILINE)
    assert int(level) in {2, 4}
    assert "requests were made." in done.stdout
    assert "   1 at a time: " in done.stderr
    assert files(tmp_path) == {}


@pytest.mark.slow
def test_it_stops_where_it_hurts_and_programs_are_told(tmp_path: Path) -> None:
    words = ["--latency", "fixed:0.05", "--busy-above", "4", "--rounds", "5", "--json"]
    done = run_main("tune", *words, cwd=tmp_path)
    assert done.returncode == 0
    assert done.stderr == ""
    values = json.loads(done.stdout)
    assert values["level"] == 4
    assert values["hurt"]["level"] == 8
    assert values["hurt"]["sign"].startswith("429 Too Many Requests")


def test_a_cap_is_kept_and_an_unsure_answer_has_a_code_of_its_own(tmp_path: Path) -> None:
    words = ["-q", "--max-requests", "100", "--max-level", "2", "--engine", "threads"]
    done = run_main("tune", "BR", "CN", *words, cwd=tmp_path)
    assert done.returncode == 1
    assert re.fullmatch(r"-m [12]\n", done.stdout)
    assert done.stderr == ""


def test_nothing_arrives(tmp_path: Path) -> None:
    words = ["--error-rate", "1", "--max-level", "1", "--rounds", "1"]
    done = run_main("tune", *words, cwd=tmp_path)
    assert done.returncode == 3
    assert "No level can be recommended: nothing arrived." in done.stdout
    assert run_main("tune", "-q", *words, cwd=tmp_path).stdout == "\n"
    dead = run_main("tune", "http://127.0.0.1:9/x", cwd=tmp_path)
    assert dead.returncode == 3


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--max-level", "0"], f"--max-level: '0' {NOT_A_COUNT}"),
        (["--max-requests", "few"], f"--max-requests: 'few' {NOT_WHOLE}"),
        (["--engine", "sequential"], "--engine: invalid choice: 'sequential'"),
        (["-s", "LOCAL,DELAY"], "-s takes a single server here, because the best level depends on"),
        (["http://h/x", "-s", "LOCAL"], "-s selects bundled servers"),
        (["--frobnicate"], "unrecognized arguments: --frobnicate (getflags tune -h lists"),
    ],
)
def test_bad_words_are_a_sentence(words: list[str], sentence: str, tmp_path: Path) -> None:
    done = run_main("tune", *words, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in done.stderr


def test_an_interruption_is_said(tmp_path: Path) -> None:
    process = subprocess.Popen(
        command("tune", "--latency", "fixed:0.1"), cwd=tmp_path, text=True,
        env={**ENVIRON, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stderr
    assert "1 at a time" in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (130, "")
    assert err.endswith(f"{INTERRUPTED} after 20 requests\n")


def test_an_interruption_knows_what_was_spent() -> None:
    def interrupt(connection: socket.socket, server: RawServer) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        silence(connection, server)

    def raises(number: int, _: FrameType | None) -> None:
        raise Interrupted(number)

    before = signal.signal(signal.SIGINT, raises)
    try:
        with RawServer({"/x": interrupt}) as server, pytest.raises(Interrupted) as stop:
            tune.main([server.url("/x")])
    finally:
        signal.signal(signal.SIGINT, before)
    assert stop.value.message == "interrupted after 0 requests"
