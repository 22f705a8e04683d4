"""One budget of bytes a second, on a clock that only the test moves."""

from __future__ import annotations

import pytest

from getflags.rates.rate_limit import RateLimiter


class Clock:
    """Seconds."""

    now = 50.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.now


def test_without_a_rate_nobody_waits() -> None:
    assert RateLimiter(None, Clock()).spend(10**9) == 0


@pytest.mark.parametrize("pieces", [1, 7, 1000])
def test_the_rate_holds_whatever_the_pieces(pieces: int) -> None:
    clock = Clock()
    limiter = RateLimiter(2000, clock)
    for _ in range(pieces):
        clock.now += limiter.spend(10_000 // pieces)
    assert clock.now - 50 == pytest.approx(10_000 // pieces * pieces / 2000)


def test_all_pay_from_the_same_budget_and_little_is_saved_up() -> None:
    clock = Clock()
    limiter = RateLimiter(1000, clock)
    assert limiter.spend(500) == 0.5
    assert limiter.spend(500) == 1, "somebody else's piece"
    clock.now += 60
    assert limiter.spend(500) == 0.25, "a quarter of a second, of the whole minute"


def test_gaps_between_requests_are_made_up_for() -> None:
    clock = Clock()
    limiter = RateLimiter(1000, clock)
    for _ in range(100):
        clock.now += limiter.spend(100) + 0.02
    assert clock.now - 50 == pytest.approx(10, abs=0.1)
