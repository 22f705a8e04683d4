"""The knee: the smallest level whose goodput is as good as the best level's.

Pure. A level is as good as the best one if it reaches 95 % of its goodput, or if the difference
between them is not proven. A level that reached less than two thirds is not recommended even if
few or noisy rounds prove nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, TypeVar

from getflags.bench.analysis.stats import FEWEST, Estimate, differs, middle, ratio

#: A level with this share of the best level's goodput is as good, even if it is proven to be less.
NEAR = 0.95
_FLOOR = 2 / 3  # of the best level's goodput: less is not recommended, proven or not

_Round = TypeVar("_Round")


class Knee(NamedTuple):
    """The recommended level, and up to which level the goodput is as good.

    ``ratios`` is level → goodput over the best level's, for the levels that share a round with it.
    Each is one of ``comparisons`` simultaneous intervals.
    """

    level: int
    best: int
    highest: int  # the largest level that is as good
    ratios: Mapping[int, Estimate]
    comparisons: int

    @property
    def against(self) -> Estimate:
        """The knee's goodput over the best level's."""
        return self.ratios[self.level]

    @property
    def below(self) -> Estimate | None:
        """The next smaller level's goodput over the best level's; None if there is none."""
        smaller = [level for level in self.ratios if level < self.level]
        return self.ratios[smaller[-1]] if smaller else None

    @property
    def gains(self) -> bool:
        """Whether the next smaller level, if any, is proven to bring less than the best one."""
        return self.below is None or differs(self.below)

    @property
    def limited(self) -> bool:
        """Whether the next level above ``highest``, if any, is proven to bring less."""
        larger = [level for level in self.ratios if level > self.highest]
        return not larger or differs(self.ratios[larger[0]])

    @property
    def sure(self) -> bool:
        """Whether there were enough rounds to prove a difference."""
        return all(found.rounds >= FEWEST for found in self.ratios.values())


def find(goodput: Mapping[int, Mapping[_Round, float]], comparisons: int) -> Knee | None:
    """Return the knee; None if no level has goodput.

    ``goodput`` is level → round → anything a second. A round without goodput does not count.
    ``comparisons`` is the number of comparisons that are made at the same time.
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
    equals = [level for level, found in ratios.items() if as_good(found)]
    return Knee(equals[0], best, equals[-1], ratios, comparisons)


def known_rounds(
    goodput: Mapping[int, Mapping[_Round, float]],
) -> dict[int, dict[_Round, float]]:
    """Return the levels in order, with the rounds that have goodput."""
    return {
        level: found
        for level, rounds in sorted(goodput.items())
        if (found := {number: value for number, value in rounds.items() if value > 0})
    }


def as_good(found: Estimate) -> bool:
    """Return whether a level with this ratio to the best one is as good.

    A ratio of too few rounds is taken at face value: its unbounded interval would excuse anything.
    """
    if found.middle >= NEAR:
        return True
    return found.rounds >= FEWEST and found.middle >= _FLOOR and not differs(found)
