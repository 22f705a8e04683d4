"""What is worth another try, and after how long."""

from __future__ import annotations

from itertools import pairwise

import pytest

from getflags import policy


@pytest.mark.parametrize("tries", range(1, 40))
def test_waiting_grows_up_to_a_limit(tries: int) -> None:
    usual = min(0.5 * 2 ** (tries - 1), 30)
    waits = [policy.backoff(tries, f"salt {number}") for number in range(500)]
    assert usual / 2 <= min(waits) < usual * 0.6
    assert usual * 1.4 < max(waits) <= usual * 1.5
    gaps = [after - before for before, after in pairwise(sorted(waits))]
    assert max(gaps) < usual * 0.05, "nobody comes back in a crowd"


def test_waiting_can_be_told_in_advance() -> None:
    assert policy.backoff(2, "a") == policy.backoff(2, "a") != policy.backoff(2, "b")
    assert policy.backoff(1, "\ud800")


def test_a_deadline_begins_when_it_is_first_asked_about() -> None:
    deadline = policy.Deadline(10)
    assert not deadline.over(1e9)
    assert deadline.left(100) == 10
    assert deadline.left(104) == 6
    assert (deadline.over(109.9), deadline.over(110)) == (False, True)
    assert 0 < (deadline.left(200) or 0) < 0.01, "nobody takes it for no limit at all"
    assert policy.Deadline(None).left(5) is None
