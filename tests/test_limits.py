"""The limits of one server, alone and shared between the workers of the processes engine."""

from __future__ import annotations

import multiprocessing
import signal
from math import inf

import pytest

from getflags.rates.learnt_rate import FIRST_RATE
from getflags.scheduling import shared_limits
from getflags.scheduling.host import HostState
from getflags.scheduling.limits import UNEXPLAINED, Flight, Limits
from getflags.scheduling.shared_limits import LimitsTable, SharedLimits
from getflags.transfer.actions import Refusal

ORIGIN = "http://h:80"
TOO_MANY = Refusal(ORIGIN)  # a 429 that says nothing else
MAYBE = Refusal(ORIGIN, explicit=False)  # a 503 that says nothing else
ASKED = Refusal(ORIGIN, pause=5)


def serve(limits: Limits, now: float, count: int = 1) -> None:
    for _ in range(count):
        flight = limits.started(now)
        limits.ended(now)
        limits.accepted(flight, now)


def refuse(limits: Limits, now: float, refusal: Refusal = TOO_MANY) -> bool:
    flight = limits.started(now)
    limits.ended(now)
    return limits.refused(flight, refusal, now)


def test_a_server_that_has_served_nobody_is_not_held_back() -> None:
    """It may be down: then each target has its own backoff, and its retries count."""
    limits = Limits()
    assert not refuse(limits, 1)
    assert limits.allow(1)
    serve(limits, 2)
    assert refuse(limits, 3)
    assert not limits.allow(3)
    assert limits.allow_at(3) == limits.rate.next_start > 3
    assert limits.allow(limits.rate.next_start)


def test_one_503_is_no_rate_limit_and_many_in_a_row_are_one() -> None:
    limits = Limits()
    for now in range(2, 20):
        serve(limits, now)
        assert not refuse(limits, now, MAYBE)
    assert [refuse(limits, 30 + n, MAYBE) for n in range(UNEXPLAINED - 1)].count(True) == 1
    assert limits.rate.rate == FIRST_RATE


def test_a_refusal_in_spite_of_the_ceiling_is_one_of_the_rate() -> None:
    limits = Limits()
    flights = [limits.started(1) for _ in range(4)]
    for _ in flights:
        limits.ended(1)
    limits.accepted(flights[0], 1)
    limits.accepted(flights[1], 1)
    limits.refused(flights[2], ASKED, 1)
    assert (limits.ceiling.limit, limits.rate.rate) == (2, inf)
    assert not limits.allow(5.9)
    assert limits.allow(6)
    serve(limits, 7, 8)
    refuse(limits, 8, ASKED)
    assert limits.rate.rate == pytest.approx(8 / 7)


def test_a_target_that_is_refused_at_any_rate_holds_back_no_other() -> None:
    limits = Limits()
    serve(limits, 1)
    refuse(limits, 1)
    assert not limits.allow(1.2)
    assert not refuse(limits, 1.3, TOO_MANY._replace(own=True)), "there is no rate to tell"
    assert limits.allow(1.3)
    assert not limits.learnt


def test_a_server_at_its_ceiling_is_not_waited_for() -> None:
    limits = Limits()
    flights = [limits.started(1) for _ in range(3)]
    limits.ended(1)
    limits.refused(flights[0], ASKED, 1)
    limits.started(6)
    assert limits.ceiling.limit <= limits.in_flight_everywhere
    assert not limits.allow(9)
    assert limits.allow_at(9) is None, "until a request ends"


@pytest.fixture
def pair() -> tuple[LimitsTable, SharedLimits, SharedLimits]:
    """Return a table, and the limits of one server in two workers."""
    table = LimitsTable(multiprocessing.get_context("fork"), 2)
    return table, SharedLimits(ORIGIN, table, 0), SharedLimits(ORIGIN, table, 1)


Pair = tuple[LimitsTable, SharedLimits, SharedLimits]


def test_a_refusal_in_one_worker_holds_back_the_others(pair: Pair) -> None:
    table, one, other = pair
    elsewhere = SharedLimits("http://g:80", table, 1)
    serve(one, 1)
    assert other.allow(1)
    assert refuse(one, 2)
    assert not other.allow(2.1)
    assert other.allow_at(2.1) == one.rate.next_start
    assert elsewhere.allow(2.1)
    first = one.rate.next_start
    other.started(first)
    other.started(first)
    assert not one.allow(first), "the starts of all workers count"


def test_all_workers_learn_from_all_responses(pair: Pair) -> None:
    _, one, other = pair
    serve(one, 1)
    refuse(one, 2)
    serve(other, 4, 5)
    serve(one, 5, 5)
    refuse(other, 7)
    assert one.allow_at(7) == other.rate.next_start
    assert one.rate.rate == other.rate.rate == pytest.approx(10 / 5)


