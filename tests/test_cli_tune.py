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
from tests.kit import ENVIRON, ROOT, command, files, free_port, run_main
from tests.messages import INTERRUPTED, NOT_A_COUNT, NOT_WHOLE, REFUSED
from tests.rawserver import RawServer, ok, silence
from tests.screen import on_terminal


@pytest.mark.slow
def test_a_known_knee_is_named_with_its_flag(tmp_path: Path) -> None:
    words = ["--latency", "fixed:0.05", "--slots", "2", "--max-level", "8", "--rounds", "5"]
    done = run_main("tune", *words, cwd=tmp_path)
    assert done.returncode == 0
    (level,) = re.findall(r"^Use -m ([0-9]+)\.$", done.stdout, re.MULTILINE)
    assert int(level) in {2, 4}
    assert "requests were made." in done.stdout
    rounds = [line for line in done.stderr.splitlines() if not line.startswith(" ")]
    assert rounds == [
        "Round 1 of 5: levels 1, 2, 4, ...",
        *(f"Round {number} of 5: the best levels" for number in range(2, 6)),
    ]
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
    sentence = "No level can be recommended, because nothing arrived: 418 I'm a Teapot (20 times)."
    assert done.stdout == f"{sentence}\n20 requests were made.\n"
    assert done.stderr.endswith("\n   1 at a time: 418 I'm a Teapot\n")
    quiet = run_main("tune", "-q", *words, cwd=tmp_path)
    assert (quiet.returncode, quiet.stdout) == (3, "\n")
    assert quiet.stderr == f"getflags: {sentence}\n"


@pytest.mark.parametrize("path", ["/none", ""])
def test_a_404_and_a_closed_port_are_named(path: str, tmp_path: Path) -> None:
    with RawServer({}) as server:
        url = server.url(path) if path else f"http://127.0.0.1:{free_port()}/x"
        done = run_main("tune", url, "--max-requests", "20", cwd=tmp_path)
    reason = "404 Not Found" if path else REFUSED
    assert done.returncode == 3
    assert f"   1 at a time: {reason}\n" in done.stderr
    assert f"because nothing arrived: {reason} (20 times).\n" in done.stdout


def test_codes_and_urls_together_need_a_mirror(tmp_path: Path) -> None:
    with RawServer({"/br/br.gif": ok(b"flag"), "/x": ok(b"file")}) as server:
        (tmp_path / "list.txt").write_text(f"BR\n{server.url('/x')}\n")
        words = ["tune", "-i", "list.txt", "--max-requests", "20", "-q"]
        done = run_main(*words, cwd=tmp_path)
        assert (done.returncode, done.stdout) == (2, "")
        assert "pass only codes, only URLs, or --base-url with a mirror" in done.stderr
        assert server.heads == []
        done = run_main(*words, "--base-url", server.url(""), cwd=tmp_path)
        assert (done.returncode, done.stdout) == (1, "-m 1\n")
        assert server.asked("/br/br.gif") == server.asked("/x") == 10


def test_it_fits_forty_columns(tmp_path: Path) -> None:
    words = ["BR", "--latency", "fixed:0.002", "--slots", "1", "--rounds", "2", "--max-level", "2"]
    with on_terminal(tmp_path, "tune", *words, columns=40) as screen:
        lines = screen.read_all()
    assert max(map(len, lines)) <= 40, "longer lines would be broken in the middle of a word"
    text = " ".join(line.strip() for line in lines)
    assert "Round 2 of 2: the best levels" in text
    assert "This is a guess: it takes 5 rounds to prove a difference." in text


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
    assert "Round 1 of 6" in process.stderr.readline()
    assert "1 at a time" in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (130, "")
    learned = "the best level so far is -m 1 (not certain)"
    assert err.endswith(f"{INTERRUPTED} after 20 requests; {learned}\n")


@pytest.mark.parametrize("words", [[], ["--json"]])
def test_an_interruption_knows_what_was_spent(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(connection: socket.socket, server: RawServer) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        silence(connection, server)

    def raises(number: int, _: FrameType | None) -> None:
        raise Interrupted(number)

    before = signal.signal(signal.SIGINT, raises)
    try:
        with RawServer({"/x": interrupt}) as server, pytest.raises(Interrupted) as stop:
            tune.main([server.url("/x"), *words])
    finally:
        signal.signal(signal.SIGINT, before)
    assert stop.value.message == "interrupted after 0 requests; nothing was measured"
    out = capsys.readouterr().out
    assert (json.loads(out)["level"] is None) if words else (out == "")
