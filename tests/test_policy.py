"""What is worth another try, and after how long."""

from __future__ import annotations

from itertools import pairwise

import pytest

from getflags.core.errors import TimedOut
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
    assert 0 < (deadline.left(200) or 0) < 0.01, "nobody takes it for no limit at all"
    assert retry.Deadline(None).left(5) is None


def test_a_body_slower_than_the_floor_is_given_up_at_the_end_of_a_window() -> None:
    floor = retry.MinimumSpeed(10, 30)
    floor.heard(1, 0)
    for second in range(1, 30):
        floor.listening(second - 1)
        floor.heard(9, second)
    floor.listening(29)
    with pytest.raises(TimedOut, match="slower than 10 bytes a second for 30 s"):
        floor.heard(9, 30)


def test_a_body_just_fast_enough_goes_on_window_after_window() -> None:
    floor = retry.MinimumSpeed(10, 30)
    for second in range(100):
        floor.heard(10, second)
        floor.listening(second)


def test_only_time_spent_listening_counts() -> None:
    floor = retry.MinimumSpeed(10, 30)
    floor.heard(1, 0)
    for hour in range(100):  # the disk, or a limit of our own, takes its time
        floor.listening(hour * 3600)
        floor.heard(1, hour * 3600 + 0.1)
    floor.listening(1e6)
    with pytest.raises(TimedOut):
        floor.heard(1, 1e6 + 25)


def test_another_body_begins_anew_and_no_floor_is_none() -> None:
    floor = retry.MinimumSpeed(10, 30)
    floor.listening(0)
    floor.begin()
    floor.heard(1, 1000)
    none = retry.MinimumSpeed(0, 30)
    none.listening(0)
    none.heard(1, 1e9)
