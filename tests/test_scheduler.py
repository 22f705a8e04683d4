"""What is next, on a clock that only the test moves."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from getflags.core.errors import Disconnected
from getflags.core.events import Adjusted, Event, Finished, Retrying, Slowed
from getflags.core.feed import NO_JOB, NoJob
from getflags.core.models import Allowance, DownloadOptions, Exists, OnDisk, Status, Target
from getflags.core.response_head import Head
from getflags.rates.learnt_rate import FIRST_RATE
from getflags.scheduling import lookahead
from getflags.scheduling import scheduler as module
from getflags.scheduling.adaptive_concurrency import START
from getflags.scheduling.limits import Flight, Limits
from getflags.scheduling.scheduler import Scheduler
from getflags.transfer.actions import Done, Install, Queue, Request
from getflags.transfer.transfer import Transfer

FORGIVING = DownloadOptions(retries=99)
BUSY = Head(429, (("retry-after", "5"),))
BROKEN = Head(500, ())
OK = Head(200, (("content-length", "0"),))


class Clock:
    """Seconds."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.now


class Desk:
    """An engine that does what the test says."""

    def __init__(self, targets: Iterable[Target | NoJob]) -> None:
        self.clock = Clock()
        self.scheduler = Scheduler(targets, FORGIVING, self.clock)

    def take(self, most: int = 99) -> list[Transfer]:
        """Take all there is to do, up to ``most``, and begin it."""
        taken: list[Transfer] = []
        while len(taken) < most and (new := self.scheduler.take()) is not NO_JOB:
            new.begin(None, None, self.clock.now)
            taken.append(new)
        return taken

    def answer(self, transfers: Iterable[Transfer], head: Head) -> None:
        """Answer to all of them, and bring them back."""
        for each in transfers:
            each.head_arrived(head)
            if isinstance(each.succeeded(self.clock.now), Install):
                each.installed()
            event, *_ = self.scheduler.returned(each)
            assert isinstance(event, Finished if head is OK else Retrying)


def targets(count: int, host: str = "h") -> list[Target]:
    return [Target(n, "", "", f"http://{host}/{n}", "d", str(n)) for n in range(count)]


def numbers(transfers: Iterable[Transfer]) -> list[int]:
    return [each.target.number for each in transfers]


def test_targets_come_in_order_until_there_are_no_more() -> None:
    desk = Desk(targets(5))
    first = desk.take(3)
    assert numbers(first) == [0, 1, 2]
    assert numbers(desk.take()) == [3, 4]
    assert desk.scheduler.exhausted
    assert desk.scheduler.delay() is None


def test_a_flaw_ends_without_a_request() -> None:
    desk = Desk([Target(0, "x", "x", "", "d", "x", flaw="bad")])
    (flawed,) = desk.take()
    (event,) = desk.scheduler.returned(flawed)
    assert isinstance(event, Finished)
    assert event.outcome.status is Status.FAILED


def test_a_try_that_has_not_ended_cannot_be_returned() -> None:
    desk = Desk(targets(1))
    (begun,) = desk.take()
    with pytest.raises(RuntimeError, match="not ended"):
        desk.scheduler.returned(begun)


def test_nothing_at_the_moment_is_not_the_end() -> None:
    one, two = targets(2)
    desk = Desk([one, NO_JOB, two])
    seen = [(numbers(desk.take()), desk.scheduler.exhausted) for _ in range(2)]
    assert seen == [([0], False), ([1], True)]


def test_who_waits_for_another_try_lets_others_go_first() -> None:
    desk = Desk(targets(3))
    desk.answer(desk.take(1), BROKEN)
    assert numbers(desk.take(1)) == [1]
    assert numbers(desk.take()) == [2]
    seconds = desk.scheduler.delay()
    assert seconds
    assert 0.25 <= seconds <= 0.75
    desk.clock.now += seconds - 0.001
    assert desk.take() == []
    desk.clock.now += 0.002
    again = desk.take()
    assert numbers(again) == [0]
    desk.answer(again, OK)
    assert desk.scheduler.exhausted


