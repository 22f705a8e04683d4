"""Terminals that don't know their size, and bars that follow it."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest

from getflags.output import terminal
from tests.rawserver import RawServer, ok
from tests.screen import on_terminal, resize, sizeless

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
    counted = "2/2" if len(paths) > 1 else "600k/600k"
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


def test_a_bar_follows_the_size() -> None:
    with sizeless() as (stream, read_until):
        bar = terminal.bar(stream, total=3)
        resize(stream.fileno(), 60, 20)
        bar.update(3)
        bar.close()
        drawn = [line for line in read_until("\n").split("\r") if line.strip()]
    assert (len(drawn[0]), len(drawn[-1].rstrip())) == (79, 59)


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
    assert len(lines) < 150
