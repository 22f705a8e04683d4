"""The shared bandwidth limit."""

import pytest

from servers.http.bandwidth import SharedBandwidth


def test_one_after_the_other() -> None:
    line = SharedBandwidth(1000)
    waits = [line.reserve(line.piece, 10.0) for _ in range(50)]
    assert line.piece == 20
    assert waits[0] == 0.0  # within the time that may be caught up
    assert waits[-1] == pytest.approx(1.0 - 0.05)
    assert waits == sorted(waits)


def test_who_is_late_catches_up_and_gains_nothing_by_waiting_long() -> None:
    line = SharedBandwidth(1000)
    now = 10.0
    for _ in range(100):
        now += line.reserve(20, now) + 0.001  # a timer that fires late
    assert now == pytest.approx(10.0 + 2.0, abs=0.06)
    assert line.reserve(1000, now + 3600) == pytest.approx(0.95)


def test_a_line_of_a_byte_a_second() -> None:
    line = SharedBandwidth(1)
    assert line.piece == 1
    assert line.reserve(1, 5.0) == pytest.approx(0.95)
