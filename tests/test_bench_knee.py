"""The smallest level that does as well as the best."""

from __future__ import annotations

import pytest

from getflags.bench.analysis import knee as knees
from getflags.bench.analysis.knee import Knee


def find(goodput: dict[int, dict[int, float]]) -> Knee | None:
    return knees.find(goodput, 1)


def rounds(*values: float) -> dict[int, float]:
    return dict(enumerate(values))


def test_a_level_that_is_a_little_less_will_do_and_a_surely_worse_one_will_not() -> None:
    knee = find(
        {
            4: rounds(50, 52, 49, 51, 50, 48),
            8: rounds(97, 99, 96, 98, 97, 96),
            16: rounds(100, 101, 99, 100, 102, 98),
            32: rounds(99, 100, 101, 99, 100, 97),
        }
    )
    assert knee is not None
    assert (knee.level, knee.best, knee.highest, knee.sure) == (8, 16, 32, True)
    assert knee.against.middle == pytest.approx(0.97, abs=0.01)
    assert knee.below is not None
    assert knee.below.middle == pytest.approx(0.5, abs=0.01)
    assert knee.below.high < 0.6


def test_what_may_be_as_good_is_as_good() -> None:
    knee = find({1: rounds(60, 140, 80, 120, 90), 2: rounds(100, 130, 90, 110, 120)})
    assert knee is not None
    assert (knee.level, knee.below) == (1, None)


def test_what_reached_little_is_not_recommended_even_if_nothing_is_proven() -> None:
    knee = find({1: rounds(20, 140, 20, 120, 20), 2: rounds(100, 130, 90, 110, 120)})
    assert knee is not None
    assert (knee.level, knee.sure) == (2, True)
    assert knee.below
    assert knee.below.low < 1 < knee.below.high


def test_more_comparisons_prove_less() -> None:
    goodput = {1: rounds(80, 90, 82, 88, 85), 2: rounds(100, 100, 100, 100, 100)}
    few, many = knees.find(goodput, 1), knees.find(goodput, 1_000)
    assert few
    assert many
    assert (few.level, many.level) == (2, 1)


def test_too_few_rounds_make_nobody_sure() -> None:
    knee = find({1: rounds(1, 1, 1, 1), 2: rounds(2, 2, 2, 2)})
    assert knee is not None
    assert (knee.level, knee.sure) == (2, False)


def test_a_single_round_is_taken_as_it_is() -> None:
    knee = find({1: {1: 1}, 2: {1: 2}, 4: {1: 1.95}})
    assert knee is not None
    assert (knee.level, knee.highest, knee.sure) == (2, 4, False)


def test_rounds_in_which_nothing_came_do_not_count() -> None:
    assert find({}) is None
    assert find({1: rounds(0, 0), 2: {}}) is None
    knee = find({1: rounds(0, 0), 2: rounds(0, 5)})
    assert knee is not None
    assert knee.level == 2


def test_levels_that_never_met_in_a_round_cannot_be_compared() -> None:
    knee = find({1: {0: 5.0}, 2: {1: 6.0}})
    assert knee is not None
    assert knee.level == 2
