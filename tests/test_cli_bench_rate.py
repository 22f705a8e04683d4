"""``getflags bench --rate`` from outside: an open loop shows what a closed loop hides."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from getflags.bench.measure.cells import Cell
from getflags.bench.measure.results import line
from getflags.bench.measure.steady_state import quantile
from getflags.cli import main
from tests.bench_rows import measured
from tests.kit import run_main

CLOSED = Cell("asyncio", "curl", 16, "DELAY")
OPEN = CLOSED._replace(rate=50.0)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def rows(name: str = "results.jsonl") -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(name).read_text().splitlines()]


def bench(*words: str) -> int:
    return main(["bench", *words])


def by_hand(files: int, rate: float, every: float, frozen: float, delay: float) -> list[float]:
    """Return the latencies of the schedule on a server with freezes, sorted.

    A request is answered after ``delay``, or at the end of the freeze if the server is frozen then.
    """
    waits = []
    for number in range(files):
        answered = number / rate + delay
        rest = frozen - answered % every if answered >= every else 0.0
        waits.append(delay + max(0.0, rest))
    return sorted(waits)


def freezing(every: float, frozen: float, delay: float) -> Sequence[str]:
    return (
        "--freeze-every",
        str(every),
        "--freeze-for",
        str(frozen),
        "--delay",
        f"{delay}-{delay}",
    )


def test_the_latency_of_a_freeze_is_seen_in_an_open_loop_and_hidden_in_a_closed_one() -> None:
    words = (*freezing(0.8, 0.25, 0.01), "--files", "110", "--rounds", "1")
    assert bench(*words, "--rate", "100", "-m", "64", "-o", "open") == 0
    assert bench(*words, "-m", "1", "-o", "closed") == 0
    opened, closed = rows("open")[1], rows("closed")[1]
    expected = by_hand(110, 100, 0.8, 0.25, 0.01)
    assert quantile(expected, 0.99) == pytest.approx(0.24, abs=0.01)
    for share, name in ((0.5, "p50"), (0.9, "p90"), (0.99, "p99"), (1.0, "max")):
        # A loaded machine adds to each latency.
        assert opened["latency"][name] >= quantile(expected, share) - 0.03, name
    assert closed["latency"]["p90"] < quantile(expected, 0.9) - 0.04, "one request met the freeze"
    assert closed["latency"]["max"] > 0.2


@pytest.mark.slow
def test_at_full_scale_the_p99_is_that_of_the_schedule() -> None:
    """Ten seconds of service, one of freeze, 50 requests a second: a request in 20 ms at -m 1."""
    words = (*freezing(10, 1, 0.019), "--files", "1000", "--rounds", "1")
    assert bench(*words, "--rate", "50", "-m", "64", "-o", "open") == 0
    assert bench(*words, "-m", "1", "-o", "closed") == 0
    opened, closed = rows("open")[1], rows("closed")[1]
    expected = by_hand(1000, 50, 10, 1, 0.019)
    figures = {
        name: (quantile(expected, share), opened["latency"][name], closed["latency"][name])
        for name, share in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("max", 1.0))
    }
    assert figures["p99"][0] == pytest.approx(0.8, abs=0.02)
    for value, found, _ in figures.values():  # a loaded machine adds to each latency
        assert value - 0.03 <= found <= value + 0.15
    assert closed["latency"]["p99"] < 0.1, "a closed loop hides it"


def test_every_engine_and_client_measures_from_the_time_at_which_a_request_was_due() -> None:
    """At two slots, most of the wait for the end of a freeze is one for a slot."""
    words = (*freezing(0.4, 0.2, 0), "--files", "60", "--rounds", "1", "--rate", "100", "-m", "2")
    assert bench(*words, "--engine", "threads,asyncio", "--client", "all") == 0
    found = [row for row in rows() if row["round"]]
    assert len({(row["engine"], row["client"]) for row in found}) == len(found) == 6
    expected = by_hand(60, 100, 0.4, 0.2, 0)
    for row in found:
        assert row["arrived"] == 60
        assert row["latency"]["p90"] >= quantile(expected, 0.9) - 0.03, row
        assert row["latency"]["p99"] >= quantile(expected, 0.99) - 0.03, row
        assert 5 <= row["waited"] <= row["late"] <= 60, row


def test_the_tables_tell_the_rate_and_that_it_was_not_reached(
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ["-s", "DELAY", "--delay", "0.05-0.05", "--files", "20", "--rounds", "1", "-m", "1,20"]
    exports = ["--export-csv", "t.csv", "--export-markdown", "t.md"]
    assert bench(*words, "--rate", "100,2000", *exports) == 0
    text = capsys.readouterr().out
    assert "DELAY at 100 requests a second: 20 files a run, 1 round after the warm-up" in text
    assert "DELAY at 2,000 requests a second: 20 files a run" in text
    assert text.count("engine/client  -m  asked/s  reached/s ") == 2
    assert text.count("max, ms") == 2
    assert "of best" not in text
    shown = " ".join(text.split())
    assert "? The schedule was not kept: asyncio/h1 -m 1 --rate 100 on DELAY (reached " in shown
    assert "All -m slots were in use, so the latencies contain the wait for a free one." in shown
    with Path("t.csv").open(newline="", encoding="utf-8") as file:
        cells = {(row["level"], row["rate"]): row for row in csv.DictReader(file)}
    assert set(cells) == {(m, r) for m in ("1", "20") for r in ("100.0", "2000.0")}
    behind = cells["1", "100.0"]
    assert 10 < float(behind["reached"]) < 25
    assert float(behind["late"]) > 0.8
    # The last of 20 requests is due at 0.19 s and answered after 20 times 0.05 s.
    assert float(behind["max"]) > 0.8
    assert float(behind["p50"]) <= float(behind["p90"]) <= float(behind["p99"])
    assert behind["of_best"] == behind["verdict"] == ""
    assert Path("t.md").read_text().count("| asked/s | reached/s | late |") == 2


def test_an_open_loop_is_another_cell_than_a_closed_one(
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ["-s", "DELAY", "--delay", "0.005-0.005", "--files", "25", "--rounds", "1", "-m", "4"]
    assert bench(*words) == 0
    closed = capsys.readouterr().out
    assert bench(*words, "--rate", "100") == 0
    assert "at 100 requests a second" in capsys.readouterr().out
    assert [row["rate"] for row in rows()] == [None, None, 100.0, 100.0]
    assert bench(*words) == 0
    again = capsys.readouterr().out
    assert again.splitlines()[1:] == closed.splitlines()[1:], "the open loop is not in its tables"
    command = rows()[-1]["command"].split()
    assert command[command.index("--rate") + 1] == "100"
    assert main([*command[1:]]) == 0
    assert [row["rate"] for row in rows("again.jsonl")] == [100.0, 100.0]
    capsys.readouterr()
    assert main(["report", "results.jsonl"]) == 0
    told = capsys.readouterr().out
    assert "On DELAY at 100 requests a second, the p99 from the due time is " in told
    assert "On DELAY, asyncio/h1 gets " in told
    page = Path("report.html").read_text(encoding="utf-8")
    assert page.count("reached a second") == 1
    assert "All cells on DELAY at 100 requests a second" in page


def save(name: str, *cells: Cell, **values: Any) -> None:
    rates = dict.fromkeys(cells, 50.0)
    Path(name).write_bytes(b"".join(map(line, measured(rates, 6, 0.005, **values))))


KEPT = {"reached": 50.0, "late": 0, "waited": 0}


def test_an_open_loop_is_never_compared_with_a_closed_one(
    capsys: pytest.CaptureFixture[str],
) -> None:
    save("old", CLOSED)
    save("new", OPEN, **KEPT)
    assert bench("--compare", "old", "new") == 2
    assert "have no cell in common" in capsys.readouterr().err
    save("old", OPEN._replace(rate=60.0), **KEPT)
    assert bench("--compare", "old", "new") == 2


def test_a_comparison_shows_the_rates_and_latencies_of_open_loops(
    capsys: pytest.CaptureFixture[str],
) -> None:
    slow = {"p50": 0.05, "p90": 0.1, "p99": 0.7, "max": 0.9}
    for name, latency, mine in (("old", {**slow, "p99": 0.2}, {}), ("new", slow, {"late": 4})):
        save(name, OPEN, latency=latency, **{**KEPT, **mine})
        with Path(name).open("ab") as file:
            file.writelines(map(line, measured({CLOSED: 80.0}, 6, 0.005)))
    assert (
        bench("--compare", "old", "new", "--export-markdown", "t.md", "--export-csv", "t.csv") == 0
    )
    text = capsys.readouterr().out
    lines = [row.split() for row in text.splitlines()]
    assert lines[0][:5] == ["engine/client", "-m", "server", "rate/s", "files"]
    assert [row[3] for row in lines[1:3]] == ["-", "50.0"]
    names = ["asyncio/curl", "16", "DELAY", "50.0"]
    assert [*names, "old", "50.0", "50.0", "100", "200", "900"] in lines
    assert [*names, "new", "50.0", "50.0", "100", "700", "900"] in lines
    assert "The latencies of open loops are not compared, only shown." in " ".join(text.split())
    assert Path("t.md").read_text().count("| engine/client |") == 2
    assert bench("--compare", "old", "new", "--json") == 0
    closed, opened, _ = [json.loads(row) for row in capsys.readouterr().out.splitlines()]
    assert (closed["rate"], closed["old_reached"]) == (None, None)
    assert (opened["rate"], opened["new_reached"]) == (50.0, pytest.approx(50.0))
    assert (opened["old_p99"], opened["new_p99"]) == pytest.approx((0.2, 0.7))


ONLY = "use --engine threads or asyncio"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("bench --rate 5 --engine sequential", f"when the one before it has ended; {ONLY}"),
        ("bench --rate 5 --engine processes", f"would be part of each latency; {ONLY}"),
        ("bench --rate 5 --engine all", "--rate cannot be used with --engine sequential"),
        ("bench --rate 0", "--rate: '0' is not a positive number of requests a second"),
        ("bench --rate x", "--rate: 'x' is not a positive number of requests a second"),
        ("bench --rate 0.001", "--rate: '0.001' is not 0.01 to 1,000,000 requests a second"),
        ("bench --rate 2000000", "is not 0.01 to 1,000,000 requests a second"),
        ("bench --rate 5,5", "--rate: '5,5' contains 5.0 twice"),
        ("bench --rate 5 -m auto", "'auto' is not a whole number"),
        ("bench --compare a b --rate 5", "--compare measures nothing: leave out --rate"),
        ("tune --rate 5", "--rate"),
        ("race --rate 5", "--rate"),
        ("--rate 5 BR", "--rate"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_a_usage_error(folder: Path, words: str, sentence: str) -> None:
    done = run_main(*words.split(), cwd=folder)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
    assert list(folder.iterdir()) == []