def test_no_more_than_some_wait_and_new_ones_stay_where_they_are() -> None:
    pulled = iter(targets(lookahead.MAX_WAITING + 50))
    desk = Desk(pulled)
    for _ in range(lookahead.MAX_WAITING):
        desk.answer(desk.take(1), BROKEN)
    assert desk.take() == []
    assert next(pulled).number == lookahead.MAX_WAITING


def test_in_a_list_that_is_sorted_by_server_those_further_down_are_found() -> None:
    sorted_targets = [each for host in "abcdefgh" for each in targets(600, host)]
    desk = Desk(sorted_targets)
    limits = Allowance(max_in_flight=2)
    desk.scheduler = Scheduler(
        iter(sorted_targets), FORGIVING, desk.clock, new_limits=lambda _: Limits(limits)
    )
    in_flight = desk.take()
    for _ in range(100):
        desk.answer(in_flight[:1], OK)
        in_flight = [*in_flight[1:], *desk.take()]
    assert len(in_flight) == 2 * len("abcdefgh")


def test_a_pause_is_for_all_targets_of_a_server_and_for_no_other() -> None:
    desk = Desk([*targets(4), *targets(2, "elsewhere"), *targets(1)])
    busy, *_ = first = desk.take(2)
    desk.answer([busy], BUSY)
    others = desk.take()
    assert [each.target.url for each in others] == ["http://elsewhere/0", "http://elsewhere/1"]
    assert desk.scheduler.delay() == 5
    desk.clock.now += 4.9
    assert desk.take() == []
    desk.answer(first[1:], OK)
    desk.clock.now += 0.1
    assert len(desk.take()) == 1, "as many at a time as were served beside the refused one"
    assert desk.scheduler.delay() is None


def test_what_a_server_takes_is_learnt_from_whom_it_refuses() -> None:
    desk = Desk(targets(300))
    in_flight = desk.take(50)
    desk.answer(in_flight[16:], BUSY)
    desk.answer(in_flight[:16], OK)
    assert desk.take() == []
    desk.clock.now += 5
    for _ in range(10):
        in_flight = desk.take()
        assert len(in_flight) == 16
        desk.answer(in_flight, OK)


def test_it_is_learnt_too_where_the_served_are_heard_of_first() -> None:
    desk = Desk(targets(300))
    desk.answer(desk.take(1), BUSY)
    desk.clock.now += 5
    in_flight = desk.take(50)
    desk.answer(in_flight[:16], OK)
    desk.answer(in_flight[16:], BUSY)
    desk.clock.now += 5
    assert len(desk.take()) == 16


def test_a_server_that_refuses_everybody_has_nothing_against_numbers() -> None:
    desk = Desk(targets(300))
    desk.answer(desk.take(50), BUSY)
    desk.clock.now += 5
    assert len(desk.take(50)) == 50


def test_a_rival_that_leaves_makes_room_after_a_minute() -> None:
    desk = Desk(targets(900))
    in_flight = desk.take(3)
    desk.answer(in_flight[1:], BUSY)
    desk.answer(in_flight[:1], OK)
    desk.clock.now += 5
    sizes = []
    for _ in range(9):
        in_flight = desk.take()
        sizes.append(len(in_flight))
        desk.answer(in_flight, OK)
        desk.clock.now += 10
    assert sizes == [1, 1, 1, 1, 1, 1, 1, 2, 3]


def test_a_failure_that_is_no_refusal_frees_its_place() -> None:
    desk = Desk(targets(9))
    in_flight = desk.take(2)
    desk.answer(in_flight[:1], BUSY)
    desk.clock.now += 5
    desk.answer(in_flight[1:], BROKEN)
    assert len(desk.take()) == 1


def test_what_has_become_due_meanwhile_is_not_waited_for() -> None:
    """Between ``take`` and ``wait`` the clock goes on."""
    desk = Desk(targets(3))
    first = desk.take(2)
    desk.answer(first[:1], BUSY)
    assert desk.take() == []
    desk.clock.now += 5
    assert desk.scheduler.delay() == 0, "the refused one is due"
    desk.answer(first[1:], BROKEN)
    (again,) = desk.take()
    assert desk.scheduler.delay() is not None, "the broken one will be"
    desk.clock.now += 5
    assert desk.scheduler.delay() == 0
    assert desk.take() == []
    assert desk.scheduler.delay() is None, "as many are under way as the server takes"
    desk.answer([again], OK)
    assert desk.scheduler.delay() == 0


