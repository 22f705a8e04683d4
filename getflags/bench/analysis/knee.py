"""The knee: the smallest level whose goodput matches that of the best level.

Pure. A level matches the best one if it reaches 95 % of its goodput, or if the difference between
them is not proven. A level that reaches less than two thirds is never recommended, even if the
rounds are too few or too noisy to prove a difference.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, TypeVar

from getflags.bench.analysis.stats import FEWEST, Estimate, differs, middle, ratio

#: A level with this share of the best level's goodput matches it, even if the gap is proven.
NEAR = 0.95
_FLOOR = 2 / 3  # of the best level's goodput; a level below this is never recommended

_Round = TypeVar("_Round")


class Knee(NamedTuple):
    """The recommended level, and the highest level whose goodput matches that of the best one.

    ``ratios`` maps each level to its goodput divided by the best level's; it lacks levels that
    share no round with the best one. The interval of each ratio is corrected for
    ``comparisons`` comparisons.
    """

    level: int
    best: int
    highest: int  # the highest level that matches the best one
    ratios: Mapping[int, Estimate]
    comparisons: int

    @property
    def against(self) -> Estimate:
        """The knee's goodput divided by the best level's."""
        return self.ratios[self.level]

    @property
    def below(self) -> Estimate | None:
        """The next smaller level's goodput divided by the best's; None without such a level."""
        smaller = [level for level in self.ratios if level < self.level]
        return self.ratios[smaller[-1]] if smaller else None

    @property
    def gains(self) -> bool:
        """Whether the next smaller level, if any, is proven to have less goodput."""
        return self.below is None or differs(self.below)

    @property
    def limited(self) -> bool:
        """Whether the next level above ``highest``, if any, is proven to have less goodput."""
        larger = [level for level in self.ratios if level > self.highest]
        return not larger or differs(self.ratios[larger[0]])

    @property
    def sure(self) -> bool:
        """Whether there were enough rounds to prove a difference."""
        return all(found.rounds >= FEWEST for found in self.ratios.values())


def find(goodput: Mapping[int, Mapping[_Round, float]], comparisons: int) -> Knee | None:
    """Return the knee; None if no level has goodput.

    ``goodput`` maps levels to rounds to goodput, in any unit per second. A round without goodput
    does not count. ``comparisons`` is the number of simultaneous comparisons.
    """
    known = known_rounds(goodput)
    if not known:
        return None
    best = max(known, key=lambda level: middle(known[level].values()))
    ratios = {
        level: found
        for level, rounds in known.items()
        if (found := ratio(rounds, known[best], comparisons))
    }
    equals = [level for level, found in ratios.items() if matches_best(found)]
    return Knee(equals[0], best, equals[-1], ratios, comparisons)


def known_rounds(
    goodput: Mapping[int, Mapping[_Round, float]],
) -> dict[int, dict[_Round, float]]:
    """Return the levels in order, each with its rounds that have goodput."""
    return {
        level: found
        for level, rounds in sorted(goodput.items())
        if (found := {number: value for number, value in rounds.items() if value > 0})
    }


def matches_best(found: Estimate) -> bool:
    """Return whether a level with this ratio to the best level matches it.

    If there are too few rounds, the mean ratio alone decides: with an unbounded interval, every
    level would match.
    """
    if found.middle >= NEAR:
        return True
    return found.rounds >= FEWEST and found.middle >= _FLOOR and not differs(found)
