"""Delays and errors depend only on the request and the seed."""

import subprocess
import sys
from http import HTTPStatus
from statistics import fmean

import pytest

from servers.faults.draws import UNTOUCHED, Behaviour, decide, draw, parse_seed
from tests.servers_kit import ROOT

ERROR = Behaviour(delay=(0.5, 5.0), error_rate=0.25)
PATHS = [f"/flags/{a}{b}/{a}{b}.gif" for a in "abcdefghij" for b in "abcdefghij"]


def test_a_draw_is_the_same_in_any_process() -> None:
    code = "from servers.faults.draws import draw; print(draw(7, 'error', '/a', 1))"
    there = subprocess.check_output([sys.executable, "-c", code], cwd=ROOT, text=True)
    assert float(there) == draw(7, "error", "/a", 1)


def test_a_draw_is_this_number() -> None:
    """Bug reports contain seeds, so a change of the draws is a breaking change."""
    assert draw(7, "error", "/flags/br/br.gif", 1) == 0.7155711076660944


@pytest.mark.parametrize(
    "other", [(8, "k", "/a", 1), (7, "j", "/a", 1), (7, "k", "/b", 1), (7, "k", "/a", 2)]
)
def test_each_argument_matters(other: tuple[int, str, str, int]) -> None:
    assert draw(*other) != draw(7, "k", "/a", 1)


def test_no_two_argument_lists_run_together() -> None:
    assert draw(7, "k", "1 /a", 1) != draw(7, "k", "/a", 11)


def test_draws_fill_the_unit_interval_evenly() -> None:
    draws = [draw(1, "k", f"/{number}", 1) for number in range(10_000)]
    assert 0 <= min(draws) < 0.001
    assert 0.999 < max(draws) < 1
    assert fmean(draws) == pytest.approx(0.5, abs=0.01)


def test_order_does_not_matter() -> None:
    forth = {path: decide(ERROR, 7, path, 1) for path in PATHS}
    back = {path: decide(ERROR, 7, path, 1) for path in reversed(PATHS)}
    assert forth == back


def test_delays_are_in_range_and_errors_as_frequent_as_asked() -> None:
    decisions = [decide(ERROR, 7, f"/{number}", 1) for number in range(4000)]
    assert all(0.5 <= each.delay < 5 for each in decisions)
    assert fmean(each.delay for each in decisions) == pytest.approx(2.75, abs=0.1)
    assert fmean(each.status is not None for each in decisions) == pytest.approx(0.25, abs=0.03)
    assert {each.status for each in decisions} == {None, HTTPStatus.IM_A_TEAPOT}


def test_an_error_waits_its_delay() -> None:
    erred = [each for path in PATHS if (each := decide(ERROR, 7, path, 1)).status]
    assert erred
    assert all(each.delay >= 0.5 for each in erred)


def test_errors_do_not_move_delays() -> None:
    calm = Behaviour(delay=ERROR.delay)
    assert [decide(calm, 7, path, 1).delay for path in PATHS] == [
        decide(ERROR, 7, path, 1).delay for path in PATHS
    ]


def test_a_failed_path_may_succeed_at_another_attempt() -> None:
    first = [path for path in PATHS if decide(ERROR, 7, path, 1).status]
    assert any(decide(ERROR, 7, path, 2).status is None for path in first)


def test_extremes() -> None:
    assert decide(Behaviour(), 7, "/a", 1) is UNTOUCHED
    assert decide(Behaviour(delay=(2.0, 2.0)), 7, "/a", 1) == (2.0, None)
    assert decide(Behaviour(error_rate=1.0), 7, "/a", 1) == (0.0, HTTPStatus.IM_A_TEAPOT)


@pytest.mark.parametrize(
    ("text", "seed"), [("7", 7), ("-3", -3), ("007", 7), ("9" * 40, int("9" * 40))]
)
def test_seeds(text: str, seed: int) -> None:
    assert parse_seed(text) == seed


@pytest.mark.parametrize("text", ["", "x", "1.5", "1_0", " 7", "7\n", "+7", "٣", "9" * 41])
def test_no_seeds(text: str) -> None:
    with pytest.raises(ValueError, match="is not a seed"):
        parse_seed(text)
