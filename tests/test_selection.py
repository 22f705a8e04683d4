"""Which tests a fast run takes, which of them --rest adds, and that --everything takes all."""

from __future__ import annotations

from collections.abc import Iterable
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
#: Thirty tests of one row each.
SINGLES = TESTS.partition("@pytest.mark.parametrize")[0] + "".join(
    f"""
@pytest.mark.parametrize("engine", {ENGINES})
def test_single_{number}(engine):
    pass
"""
    for number in range(ROWS)
)
SLOW = """
import pytest

@pytest.mark.slow
def test_slow():
    pass

@pytest.mark.parametrize("number", [1, 2])
def test_number(number):
    pass
"""


def collected(pytester: pytest.Pytester, *words: str, tests: str = TESTS) -> list[str]:
    """Return the names of the tests that a session would run."""
    pytester.makeini("[pytest]\nmarkers = slow")
    pytester.makeconftest((ROOT / "tests" / "conftest.py").read_text(encoding="utf-8"))
    pytester.makepyfile(test_rows=tests, test_slow=SLOW)
    done = pytester.runpytest_inprocess("--collect-only", "-q", *words)
    return [line.partition("::")[2] for line in done.outlines if "::" in line]


def ways(names: Iterable[str], begin: str) -> list[tuple[str, str]]:
    """Return the ways of the tests whose names begin so: pairs of client and engine."""
    found = [name.rstrip("]").partition("[")[2] for name in names if name.startswith(begin)]
    return [(words.split("-")[0], words.split("-")[-1]) for words in found]


def test_a_fast_run_takes_each_row_once_and_nothing_slow(pytester: pytest.Pytester) -> None:
    found = collected(pytester)
    rows = [name for name in found if name.startswith("test_row")]
    assert sorted(int(name.split("-")[1]) for name in rows) == list(range(ROWS))
    assert set(ways(found, "test_row")) == set(product(CLIENTS, ENGINES)), "each has its turn"
    assert found[ROWS:] == ["test_number[1]", "test_number[2]"]


def test_the_rest_adds_slow_tests_and_all_ways_that_share_no_code(
    pytester: pytest.Pytester,
) -> None:
    fast = set(collected(pytester, tests=SINGLES))
    rest = set(collected(pytester, "--rest", tests=SINGLES))
    assert not fast & rest
    assert {name for name in rest if "[" not in name} == {"test_slow"}
    assert not any(name.startswith("test_number") for name in rest)
    seen = set[tuple[str, str]]()
    for number in range(ROWS):
        found = set(ways(fast | rest, f"test_single_{number}["))
        others = found - set(product(["h1"], ENGINES))
        assert len(found - others) == len(ENGINES)
        assert others & {("curl", "processes"), ("curl", "sequential")}, "one of them has its turn"
        assert others & {("curl", "asyncio"), ("curl", "threads")}, "so has one of these"
        seen |= others
    assert seen == set(product(["curl"], ENGINES)), "for one test or another, each has its turn"


def test_the_rest_has_many_rows_on_each_engine_and_each_client(pytester: pytest.Pytester) -> None:
    fast, rest = collected(pytester), collected(pytester, "--rest")
    for row in range(ROWS):
        found = ways((name for name in fast + rest if f"-{row}-" in name), "test_row")
        assert {engine for _, engine in found} == set(ENGINES)
        assert {client for client, _ in found} == set(CLIENTS)
        assert len(found) <= len(ENGINES) + 1, "that of the fast run may be another"
    assert set(ways(rest, "test_row")) == set(product(CLIENTS, ENGINES)), "in turn"


def test_everything_is_everything(pytester: pytest.Pytester) -> None:
    found = collected(pytester, "--everything")
    assert len(set(found)) == len(found) == ROWS * len(ENGINES) * len(CLIENTS) + 3


def test_what_is_named_runs_in_full(pytester: pytest.Pytester) -> None:
    assert len(collected(pytester, "test_rows.py::test_row")) == ROWS * 8
    assert collected(pytester, "test_slow.py::test_slow") == ["test_slow"]
