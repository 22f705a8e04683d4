"""Ramp, steady part and tail."""

from __future__ import annotations

import random

import pytest

from getflags.bench.measure.steady_state import End, Steady, fewest, percentiles, quantile, steady
from tests.bench_kit import DELAYS, run


@pytest.mark.parametrize("level", [1, 7, 16])
def test_waves_are_counted_whole(level: int) -> None:
    ends = run(level, level * 6, level, DELAYS["fixed"], random.Random(1))
    found = steady(ends, level)
    assert (found.files, found.bytes) == (4 * level, 4 * level)
    assert found.rate == pytest.approx(level / 0.05)


def test_a_full_queue_gives_the_servers_rate_whatever_the_level() -> None:
    for level in (16, 40, 100):
        ends = run(level, 6 * level, 16, DELAYS["fixed"], random.Random(1))
        assert steady(ends, level).rate == pytest.approx(16 / 0.05, rel=0.1)


def test_what_failed_is_no_goodput() -> None:
    ends = [End(n, 1.0, 10, arrived=n % 2 == 0) for n in range(20)]
    assert steady(ends, 1) == Steady(9, 90, 18)
    assert steady(ends, 1).rate == 0.5


@pytest.mark.parametrize("count", range(5))
def test_a_short_run_has_no_middle(count: int) -> None:
    ends = [End(n, 1.0, 10, arrived=True) for n in range(count)]
    assert steady(ends, 2) == Steady(0, 0, 0)
    assert steady(ends, 2).rate == 0


def test_a_run_that_is_long_enough_has_one() -> None:
    for level in (1, 3, 4, 50):
        assert fewest(level) >= 6 * level
        ends = run(level, fewest(level), 4, DELAYS["uniform"], random.Random(1))
        assert steady(ends, level).files >= 4 * level


def test_percentiles_are_of_those_that_arrived() -> None:
    ends = [End(n, float(n), 1, arrived=n <= 100) for n in range(200)]
    assert percentiles(ends) == pytest.approx([50, 90, 99])
    assert percentiles([End(1, 1, 1, arrived=False)]) == []


def test_quantiles_are_interpolated() -> None:
    assert [quantile([1, 2, 3, 4, 5], share) for share in (0, 0.5, 0.9, 1)] == [1, 3, 4.6, 5]
