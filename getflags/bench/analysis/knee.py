"""The knee: the smallest level that does as well as the best, as far as can be told.

Pure. Goodput of several rounds for each level goes in; a level, its reason, and what else would do
come out. "As well" means: no difference can be claimed, or the difference is of no interest.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from getflags.bench.analysis.stats import FEWEST, Estimate, estimate, middle, paired

#: A level that reaches so much of the best one's goodput is as good, even if surely a little less.
NEAR = 0.95


class Knee(NamedTuple):
    """What to use, and between which levels there is nothing to choose.

    ``against`` is the knee's goodput over the best level's; ``below`` the next smaller level's, or
    None where there was none. ``sure`` is false where too few rounds were run to claim anything.
    """

    level: int
    best: int
    highest: int  # the largest level that does as well
    against: Estimate
    below: Estimate | None
    sure: bool


def find(goodput: Mapping[int, Mapping[int, float]]) -> Knee | None:
    """Return the knee; None where nothing was ever got.

    ``goodput`` is level → round → anything a second; rounds in which nothing came don't count.
    """
    known = known_rounds(goodput)
    if not known:
        return None
    best = max(known, key=lambda level: middle(known[level].values()))
    against = {
        level: estimate(ratios)
        for level, rounds in known.items()
        if (ratios := paired(rounds, known[best]))
    }
    equals = [level for level, ratio in against.items() if as_good(ratio)]
    levels = list(against)
    place = levels.index(equals[0])
    return Knee(
        equals[0],
        best,
        equals[-1],
        against[equals[0]],
        against[levels[place - 1]] if place else None,
        all(ratio.rounds >= FEWEST for ratio in against.values()),
    )


def known_rounds(goodput: Mapping[int, Mapping[int, float]]) -> dict[int, dict[int, float]]:
    """Return the levels in order, with the rounds in which something came."""
    return {
        level: found
        for level, rounds in sorted(goodput.items())
        if (found := {number: value for number, value in rounds.items() if value > 0})
    }


def as_good(ratio: Estimate) -> bool:
    """Whether something that reaches this share of the best one's goodput does as well.

    A single pair is taken as it is: its interval holds everything, and would excuse anything.
    """
    return ratio.middle >= NEAR or (ratio.rounds > 1 and ratio.high >= 1)
