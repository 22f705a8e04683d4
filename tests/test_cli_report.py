"""``getflags report``: from a file to a page or a picture, and bad input in one sentence."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from getflags.cli import main
from tests.kit import run_main
from tests.messages import NO_RESULTS
from tests.report_kit import curve, row, write

KNEE = {8: 50.0, 16: 100.0, 32: 100.0}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "r.jsonl", curve(KNEE, rounds=5))
    return tmp_path


def test_a_page_is_made_and_the_answer_is_said(tmp_path: Path) -> None:
    write(tmp_path / "r.jsonl", curve(KNEE, rounds=5))
    done = run_main("report", "r.jsonl", "-o", "page.html", cwd=tmp_path)
    assert done.stderr == ""
    assert done.returncode == 0
    answer, made = done.stdout.splitlines()
    assert answer.startswith("On DELAY, 16 at a time is enough: asyncio/curl gets ")
    assert re.fullmatch(r"page\.html: \d+\.\d kB", made)
    assert (tmp_path / "page.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_without_a_name_it_is_called_report(folder: Path) -> None:
    assert main(["report", "r.jsonl"]) == 0
    assert sorted(path.name for path in folder.iterdir()) == ["r.jsonl", "report.html"]


@pytest.mark.parametrize(("name", "start"), [("g.svg", b"<svg "), ("g.PNG", b"\x89PNG")])
def test_a_picture_alone(name: str, start: bytes, folder: Path) -> None:
    assert main(["report", "r.jsonl", "--plot", name]) == 0
    assert (folder / name).read_bytes().startswith(start)
    assert not (folder / "report.html").exists()


def test_a_page_and_a_picture(folder: Path) -> None:
    assert main(["report", "r.jsonl", "-o", "p.html", "--plot", "p.svg"]) == 0
    assert (folder / "p.html").exists()
    assert (folder / "p.svg").exists()


def test_a_server_of_which_nothing_came_is_not_in_the_picture(folder: Path) -> None:
    write(folder / "r.jsonl", [*curve(KNEE), row(server="MOON", steady_seconds=0)])
    assert main(["report", "r.jsonl", "--plot", "p.svg"]) == 0
    assert "MOON" not in (folder / "p.svg").read_text(encoding="utf-8")


USAGE = {
    "no file": ([], "the following arguments are required: RESULTS"),
    "no such file": (["none"], "cannot read 'none': No such file"),
    "a folder": (["."], "cannot read '.': Is a directory"),
    "empty": (["empty"], "'empty' contains no results of rounds after the warm-up"),
    "warm-up": (["warm"], "'warm' contains no results of rounds after the warm-up"),
    "another version": (["two"], "'two' was written by another version of getflags (2)"),
    "something else": (["text"], f"'text' {NO_RESULTS}"),
    "no folder": (["r.jsonl", "-o", "no/such"], "cannot write 'no/such': No such file"),
    "over a folder": (["r.jsonl", "-o", "."], "cannot write '.': Is a directory"),
    "over itself": (["r.jsonl", "-o", "./r.jsonl"], "'r.jsonl' is the results file"),
    "twice": (
        ["r.jsonl", "-o", "a.svg", "--plot", "a.svg"],
        "--out and --plot name the same file, 'a.svg'",
    ),
    "suffix": (["r.jsonl", "--plot", "a.jpg"], "--plot: 'a.jpg' does not end in .svg or .png"),
    "nothing to draw": (["nothing", "--plot", "a.svg"], "nothing to plot: no file was downloaded"),
    "empty name": (["r.jsonl", "-o", ""], "-o/--out: the value is empty"),
    "unknown option": (["r.jsonl", "--warp"], "unrecognized arguments: --warp (getflags report -h"),
}


@pytest.mark.parametrize(("words", "sentence"), USAGE.values(), ids=USAGE)
def test_bad_input_is_one_sentence_and_makes_nothing(
    words: list[str], sentence: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "empty").touch()
    (folder / "text").write_text("hello\n")
    write(folder / "two", [row(version=2)])
    write(folder / "warm", [row(round=0)])
    write(folder / "nothing", [row(steady_seconds=0)])
    before = sorted(folder.iterdir())
    assert main(["report", *words]) == 2
    out, err = capsys.readouterr()
    assert sentence in err
    assert (err.count("\n"), out) == (1, "")
    assert sorted(folder.iterdir()) == before


def test_without_the_library_it_says_how_to_get_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for module in [name for name in sys.modules if name.startswith("getflags.bench.report.plot")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "matplotlib", None)  # as if it weren't installed
    assert main(["report", "r.jsonl", "-o", "p.html", "--plot", "p.svg"]) == 2
    how = "pip install 'getflags[report]'"
    assert capsys.readouterr().err == f"getflags: --plot needs matplotlib: {how}\n"
    assert [path.name for path in folder.iterdir()] == ["r.jsonl"]
    assert main(["report", "r.jsonl"]) == 0
    assert capsys.readouterr().err == (
        f"getflags: the page has no drawings; they need matplotlib: {how}\n"
    )
    text = (folder / "report.html").read_text(encoding="utf-8")
    assert "16 at a time is enough" in text
    assert "<table" in text
    assert "<svg" not in text
    assert "In the drawings" not in text


def test_help_is_complete_without_the_library(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(SystemExit) as stop:
        main(["report", "-h"])
    assert stop.value.code == 0
    out = capsys.readouterr().out
    for word in ("RESULTS", "-o FILE, --out FILE", "--plot FILE", "getflags[report]"):
        assert word in out
