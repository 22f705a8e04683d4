"""The table: every figure with its unit, and a word that claims no more than is known."""

from __future__ import annotations

from typing import Any

import pytest

from getflags.bench.analysis.caveats import Caveat
from getflags.bench.analysis.comparison import compare
from getflags.bench.analysis.table import caveat_lines, digits, summary, tables
from getflags.bench.measure.cells import Cell
from getflags.bench.measure.results import Result
from tests.bench_rows import measured, result

RATES = {Cell("asyncio", "curl", 1, "DELAY"): 10.0, Cell("threads", "httpx", 16, "DELAY"): 160.0}


def lines(results: list[Result]) -> list[str]:
    cells = list(dict.fromkeys(each.run.cell for each in results))
    return tables(compare(cells, results))


def test_a_cell_has_a_row_for_what_it_got_and_one_for_what_it_cost() -> None:
    text = lines(list(measured(RATES, 6)))
    assert text[1] == "DELAY: 200 files a run, 6 rounds after the warm-up"
    assert text[3].split("  ")[0] == "engine/client"
    gains = [line.split() for line in text[4:6]]
    assert gains[0][:3] == ["asyncio/curl", "1", "10.0"]
    assert gains[0][-1] == "less"
    assert gains[1][:3] == ["threads/httpx", "16", "160"]
    assert gains[1][-2:] == ["1", "best"]
    costs = text[8].split()
    assert costs == ["asyncio/curl", "1", "50.0", "60.0", "80.0", "500", "40", "0"]
    assert "significant at the 5% level" in " ".join(text)


def test_an_open_loop_has_its_schedule_and_latencies_from_due_time() -> None:
    one = Cell("asyncio", "curl", 16, "DELAY", 50.0)
    latency = {"p50": 0.05, "p90": 0.06, "p99": 0.08, "max": 0.7}
    values: dict[str, Any] = {"latency": latency, "reached": 48.0, "late": 5, "waited": 5}
    text = lines([*measured({one: 49.0}, 6, **values), *measured(RATES, 6)])
    assert text[1] == "DELAY at 50 requests a second: 200 files a run, 6 rounds after the warm-up"
    assert text[3].split("  ")[-1].strip() == "[95 %]"
    assert text[4].split() == [
        "asyncio/curl",
        "16",
        "50.0",
        "48.0",
        "2.5%",
        "0",
        "49.0",
        "[49.0,",
        "49.0]",
    ]
    assert text[7].split() == ["asyncio/curl", "16", "50.0", "60.0", "80.0", "700", "500", "40"]
    assert text[9] == "DELAY: 200 files a run, 6 rounds after the warm-up"
    assert max(map(len, text[:9])) <= 80
    assert "measured from the time at which a request was due" in " ".join(text)
    nothing = {"steady_files": 0, "steady_seconds": 0.0, "arrived": 0, "latency": {}}
    text = lines([result(**one._asdict(), reached=48.0, late=0, waited=0, **nothing)])
    assert text[4].split() == ["asyncio/curl", "16", "50.0", "48.0", "0", "100.0%", "-"]


def test_columns_stand_under_their_heads() -> None:
    text = lines(list(measured(RATES, 6)))
    head, first, second = text[3:6]
    place = head.index("MB/s") + len("MB/s")
    assert first[place - 1].isdigit()
    assert second[place - 1].isdigit()
    assert first[place] == second[place] == " "


def test_unsure_and_too_few_are_not_the_same() -> None:
    equals = dict.fromkeys(RATES, 100.0)
    assert any(line.endswith("unsure") for line in lines(list(measured(equals, 6, 0.1))))
    assert any(line.endswith("too few rounds") for line in lines(list(measured(RATES, 4, 0.1))))
    assert not any("significant" in line for line in lines(list(measured(equals, 6, 0.1))))


def test_a_single_round_has_no_interval() -> None:
    text = lines([result()])
    assert "[" not in text[4]
    assert text[4].split()[-2:] == ["1", "best"]


def test_what_is_not_known_is_a_dash() -> None:
    nothing = {"steady_files": 0, "steady_seconds": 0.0, "arrived": 0, "latency": {}}
    text = lines([result(**nothing)])
    assert text[4].split() == ["asyncio/curl", "16", "-", "-", "1.25", "-"]
    assert text[7].split()[2:5] == ["-", "-", "-"]
    assert text[7].split()[-1] == "100.0%"


def test_more_than_the_best_is_said_to_be_more() -> None:
    """The best was so in other rounds than those which both have."""
    best, other = RATES
    results = [
        result(**best._asdict(), round=n, steady_files=10_000 if n > 6 else 100 + n)
        for n in range(1, 9)
    ]  # fmt: skip
    results += [result(**other._asdict(), round=n, steady_files=200 + n) for n in range(1, 7)]
    results.sort(key=lambda each: each.round)
    assert tables(compare([best, other], results))[5].endswith("more")


def test_each_server_has_its_tables_and_its_numbers_may_differ() -> None:
    both = [*measured(RATES, 2), result(server="\x1b[31mLOCAL", files=10, round=3),
            result(server="\x1b[31mLOCAL", files=2_000, round=5)]  # fmt: skip
    text = lines(both)
    assert sum("files a run" in line for line in text) == 2
    assert r"\x1b[31mLOCAL: 10 to 2,000 files a run, 2 rounds after the warm-up" in text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.123, "0.12"), (9.994, "9.99"), (9.996, "10.0"), (99.94, "99.9"), (99.96, "100"),
     (12345.6, "12,346")],
)  # fmt: skip
def test_numbers_have_as_many_digits_as_they_deserve(value: float, text: str) -> None:
    assert digits(value) == text


def test_doubts_are_paragraphs() -> None:
    text = caveat_lines(
        [Caveat("Seen " * 20 + "so.", "It may be.", "Do."), Caveat("A.", "B.", "C.")]
    )
    assert text[0] == ""
    assert text[1].startswith("? Seen")
    assert text[2].startswith("  ")
    assert text[-2:] == ["", "? A. B. C."]
    assert max(map(len, text)) <= 80


def test_the_beginning_says_how_much_there_is_to_do() -> None:
    assert summary(3, 6, 21, 21) == "3 cells, a warm-up and 6 rounds: 21 runs."
    assert summary(1, 1, 2, 1) == "1 cell, a warm-up and 1 round: 2 runs, 1 of them already done."