def test_a_place_at_one_server_is_free_again_when_another_refuses() -> None:
    """Both take one at a time; the second is reached through a redirect of the first's."""
    desk = Desk(targets(5))
    first, second = desk.take(2)
    desk.answer([first], BUSY)
    desk.answer([second], OK)
    desk.clock.now += 5
    (moved,) = desk.take()
    moved.head_arrived(Head(302, (("location", "http://other/x"),)))
    moved.succeeded(desk.clock.now)
    desk.answer([moved], BUSY)
    assert len(desk.take()) == 1


def test_who_has_no_time_left_does_not_wait() -> None:
    clock = Clock()
    scheduler = Scheduler(targets(1), DownloadOptions(max_time=3), clock)
    transfer = scheduler.take()
    assert isinstance(transfer, Transfer)
    transfer.begin(None, None, clock())
    transfer.head_arrived(BUSY)
    transfer.succeeded(clock())
    (event,) = scheduler.returned(transfer)
    assert isinstance(event, Finished)
    assert "no time left for another try" in event.outcome.reason
    assert scheduler.take() is NO_JOB
    assert scheduler.exhausted


def test_the_longer_pause_wins() -> None:
    desk = Desk(targets(9))
    in_flight = desk.take(2)
    desk.answer(in_flight[:1], Head(503, (("retry-after", "50"),)))
    desk.answer(in_flight[1:], BUSY)
    desk.clock.now += 49
    assert desk.take() == []


@pytest.mark.parametrize("location", ["http://other/x"])
def test_a_pause_after_a_redirect_is_the_other_servers(location: str) -> None:
    desk = Desk(targets(9))
    (moved,) = desk.take(1)
    moved.head_arrived(Head(302, (("location", location),)))
    moved.succeeded(desk.clock.now)
    desk.answer([moved], BUSY)
    assert numbers(desk.take(2)) == [1, 2]


def test_a_slow_server_does_not_take_the_slots_of_the_others() -> None:
    desk = Desk([*targets(40, "slow"), *targets(200, "fast")])
    in_flight = desk.take(20)
    slow = [each for each in in_flight if each.origin == "http://slow:80"]
    assert len(slow) == 10
    done = 0
    while fast := [each for each in in_flight if each not in slow]:
        done += len(fast)
        desk.answer(fast, OK)
        in_flight = desk.take(20 - len(slow))
        slow += [each for each in in_flight if each.origin == "http://slow:80"]
    assert done == 200
    assert len(slow) == 20, "they get all slots when nobody else needs them"


def test_a_source_that_is_slow_holds_up_nothing_that_is_there() -> None:
    clock = Clock()

    def slow() -> Iterable[Target]:
        for target in targets(100):
            clock.now += 1
            yield target

    scheduler = Scheduler(slow(), FORGIVING, clock)
    for number in range(10):
        scheduler.take()
        assert clock.now <= 102 + 2 * number, "at most two are pulled each time"


def test_in_order_means_in_the_order_of_the_list() -> None:
    mixed = [Target(n, "", "", f"http://{'abc'[n % 3]}/", "d", str(n)) for n in range(30)]
    scheduler = Scheduler(mixed, FORGIVING, Clock(), in_order=True)
    taken = [each for _ in mixed if isinstance(each := scheduler.take(), Transfer)]
    assert numbers(taken) == list(range(30))


LIMITED = Head(429, ())


def test_a_refusal_without_retry_after_holds_back_the_origin_and_shows_the_rate() -> None:
    desk = Desk(targets(40))
    first = desk.take(20)
    desk.answer(first[:6], OK)
    refused, *others = first[6:]
    refused.head_arrived(LIMITED)
    refused.succeeded(desk.clock.now)
    retrying, slowed = desk.scheduler.returned(refused)
    assert isinstance(retrying, Retrying)
    assert (retrying.origin, retrying.asked) == ("http://h:80", False)
    assert slowed == Slowed("http://h:80", FIRST_RATE)
    desk.answer(others, LIMITED)
    assert desk.take() == []
    desk.clock.now += 0.499
    assert desk.take() == []
    assert desk.scheduler.delay() == pytest.approx(0.001)
    desk.clock.now += 0.002
    assert len(desk.take()) == 1
    desk.clock.now += 1 / FIRST_RATE - 0.002
    assert desk.take() == []
    desk.clock.now += 0.002
    assert len(desk.take()) == 1


