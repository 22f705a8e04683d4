"""Bytes, their rate, and what is still to come."""

from __future__ import annotations

import pytest

from getflags.core.events import (
    Adjusted,
    Event,
    Finished,
    Progressed,
    Resumed,
    Retrying,
    Slowed,
    Started,
)
from getflags.core.models import Outcome, Status, Target
from getflags.output.estimate import WINDOW, Speed, Tally, sizes, time_left


def target(number: int = 0) -> Target:
    return Target(number, "w", "w", "http://h/f", "d", "f")


def tally(total: int, *events: Event) -> Tally:
    counted = Tally(total)
    for event in events:
        counted.read(event)
    return counted


def done(number: int = 0, size: int = 100, status: Status = Status.OK) -> Finished:
    return Finished(Outcome(target(number), status, size=size))


def test_files_that_have_not_started_are_assumed_to_have_the_mean_size() -> None:
    assert tally(4).remaining() is None
    assert tally(4, Progressed(target(), 10, None)).remaining() is None
    assert tally(4, done(0, 100), done(1, 300)).remaining() == 400
    known = tally(4, done(0, 100), Progressed(target(1), 50, 300))
    assert known.remaining() == 250 + 2 * 200
    assert known.estimated
    partly = tally(2, done(0, 100), Progressed(target(1), 30, None))
    assert partly.remaining() == 70
    assert tally(2, done(0, 100), Progressed(target(1), 130, None)).remaining() == 0


def test_with_all_lengths_known_nothing_is_estimated() -> None:
    both = tally(2, Progressed(target(0), 50, 100), Progressed(target(1), 50, 300))
    assert (both.remaining(), both.estimated, both.fraction(300)) == (300, False, 0.25)


def test_without_sizes_the_share_is_that_of_the_files() -> None:
    present = tally(4, done(0, 9, Status.PRESENT))
    assert (present.position, present.fetched) == (0, 0)
    assert present.fraction(present.remaining()) == 0.25
    assert tally(1, done(0, 0)).fraction(0) == 1.0


def test_bytes_of_a_file_that_failed_are_taken_back_but_were_fetched() -> None:
    failed = tally(2, Progressed(target(), 60, 100), done(0, 0, Status.FAILED))
    assert (failed.position, failed.fetched, failed.done) == (0, 60, 1)


@pytest.mark.parametrize(
    ("events", "fetched"),
    [
        ([Resumed(target(), 40, 100), Progressed(target(), 90, 100)], 50),
        ([Progressed(target(), 90, 100), Retrying(target(), 1, "cut"), done()], 190),
        ([Progressed(target(), 90, 100), Retrying(target(), 1, "cut"),
          Resumed(target(), 80, 100), done()], 110),
        ([Progressed(target(), 60, 80), Resumed(target(), 80, 100), done()], 100),
        ([Progressed(target(), 60, None), Progressed(target(), 10, None)], 70),
        ([Started(target()), done()], 100),
    ],
    ids=["earlier run", "started over", "resumed", "in parts", "started over at once", "small"],
)  # fmt: skip
def test_only_what_this_run_received_is_fetched(events: list[Event], fetched: int) -> None:
    counted = tally(1, *events)
    assert counted.fetched == fetched
    last = events[-1]
    assert counted.position == (last.received if isinstance(last, Progressed) else 100)


def test_the_oldest_files_come_first() -> None:
    many = tally(9, *[Started(target(number)) for number in (4, 2, 7)], done(4))
    assert [each.target.number for each in many.oldest(3)] == [2, 7]
    assert [each.target.number for each in many.oldest(1)] == [2]


def test_the_rate_is_that_of_the_last_seconds() -> None:
    speed = Speed(0.0)
    assert speed.rate(0, 0.0) == 0
    assert speed.rate(1000, 10.0) == 100
    assert speed.rate(1000, 15.0) == pytest.approx(1000 / 15)
    assert speed.rate(1000, 20.0) == 0
    for second in range(21, 100):
        assert speed.rate(1000 + 50 * (second - 20), second) <= 50
    assert speed.rate(5000, 100.0) == 50
    assert len(speed._samples) <= WINDOW + 2


def test_the_remaining_time_may_be_unknown() -> None:
    assert time_left(None, 5) is None
    assert time_left(10, 0) is None
    assert time_left(10, 5) == 2
    assert time_left(0, 0) == 0


def test_sizes_share_their_unit() -> None:
    assert sizes(12_900_000, 30_000_000) == "12.9/30.0 MB"
    assert sizes(12_900_000, 30_000_000, estimated=True) == "12.9/~30.0 MB"
    assert sizes(900, 30_000) == "900 B/30.0 kB"
    assert sizes(900, None) == "900 B"


def test_events_about_origins_change_nothing() -> None:
    counted = tally(1, Adjusted("http://h:80", 4, "why"), Slowed("http://h:80", 5.0))
    assert (counted.position, counted.fetched, counted.in_flight) == (0, 0, {})
