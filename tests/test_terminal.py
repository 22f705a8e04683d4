"""Terminals that don't know their size, and bars that follow it."""

from __future__ import annotations

import io
import re
import signal
from pathlib import Path

import pytest

from getflags.engines import ENGINES
from getflags.output import terminal
from tests.messages import INTERRUPTED
from tests.rawserver import RawServer, ok, stall_after
from tests.screen import on_terminal, resize, shown, sizeless

LARGE = bytes(600_000)


@pytest.mark.parametrize(("columns", "rows"), [(0, 0), (0, 30), (100, 0)])
@pytest.mark.parametrize("paths", [["/a"], ["/a", "/b"]], ids=["bytes", "files"])
def test_a_terminal_that_does_not_know_its_size_shows_the_bar(
    tmp_path: Path, columns: int, rows: int, paths: list[str]
) -> None:
    with (
        RawServer({path: ok(LARGE) for path in paths}) as server,
        on_terminal(tmp_path, *map(server.url, paths), columns=columns, rows=rows) as screen,
    ):
        lines = screen.read_all()
    counted = "2/2 files, 1.2/1.2 MB" if len(paths) > 1 else "600.0/600.0 kB"
    (bar,) = [line for line in lines if re.match(rf"100%\|█+\| {counted} ", line)]
    assert len(bar) == (columns or 80) - 1


@pytest.mark.parametrize("paths", [["/a"], ["/a", "/b"]], ids=["bytes", "files"])
def test_variables_for_tqdm_do_not_change_the_bar(tmp_path: Path, paths: list[str]) -> None:
    environ = {
        "TQDM_MININTERVAL": "abc",
        "TQDM_NCOLS": "q",
        "TQDM_BAR_FORMAT": "{nope}",
        "TQDM_DISABLE": "1",
    }
    with (
        RawServer({path: ok(LARGE) for path in paths}) as server,
        on_terminal(tmp_path, *map(server.url, paths), environ=environ) as screen,
    ):
        text = "\n".join(screen.read_all())
    assert "Traceback" not in text
    assert re.search(r"^100%\|█+\| ", text, re.MULTILINE)


def test_flags_have_the_bar_of_the_seed(tmp_path: Path) -> None:
    with (
        RawServer({"/br/br.gif": ok(b"flag")}) as server,
        on_terminal(tmp_path, "BR", "--base-url", server.url("")) as screen,
    ):
        assert any("| 1/1 [00:00<00:00, " in line for line in screen.read_all())


STALLED = stall_after(b"HTTP/1.1 200 OK\r\nContent-Length: 1200000\r\n\r\n" + LARGE)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kind", ["bar", "multi"])
def test_a_stalled_run_shows_a_falling_rate(tmp_path: Path, engine: str, kind: str) -> None:
    """No event arrives any more; time alone draws the bars."""
    words = ["--engine", engine, "--progress", kind, "--retries", "0"]
    with (
        RawServer({"/a": STALLED, "/b": STALLED}) as server,
        on_terminal(tmp_path, *words, server.url("/a"), server.url("/b")) as screen,
    ):
        screen.read_until("B/s]")
        rates: list[float] = []
        while not rates or rates[-1] >= max(rates) / 1.5:
            screen.read_more()
            found = re.findall(r", ([\d.]+) ([kM]?)B/s\]", screen.written)
            rates = [float(each) * {"": 1, "k": 1e3, "M": 1e6}[unit] for each, unit in found]
        screen.process.send_signal(signal.SIGINT)
        assert any(line.startswith(INTERRUPTED) for line in screen.read_all())
        assert screen.process.returncode == 130


@pytest.mark.parametrize(
    ("columns", "bar"),
    [(80, r" \d\d%\|█+. +\| 0/2 files, \S+(?: kB)?/2.4 MB \[00:0\d<\S+, [\d.]+ [kM]?B/s\]"),
     (40, r" \d\d%\|\S+ *\| 0/2 \[00:0\d<\S+, [\d.]+ [kM]?B/s\]")],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["bar", "multi"])
def test_bars_fit_their_terminal(tmp_path: Path, columns: int, bar: str, kind: str) -> None:
    with (
        RawServer({"/a": STALLED, "/b": STALLED}) as server,
        on_terminal(
            tmp_path, "--progress", kind, server.url("/a"), server.url("/b"), columns=columns
        ) as screen,
    ):
        files = ["a", "b"] if kind == "multi" else []
        below: list[str] | None = None
        while below != files:  # the bars of files are drawn after the other one
            screen.read_more()
            lines = shown(screen.written)
            places = [place for place, line in enumerate(lines) if re.match(bar, line)]
            below = [line.split()[0] for line in lines[places[0] + 1 :] if line] if places else None
        assert len(places) == 1
        assert max(map(len, lines[places[0] :])) < columns


@pytest.mark.parametrize("kind", ["lines", "none"])
def test_progress_without_bars(tmp_path: Path, kind: str) -> None:
    with (
        RawServer({"/a": ok(LARGE)}) as server,
        on_terminal(tmp_path, "--progress", kind, server.url("/a")) as screen,
    ):
        assert "|" not in "".join(screen.read_all())


def test_a_bar_follows_the_size() -> None:
    with sizeless() as (stream, read_until):
        bar = terminal.bar(stream, total=3)
        resize(stream.fileno(), 60, 20)
        bar.update(3)
        bar.close()
        drawn = [line for line in read_until("\n").split("\r") if line.strip()]
    assert (len(drawn[0]), len(drawn[-1].rstrip())) == (79, 59)


@pytest.mark.parametrize("below", [0, 2])
def test_bars_leave_nothing_behind_when_the_terminal_becomes_narrower(below: int) -> None:
    with sizeless() as (stream, read_until):
        bars = [terminal.bar(stream, total=3, position=place) for place in range(1 + below)]
        resize(stream.fileno(), 30, 20)
        for bar in bars:
            bar.refresh()
        stream.write("\nend\n")
        stream.flush()
        after = read_until("end").rpartition("\x1b[J")
        for bar in reversed(bars):
            bar.close()
    assert after[0].endswith("\r\x1b[A\x1b[A"), "the line of 79 columns is three lines now"
    assert max(map(len, re.split(r"\r|\n|\x1b.*?A", after[2]))) <= 29


def test_what_is_no_terminal_has_the_usual_size() -> None:
    assert terminal.size(io.StringIO()) == (80, 24)


def test_each_half_of_the_size_counts_by_itself() -> None:
    with sizeless() as (stream, _):
        seen = [terminal.size(stream)]
        for columns, rows in ((60, 0), (0, 10), (60, 10)):
            resize(stream.fileno(), columns, rows)
            seen.append(terminal.size(stream))
    assert seen == [(80, 24), (60, 24), (80, 10), (60, 10)]


def test_help_fits_a_terminal_that_does_not_know_its_size(tmp_path: Path) -> None:
    with on_terminal(tmp_path, "--help-all", columns=0, rows=0) as screen:
        lines = screen.read_all()
    assert 60 < max(map(len, lines)) <= 100
    assert len(lines) < 270
