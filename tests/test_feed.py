"""Items that arrive over time: their order, room, end and errors."""

from __future__ import annotations

import threading
from collections.abc import Callable

from getflags.core.feed import NO_JOB, ROOM, Arriving, Feed


def all_of(feed: Feed[int]) -> list[int]:
    items: list[int] = []
    for item in feed:
        assert len(feed) <= ROOM
        if item is not NO_JOB:
            items.append(item)
        else:
            feed.wait(9)
    return items


def test_all_items_arrive_in_order_even_if_there_is_no_room_for_them() -> None:
    count = 5 * ROOM

    def read(give: Callable[[int], None]) -> None:
        for number in range(count):
            give(number)

    feed = Feed(read)
    assert all_of(feed) == list(range(count))
    assert feed.ended
    assert feed.error is None


def test_an_error_ends_the_feed_after_what_came_before() -> None:
    error = ValueError("no more")

    def read(give: Callable[[int], None]) -> None:
        give(1)
        raise error

    feed = Feed(read)
    assert all_of(feed) == [1]
    assert feed.error is error


def test_the_consumer_is_woken_when_it_has_found_nothing_and_at_the_end() -> None:
    may_give, may_end, woken = (threading.Event() for _ in range(3))

    def read(give: Callable[[int], None]) -> None:
        may_give.wait(9)
        give(1)
        give(2)
        may_end.wait(9)

    feed = Feed(read)
    assert isinstance(feed, Arriving)
    feed.wake = woken.set
    assert next(feed) is NO_JOB
    may_give.set()
    assert woken.wait(9)
    woken.clear()
    feed.wait(9)
    assert next(feed) == 1
    may_end.set()
    assert woken.wait(9)
    assert all_of(feed) == [2]
