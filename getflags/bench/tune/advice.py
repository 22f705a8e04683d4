"""The result of a search, as text and as JSON. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from getflags.bench.analysis.knee import Knee, known_rounds
from getflags.bench.analysis.stats import FEWEST, Estimate, middle, ratio
from getflags.bench.tune.experiment import Tuner
from getflags.core.text import counted


class Level(NamedTuple):
    """One level, its mean goodput, and its share of the best level's goodput."""

    level: int
    goodput: float
    share: Estimate | None  # None if it shares no round with the best level
    rounds: int


def levels(tuner: Tuner, knee: Knee) -> list[Level]:
    """Return the figures of each level, in order."""
    known = known_rounds(tuner.goodput)
    found = []
    for level, rounds in known.items():
        share = ratio(rounds, known[knee.best], knee.comparisons)
        found.append(Level(level, middle(rounds.values()), share, len(rounds)))
    return found


def lines(tuner: Tuner, knee: Knee | None) -> list[str]:
    """Return the result as lines of text."""
    parts = ["No level can be recommended: nothing arrived."]
    if knee:
        parts = [*_table(tuner, knee), "", f"Use -m {knee.level}.", *_why(knee)]
        if not knee.sure:
            parts.append(f"This is a guess: it takes {FEWEST} rounds to prove a difference.")
    if tuner.overload:
        level, sign = tuner.overload
        parts.append(f"The search stopped at {level}, where the server was overloaded: {sign}.")
    if tuner.capped:
        parts.append("The search stopped because another run would have exceeded --max-requests.")
    parts.append(f"{counted(tuner.spent, 'request')} {'was' if tuner.spent == 1 else 'were'} made.")
    return parts


def values(tuner: Tuner, knee: Knee | None) -> dict[str, Any]:
    """Return the result as values for JSON."""
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
        "hurt": tuner.overload and {"level": tuner.overload[0], "sign": tuner.overload[1]},
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
    """Return the reasons for the level, and the range of levels that match the best one."""
    if knee.level == knee.best:
        first = f"No level brought more than {knee.level}"
    else:
        first = f"{knee.level} brought {knee.against.middle:.0%} of the best ({knee.best})"
    if knee.below:
        unsure = "" if knee.gains else " (which may be chance)"
        parts = [f"{first}; half as many brought {knee.below.middle:.0%} of it{unsure}."]
    else:
        parts = [f"{first}."]
    if knee.highest > knee.level:
        parts.append(
            f"No difference was found from {knee.level} to {knee.highest}; the smallest level loads"
            " the server least."
        )
    return parts


def overload_signs(errors: Mapping[str, int]) -> str:
    """Return the signs of overload among errors (reason → number), as text."""
    signs = [
        f"{reason} ({number:,} times)" if number > 1 else reason
        for reason, number in errors.items()
        if reason.startswith(("429", "503")) or "reset" in reason
    ]
    return ", ".join(signs)
