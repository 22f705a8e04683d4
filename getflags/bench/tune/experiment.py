"""Which level to measure next, and when to stop: the experiment behind ``getflags tune``.

Pure: asked for a trial (``next``), told what came of it (``take``). First it climbs, 1, 2, 4, ...,
until two doublings in a row bring nothing, or one hurts; then it measures the levels that may be
the answer again, in rounds, each in another order, so that a machine or a network that changes
does so for all of them.
"""

from __future__ import annotations

import math
import random
from typing import NamedTuple

from getflags.bench.analysis.knee import Knee, find
from getflags.bench.analysis.stats import pairs
from getflags.bench.measure import steady_state

ROUNDS = 6  # one more than the fewest from which a difference may be claimed
_GAIN = 1.1  # what a doubling must bring to be worth the next one
_HOPELESS = 0.35  # of the best: half the slots bring half, and are worth a look; a quarter aren't
_ENOUGH = 0.9  # of the best: one doubling beyond that will do


class Trial(NamedTuple):
    """One run: so many targets, so many at a time."""

    level: int
    round: int
    files: int


class Sample(NamedTuple):
    """What came of a trial: goodput in anything a second, requests made, and signs of pain.

    ``pain`` is in words, empty where the server said nothing: 429, 503, connections reset.
    """

    goodput: float
    requests: int
    pain: str = ""


class Tuner:
    """An experiment. ``highest`` is the largest level to try, ``most`` the requests to spend."""

    def __init__(self, *, highest: int, most: int, rounds: int = ROUNDS, seed: int = 0) -> None:
        self.spent = 0
        self._files = 0  # that they were for: redirects and retries cost more than one each
        self.goodput: dict[int, dict[int, float]] = {}
        self.hurt: tuple[int, str] | None = None  # the level that hurt, and how it showed
        self.capped = False
        self._highest = highest
        self._most = most
        self._rounds = rounds
        self._source = random.Random(seed)  # noqa: S311 - an order, repeatable
        self._level = 1
        self._barren = 0  # doublings in a row that brought nothing
        self._round = 0
        self._turn: list[int] = []

    def next(self) -> Trial | None:
        """Return what to measure now; None when all is done."""
        level = self._climb() if self._round == 0 else None
        level = level or self._again()
        if level is None:
            return None
        trial = Trial(level, self._round, steady_state.fewest(level))
        dear = self.spent / self._files if self._files else 1.0
        if self.spent + math.ceil(trial.files * max(1.0, dear)) > self._most:
            self.capped = True
            return None
        return trial

    def take(self, trial: Trial, sample: Sample) -> None:
        """Take what came of a trial."""
        self.spent += sample.requests
        self._files += trial.files
        if sample.pain:
            self.hurt = trial.level, sample.pain
            self._highest = trial.level // 2
            for level in [level for level in self.goodput if level > self._highest]:
                del self.goodput[level]
            self._turn = [level for level in self._turn if level <= self._highest]
            return
        if trial.round == 0:
            before = max((rounds[0] for rounds in self.goodput.values()), default=0.0)
            self._barren = 0 if sample.goodput > before * _GAIN else self._barren + 1
            self._level *= 2
        self.goodput.setdefault(trial.level, {})[trial.round] = sample.goodput

    def knee(self) -> Knee | None:
        """Return the answer, from what is known so far; None where nothing was ever got."""
        candidates = self._candidates()
        return find({level: self.goodput[level] for level in candidates}, pairs(len(candidates)))

    def _climb(self) -> int | None:
        more = self._level <= self._highest and self._barren < 2  # noqa: PLR2004 - in a row
        return self._level if more else None

    def _again(self) -> int | None:
        """Return the next level of the round, or of the next round."""
        if not self._turn:
            self._round += 1
            if self._round < self._rounds:
                self._turn = self._candidates()
                self._source.shuffle(self._turn)
        return self._turn.pop() if self._turn else None

    def _candidates(self) -> list[int]:
        """Return the levels that may be the answer, judged by the climb."""
        first = {level: rounds[0] for level, rounds in self.goodput.items() if 0 in rounds}
        best = max(first.values(), default=0.0)
        enough = min((level for level in first if first[level] >= best * _ENOUGH), default=0)
        return [
            level
            for level, goodput in sorted(first.items())
            if goodput > best * _HOPELESS and level <= 2 * enough
        ]