def test_the_ceiling_is_for_all_workers(pair: Pair) -> None:
    table, one, other = pair
    early = other.started(0.5)
    flights = [one.started(1) for _ in range(4)]
    for flight in flights[:3]:
        one.ended(1)
        one.accepted(flight, 1)
    one.ended(1)
    one.refused(flights[3], ASKED, 1)
    assert one.ceiling.limit == 3
    assert other.allow(6)
    assert other.in_flight_everywhere == 1
    for _ in range(2):
        other.started(6)
    assert not one.allow(6)
    at = one.allow_at(6)
    assert at is not None
    assert at > 6, "another worker's request may end at any time"
    table.forget(1)
    assert one.allow(6), "the other worker has died"
    other.ended(6)
    other.refused(early, ASKED, 6)
    assert other.ceiling.limit >= 1


def test_two_workers_do_not_take_the_last_room_for_a_request(pair: Pair) -> None:
    _, one, other = pair
    flights = [one.started(1) for _ in range(2)]
    for _ in flights:
        one.ended(1)
    one.accepted(flights[0], 1)
    one.refused(flights[1], ASKED, 1)
    assert one.ceiling.limit == 1
    assert one.allow(6)
    assert other.allow(6), "at that moment"
    assert one.start_if_allowed(6)
    assert other.start_if_allowed(6) is None
    assert other.in_flight == 0


def test_a_full_table_leaves_each_worker_its_own_limits(
    monkeypatch: pytest.MonkeyPatch, pair: Pair
) -> None:
    monkeypatch.setattr(shared_limits, "_ROWS", 0)
    _, one, other = pair
    serve(one, 1)
    assert refuse(one, 2)
    assert not one.allow(2)
    assert other.allow(2)


def test_a_worker_that_is_stopped_with_the_lock_holds_up_nobody_for_long(
    monkeypatch: pytest.MonkeyPatch, pair: Pair
) -> None:
    monkeypatch.setattr(shared_limits, "_MAX_WAIT", 0.01)
    table, one, other = pair
    serve(one, 1)
    with table.locked(1):
        assert refuse(one, 2)
    assert not other.allow(2)


def test_the_lock_of_a_worker_that_was_killed_is_released(
    monkeypatch: pytest.MonkeyPatch, pair: Pair
) -> None:
    table, one, _ = pair
    context = multiprocessing.get_context("fork")
    locked = context.Event()

    def lock_and_die() -> None:
        with table.locked(1):
            locked.set()
            signal.pause()

    worker = context.Process(target=lock_and_die)
    worker.start()
    assert locked.wait(20)
    worker.kill()
    worker.join()
    monkeypatch.setattr(shared_limits, "_MAX_WAIT", None)  # a lock that is held would be waited for
    table.forget(1)
    serve(one, 1)
    assert refuse(one, 2)


def test_requests_that_other_workers_had_served_are_counted(pair: Pair) -> None:
    """A refusal does not use up a retry while the server serves others, in any worker."""
    _, one, other = pair
    here, there = HostState(one), HostState(other)
    serve(one, 1)
    refuse(one, 2)
    assert (here.served, here.limited) == (1, True)
    assert not there.accepts(2)
    assert (there.served, there.limited) == (1, True)


def test_what_one_worker_was_served_is_known_to_the_one_that_was_refused_first(pair: Pair) -> None:
    """Else both take the server for one that is down, and a 503 is never a rate limit."""
    _, one, other = pair
    serve(other, 1, 5)
    refuse(one, 2, MAYBE)
    for _ in range(UNEXPLAINED):
        assert not other.learnt
        refuse(other, 3, MAYBE)
    assert other.learnt


def test_a_request_that_started_before_a_row_was_found_is_counted_right(pair: Pair) -> None:
    _, one, other = pair
    serve(other, 1, 10)
    early = other.started(2)
    serve(one, 1)
    one.started(2)
    refuse(one, 3, ASKED)
    other.ended(4)
    other.refused(early, ASKED, 4)
    assert other.ceiling.limit == 1, "its own ten requests are not those served beside it"


def test_a_server_whose_pause_is_over_is_idle_though_nothing_was_asked_of_it_since() -> None:
    host = HostState(Limits())
    refuse(host.limits, 1, ASKED)
    assert not host.is_idle(5)
    assert host.is_idle(6)


def test_a_flight_is_when_it_started_and_what_was_served_by_then() -> None:
    limits = Limits()
    serve(limits, 1, 2)
    assert limits.started(3) == Flight(3, 2)