def test_refusals_do_not_use_up_the_retries_while_others_are_served() -> None:
    clock = Clock()
    scheduler = Scheduler(targets(3), DownloadOptions(retries=1), clock)
    desk = Desk(())
    desk.scheduler, desk.clock = scheduler, clock
    served, refused, other = desk.take()
    desk.answer([served], OK)
    desk.answer([refused], LIMITED)
    desk.answer([other], OK)
    clock.now += 9
    assert desk.take() == [refused]
    events = []
    for _ in range(3):
        refused.head_arrived(LIMITED)
        refused.succeeded(clock.now)
        events += scheduler.returned(refused)
        clock.now += 99
        desk.take()
    assert [type(each) for each in events if not isinstance(each, Slowed)] == [
        *[Retrying, Retrying],  # another one was served before the first of them
        Finished,
    ]


def moved(transfer: Transfer, desk: Desk, location: str = "http://other/x") -> list[Event]:
    """Answer with a redirect; return the events if the try has ended with that."""
    transfer.head_arrived(Head(302, (("location", location),)))
    action = transfer.succeeded(desk.clock.now)
    return [] if isinstance(action, Request) else desk.scheduler.returned(transfer)


def test_a_pause_met_behind_a_redirect_is_for_all_that_lead_there() -> None:
    desk = Desk(targets(5))
    first, *others = desk.take()
    moved(first, desk)
    desk.answer([first], BUSY)
    assert [moved(each, desk) for each in others] == [[]] * 4
    assert all(isinstance(each.action, Queue) for each in others)
    assert desk.take() == []
    assert desk.scheduler.delay() == 5
    desk.clock.now += 5
    again = desk.take()
    assert len(again) == 5
    for each in again:
        assert isinstance(each.action, Request)
        assert each.action.url.startswith("http://h/"), "a redirect may lead elsewhere by now"
        moved(each, desk)
    desk.answer(again, OK)
    assert desk.scheduler.exhausted


def test_a_redirect_that_leads_to_two_limited_servers_in_turn_comes_to_an_end() -> None:
    desk = Desk(targets(1))
    for host in "ab":
        desk.scheduler.host(f"http://{host}:80").limits.learnt = True
    for host in "ab":
        (each,) = desk.take()
        moved(each, desk, f"http://{host}/x")
        assert each.action == Queue(f"http://{host}:80")
    (each,) = desk.take()
    moved(each, desk, "http://a/x")
    assert isinstance(each.action, Request)


def test_auto_does_not_learn_from_a_redirect_that_leads_to_a_pause() -> None:
    desk = Auto(targets(5))
    first, second = desk.take(2)
    moved(first, desk)
    desk.answer([first], BUSY)
    moved(second, desk)
    assert not desk.scheduler.host("http://h:80").in_flight


FAR = Head(503, (("retry-after", "90"),))


def test_three_targets_that_are_told_to_come_back_too_late_speak_for_all() -> None:
    desk = Desk(targets(6))
    for each in desk.take(3):
        each.head_arrived(FAR)
        each.succeeded(desk.clock.now)
        (event,) = desk.scheduler.returned(each)
        assert isinstance(event, Finished)
    desk.clock.now += 30
    left = desk.take()
    assert len(left) == 3
    for each in left:
        assert isinstance(each.action, Done)
        assert each.action.outcome.reason == "503 Service Unavailable, for another 60 seconds"
        assert each.action.outcome.requests == 0
    desk.clock.now += 60
    assert not desk.scheduler.host("http://h:80").closed_reason(desk.clock.now)


def test_a_redirect_to_an_origin_that_is_closed_is_not_followed() -> None:
    desk = Desk(targets(4))
    *early, last = desk.take()
    for each in early:
        moved(each, desk)
        each.head_arrived(FAR)
        each.succeeded(desk.clock.now)
    (event,) = moved(last, desk)
    assert isinstance(event, Finished)
    assert "for another 90 seconds" in event.outcome.reason


