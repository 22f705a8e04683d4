"""Cells are compared fairly: equals are not called different, and what differs is found."""

from __future__ import annotations

import pytest

from getflags.bench.analysis.comparison import Compared, compare, comparisons
from getflags.bench.analysis.stats import differs
from getflags.bench.measure.cells import Cell
from tests.bench_rows import measured, result


def cell(level: int, server: str = "DELAY", engine: str = "asyncio") -> Cell:
    return Cell(engine, "curl", level, server)


def bench(
    rates: dict[Cell, float], rounds: int = 6, noise: float = 0.05, seed: int = 0
) -> list[Compared]:
    return compare(list(rates), list(measured(rates, rounds, noise, seed)))


def claimed(each: Compared) -> bool:
    """Return whether a cell is said to be less or more than the best one."""
    return each.ratio is not None and differs(each.ratio)


@pytest.mark.slow
@pytest.mark.parametrize("noise", [0.05, 0.1, 0.2])
@pytest.mark.parametrize("count", [2, 4, 8])
def test_equal_cells_differ_in_one_bench_of_twenty_at_most(count: int, noise: float) -> None:
    """A/A: the same cell under several names, 300 times. Of 15, chance makes up to 26."""
    rates = {cell(level): 100.0 for level in range(1, count + 1)}
    claims = [
        seed for seed in range(300) if any(map(claimed, bench(rates, noise=noise, seed=seed)))
    ]
    assert len(claims) <= 26


def test_many_equals_are_not_many_occasions_to_claim_something() -> None:
    rates = {cell(level): 100.0 for level in range(1, 11)}
    for seed in range(20):
        assert not any(map(claimed, bench(rates, noise=0.1, seed=seed)))


def test_what_differs_is_found() -> None:
    for seed in range(10):
        slow, fast, equal = bench({cell(1): 50, cell(4): 100, cell(16): 99}, seed=seed)
        assert slow.ratio
        assert claimed(slow)
        assert slow.ratio.middle == pytest.approx(0.5, rel=0.15)
        assert not slow.best
        assert fast.best != equal.best


def test_four_rounds_claim_nothing() -> None:
    slow, fast = bench({cell(1): 10, cell(4): 100}, rounds=4)
    assert slow.ratio
    assert not slow.ratio.bounded
    assert not claimed(slow)
    assert (fast.best, fast.ratio) == (True, None)


def test_each_server_has_its_own_best() -> None:
    rates = {cell(1): 10.0, cell(4): 40.0, cell(1, "LOCAL"): 900.0, cell(4, "LOCAL"): 800.0}
    assert [each.best for each in bench(rates, noise=0.01)] == [False, True, True, False]


def test_the_warm_up_and_other_cells_do_not_count() -> None:
    results = [
        result(round=0, seconds=100.0, rss=1 << 40),
        result(round=1, seconds=2.0, cpu=0.2, rss=10),
        result(round=2, seconds=8.0, cpu=0.8, rss=30),
        result(round=2, level=99),
        result(round=0, level=4),
    ]
    ((figures, *_),) = compare([cell(16), cell(4)], results)
    assert [turn.round for turn in figures.runs] == [1, 2]
    assert figures.makespan == pytest.approx(4)
    assert figures.cpu == pytest.approx(0.4 / 200)
    assert figures.rss == 30
    assert figures.rate == pytest.approx(1_920_000)
    assert figures.latency == pytest.approx({"p50": 0.05, "p90": 0.06, "p99": 0.08})
    assert figures.failed == 0


def test_where_nothing_arrived_nothing_is_known() -> None:
    nothing = {"arrived": 0, "steady_files": 0, "steady_seconds": 0.0, "latency": {}}
    results = [result(round=1, **nothing), result(round=1, level=4)]
    none, some = compare([cell(16), cell(4)], results)
    figures = none.figures
    assert (figures.goodput, figures.rate, figures.failed) == (None, None, 1)
    assert (figures.latency, none.ratio) == ({}, None)
    assert (none.best, some.best) == (False, True)
    (alone,) = compare([cell(16)], results)
    assert not alone.best


def test_of_two_results_for_a_run_the_later_counts() -> None:
    (only,) = compare([cell(16)], [result(seconds=1.0), result(seconds=2.0)])
    assert only.figures.makespan == pytest.approx(2)


def test_cells_that_came_later_are_not_compared_with_those_before() -> None:
    before = list(measured({cell(1): 10, cell(4): 40}, 6, 0.01))
    after = list(measured({cell(16): 100}, 6, 0.01))
    one, four, sixteen = compare([cell(1), cell(4), cell(16)], [*before, *after])
    assert {turn.passage for turn in sixteen.figures.runs} == {1}
    assert {turn.passage for turn in four.figures.runs} == {0}
    assert sixteen.best
    assert one.ratio is four.ratio is None


def test_a_resumed_bench_continues_the_same_pass() -> None:
    results = list(measured({cell(1): 10, cell(4): 40}, 6))
    compared = compare([cell(1), cell(4)], results)
    assert {turn.passage for each in compared for turn in each.figures.runs} == {0}


def test_every_pair_of_cells_on_a_server_is_a_comparison() -> None:
    assert comparisons([cell(1)]) == 1
    assert comparisons([*map(cell, range(4)), cell(1, "LOCAL"), cell(2, "LOCAL")]) == 7


def test_cells_of_an_open_loop_are_shown_and_not_compared() -> None:
    """Not even beside a closed loop on the same server, which may belong to one experiment."""
    closed, rated = {cell(4): 40.0, cell(16): 60.0}, {cell(16)._replace(rate=50.0): 100.0}
    results = [*measured(closed, 6), *measured(rated, 6, reached=50.0, late=2, waited=1)]
    found = {each.figures.cell: each for each in compare([*closed, *rated], results)}
    (opened,) = (each for one, each in found.items() if one.rate)
    assert (opened.best, opened.ratio) == (False, None)
    assert found[cell(16)].best
    assert comparisons(found) == 1
    figures = opened.figures
    assert figures.reached == pytest.approx(50)
    assert (figures.late, figures.waited) == pytest.approx((0.01, 0.005))
    closed_figures = found[cell(4)].figures
    assert (closed_figures.reached, closed_figures.late, closed_figures.waited) == (None,) * 3


def test_the_longest_latency_is_that_of_all_rounds() -> None:
    latency = {"p50": 0.1, "p90": 0.1, "p99": 0.1}
    results = [result(round=n, latency={**latency, "max": n}) for n in (1, 3, 2)]
    ((figures, *_),) = compare([cell(16)], results)
    assert figures.latency["max"] == 3
