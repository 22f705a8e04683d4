"""What an experiment advises, in words, as a table, and as JSON. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from getflags.bench.analysis.knee import Knee, known_rounds
from getflags.bench.analysis.stats import FEWEST, Estimate, differs, middle, ratio
from getflags.bench.tune.experiment import Tuner
from getflags.core.text import counted


class Level(NamedTuple):
    """One level as it was found: goodput in the middle, and as a share of the best level's."""

    level: int
    goodput: float
    share: Estimate | None  # None where it never met the best one in a round
    rounds: int


def levels(tuner: Tuner, knee: Knee) -> list[Level]:
    """Return what is known of each level, in order."""
    known = known_rounds(tuner.goodput)
    found = []
    for level, rounds in known.items():
        share = ratio(rounds, known[knee.best], knee.comparisons)
        found.append(Level(level, middle(rounds.values()), share, len(rounds)))
    return found


def lines(tuner: Tuner, knee: Knee | None) -> list[str]:
    """Return what to tell a person."""
    told = ["Nothing can be advised: nothing arrived."]
    if knee:
        told = [*_table(tuner, knee), "", f"Use -m {knee.level}.", *_why(knee)]
        if not knee.sure:
            told.append(f"That is a guess: it takes {FEWEST} rounds to be sure of a difference.")
    if tuner.hurt:
        level, sign = tuner.hurt
        told.append(f"It stopped at {level}, where the server began to suffer: {sign}.")
    if tuner.capped:
        told.append("It stopped where one more run would have been too many (--max-requests).")
    told.append(f"{counted(tuner.spent, 'request')} {'was' if tuner.spent == 1 else 'were'} made.")
    return told


def values(tuner: Tuner, knee: Knee | None) -> dict[str, Any]:
    """Return the same for a program."""
    return {
        "level": knee and knee.level,
        "flag": knee and f"-m {knee.level}",
        "best": knee and knee.best,
        "highest": knee and knee.highest,
        "sure": bool(knee and knee.sure),
        "levels": [
            {
                "level": each.level,
                "goodput": each.goodput,
                "share": each.share and each.share.middle,
                "low": each.share and each.share.low,
                "high": each.share.high if each.share and each.share.bounded else None,
                "rounds": each.rounds,
            }
            for each in (levels(tuner, knee) if knee else ())
        ],
        "hurt": tuner.hurt and {"level": tuner.hurt[0], "sign": tuner.hurt[1]},
        "capped": tuner.capped,
        "requests": tuner.spent,
    }


def _table(tuner: Tuner, knee: Knee) -> list[str]:
    rows = ["  -m   files/s   of the best      95 %        rounds"]
    for each in levels(tuner, knee):
        share, interval = " " * 8, ""
        if each.share:
            share = f"{each.share.middle:8.0%}"
            if each.share.bounded:
                interval = f"{each.share.low:4.0%} to {each.share.high:4.0%}"
        mark = "  <" if each.level == knee.level else ""
        found = f"{each.level:4}  {each.goodput:8,.1f}   {share}"
        rows.append(f"{found}     {interval:14} {each.rounds:5}{mark}")
    return rows


def _why(knee: Knee) -> list[str]:
    """Say why this level, and what else would do."""
    if knee.level == knee.best:
        first = f"No level brought more than {knee.level}"
    else:
        first = f"{knee.level} brought {knee.against.middle:.0%} of the best ({knee.best})"
    if knee.below:
        unsure = "" if differs(knee.below) else " (which may be chance)"
        told = [f"{first}; half as many brought {knee.below.middle:.0%} of it{unsure}."]
    else:
        told = [f"{first}."]
    if knee.highest > knee.level:
        told.append(
            f"Between {knee.level} and {knee.highest} there is nothing to choose; the fewest cost"
            " the server least."
        )
    return told


def pain(errors: Mapping[str, int]) -> str:
    """Return the signs that a server suffers, in words; ``errors``: reasons and their numbers."""
    signs = [
        f"{reason} ({number:,} times)" if number > 1 else reason
        for reason, number in errors.items()
        if reason.startswith(("429", "503")) or "reset" in reason
    ]
    return ", ".join(signs)
