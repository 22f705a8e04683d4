"""``--export-csv`` and ``--export-markdown`` from outside: the tables of a bench as files."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path

import pytest

from getflags.bench.measure.results import line
from getflags.cli import main
from tests.bench_rows import measured
from tests.test_cli_bench_compare import NOISE, ONE, RATES, TWO

BENCH = ["bench", "-s", "DELAY", "--delay", "0.005-0.005", "--files", "30", "--client", "h1"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def table(name: str) -> list[dict[str, str]]:
    with Path(name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def markdown(name: str) -> list[list[str]]:
    """Return the fields of the rows of a file's tables."""
    text = Path(name).read_text(encoding="utf-8")
    rows = [row for row in text.splitlines() if row.startswith("|")]
    return [[field.strip() for field in row.strip("|").split(" | ")] for row in rows]


def test_the_results_of_a_bench_are_exported(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--rounds", "1", "-m", "2,4", "--export-csv", "t.csv", "--export-markdown", "t.md"]
    assert main([*BENCH, *words]) == 0
    two, four = table("t.csv")
    names = ("engine", "client", "level", "server", "files", "rounds", "failed")
    assert [two[name] for name in names] == ["asyncio", "h1", "2", "DELAY", "30", "1", "0.0"]
    best, other = sorted((two, four), key=lambda row: -float(row["files_per_second"]))
    assert float(other["of_best"]) <= float(best["of_best"]) == 1
    assert (two["low"], two["high"]) == ("", "")  # a single round has no interval
    assert 0.005 <= float(two["p50"]) <= float(two["p90"]) <= float(two["p99"])
    assert (best["verdict"], other["verdict"]) == ("best", "too few rounds")
    text = Path("t.md").read_text(encoding="utf-8")
    assert text.startswith("DELAY: 30 files a run, 1 round after the warm-up\n\n| engine/client |")
    rows = markdown("t.md")
    assert [row[:2] for row in rows[2:4]] == [["asyncio/h1", "2"], ["asyncio/h1", "4"]]
    assert [row[:2] for row in rows[6:]] == [row[:2] for row in rows[2:4]]
    shown = [row.split() for row in capsys.readouterr().out.splitlines()]
    assert [row[2] for row in shown if row[:2] == ["asyncio/h1", "4"]] == [
        rows[3][2], rows[7][2],
    ]  # fmt: skip
    results = Path("results.jsonl").read_text().splitlines()
    commands = [json.loads(row)["command"] for row in results]
    assert not any("export" in command for command in commands)


def test_an_existing_file_is_replaced_at_the_end() -> None:
    Path("t.csv").write_text("old\n" * 1000)
    assert main([*BENCH, "--rounds", "1", "-m", "2", "--export-csv=t.csv"]) == 0
    assert len(table("t.csv")) == 1


def save() -> None:
    rates = RATES | {ONE: 70.0}
    Path("old").write_bytes(b"".join(map(line, measured(RATES, 6, NOISE, 1))))
    Path("new").write_bytes(b"".join(map(line, measured(rates, 6, NOISE, 2))))


def test_a_comparison_is_exported() -> None:
    save()
    words = ["--export-csv", "t.csv", "--export-markdown", "t.md", "--fail-if-slower", "5%"]
    assert main(["bench", "--compare", "old", "new", *words]) == 1
    one, two = table("t.csv")
    assert (one["engine"], one["verdict"], one["too_slow"]) == ("asyncio", "slower", "True")
    assert (two["engine"], two["verdict"], two["too_slow"]) == ("threads", "unsure", "False")
    assert float(one["high"]) < 0.95
    head, rule, *rows = markdown("t.md")
    assert head[:4] == ["engine/client", "-m", "server", "files"]
    assert rule[:2] == [":--", "--:"]
    assert [row[-1] for row in rows] == ["slower by > 5%", "unsure"]


def test_a_field_cannot_break_the_markdown() -> None:
    cell = TWO._replace(server="a|b\n|c")
    for name in ("old", "new"):
        Path(name).write_bytes(b"".join(map(line, measured({cell: 1.0}, 6, NOISE))))
    assert main(["bench", "--compare", "old", "new", "--export-markdown", "t.md"]) == 0
    assert r" | a\|b\n\|c | " in Path("t.md").read_text().splitlines()[2]


WRONG = {
    "no folder": (["--export-csv", "no/t.csv"], "cannot write 'no/t.csv': No such file"),
    "a folder": (["--export-markdown", "."], "cannot write '.': Is a directory"),
    "empty": (["--export-csv", ""], "--export-csv: the value is empty"),
    "twice": (
        ["--export-csv", "t", "--export-markdown", "./t"],
        "--export-csv and --export-markdown name the same file, 't'",
    ),
    "the results": (["--export-csv", "r", "-o", "r"], "'r' is a file of results and would be"),
}


@pytest.mark.parametrize(("words", "sentence"), WRONG.values(), ids=WRONG)
def test_a_file_that_cannot_be_written_is_a_usage_error(
    words: list[str], sentence: str, capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    assert main([*BENCH, *words]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert sentence in err
    assert list(folder.iterdir()) == []


def test_a_folder_without_permission_is_a_usage_error(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)  # the superuser may write everywhere
    assert main([*BENCH, "--export-csv", "t"]) == 2
    assert "cannot write 't': Permission denied" in capsys.readouterr().err


def test_without_a_result_nothing_is_exported() -> None:
    words = ["--rounds", "1", "-m", "2", "--files", "5", "--export-csv", "t.csv"]
    assert main(["bench", "http://127.0.0.1:1/a", *words]) == 3
    assert not Path("t.csv").exists()


@pytest.mark.parametrize("name", ["old", "./new"])
def test_compared_files_are_not_overwritten(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    save()
    before = Path(name).read_bytes()
    assert main(["bench", "--compare", "old", "new", "--export-csv", name]) == 2
    assert "is a file of results and would be overwritten" in capsys.readouterr().err
    assert Path(name).read_bytes() == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has a full device")
def test_a_full_disk_at_the_end_is_a_failure(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--rounds", "1", "-m", "2", "--export-csv", "/dev/full"]
    assert main([*BENCH, *words]) == 1
    out, err = capsys.readouterr()
    assert err == "getflags: cannot write '/dev/full': No space left on device\n"
    assert "asyncio/h1" in out
    save()
    assert main(["bench", "--compare", "old", "new", "--export-csv", "/dev/full"]) == 1
    assert "cannot write '/dev/full'" in capsys.readouterr().err
