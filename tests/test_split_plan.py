"""The plan of a file that several connections receive: intervals, gaps, and when one is added."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from getflags.core.errors import Disconnected, Excess, TimedOut
from getflags.core.models import DownloadOptions, Gap, PartialFile, ResumeRecord
from getflags.core.response_head import Head
from getflags.transfer import retry
from getflags.transfer.parts import ranges
from getflags.transfer.parts.split import Growth, Interval, Split, Stream

SIZE = 1_000
RECORD = ResumeRecord('"one"', SIZE)


def plan(*gaps: Gap, least: int = 100, size: int = SIZE) -> Split:
    options = DownloadOptions(split=4, min_split_size=least)
    return Split(RECORD._replace(total=size), gaps or (Gap(0, size),), options)


def where(interval: Interval | None) -> tuple[int, int] | None:
    return (interval.position, interval.end) if interval else None


def test_a_new_stream_takes_the_second_half_of_the_largest_rest() -> None:
    split = plan()
    own = split.begin(0, SIZE)
    assert split.advance(own, 200) == 200
    second = split.take()
    assert (where(own), where(second)) == ((200, 600), (600, 1_000))
    third = split.take()
    assert (where(own), where(third)) == ((200, 400), (400, 600))
    assert where(split.take()) == (800, 1_000)
    assert split.available
    assert where(split.take()) == (300, 400)
    assert split.gaps == []


def test_no_part_is_smaller_than_the_least() -> None:
    split = plan(least=300)
    own = split.begin(0, SIZE)
    assert where(split.take()) == (500, 1_000)
    assert split.take() is None
    assert not split.available
    assert where(own) == (0, 500)


def test_a_stream_ends_where_another_one_begins() -> None:
    split = plan()
    own = split.begin(0, SIZE)
    split.take()
    assert own.cut
    assert split.advance(own, 490) == 490
    assert split.advance(own, 50) == 10
    assert own.done
    assert split.advance(own, 50) == 0


def test_a_body_that_is_longer_than_its_response_announced_is_an_error() -> None:
    split = plan()
    own = split.begin(0, SIZE)
    with pytest.raises(Excess, match="too long: more than 1,000 bytes of a part"):
        split.advance(own, SIZE + 1)


def test_what_a_stream_gives_back_is_taken_by_the_one_before_it() -> None:
    split = plan()
    own = split.begin(0, SIZE)
    second = split.take()
    assert second
    split.end(second)
    assert where(own) == (0, SIZE)
    assert not own.cut
    assert split.gaps == []


def test_what_a_stream_gives_back_in_the_middle_of_its_part_is_a_gap() -> None:
    split = plan()
    own = split.begin(0, SIZE)
    second = split.take()
    assert second
    split.advance(second, 100)
    split.end(second)
    assert where(own) == (0, 500)
    assert split.gaps == [Gap(600, 1_000)]
    split.advance(own, 500)
    split.end(own)
    assert where(split.take()) == (600, 1_000)
    assert split.gaps == []


def test_the_stream_before_a_gap_that_has_ended_does_not_take_it() -> None:
    split = plan()
    own = split.begin(0, SIZE)
    second = split.take()
    assert second
    split.advance(own, 500)
    split.end(second)
    assert split.gaps == [Gap(500, 1_000)]


def test_a_response_that_ends_within_a_gap_leaves_a_gap() -> None:
    split = plan(Gap(100, 400), Gap(600, SIZE))
    assert where(split.begin(100, 300)) == (100, 300)
    assert split.gaps == [Gap(300, 400), Gap(600, 1_000)]
    assert where(split.take()) == (600, 1_000), "the largest one"


def test_the_number_of_streams_of_a_file_is_limited() -> None:
    """A connection that breaks again and again would make the record of its ranges too long."""
    split = plan()
    for _ in range(ranges.MAX_PARTS):
        interval = split.take()
        assert interval
        split.end(interval)
    assert split.take() is None


def test_a_closed_plan_has_no_further_streams() -> None:
    split = plan()
    split.begin(0, SIZE)
    split.open = False
    assert not split.available
    assert split.take() is None


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 300)), max_size=60))
def test_every_byte_belongs_to_one_stream_or_to_one_gap(steps: list[tuple[int, int]]) -> None:
    split = plan(least=7)
    running = [split.begin(0, SIZE)]
    done: list[int] = []
    for what, number in steps:
        if what == 0 and (new := split.take()):
            running.append(new)
        elif what == 1 and running:
            split.end(running.pop(number % len(running)))
        elif running:
            interval = running[number % len(running)]
            at = interval.position
            room = split.advance(interval, min(number, interval.limit - at))
            done += range(at, at + room)
        rest = [byte for gap in split.gaps for byte in range(*gap)]
        rest += [byte for each in running for byte in range(each.position, each.end)]
        assert sorted(done + rest) == list(range(SIZE))


def test_streams_are_added_as_long_as_each_raises_the_throughput() -> None:
    growth = Growth(4)
    assert [growth.arrived(100, second / 10) for second in range(9)] == [False] * 8 + [True]
    assert not growth.arrived(100, 2.0), "one at a time"
    growth.joined()
    assert [growth.arrived(200, 3 + second / 10) for second in range(9)] == [False] * 8 + [True]
    assert growth.arrived(200, 4.0), "twice as many"
    growth.joined()
    assert not any(growth.arrived(400, 4 + second / 10) for second in range(20)), "one is missing"
    growth.joined()
    assert not any(growth.arrived(205, 7 + second / 10) for second in range(20))


def test_streams_that_do_not_raise_the_throughput_are_the_last() -> None:
    growth = Growth(9)
    assert any(growth.arrived(100, second / 10) for second in range(9))
    growth.joined()
    assert not any(growth.arrived(105, 3 + second / 10) for second in range(40))


def test_no_more_streams_are_added_than_allowed() -> None:
    growth = Growth(2)
    assert any(growth.arrived(1, second / 10) for second in range(9))
    growth.joined()
    growth.joined()
    assert not any(growth.arrived(10_000, 3 + second / 10) for second in range(20))
    alone = Growth(1)
    assert not any(alone.arrived(1, second / 10) for second in range(20))


def test_the_throughput_of_few_large_pieces_is_measured_for_a_second() -> None:
    growth = Growth(2)
    assert [growth.arrived(1_000, 0.3 * piece) for piece in range(5)] == [False] * 4 + [True]


def test_sixteen_streams_are_reached_in_four_steps() -> None:
    growth = Growth(16)
    for count in (1, 2, 4, 8):
        started = [growth.arrived(100 * count, second / 10) for second in range(17)]
        assert started.count(True) == count
        for _ in range(count):
            growth.joined()
    assert not any(growth.arrived(10_000, 3 + second / 10) for second in range(20)), "all of them"


def head(status: int = 206, **fields: str) -> Head:
    named = {"content_range": "bytes 500-999/1000", "etag": '"one"', "content_length": "500"}
    named |= fields
    return Head(
        status, tuple((name.replace("_", "-"), value) for name, value in named.items() if value)
    )


#: what → (the response to a request for the second half, is it wanted, has the file changed)
HEADS = {
    "the part": (head(), True, False),
    "the part, in chunks": (head(content_length=""), True, False),
    "a shorter part": (
        head(content_range="bytes 500-899/1000", content_length="400"),
        False,
        False,
    ),
    "another part": (head(content_range="bytes 400-899/1000"), False, False),
    "no range": (head(content_range=""), False, False),
    "a total that is not said": (head(content_range="bytes 500-999/*"), False, False),
    "another length": (head(content_length="499"), False, False),
    "an invalid length": (head(content_length="x"), False, False),
    "no validator": (head(etag=""), False, False),
    "another coding": (head(content_encoding="gzip"), False, False),
    "another validator": (head(etag='"two"'), False, True),
    "a weak validator": (head(etag='W/"one"'), False, True),
    "another total": (head(content_range="bytes 500-999/2000"), False, True),
    "all of it": (head(200, content_range="", content_length="1000"), False, False),
    "all of another version": (head(200, content_length="1000", etag='"two"'), False, True),
    "all of a longer version": (head(200, content_length="2000"), False, True),
    "all, with an invalid length": (head(200, content_length="x"), False, False),
    "no such range": (head(416), False, False),
    "too many": (head(429), False, False),
}


@pytest.mark.parametrize("row", HEADS)
def test_only_the_requested_part_of_the_same_version_is_received(row: str) -> None:
    response, wanted, changed = HEADS[row]
    split = plan()
    split.begin(0, SIZE)
    interval = split.take()
    assert interval
    stream = Stream(split, interval, DownloadOptions())
    assert stream.head_arrived(response, "http://h/f") is wanted
    assert split.changed is changed
    assert split.open is wanted
    assert (stream.refusal is not None) is (response.status == 429)


def test_a_date_is_compared_where_the_file_has_no_tag() -> None:
    date = "Sun, 06 Nov 1994 08:49:37 GMT"
    split = Split(ResumeRecord(date, SIZE), (Gap(0, SIZE),), DownloadOptions(min_split_size=1))
    split.begin(0, SIZE)
    interval = split.take()
    assert interval
    stream = Stream(split, interval, DownloadOptions())
    assert stream.head_arrived(head(etag="", last_modified=date), "http://h/f")
    other = date.replace("06", "07")
    assert not stream.head_arrived(head(etag="", last_modified=other), "http://h/f")
    assert split.changed


#: what has ended a stream → (bytes that it had received, may others begin, is the file lost)
ENDS = {
    "a broken connection": (Disconnected("x"), 10, False, False),
    "a broken connection after some progress": (Disconnected("x"), retry.PROGRESS, True, False),
    "a time-out": (TimedOut("x"), retry.PROGRESS, False, False),
    "too many bytes": (Excess("x"), 10, False, True),
    "nothing": (None, 10, False, False),
    "all": (None, 500_000, True, False),
    "a broken connection after all": (Disconnected("x"), 500_000, True, False),
}


@pytest.mark.parametrize("row", ENDS)
def test_a_stream_that_fails_is_the_last_one(row: str) -> None:
    fault, count, is_open, changed = ENDS[row]
    split = plan(size=1_000_000)
    split.begin(0, 1_000_000)
    interval = split.take()
    assert interval
    stream = Stream(split, interval, DownloadOptions())
    assert stream.bytes_arrived(count, 0.0) == count
    stream.ended(fault)
    assert (split.open, split.changed) == (is_open, changed)


def test_a_stream_that_is_too_slow_ends() -> None:
    split = plan()
    stream = Stream(split, split.begin(0, SIZE), DownloadOptions(speed_limit=10, speed_time=5))
    assert stream.bytes_arrived(1, 100.0) == 1, "the wait for the first bytes has its own limit"
    with pytest.raises(TimedOut, match="slower than 10 bytes a second"):
        stream.bytes_arrived(10, 6.0)


def test_what_is_kept_of_a_file_with_gaps() -> None:
    assert PartialFile(300, RECORD).kept == 300
    partial = PartialFile(300, RECORD, (Gap(300, 400), Gap(600, 1_000)))
    assert partial.kept == 500
    assert partial.end(SIZE) == 400
