"""``getflags bench --compare`` from outside: two files of results, a table, and an exit code."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from getflags.bench.measure.cells import Cell
from getflags.bench.measure.results import Result, line
from getflags.cli import main
from tests.bench_rows import measured, result
from tests.kit import run_main
from tests.messages import NO_RESULTS

ONE = Cell("asyncio", "curl", 16, "DELAY")
TWO = Cell("threads", "h1", 4, "LOCAL")
RATES = {ONE: 100.0, TWO: 40.0}
NOISE = 0.005


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def save(name: str, results: Iterator[Result] | list[Result]) -> None:
    Path(name).write_bytes(b"".join(map(line, results)))


def files(
    share: float, *, rounds: int = 6, noise: float = NOISE, only: Cell | None = None, **values: Any
) -> None:
    """Write ``old``, and ``new`` with this share of its goodput, of one cell or of all."""
    save("old", measured(RATES, rounds, noise, 1))
    rates = {cell: rate * (share if only in {None, cell} else 1) for cell, rate in RATES.items()}
    save("new", measured(rates, rounds, noise, 2, **values))


def compare(*words: str) -> int:
    return main(["bench", "--compare", "old", "new", *words])


def test_a_slower_cell_is_found_and_fails_the_gate(tmp_path: Path) -> None:
    files(0.8, only=ONE)
    done = run_main(
        "bench", "--compare", "old", "new", "--fail-if-slower", "5%", cwd=tmp_path
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (1, "")
    head, one, two = [row.split() for row in done.stdout.splitlines() if "[" in row]
    assert head[:5] == ["engine/client", "-m", "server", "files", "old"]
    assert one[:4] == ["asyncio/curl", "16", "DELAY", "200"]
    assert [float(each) for each in one[4:7]] == pytest.approx([100, 80, 0.8], rel=0.02)
    assert one[-4:] == ["slower", "by", ">", "5%"]
    assert two[:3] == ["threads/h1", "4", "LOCAL"]
    assert two[-1] == "unsure"
    assert "1 of 2 cells is proven to be slower by more than 5%." in " ".join(done.stdout.split())
    assert "corrected for 2 cells" in " ".join(done.stdout.split())


def test_without_a_limit_a_slower_cell_is_told_and_the_exit_code_is_0(
    capsys: pytest.CaptureFixture[str],
) -> None:
    files(0.8)
    assert compare() == 0
    assert capsys.readouterr().out.count("  slower\n") == 2


@pytest.mark.parametrize(
    ("share", "allowed", "code", "verdict"),
    [
        (0.8, "5%", 1, "slower by > 5%"),
        (0.8, "30%", 0, "slower"),
        (0.97, "5%", 0, "slower"),
        (0.97, "0%", 1, "slower by > 0%"),
        (0.8, "12.5%", 1, "slower by > 12.5%"),
        (1.0, "5%", 0, "unsure"),
        (1.2, "5%", 0, "faster"),
    ],
)
def test_only_more_than_the_allowed_share_fails(
    share: float, allowed: str, code: int, verdict: str, capsys: pytest.CaptureFixture[str]
) -> None:
    files(share)
    assert compare("--fail-if-slower", allowed) == code
    assert capsys.readouterr().out.count(f"  {verdict}\n") == 2


def test_noise_and_few_rounds_prove_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    files(0.9, noise=0.3)
    assert compare("--fail-if-slower", "5%") == 0
    assert capsys.readouterr().out.count("  unsure\n") == 2
    files(0.5, rounds=4)
    assert compare("--fail-if-slower", "5%") == 0
    assert capsys.readouterr().out.count("  too few rounds\n") == 2


def test_as_json_an_object_for_each_cell_and_a_summary(capsys: pytest.CaptureFixture[str]) -> None:
    files(0.8, only=ONE)
    assert compare("--fail-if-slower", "5%", "--json") == 1
    one, two, summary = [json.loads(row) for row in capsys.readouterr().out.splitlines()]
    assert list(one.values())[:7] == ["asyncio", "curl", 16, "DELAY", 200, 7, 6]
    assert list(one)[:7] == ["engine", "client", "level", "server", "files", "seed", "rounds"]
    assert one["new"] / one["old"] == pytest.approx(one["ratio"], rel=0.001)
    assert one["low"] < one["ratio"] < one["high"] < 0.95
    assert (one["verdict"], one["too_slow"]) == ("slower", True)
    assert (two["verdict"], two["too_slow"]) == ("unsure", False)
    assert {name: value for name, value in summary.items() if name != "caveats"} == {
        "cells": 2, "slower": 1, "faster": 0, "unsure": 1, "not_compared": 0, "too_slow": 1,
        "allowed": 0.05, "only_old": 0, "only_new": 0, "changed": {},
    }  # fmt: skip


def test_json_has_no_infinity(capsys: pytest.CaptureFixture[str]) -> None:
    files(0.5, rounds=4)
    assert compare("--json") == 0
    one, _, summary = [json.loads(row) for row in capsys.readouterr().out.splitlines()]
    assert (one["low"], one["high"], one["verdict"]) == (None, None, "too few rounds")
    assert (summary["allowed"], summary["not_compared"]) == (None, 2)


def test_a_cell_of_which_nothing_arrives_any_more_is_slower(
    capsys: pytest.CaptureFixture[str],
) -> None:
    files(1.0)
    nothing = {"arrived": 0, "steady_files": 0, "steady_seconds": 0.0, "latency": {}}
    save("new", [result(**nothing, round=number) for number in range(7)])
    assert compare("--fail-if-slower", "5%") == 1
    assert "  slower by > 5%\n" in capsys.readouterr().out
    assert compare("--json") == 0
    one = json.loads(capsys.readouterr().out.splitlines()[0])
    assert (one["new"], one["ratio"], one["verdict"]) == (0, 0, "slower")
    save("new", [result(**nothing, round=number) for number in range(5)])  # four rounds
    assert compare("--fail-if-slower", "5%") == 0
    assert "  no goodput\n" in capsys.readouterr().out


def test_a_run_too_short_for_a_steady_state_is_not_slow(capsys: pytest.CaptureFixture[str]) -> None:
    files(1.0)
    short = {"steady_files": 0, "steady_seconds": 0.0}
    save("new", [result(**short, round=number) for number in range(7)])
    assert compare("--fail-if-slower", "5%") == 0
    assert "  no goodput\n" in capsys.readouterr().out
    assert compare("--json") == 0
    one = json.loads(capsys.readouterr().out.splitlines()[0])
    assert (one["new"], one["ratio"], one["verdict"]) == (None, None, "no goodput")


def test_rounds_are_paired_by_their_number(capsys: pytest.CaptureFixture[str]) -> None:
    """In round n, both benches meet the same faults: what they share is no noise."""
    moods = [1.0, 3.0, 0.5, 2.0, 0.7, 1.5]
    for name, factor in (("old", 1.0), ("new", 0.9)):
        turns = enumerate(moods, 1) if name == "old" else reversed(list(enumerate(moods, 1)))
        save(name, [
            result(round=number, steady_files=10**6, steady_seconds=10**4 / (mood * factor))
            for number, mood in turns
        ])  # fmt: skip
    assert compare("--fail-if-slower", "5%") == 1
    assert "0.90  [0.90, 0.90]  slower by > 5%" in capsys.readouterr().out


def test_cells_of_one_file_alone_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    save("old", measured({ONE: 100.0, TWO: 40.0}, 6, NOISE, 1))
    other = {cell._replace(engine="processes"): 9.0 for cell in (ONE, TWO)}
    save("new", measured({ONE: 100.0, **other}, 6, NOISE, 2))
    assert compare() == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "Not compared: 1 cell that only 'old' has, and 2 cells that only 'new' has." in text


def test_changed_versions_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    was = {"cpu": "Z80", "system": "Linux 6.1 x86_64", "python": "CPython 3.11.7", "httpx": "0.28"}
    now = {"cpu": "Z80", "system": "Linux 6.8 x86_64", "python": "CPython 3.12.1", "httpx": "0.28"}
    save("old", measured({ONE: 100.0}, 6, NOISE, 1, environment=was))
    save("new", measured({ONE: 100.0}, 6, NOISE, 2, environment=now, getflags="0.2.0\x1b[2J"))
    assert compare() == 0
    text = capsys.readouterr().out
    assert "getflags: 0.1.0 in 'old', 0.2.0\\x1b[2J in 'new'\n" in text
    assert "system: Linux 6.1 x86_64 in 'old', Linux 6.8 x86_64 in 'new'\n" in text
    assert "python: CPython 3.11.7 in 'old', CPython 3.12.1 in 'new'\n" in text
    assert "httpx" not in text
    assert compare("--json") == 0
    summary = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert summary["changed"]["python"] == [["CPython 3.11.7"], ["CPython 3.12.1"]]


def test_benches_one_after_the_other_get_a_caveat(capsys: pytest.CaptureFixture[str]) -> None:
    files(1.0, at="2026-02-01T12:00:00Z")
    assert compare() == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "? All of 'new' was measured after all of 'old'" in text
    save("old", [one for one in measured({ONE: 100.0}, 6) if one.round < 4])
    late = [result(round=number, at="2026-03-01T12:00:00Z") for number in range(4, 7)]
    with Path("old").open("ab") as old:
        old.writelines(map(line, late))
    assert compare() == 0
    assert "?" not in capsys.readouterr().out


def test_other_options_get_a_caveat(capsys: pytest.CaptureFixture[str]) -> None:
    old = "getflags bench --rounds 3 --delay 1 --engine asyncio"
    save("old", measured(RATES, 6, NOISE, 1, command=old))
    save("new", measured(RATES, 6, NOISE, 2, command=old.replace("3", "6")))
    assert compare() == 0
    assert "?" not in capsys.readouterr().out
    save("new", measured(RATES, 6, NOISE, 2, command=old.replace("1", "2")))
    assert compare() == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "? The options were not the same for asyncio/curl -m 16 on DELAY, threads/h1" in text


def test_results_without_an_environment_are_compared_with_a_caveat(
    capsys: pytest.CaptureFixture[str],
) -> None:
    files(1.0, environment={})
    assert compare() == 0
    assert "? The machine of 'new' is not known" in " ".join(capsys.readouterr().out.split())


def test_text_of_a_file_is_not_sent_to_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    cell = Cell("\x1b[1m", "\x07", 1, "\x1b]0;x\x07")
    for name in ("old", "new"):
        save(name, measured({cell: 100.0}, 6, NOISE))
    assert compare() == 0
    assert "\x1b" not in capsys.readouterr().out


REFUSED = {
    "other machine": (
        {"environment": {"cpu": "6502"}},
        "'old' and 'new' were measured on different machines (cpu Z80 and 6502); measure both",
    ),
    "other processors": (
        {"environment": {"cpu": "Z80", "processors": "4"}},
        "'old' and 'new' were measured on different machines (processors 2 and 4)",
    ),
    "other system": (
        {"environment": {"cpu": "Z80", "processors": "2", "system": "Linux 6.1 aarch64"}},
        "(system Linux x86_64 and Linux aarch64)",
    ),
    "other server": (
        {"server": "https://example.org"},
        "(server DELAY and https://example.org): measure both with the same options",
    ),
    "other number of files": ({"files": 300}, "in common (number of files 200 and 300): measure"),
    "other seed": ({"seed": 8}, "have no cell in common (seed 7 and 8): measure both"),
    "other size": (
        {"bytes": 200_000_000},
        "asyncio/curl -m 16 on DELAY has files of 12.0 kB in 'old' and of 1.0 MB in 'new'",
    ),
}


@pytest.mark.parametrize(("values", "sentence"), REFUSED.values(), ids=REFUSED)
def test_results_that_do_not_belong_together_are_refused(
    values: dict[str, Any], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    here = {"cpu": "Z80", "processors": "2", "system": "Linux 6.1 x86_64"}
    save("old", [result(round=number, environment=here) for number in range(7)])
    save("new", [result(**{"environment": here, **values}, round=n) for n in range(7)])
    assert compare("--fail-if-slower", "5%") == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert sentence in err
    assert err.count("\n") == 1


def test_cells_of_which_only_the_combinations_differ_are_explained(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, levels in (("old", (1, 2)), ("new", (2, 1))):
        clients = zip(("h1", "curl"), levels, strict=True)
        save(name, [result(round=n, client=each, level=m) for each, m in clients for n in range(7)])
    assert compare() == 2
    assert "no cell in common (a cell is an engine, client, -m" in capsys.readouterr().err


def test_one_cell_of_two_experiments_in_one_file_is_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    files(1.0)
    with Path("old").open("ab") as old:
        old.writelines(map(line, measured(RATES, 6, experiment="fedcba987654")))
    assert compare() == 2
    assert (
        "'old' has two experiments with asyncio/curl -m 16 on DELAY; measure each into a file of "
        "its own (-o)" in capsys.readouterr().err
    )


WRONG = {
    "no such file": (["none", "new"], [], "cannot read 'none': No such file"),
    "no results": (["text", "new"], [], f"'text' {NO_RESULTS}"),
    "empty": (["old", "empty"], [], "'empty' contains no results of rounds after the warm-up"),
    "one file": (["old"], [], "--compare: expected 2 arguments"),
    "empty name": (["old", ""], [], "the value is empty"),
    "the same file": (["old", "./old"], [], "--compare names the same file twice, 'old'"),
    "no percent": (["old", "new"], ["--fail-if-slower", "5"], "'5' is not a percentage, such as"),
    "too much": (["old", "new"], ["--fail-if-slower", "100%"], "'100%' is not a percentage"),
    "negative": (["old", "new"], ["--fail-if-slower=-1%"], "'-1%' is not a percentage"),
    "not a number": (["old", "new"], ["--fail-if-slower", "nan%"], "'nan%' is not a percentage"),
    "a target": (["old", "new"], ["BR"], "--compare measures nothing and takes no targets"),
    "a level": (["old", "new"], ["-m", "4"], "--compare measures nothing: leave out -m"),
    "a default": (["old", "new"], ["--rounds", "6"], "measures nothing: leave out --rounds"),
    "a password": (["old", "new"], ["-u", "me:secret"], "measures nothing: leave out -u"),
    "a fault": (["old", "new"], ["--slots", "4"], "measures nothing: leave out --slots"),
}


@pytest.mark.parametrize(("names", "words", "sentence"), WRONG.values(), ids=WRONG)
def test_bad_input_is_a_usage_error(
    names: list[str], words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    files(1.0)
    Path("text").write_text("hello\n")
    save("empty", [result(round=0)])
    assert main(["bench", "--compare", *names, *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert sentence in err
    assert err.count("\n") == 1
    assert "secret" not in err
    assert not Path("results.jsonl").exists()


@pytest.mark.parametrize("words", [["--fail-if-slower", "5%"], ["--json"]])
def test_options_of_a_comparison_need_one(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bench", *words]) == 2
    assert f"{words[0]} needs --compare OLD NEW" in capsys.readouterr().err
    assert not Path("results.jsonl").exists()


def test_measured_results_can_be_compared(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["bench", "-m", "2", "-s", "DELAY", "--delay", "0", "--files", "20", "--client", "h1"]
    for rounds in ("1", "2"):
        for name in ("old", "new"):
            assert main([*words, "--rounds", rounds, "-o", name]) == 0
    capsys.readouterr()
    assert compare("--fail-if-slower", "5%") == 0
    text = capsys.readouterr().out
    assert "too few rounds" in text
    assert "?" not in text  # they were measured in turn
