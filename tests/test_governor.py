"""``-m auto`` on a virtual clock: servers whose capacity is known, and what is made of them."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from statistics import median

import pytest

from getflags.scheduling.adaptive_concurrency import MOST, START, Decision, Governor
from getflags.scheduling.goodput import Window
from tests.bench_kit import Delay

FIXED: Delay = lambda _: 0.05  # noqa: E731 - a table's entry
DELAYS: dict[str, Delay] = {"fixed": FIXED, "uniform": lambda source: source.uniform(0.05, 0.5)}


@dataclass
class Paper:
    """A server on paper, and a client that asks as often as it may.

    ``slots`` serve at a time, the others wait in line; ``refusing`` more than so many under way
    are refused, and of all others a share is ``broken``. Without a governor, ``level`` is fixed.
    """

    delay: Delay
    slots: int = 10**6
    refusing: int = 10**6
    refusal: float = 0.001  # seconds
    broken: float = 0.0
    level: int = 0
    seed: int = 0
    now: float = 0.0
    peak: int = 0
    decisions: list[Decision] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.governor = Governor()
        self._source = random.Random(self.seed)
        self._key = count()
        self._due: list[tuple[float, int, str]] = []
        self._line: deque[int] = deque()
        self._busy = self._flying = 0

    def fetch(self, files: int) -> float:
        """Return the seconds that so many files take."""
        began, waiting, done = self.now, files, 0
        while done < files:
            while waiting and self._flying < (self.level or self.governor.level):
                waiting -= 1
                self._ask()
            self.now, key, what = heappop(self._due)
            if what == "again":
                waiting += 1
                continue
            self._flying -= 1
            if what == "served":
                self._busy -= 1
                if self._line:
                    self._serve(self._line.popleft())
                what = "broken" if self._source.random() < self.broken else what
            done += what == "served"
            if what != "served":
                heappush(self._due, (self.now + self._source.uniform(0.25, 0.75), key, "again"))
            size = 12_000 if what == "served" else None
            decision = self.governor.ended(key, self.now, size, strained=size is None)
            self.decisions += [decision] if decision else []
        return self.now - began

    def _ask(self) -> None:
        key = next(self._key)
        self._flying += 1
        self.peak = max(self.peak, self._flying)
        self.governor.began(key, self.now)
        if self._flying > self.refusing:
            heappush(self._due, (self.now + self.refusal, key, "refused"))
        elif self._busy < self.slots:
            self._serve(key)
        else:
            self._line.append(key)

    def _serve(self, key: int) -> None:
        self._busy += 1
        heappush(self._due, (self.now + self.delay(self._source), key, "served"))


@pytest.mark.parametrize("slots", [4, 16, 64])
@pytest.mark.parametrize("delay", DELAYS.values(), ids=DELAYS)
def test_a_long_job_takes_hardly_longer_than_at_the_best_level(delay: Delay, slots: int) -> None:
    for seed in range(3):
        best = min(
            Paper(delay, slots, level=level, seed=seed).fetch(5000) for level in (16, 64, 256)
        )
        paper = Paper(delay, slots, seed=seed)
        assert paper.fetch(5000) <= 1.05 * best
        assert paper.peak <= 2 * max(slots, START)


def test_it_doubles_while_that_pays_up_to_a_limit() -> None:
    paper = Paper(FIXED)
    paper.fetch(20_000)
    assert [decision.level for decision in paper.decisions] == [32, 64, 128, 256]
    assert paper.decisions[0].reason == "a beginning"
    assert paper.decisions[1].reason == "32 bring 2.00 times as much as 16"
    assert paper.governor.level == MOST


def test_it_steps_back_from_what_brings_nothing_and_looks_again_ever_more_rarely() -> None:
    paper = Paper(FIXED, slots=16)
    paper.fetch(60_000)
    levels = [decision.level for decision in paper.decisions]
    assert levels[:4] == [32, 16, 32, 16]
    assert set(levels) == {16, 32}
    assert paper.decisions[1].reason.endswith("times as much only")
    assert paper.decisions[2].reason == "another look"
    assert len(levels) < 30, "13 looks of 64 files each, of 60,000"


def test_it_remembers_what_hurt_for_a_while() -> None:
    paper = Paper(FIXED, refusing=20)
    paper.fetch(10_000)  # in 31 seconds
    assert [decision.level for decision in paper.decisions] == [32, 16]
    assert paper.decisions[1].reason == "32 at a time were refused"
    paper.fetch(40_000)
    assert [decision.level for decision in paper.decisions[:4]] == [32, 16, 32, 16]
    assert paper.peak == 32


def test_a_beginning_that_is_too_much_is_halved_until_it_is_not() -> None:
    paper = Paper(FIXED, refusing=3)
    paper.fetch(1000)
    assert [decision.level for decision in paper.decisions][:3] == [8, 4, 2]
    assert paper.governor.level == 2


@pytest.mark.parametrize("broken", [0.02, 0.1, 0.2, 0.5])
def test_accidents_at_any_level_are_not_the_levels_fault(broken: float) -> None:
    longer = []
    for seed in range(10):
        best = Paper(FIXED, broken=broken, level=256, seed=seed).fetch(2000)
        paper = Paper(FIXED, broken=broken, seed=seed)
        longer.append(paper.fetch(2000) / best)
    assert median(longer) < 1.2
    assert broken == 0.5 or max(longer) < 1.25, "half is hard to tell from too many"


def test_half_as_many_explain_refusals() -> None:
    paper = Paper(FIXED, broken=0.2, seed=1)
    paper.fetch(1000)
    assert [decision.level for decision in paper.decisions[:3]] == [8, 32, 64]
    assert paper.decisions[1].reason == "8 are refused as often as 16"


def test_where_only_so_many_are_served_and_some_break_the_level_stays() -> None:
    for seed in range(10):
        paper = Paper(FIXED, slots=16, broken=0.1, seed=seed)
        best = Paper(FIXED, slots=16, broken=0.1, seed=seed, level=16).fetch(2000)
        assert paper.fetch(2000) < 1.1 * best
        assert paper.peak <= 32


def test_refusals_that_begin_later_are_looked_into() -> None:
    paper = Paper(FIXED, slots=64)
    paper.fetch(3000)
    assert paper.governor.level == 64
    before, paper.broken = len(paper.decisions), 0.3
    paper.fetch(3000)
    first, second = paper.decisions[before : before + 2]
    assert (first.level, first.reason) == (32, "64 at a time were refused")
    assert second.reason == "32 are refused as often as 64"


def test_a_false_alarm_is_found_out() -> None:
    governor = Governor()
    paper = Paper(FIXED)
    paper.governor = governor
    paper.fetch(30)
    assert governor.level == 32
    paper.broken = 0.6  # for a moment, just when the new level is looked at
    paper.fetch(12)
    assert (governor.level, paper.decisions[-1].reason) == (16, "32 at a time were refused")
    paper.broken = 0.2
    paper.fetch(2000)
    assert governor.level > 32
    assert any(each.reason == "16 are refused as often" for each in paper.decisions)


def test_a_server_that_has_become_slow_is_asked_for_less() -> None:
    paper = Paper(FIXED, slots=64)
    paper.fetch(3_000)
    assert paper.governor.level == 64
    paper.slots, paper.delay = 4, lambda _: 1.0
    paper.fetch(3_000)
    assert paper.governor.level < 64


def test_a_job_that_never_asks_for_more_proves_nothing() -> None:
    governor = Governor()
    for key in range(1000):
        governor.began(key, key)
        assert governor.ended(key, key + 0.5, 1, strained=False) is None
    assert governor.level == START


def test_one_moment_with_as_many_as_may_be_does_not_prove_what_fewer_did() -> None:
    """As where a server's pause has left a ceiling, or many servers share the slots."""
    governor, keys, now, decisions = Governor(), count(), 0.0, []
    for wave in range(400):
        many = governor.level if wave % 40 == 0 else 4
        flight = [next(keys) for _ in range(many)]
        for key in flight:
            governor.began(key, now)
        for place, key in enumerate(flight):  # four at a time are served
            decisions.append(
                governor.ended(key, now + 0.05 * (place // 4 + 1), 12_000, strained=False)
            )
        now += 0.05 * -(-many // 4)
    assert not any(decisions)


def test_what_came_without_a_request_proves_nothing() -> None:
    governor = Governor()
    for key in range(1000):
        governor.began(key, 0.0)
        governor.forget(key, 0.0)
    paper = Paper(FIXED)
    paper.governor = governor
    paper.fetch(16)
    assert [decision.level for decision in paper.decisions] == [32]


def test_a_single_latency_decides_nothing_even_at_a_low_level() -> None:
    assert not Window(1).known
    window = Window(1)
    window.end(window.begin(), 0.05, 1.0, strained=False)
    assert not window.known
    for _ in range(3):
        window.end(window.begin(), 0.0, 1.0, strained=False)
    assert window.known


def test_one_long_file_does_not_hold_up_what_is_learnt() -> None:
    paper = Paper(FIXED)
    paper.governor.began("long", 0.0)
    paper.fetch(3000)
    assert paper.governor.level == MOST
    assert paper.governor.ended("long", 1000.0, 5 * 2**30, strained=False) is None


def test_refusals_that_are_as_slow_as_answers_are_not_taken_for_the_rule() -> None:
    paper = Paper(FIXED, refusing=27, refusal=0.05)
    paper.fetch(10_000)
    assert paper.governor.level == 16
    assert next(paper._key) < 10_000 * 1.02, "hardly any is refused"


def test_a_level_that_hurts_is_not_tried_again_for_one_accident() -> None:
    paper = Paper(FIXED, refusing=30, broken=0.01)
    paper.fetch(10_000)
    assert len(paper.decisions) < 10


def test_more_than_may_be_is_never_tried() -> None:
    governor = Governor(most=5)
    assert governor.level == 5
    paper = Paper(FIXED)
    paper.governor = Governor(most=40)
    paper.fetch(5000)
    assert paper.peak == 40


def test_what_hurt_below_as_well_is_no_reason_to_step_back() -> None:
    governor, decisions = Governor(start=16, most=32), []
    for now in range(40):
        keys = [(now, number) for number in range(governor.level)]
        for key in keys:
            governor.began(key, now)
        for key in keys:  # of each round, one is cut
            cut = key[1] == 0
            size = None if cut else 12_000
            decisions.append(governor.ended(key, now + 1, size, strained=cut))
    made = [decision for decision in decisions if decision]
    assert made[0] == Decision(32, "a beginning")
    assert not any("refused" in decision.reason for decision in made)