class Auto(Desk):
    """The same with ``-m auto``."""

    def __init__(self, targets: Iterable[Target | NoJob], most: int = 64) -> None:
        super().__init__(targets)
        self.scheduler = Scheduler(targets, FORGIVING, self.clock, most)

    def rounds(self, count: int, seconds: float = 1.0) -> list[Adjusted]:
        """Serve all that is under way, so many times; return what was decided."""
        decided: list[Adjusted] = []
        for _ in range(count):
            taken = self.take()
            self.clock.now += seconds
            for each in taken:
                each.head_arrived(OK)
                each.succeeded(self.clock.now)
                each.installed()
                decided += [e for e in self.scheduler.returned(each) if isinstance(e, Adjusted)]
        return decided


def test_auto_gives_each_server_as_many_as_it_is_worth() -> None:
    desk = Auto(targets(5000))
    assert len(desk.take()) == START
    desk = Auto(targets(5000))
    decided = desk.rounds(30)
    assert [(each.origin, each.level) for each in decided[:2]] == [
        ("http://h:80", 32), ("http://h:80", 64)
    ]  # fmt: skip
    assert decided[0].reason == "no overload at 16"
    assert len(desk.take()) == 64


def test_auto_counts_for_each_server_by_itself() -> None:
    desk = Auto([*targets(100, "a"), *targets(100, "b")])
    hosts = [each.target.url[7] for each in desk.take()]
    assert (hosts.count("a"), hosts.count("b")) == (START, START)
    assert desk.scheduler.delay() is None, "an end is what is waited for"


def test_auto_steps_back_from_refusals_and_keeps_their_pause() -> None:
    desk = Auto(targets(1000))
    desk.rounds(1)
    taken = desk.take()
    assert len(taken) == 32
    served, refused = taken[:16], taken[16:]
    events = []
    for each in refused:
        each.head_arrived(BUSY)
        each.succeeded(desk.clock.now)
        events += desk.scheduler.returned(each)
    (decision,) = [event for event in events if isinstance(event, Adjusted)]
    assert (decision.level, decision.reason) == (16, "overload at 32")
    desk.answer(served, OK)
    assert desk.take() == []
    desk.clock.now += 5
    assert len(desk.take()) == 16


def test_auto_does_not_learn_from_what_made_no_request() -> None:
    flawed = [Target(n, "w", "w", "", "d", "n", flaw="it is odd") for n in range(50)]
    desk = Auto([*flawed, *targets(1)])
    assert len(desk.take()) == 51, "there is no server to be spared"


