"""The learnt rate at servers with rate limits of several kinds, on a clock that the test moves."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Iterator
from itertools import count
from math import inf

import pytest

from getflags.rates.learnt_rate import FIRST_RATE, PATIENCE, LearntRate
from servers.faults.draws import RateLimit
from servers.state.leaky_bucket import LeakyBucket

Server = Callable[[float], bool]  # takes the time in seconds, returns whether it serves a request


def bucket(rate: float, burst: int) -> Server:
    return LeakyBucket(RateLimit(rate, burst)).admits


def window(quota: int, seconds: float) -> Server:
    """Return a server that serves ``quota`` requests in each window of time."""
    served: dict[int, int] = {}

    def serve(now: float) -> bool:
        number = int(now // seconds)
        served[number] = served.get(number, 0) + 1
        return served[number] <= quota

    return serve


def unlucky(share: float) -> Server:
    """Return a server that refuses a share of the requests, whatever their rate."""
    draw = random.Random(1).random
    return lambda _: draw() >= share


def run(
    serve: Server, files: int, level: int = 20, latency: float = 0.001
) -> tuple[float, int, LearntRate]:
    """Fetch files, refused ones again; return the seconds, the refusals and the rate."""
    rate, now, refusals, left = LearntRate(), 0.0, 0, files
    in_flight: list[tuple[float, int, float, bool]] = []
    serial = count()
    while left or in_flight:
        while left and len(in_flight) < level and now >= rate.next_start:
            rate.started(now)
            left -= 1
            served = serve(now + latency / 2)
            heapq.heappush(in_flight, (now + latency, next(serial), now, served))
        if left and len(in_flight) < level and (not in_flight or rate.next_start < in_flight[0][0]):
            now = rate.next_start
            continue
        now, _, started, served = heapq.heappop(in_flight)
        if served:
            rate.accepted(started)
        else:
            left += 1
            refusals += 1
            rate.refused(started, now)
    return now, refusals, rate


@pytest.mark.parametrize("latency", [0.001, 0.1])
@pytest.mark.parametrize(
    ("serve", "files", "ideal", "most"),
    [
        (lambda: bucket(20, 5), 120, 6, 26),
        (lambda: bucket(20, 50), 400, 17.5, 60),
        (lambda: bucket(5, 20), 200, 36, 40),
        (lambda: bucket(100, 50), 2_000, 19.5, 160),
        (lambda: bucket(1, 5), 60, 54, 40),
        (lambda: window(100, 10), 500, 40, 75),
        (lambda: window(60, 60), 300, 240, 75),
    ],
)
def test_a_limit_is_found_and_kept(
    serve: Callable[[], Server], files: int, ideal: float, most: int, latency: float
) -> None:
    seconds, refusals, _ = run(serve(), files, latency=latency)
    assert seconds <= 1.45 * ideal
    assert refusals <= most


@pytest.mark.parametrize("share", [0.05, 0.2, 0.5])
def test_refusals_at_any_rate_are_no_limit(share: float) -> None:
    """The rate falls until it is clear that it makes no difference; then there is no limit."""
    seconds, _, rate = run(unlucky(share), 2_000)
    assert rate.rate == inf
    assert seconds < 100


def test_a_server_that_refuses_everything_is_waited_for_a_minute() -> None:
    rate, now, tries = LearntRate(), 0.0, 0
    rate.refused(0, 0)
    while rate.rate < inf:
        now = rate.next_start
        rate.started(now)
        rate.refused(now, now)
        tries += 1
    assert PATIENCE <= now <= 2 * PATIENCE
    assert tries < 10
    rate.refused(now, now)
    assert rate.rate == inf, "what it refuses now changes nothing for another minute"
    later = now + PATIENCE
    rate.refused(later, later)
    assert rate.rate == FIRST_RATE


def test_the_refusals_of_one_burst_are_one_refusal() -> None:
    rate = LearntRate()
    rate.refused(0, 1)
    first = rate.next_start
    rate.refused(0.5, 1.2)
    assert rate.next_start == first
    assert rate.rate == FIRST_RATE


def refuse(times: Iterator[float], rate: LearntRate, **said: float | bool) -> None:
    now = next(times)
    rate.refused(now, now, **said)  # type: ignore[arg-type]


def test_a_pause_that_was_asked_for_is_kept_to_the_second() -> None:
    rate, times = LearntRate(), iter([10.0, 17.0, 30.0])
    refuse(times, rate, pause=7, explained=True)
    assert (rate.next_start, rate.rate) == (17, inf), "the rate need not be the cause"
    refuse(times, rate, pause=5)
    assert rate.next_start == 22, "the server knows better than any backoff"


def test_an_announced_policy_is_the_rate() -> None:
    rate, times = LearntRate(), iter([10.0])
    refuse(times, rate, policy=2.5)
    assert rate.rate == 2.5
    rate.started(20)
    rate.started(20)
    assert rate.next_start == pytest.approx(20.4)


def test_a_late_start_is_made_up_for_by_one_request_only() -> None:
    rate = LearntRate()
    rate.refused(0, 0)
    rate.started(100)
    assert rate.next_start == 100
    rate.started(100)
    assert rate.next_start == pytest.approx(100 + 1 / FIRST_RATE)


def test_pauses_that_the_server_asked_for_do_not_lengthen_our_own() -> None:
    rate = LearntRate()
    rate.refused(1, 1)
    first = rate.next_start - 1
    for now in range(2, 9):
        rate.refused(now, now, 0)
    rate.refused(9, 9)
    assert rate.next_start - 9 == 2 * first


def test_a_few_served_requests_do_not_show_a_rate() -> None:
    rate = LearntRate()
    rate.refused(1, 1, 5, explained=True)
    rate.accepted(6)
    rate.refused(9, 9)
    assert rate.rate == FIRST_RATE, "most of the time was a pause"


def test_the_first_rate_rises_fast_however_it_was_found() -> None:
    """A server with a ceiling refuses one request more when others use it, too."""
    rate = LearntRate()
    rate.refused(1, 1, 1, explained=True)
    for _ in range(8):
        rate.accepted(2)
    rate.refused(2, 2, 1)
    assert rate.rate == 8
    for _ in range(16):
        rate.accepted(3)
    assert rate.rate == 4 * 8
    rate.refused(4, 4, 1)
    assert rate.rate == 8
    rate.accepted(5)
    assert rate.rate == pytest.approx(8 * 1.01), "now the rate is known from both sides"


def test_served_requests_of_before_the_refusal_do_not_count() -> None:
    rate = LearntRate()
    rate.refused(5, 6)
    rate.accepted(5.5)
    assert rate.served == 0
    rate.accepted(6.5)
    assert rate.served == 1
