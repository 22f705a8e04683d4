"""Intervals hold the truth as often as they say, also for few values."""

from __future__ import annotations

import math
import random

import pytest

from getflags.bench.analysis import stats
from getflags.bench.analysis.stats import (
    Estimate,
    chance,
    differs,
    estimate,
    middle,
    paired,
    quantile,
)


def test_the_middle_of_ratios_is_geometric() -> None:
    assert middle([0.5, 2]) == pytest.approx(1)
    assert estimate([0.5, 2, 0.5, 2]).middle == pytest.approx(1)


def test_one_value_says_nothing_about_others() -> None:
    assert estimate([3.0]) == Estimate(3.0, 0.0, math.inf, 1)
    assert not differs(estimate([3.0]))


def test_the_same_seed_makes_the_same_interval() -> None:
    values = [1.0, 1.1, 0.9, 1.3, 0.8]
    assert estimate(values, seed=1) == estimate(values, seed=1) != estimate(values, seed=2)


@pytest.mark.slow
@pytest.mark.parametrize("count", [5, 6, 10, 40])
def test_the_truth_is_inside_about_as_often_as_promised(count: int) -> None:
    source = random.Random(count)
    missed = 0
    for seed in range(200):
        found = estimate([source.lognormvariate(0, 0.2) for _ in range(count)], seed)
        missed += not found.low <= 1 <= found.high
    assert missed <= 20, "5 % of 200 are 10; more than 20 would be no accident"
    assert missed >= 1, "an interval that never misses says nothing"


def test_a_real_difference_is_found_and_few_values_claim_none() -> None:
    source = random.Random(1)
    values = [source.lognormvariate(-0.7, 0.1) for _ in range(6)]
    assert differs(estimate(values))
    assert not differs(estimate(values[:4]))


def test_pairs_are_made_within_rounds() -> None:
    assert paired({0: 2.0, 2: 3.0, 1: 8.0}, {1: 2.0, 0: 1.0, 5: 9.0}) == [2.0, 4.0]


def test_quantiles_are_interpolated() -> None:
    assert [quantile([1, 2, 3, 4, 5], share) for share in (0, 0.5, 0.9, 1)] == [1, 3, 4.6, 5]


@pytest.mark.parametrize("degrees", [1, 2, 3, 4, 5, 10, 29, 30])
def test_students_distribution_is_that_of_the_tables(degrees: int) -> None:
    assert stats._beyond(stats._T[degrees - 1], 1.0, degrees) == pytest.approx(0.05, rel=0.001)
    assert stats._beyond(0.0, 1.0, degrees) == 1
    assert stats._beyond(1.0, 0.0, degrees) == pytest.approx(0)


def test_the_chance_of_equals_is_what_it_says() -> None:
    source = random.Random(1)
    found = [
        chance([source.lognormvariate(0, 0.2) for _ in range(6)]) < share
        for share in (0.05, 0.5)
        for _ in range(2_000)
    ]
    assert sum(found[:2_000]) / 2_000 == pytest.approx(0.05, abs=0.015)
    assert sum(found[2_000:]) / 2_000 == pytest.approx(0.5, abs=0.04)


def test_the_chance_is_small_where_all_say_the_same_and_1_where_nothing_is_said() -> None:
    assert chance([0.5] * 6) == pytest.approx(0)
    assert chance([0.5, 0.52, 0.48, 0.51, 0.49, 0.5]) < 0.001
    assert chance([2.0]) == 1
    assert chance([1.0, 1.0]) == 1
    assert chance([0.5, 2.0]) == pytest.approx(1)
