"""Intervals hold the truth as often as they say, also for few values and for many at once."""

from __future__ import annotations

import math
import random

import pytest

from getflags.bench.analysis import stats
from getflags.bench.analysis.stats import Estimate, differs, estimate, middle, paired, pairs, ratio

#: Student's t of 97.5 %, by degrees of freedom, from printed tables.
T = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 10: 2.228, 29: 2.045, 30: 2.042}


def rounds(values: list[float]) -> dict[int, float]:
    return dict(enumerate(values))


def test_the_middle_of_ratios_is_geometric() -> None:
    assert middle([0.5, 2]) == pytest.approx(1)
    assert estimate([0.5, 2, 0.5, 2]).middle == pytest.approx(1)


def test_one_value_says_nothing_about_others() -> None:
    assert estimate([3.0]) == Estimate(3.0, 0.0, math.inf, 1)
    assert not estimate([3.0]).bounded
    assert not differs(estimate([3.0]))


@pytest.mark.parametrize("count", [5, 6, 10, 40])
def test_the_truth_is_inside_about_as_often_as_promised(count: int) -> None:
    source = random.Random(count)
    missed = 0
    for _ in range(200):
        found = estimate([source.lognormvariate(0, 0.2) for _ in range(count)])
        missed += not found.low <= 1 <= found.high
    assert missed <= 20, "5 % of 200 are 10; more than 20 would be no accident"
    assert missed >= 1, "an interval that never misses says nothing"


@pytest.mark.parametrize("comparisons", [10, 100])
def test_simultaneous_intervals_miss_as_seldom_as_they_say(comparisons: int) -> None:
    source = random.Random(comparisons)
    missed = 0
    for _ in range(20_000):
        found = estimate([source.lognormvariate(0, 0.2) for _ in range(6)], comparisons)
        missed += not found.low <= 1 <= found.high
    assert missed == pytest.approx(20_000 * 0.05 / comparisons, rel=0.5)


def test_a_real_difference_is_found_and_few_rounds_prove_none() -> None:
    source = random.Random(1)
    values = [source.lognormvariate(-0.7, 0.1) for _ in range(6)]
    found = ratio(rounds(values), rounds([1.0] * 6), 1)
    few = ratio(rounds(values[:4]), rounds([1.0] * 6), 1)
    assert found
    assert few
    assert differs(found)
    assert (few.low, few.high, few.rounds, differs(few)) == (0, math.inf, 4, False)
    assert few.middle == pytest.approx(0.5, rel=0.1)


def test_cells_that_share_no_round_have_no_ratio() -> None:
    assert ratio({0: 1.0}, {1: 1.0}, 1) is None


def test_an_interval_that_no_float_holds_is_unbounded() -> None:
    assert estimate([1e-300, 1e300]).high == math.inf


def test_pairs_are_counted() -> None:
    assert [pairs(count) for count in (1, 2, 3, 8)] == [1, 1, 3, 28]


def test_pairs_are_made_within_rounds() -> None:
    assert paired({0: 2.0, 2: 3.0, 1: 8.0}, {1: 2.0, 0: 1.0, 5: 9.0}) == [2.0, 4.0]


@pytest.mark.parametrize(("degrees", "value"), T.items())
def test_students_distribution_is_that_of_the_tables(degrees: int, value: float) -> None:
    assert stats._t_quantile(0.05, degrees) == pytest.approx(value, abs=0.001)
    assert stats._t_quantile(1.0, degrees) == pytest.approx(0, abs=1e-9)


def test_students_distribution_is_exact_far_out() -> None:
    tail = 1e-6  # for 2 degrees of freedom, there is a closed form
    expected = math.sqrt(2) * (1 - tail) / math.sqrt(1 - (1 - tail) ** 2)
    assert stats._t_quantile(tail, 2) == pytest.approx(expected, rel=1e-6)
