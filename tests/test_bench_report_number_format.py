"""Numbers as people say them."""

from __future__ import annotations

import math

import pytest

from getflags.bench.analysis.stats import Estimate
from getflags.bench.report.number_format import between, listed, share, significant, unit


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"), (9_000, "9,000"), (123.4, "123"), (99.96, "100"), (99.94, "99.9"),
        (5.8231, "5.82"), (0.3, "0.300"), (0.012345, "0.0123"), (1e-9, "0.000000"),
    ],
)  # fmt: skip
def test_three_digits_mean_something(value: float, text: str) -> None:
    assert significant(value) == text


@pytest.mark.parametrize(
    ("ratio", "text"),
    [
        (0.0001, "less than 1 % of it"), (0.1, "a tenth"), (0.25, "a quarter"), (0.49, "half"),
        (0.34, "a third"), (0.65, "two thirds"), (0.76, "three quarters"), (0.2, "a fifth"),
        (0.61, "61 % of it"), (0.018, "1.8 % of it"), (0.93, "7 % less"), (1.001, "as much"),
        (1.12, "12 % more"), (1.97, "twice as much"), (3.14159, "3.1 times as much"),
        (41.5, "42 times as much"),
    ],
)  # fmt: skip
def test_shares_have_names(ratio: float, text: str) -> None:
    assert share(ratio) == text


@pytest.mark.parametrize(
    ("seconds", "name"),
    [([], "s"), ([0], "s"), ([3, 0.5, 9], "s"), ([0.05, 0.2, 0.9], "ms"), ([2e-4], "µs"),
     ([1e-9], "µs")],
)  # fmt: skip
def test_the_unit_is_that_of_most(seconds: list[float], name: str) -> None:
    found = unit(seconds)
    assert found.name == name
    assert {"s": 1, "ms": 1_000, "µs": 1_000_000}[name] == found.per_second


def test_an_interval_that_holds_everything_is_none() -> None:
    assert between(Estimate(2, 1.5, 2.5, 7)) == "[1.50, 2.50]"
    assert between(Estimate(2, 0, math.inf, 1)) == ""


def test_lists_end_with_and() -> None:
    assert [listed(names) for names in (["a"], ["a", "b"], ["a", "b", "c"])] == [
        "a",
        "a and b",
        "a, b and c",
    ]
