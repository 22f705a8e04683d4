"""Tables say what is known, with units, and keep beside each text the value to sort by."""

from __future__ import annotations

import re

from getflags.bench.analysis.figures import Section
from getflags.bench.report import tables
from tests.report_kit import Row, book, curve, row


def section(rows: list[Row]) -> Section:
    return book(sorted(rows, key=lambda one: int(one["round"]))).sections[0]


def read(table: str) -> list[list[str]]:
    """Return a table's rows as text."""
    rows = re.findall(r"<tr>(.*?)</tr>", table)
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", line) for line in rows]
    return [[re.sub(r"<[^>]*>", "", cell) for cell in line] for line in cells]


def test_every_cell_has_a_row_with_units_in_its_heads() -> None:
    found = read(tables.cells(section(curve({8: 50, 16: 100, 32: 100}))))
    assert found[0] == [
        "engine/client", "at a time", "files a second", "makespan, s", "p50, ms", "p90, ms",
        "p99, ms", "CPU a file, µs", "peak, MiB", "errors", "in flight", "files", "rounds",
    ]  # fmt: skip
    assert found[2] == [
        "asyncio/curl", "16 knee", "99.9 [99.1, 101]", "1.25", "50.0", "60.0", "80.0", "250", "42",
        "0", "16", "194", "7",
    ]  # fmt: skip
    assert len(found) == 4


def test_what_nobody_knows_is_a_dash_without_a_value() -> None:
    table = tables.cells(
        section([row(steady_seconds=0, latency={}, cpu=0, peak=None, errors={"a": 1, "b": 2})])
    )
    assert read(table)[1] == [
        "asyncio/curl", "16", "-", "1.25", "-", "-", "-", "-", "42", "3", "-", "194", "0 of 1",
    ]  # fmt: skip
    assert table.count('<td class="number">-</td>') == 6
    assert 'data-value="1.25"' in table


def test_headers_and_rows_are_marked_for_who_listens() -> None:
    table = tables.cells(section([row()]))
    assert table.startswith(
        '<div class="scroll" tabindex="0" role="region" aria-label="All cells on DELAY">'
        '<table class="sortable"><caption>All cells on DELAY</caption>'
    )
    assert table.count('<th scope="col">') == 13
    assert table.count('<th scope="row">') == 1


def test_the_knees_stand_side_by_side() -> None:
    lead = curve({8: 50, 16: 100, 32: 100})
    other = curve({8: 10, 16: 10}, engine="threads")
    silent = [row(engine="z", steady_seconds=0)]
    found = read(tables.knees(section([*lead, *other, *silent])))
    assert found[0][4] == "beside asyncio/curl"
    assert [line[:2] for line in found[1:]] == [["asyncio/curl", "16"], ["threads/curl", "8"]]
    assert found[1][2] == "32"
    assert found[1][4] == "1"
    assert found[2][4].startswith("0.1")
    assert found[1][5].startswith("8: half [")
    assert found[1][6].startswith("32: no more [")
    assert found[2][5] == "-"


def test_a_limit_that_is_not_proven_is_marked() -> None:
    few = read(tables.knees(section(curve({8: 100, 16: 100, 32: 50}, rounds=4))))
    enough = read(tables.knees(section(curve({8: 100, 16: 100, 32: 50}, rounds=5))))
    assert (few[1][2], enough[1][2]) == ("16 (may be chance)", "16")


def test_a_single_round_has_no_brackets() -> None:
    table = tables.knees(section(curve({8: 50, 16: 100, 32: 100}, rounds=1)))
    assert "[" not in table
    assert read(table)[1][5:] == ["8: half (may be chance)", "32: no more"]


def test_what_went_wrong_is_told_with_its_places() -> None:
    rows = [
        row(level=1, errors={"often": 5}),
        row(level=2, errors={"often": 5, "a once": 1}),
        row(level=2, engine="z", errors={"z": 1}),
    ]
    found = read(tables.errors(section(rows)))
    assert found[1:] == [
        ["often", "10", "asyncio/curl: at all levels"],
        ["a once", "1", "asyncio/curl: at 2"],
        ["z", "1", "z/curl: at 2"],
    ]
    assert tables.errors(section([row()])) == ""


def test_an_open_loop_has_its_rate_and_the_longest_latency() -> None:
    latency = {"p50": 0.05, "p90": 0.06, "p99": 0.08, "max": 0.9}
    values = {"rate": 50.0, "reached": 40.0, "late": 97, "waited": 97, "latency": latency}
    found = read(tables.cells(section([row(**values)])))
    assert found[0][1:8] == [
        "at a time", "reached a second", "late, %", "files a second", "makespan, s", "p50, ms",
        "p90, ms",
    ]  # fmt: skip
    assert found[1][1:9] == ["16", "40.0", "50.0", "150", "1.25", "50.0", "60.0", "80.0"]
    assert found[1][9] == "900"