def test_auto_forgets_servers_that_nobody_would_miss(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MAX_HOSTS", 3)
    monkeypatch.setattr(lookahead, "AT_ONCE", 1)
    desk = Auto([target for host in "abcdefghij" for target in targets(1, host)])
    for _ in range(10):
        desk.answer(desk.take(1), OK)
    assert len(desk.scheduler._hosts) <= 3


def test_auto_minds_a_server_that_a_redirect_has_led_to() -> None:
    desk = Auto([*targets(1, "a"), *targets(500, "b")])
    (moved,) = desk.take(1)
    moved.head_arrived(Head(302, (("location", "http://b/x"),)))
    moved.succeeded(desk.clock.now)
    desk.answer([moved], BUSY)
    desk.clock.now += 5
    hosts = [each.target.url[7] for each in desk.take()]
    assert hosts.count("b") == START, "no more than any other server gets to begin with"


def test_auto_keeps_a_pause_however_many_servers_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MAX_HOSTS", 3)
    others = [target for host in "bcdefghij" for target in targets(1, host)]
    desk = Auto([*targets(1, "a"), *others, *targets(1, "a")])
    desk.answer(desk.take(1), BUSY)
    for _ in others:
        desk.answer(desk.take(1), OK)
    assert desk.take() == []


@pytest.mark.parametrize("status", [404, 200])
def test_auto_counts_an_answer_without_a_file_as_work(status: int) -> None:
    desk = Auto(targets(200))
    decided = []
    for _ in range(4):
        taken = desk.take()
        desk.clock.now += 0.05
        for each in taken:
            each.head_arrived(Head(status, (("content-length", "0"),)))
            if isinstance(each.succeeded(desk.clock.now), Install):
                each.installed()
            decided += [e for e in desk.scheduler.returned(each) if isinstance(e, Adjusted)]
    assert decided[0] == Adjusted("http://h:80", 32, "no overload at 16")


def test_auto_takes_what_stood_there_already_for_no_answer() -> None:
    desk = Auto(targets(500))
    there = OnDisk(784111777, 7)
    while (each := desk.scheduler.take()) is not NO_JOB:
        each.options = DownloadOptions(exists=Exists.SKIP)
        each.begin(there, None, desk.clock.now)
        assert isinstance(desk.scheduler.returned(each)[0], Finished)
    assert desk.scheduler._hosts["http://h:80"].adaptive
    assert desk.scheduler._hosts["http://h:80"].adaptive.level == START


def test_the_last_refusal_of_a_file_is_no_service() -> None:
    desk = Desk(targets(40))
    in_flight = desk.take(8)
    desk.answer(in_flight[:4], BUSY)
    desk.answer(in_flight[4:], OK)
    desk.clock.now += 5
    taken = desk.take()
    for each in taken:
        each.options = DownloadOptions(retries=0)
        each.head_arrived(Head(429, ()))
        each.succeeded(desk.clock.now)
        assert isinstance(desk.scheduler.returned(each)[0], Finished)
    assert len(desk.take()) == len(taken), "not one more"


def test_no_wait_is_longer_than_the_system_allows() -> None:
    """A server may ask for any time, and the user may allow it."""
    desk = Desk([])
    patient = DownloadOptions(retries=1, max_retry_after=1e30)
    desk.scheduler = Scheduler(targets(1), patient, desk.clock)
    desk.answer(desk.take(), Head(429, (("retry-after", "9" * 29),)))
    assert desk.scheduler.delay() == 3600


def test_a_mirror_is_tried_while_the_origin_that_refused_is_held_back() -> None:
    mirrored = Target(0, "", "", "http://h/0", "d", "0", mirrors=("http://g/0",))
    desk = Desk([mirrored, *targets(2)[1:]])
    first, second = desk.take()
    desk.answer([second], OK)
    first.head_arrived(Head(429, ()))
    first.succeeded(desk.clock.now)
    retrying, slowed = desk.scheduler.returned(first)
    assert retrying == Retrying(
        mirrored, 0.0, "429 Too Many Requests", "http://h:80", mirror="http://g/0"
    )
    assert isinstance(slowed, Slowed)
    assert slowed.origin == "http://h:80"
    (again,) = desk.take()
    assert isinstance(again.action, Request)
    assert again.action.url == "http://g/0"
    assert desk.scheduler.host("http://g:80").in_flight.keys() == {again}


def test_the_level_of_the_origin_that_was_asked_is_adjusted() -> None:
    clock = Clock()
    mirrored = [
        each._replace(mirrors=(each.url.replace("http://h/", "http://g/"),))
        for each in targets(START + 1)
    ]
    scheduler = Scheduler(mirrored, FORGIVING, clock, max_level=99)
    begun = [each for _ in range(START) if (each := scheduler.take()) is not NO_JOB]
    events: list[Event] = []
    for each in begun:
        each.begin(None, None, clock.now)
        each.failed(Disconnected("reset"), clock.now)
        clock.now += 1
        events += scheduler.returned(each)
    assert {each.origin for each in events if isinstance(each, Adjusted)} == {"http://h:80"}


def test_a_transfer_whose_room_another_worker_has_taken_keeps_its_place() -> None:
    class Contested(Limits):
        contested = True

        def start_if_allowed(self, now: float) -> Flight | None:
            return None if self.contested else super().start_if_allowed(now)

    limits = Contested()
    scheduler = Scheduler(targets(2), FORGIVING, Clock(), new_limits=lambda _: limits)
    assert scheduler.take() is NO_JOB
    assert scheduler.waiting == 1
    limits.contested = False
    taken = [scheduler.take(), scheduler.take()]
    assert [each.target.number for each in taken if each is not NO_JOB] == [0, 1]
