"""Which tests a fast run takes, which of them --rest adds, and that --everything takes all."""

from __future__ import annotations

from itertools import product

import pytest

from tests.kit import ROOT

pytest_plugins = "pytester"

ENGINES = ("asyncio", "processes", "sequential", "threads")
CLIENTS = ("curl", "h1")
ROWS = 30
TESTS = f"""
import pytest

@pytest.fixture(params={CLIENTS}, autouse=True)
def client(request):
    return request.param

@pytest.mark.parametrize("engine", {ENGINES})
@pytest.mark.parametrize("row", range({ROWS}))
def test_row(row, engine):
    pass
"""
SLOW = """
import pytest

@pytest.mark.slow
def test_slow():
    pass

@pytest.mark.parametrize("number", [1, 2])
def test_number(number):
    pass
"""


def collected(pytester: pytest.Pytester, *words: str) -> list[str]:
    """Return the names of the tests that a session would run."""
    pytester.makeini("[pytest]\nmarkers = slow")
    pytester.makeconftest((ROOT / "tests" / "conftest.py").read_text(encoding="utf-8"))
    pytester.makepyfile(test_rows=TESTS, test_slow=SLOW)
    done = pytester.runpytest_inprocess("--collect-only", "-q", *words)
    return [line.partition("::")[2] for line in done.outlines if "::" in line]


def test_a_fast_run_takes_each_row_once_and_nothing_slow(pytester: pytest.Pytester) -> None:
    found = collected(pytester)
    rows = [name for name in found if name.startswith("test_row")]
    assert sorted(int(name.split("-")[1]) for name in rows) == list(range(ROWS))
    pairs = {tuple(name.rstrip("]").partition("[")[2].split("-")[::2]) for name in rows}
    assert pairs == set(product(CLIENTS, ENGINES)), "all of them have their turn"
    assert found[ROWS:] == ["test_number[1]", "test_number[2]"]


def test_the_rest_adds_slow_tests_and_all_ways_that_share_no_code(
    pytester: pytest.Pytester,
) -> None:
    fast, rest = set(collected(pytester)), set(collected(pytester, "--rest"))
    assert not fast & rest
    assert rest - {name for name in rest if name.startswith("test_row")} == {"test_slow"}
    seen = set[tuple[str, ...]]()
    for row in range(ROWS):
        ways = {
            tuple(name.rstrip("]").partition("[")[2].split("-")[::2])
            for name in fast | rest
            if f"-{row}-" in name
        }
        others = ways - set(product(["h1"], ENGINES))
        assert len(ways - others) == len(ENGINES)
        assert others & {("curl", "processes"), ("curl", "sequential")}, "one of them has its turn"
        assert others & {("curl", "asyncio"), ("curl", "threads")}, "so has one of these"
        seen |= others
    assert seen == set(product(["curl"], ENGINES)), "for one test or another, each has its turn"


def test_everything_is_everything(pytester: pytest.Pytester) -> None:
    found = collected(pytester, "--everything")
    assert len(set(found)) == len(found) == ROWS * len(ENGINES) * len(CLIENTS) + 3


def test_what_is_named_runs_in_full(pytester: pytest.Pytester) -> None:
    assert len(collected(pytester, "test_rows.py::test_row")) == ROWS * 8
    assert collected(pytester, "test_slow.py::test_slow") == ["test_slow"]
