"""What is worth another try, and after how long."""

from __future__ import annotations

from itertools import pairwise

import pytest

from getflags.core.errors import Expired, TimedOut
from getflags.transfer import retry


@pytest.mark.parametrize("tries", range(1, 40))
def test_waiting_grows_up_to_a_limit(tries: int) -> None:
    usual = min(0.5 * 2 ** (tries - 1), 30)
    waits = [retry.backoff(tries, f"salt {number}") for number in range(500)]
    assert usual / 2 <= min(waits) < usual * 0.6
    assert usual * 1.4 < max(waits) <= usual * 1.5
    gaps = [after - before for before, after in pairwise(sorted(waits))]
    assert max(gaps) < usual * 0.05, "nobody comes back in a crowd"


@pytest.mark.parametrize("tries", [1_024, 1_025, 1_026, 10**18])
def test_no_number_of_tries_is_too_large_to_wait_after(tries: int) -> None:
    assert 15 <= retry.backoff(tries, "salt") <= 45


def test_waiting_can_be_told_in_advance() -> None:
    assert retry.backoff(2, "a") == retry.backoff(2, "a") != retry.backoff(2, "b")
    assert retry.backoff(1, "\ud800")


def test_a_deadline_begins_when_it_is_first_asked_about() -> None:
    deadline = retry.Deadline(10)
    assert not deadline.over(1e9)
    assert deadline.left(100) == 10
    assert deadline.left(104) == 6
    assert (deadline.over(109.9), deadline.over(110)) == (False, True)
    assert 0 < deadline.left(200) < 0.01, "nobody takes it for no limit at all"


@pytest.mark.parametrize(
    ("seconds", "run_end", "left", "ends_run"),
    [(5, 200, 5, False), (5, 103, 3, True), (None, 103, 3, True), (5, None, 5, False)],
)
def test_a_deadline_is_that_of_the_file_or_of_the_run(
    seconds: float | None, run_end: float | None, left: float, *, ends_run: bool
) -> None:
    deadline = retry.Deadline(seconds, run_end)
    assert not deadline.ends_run, "no request has begun"
    assert deadline.left(100) == left
    assert deadline.ends_run is ends_run
    deadline.check(100 + left - 0.1)
    with pytest.raises(Expired):
        deadline.check(100 + left)
    assert deadline.over(106) is (seconds is not None)


def test_a_body_slower_than_the_minimum_fails_at_the_end_of_a_window() -> None:
    speed = retry.MinimumSpeed(10, 30)
    for _ in range(29):
        speed.count(9, 1)
    with pytest.raises(TimedOut, match="slower than 10 bytes a second for 30 s"):
        speed.count(9, 1)


def test_a_body_just_fast_enough_goes_on_window_after_window() -> None:
    speed = retry.MinimumSpeed(10, 30)
    for _ in range(100):
        speed.count(10, 1)


def test_a_fast_window_does_not_excuse_a_slow_one() -> None:
    speed = retry.MinimumSpeed(10, 30)
    speed.count(1_000_000, 30)
    with pytest.raises(TimedOut):
        speed.count(1, 30)


def test_a_minimum_of_zero_is_no_limit() -> None:
    retry.MinimumSpeed(0, 30).count(1, 1e9)
