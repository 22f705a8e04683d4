"""The search algorithm of ``getflags tune``, which chooses the next level and decides when to stop.

Pure: ``next`` returns a trial, and ``take`` receives its outcome. The search first climbs 1, 2, 4,
... until two doublings in a row bring no gain, or until the server shows overload. It then measures
the candidates again in rounds, each in another order, so that changes in the speed of the machine
or the network affect all of them alike.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from getflags.bench.analysis.knee import Knee, find
from getflags.bench.analysis.stats import pairs
from getflags.bench.measure import steady_state

ROUNDS = 6  # one round more than it takes to prove a difference
_GAIN = 1.1  # the minimum gain of a doubling after which the level is doubled again
# A share of the best goodput, between a half (a candidate) and a quarter (not a candidate).
_HOPELESS = 0.35
_ENOUGH = 0.9  # of the best goodput; candidates are at most twice the first level that has it


class Trial(NamedTuple):
    """One run: a number of targets at a concurrency level."""

    level: int
    round: int
    files: int


class Sample(NamedTuple):
    """The outcome of a trial: goodput in any unit per second, requests, and failures.

    ``overload`` describes 429, 503 and connection resets as text; empty if there were none.
    ``errors`` has the number of failed targets by reason.
    """

    goodput: float
    requests: int
    overload: str = ""
    errors: Mapping[str, int] = MappingProxyType({})


class Tuner:
    """A search for the best level.

    ``highest`` is the largest level, and ``most`` is the maximum number of requests.
    """

    def __init__(self, *, highest: int, most: int, rounds: int = ROUNDS, seed: int = 0) -> None:
        self.spent = 0
        self.files = 0  # number of targets so far; redirects and retries cost further requests
        self.errors: Counter[str] = Counter()  # failed targets by reason
        self.goodput: dict[int, dict[int, float]] = {}
        self.overload: tuple[int, str] | None = None  # the level of an overload, and its signs
        self.capped = False
        self._highest = highest
        self._most = most
        self._rounds = rounds
        self._source = random.Random(seed)  # noqa: S311 - a reproducible order
        self._level = 1
        self._without_gain = 0  # doublings in a row
        self._round = 0
        self._turn: list[int] = []

    def next(self) -> Trial | None:
        """Return the next trial; None when the search is over."""
        level = self._climb() if self._round == 0 else None
        level = level or self._next_in_round()
        if level is None:
            return None
        trial = Trial(level, self._round, steady_state.fewest(level))
        cost = self.spent / self.files if self.files else 1.0  # requests per target
        if self.spent + math.ceil(trial.files * max(1.0, cost)) > self._most:
            self.capped = True
            return None
        return trial

    def take(self, trial: Trial, sample: Sample) -> None:
        """Record the outcome of a trial."""
        self.spent += sample.requests
        self.files += trial.files
        self.errors.update(sample.errors)
        if sample.overload:
            self.overload = trial.level, sample.overload
            self._highest = trial.level // 2
            for level in [level for level in self.goodput if level > self._highest]:
                del self.goodput[level]
            self._turn = [level for level in self._turn if level <= self._highest]
            return
        if trial.round == 0:
            before = max((rounds[0] for rounds in self.goodput.values()), default=0.0)
            self._without_gain = 0 if sample.goodput > before * _GAIN else self._without_gain + 1
            self._level *= 2
        self.goodput.setdefault(trial.level, {})[trial.round] = sample.goodput

    def knee(self) -> Knee | None:
        """Return the knee according to the trials so far; None if no trial had goodput."""
        candidates = self._candidates()
        return find({level: self.goodput[level] for level in candidates}, pairs(len(candidates)))

    def _climb(self) -> int | None:
        more = self._level <= self._highest and self._without_gain < 2  # noqa: PLR2004 - doublings
        return self._level if more else None

    def _next_in_round(self) -> int | None:
        """Return the next level of the round, or of the next round."""
        if not self._turn:
            self._round += 1
            if self._round < self._rounds:
                self._turn = self._candidates()
                self._source.shuffle(self._turn)
        return self._turn.pop() if self._turn else None

    def _candidates(self) -> list[int]:
        """Return the candidates for the knee, chosen by their goodput in the climb."""
        first = {level: rounds[0] for level, rounds in self.goodput.items() if 0 in rounds}
        best = max(first.values(), default=0.0)
        enough = min((level for level in first if first[level] >= best * _ENOUGH), default=0)
        return [
            level
            for level, goodput in sorted(first.items())
            if goodput > best * _HOPELESS and level <= 2 * enough
        ]
