"""Latency distributions."""

from statistics import fmean, median, quantiles

import pytest

from servers.faults.draws import draw
from servers.faults.latency import Latency, parse

DRAWS = [draw(1, "delay", f"/{number}", 1) for number in range(4000)]


def times(text: str) -> list[float]:
    latency = parse(text)
    return [latency.seconds(each) for each in DRAWS]


def test_fixed() -> None:
    assert set(times("fixed:0.05")) == {0.05}


def test_uniform() -> None:
    found = times("uniform:0.5-5")
    assert 0.5 <= min(found) < 0.51
    assert 4.99 < max(found) < 5
    assert fmean(found) == pytest.approx(2.75, abs=0.05)


def test_lognormal() -> None:
    found = times("lognormal:0.2,1")
    assert median(found) == pytest.approx(0.2, rel=0.05)
    assert quantiles(found, n=1000)[840] == pytest.approx(0.2 * 2.718, rel=0.08)  # one sigma


def test_a_lognormal_has_no_worst_case_that_a_timer_could_not_hold() -> None:
    assert parse("lognormal:1,10").seconds(0.999999999) == 86_400
    assert 0 <= parse("lognormal:1,10").seconds(0.0) < 1e-9
    assert parse("lognormal:0.3,0").seconds(0.9) == 0.3


@pytest.mark.parametrize(
    "text",
    ["fixed:1.0", "fixed:0.00001", "uniform:0.5-5.0", "uniform:0.00001-0.00002",
     "lognormal:0.2,0.8", "lognormal:0.00001,0.00002"],
)  # fmt: skip
def test_what_is_written_reads_the_same(text: str) -> None:
    assert str(parse(text)) == text
    assert isinstance(parse(text), Latency)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0.5",
        "normal:1,1",
        "fixed:",
        "fixed:-1",
        "fixed:86401",
        "uniform:5-1",
        "uniform:1-86401",
        "lognormal:0,1",
        "lognormal:1,11",
        "lognormal:1",
        "lognormal:86401,1",
        "fixed:nan",
    ],
)
def test_what_is_no_latency(text: str) -> None:
    with pytest.raises(ValueError, match=r"use fixed:SECONDS, uniform:MIN-MAX or lognormal"):
        parse(text)
