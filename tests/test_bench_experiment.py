"""The experiment finds knees that are known in advance, and stops where it hurts."""

from __future__ import annotations

import pytest

from getflags.bench.tune.experiment import Sample, Tuner
from tests.bench_kit import DELAYS, Delay, tune


@pytest.mark.parametrize("slots", [4, 16, 64])
@pytest.mark.parametrize("delay", DELAYS.values(), ids=DELAYS)
def test_a_known_knee_is_found(slots: int, delay: Delay) -> None:
    for seed in range(10):
        tuner = tune(slots, delay, seed)
        knee = tuner.knee()
        assert knee is not None
        assert slots / 2 <= knee.level <= slots * 2
        assert knee.level <= knee.best <= knee.highest
        assert knee.sure
        assert not tuner.overload
        assert not tuner.capped


def test_it_stops_at_the_first_sign_of_overload() -> None:
    tuner = tune(512, DELAYS["fixed"], 1, refused_above=16)
    knee = tuner.knee()
    assert tuner.overload == (32, "429 Too Many Requests")
    assert knee is not None
    assert (knee.level, knee.sure) == (16, True)


def test_pain_later_on_is_pain_too() -> None:
    tuner = Tuner(highest=8, most=10**6)
    while trial := tuner.next():
        hurts = trial.round == 2 and trial.level == 8
        tuner.take(trial, Sample(trial.level, trial.files, "503" if hurts else ""))
    assert tuner.overload == (8, "503")
    knee = tuner.knee()
    assert knee is not None
    assert (knee.level, knee.best, knee.highest) == (4, 4, 4)


def test_one_at_a_time_may_be_too_many() -> None:
    tuner = tune(4, DELAYS["fixed"], 1, refused_above=0)
    assert tuner.overload == (1, "429 Too Many Requests")
    assert tuner.knee() is None
    assert tuner.next() is None


def test_what_a_file_costs_is_learnt_from_the_first() -> None:
    """As where each is redirected once: only the first trial can be more than was thought."""
    tuner = Tuner(highest=64, most=200)
    while trial := tuner.next():
        tuner.take(trial, Sample(float(trial.level), 2 * trial.files))
    assert tuner.capped
    assert tuner.spent <= 200


@pytest.mark.parametrize("most", [0, 19, 100, 700, 3000])
def test_no_more_is_spent_than_allowed(most: int) -> None:
    tuner = tune(16, DELAYS["fixed"], 1, most=most)
    assert tuner.spent <= most
    assert tuner.capped == (most < 2464)
    knee = tuner.knee()
    assert (knee is None) == (most < 20)
    assert knee is None or knee.sure == (most >= 2464)


def test_levels_are_measured_in_another_order_each_round() -> None:
    orders: dict[int, list[int]] = {}
    tuner = Tuner(highest=64, most=10**6, seed=3)
    while trial := tuner.next():
        orders.setdefault(trial.round, []).append(trial.level)
        tuner.take(trial, Sample(min(trial.level, 16), trial.files))
    assert orders.pop(0) == [1, 2, 4, 8, 16, 32, 64]
    assert {tuple(sorted(order)) for order in orders.values()} == {(8, 16, 32)}
    assert len({tuple(order) for order in orders.values()}) > 1
    assert list(orders) == [1, 2, 3, 4, 5]
