"""The result of a search, as text and as JSON. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

from getflags.bench.analysis.knee import Knee, known_rounds
from getflags.bench.analysis.stats import FEWEST, Estimate, middle, ratio
from getflags.bench.tune.experiment import Tuner
from getflags.core.text import counted

_MOST_REASONS = 3  # reasons of failures in a sentence; the rest is rare


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
    parts = [f"No level can be recommended, because {_nothing(tuner)}."]
    if knee:
        parts = [*_table(tuner, knee), "", f"Use -m {knee.level}.", *_why(knee)]
        if not knee.sure:
            parts.append(f"This is a guess: it takes {FEWEST} rounds to prove a difference.")
        parts += _failed(tuner)
    if tuner.overload and tuner.overload[0] > 1:  # else it is why there is no level
        level, sign = tuner.overload
        parts.append(f"The search stopped at {level}, where the server was overloaded: {sign}.")
    if tuner.capped:
        parts.append("The search stopped because another run would have exceeded --max-requests.")
    parts.append(f"{counted(tuner.spent, 'request')} {'was' if tuner.spent == 1 else 'were'} made.")
    return parts


def interrupted(tuner: Tuner) -> str:
    """Return what an interrupted search has found out so far."""
    text = f"interrupted after {counted(tuner.spent, 'request')}"
    knee = tuner.knee()
    if knee:
        certain = "" if knee.sure else " (not certain)"
        return f"{text}; the best level so far is -m {knee.level}{certain}"
    return f"{text}; {_nothing(tuner)}"


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
        "errors": dict(tuner.errors),
        "requests": tuner.spent,
    }


def _table(tuner: Tuner, knee: Knee) -> list[str]:
    """Return the levels as a table that fits 40 columns; the recommended level is marked."""
    rows = ["   -m   files/s  of best      95 %  runs"]
    for each in levels(tuner, knee):
        share = interval = ""
        if each.share:
            share = f"{each.share.middle:.0%}"
            if each.share.bounded:
                interval = f"{each.share.low * 100:.0f}-{each.share.high:.0%}"
        mark = ">" if each.level == knee.level else " "
        found = f"{mark}{each.level:4} {each.goodput:9,.1f}  {share:>7}"
        rows.append(f"{found}  {interval:>8}  {each.rounds:4}")
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


def _nothing(tuner: Tuner) -> str:
    """Return why no level has a goodput."""
    if not tuner.files:
        return "nothing was measured"
    if tuner.overload and tuner.overload[0] == 1:
        return f"the server was overloaded even by one request at a time: {tuner.overload[1]}"
    return f"nothing arrived: {_reasons(tuner.errors)}" if tuner.errors else "nothing arrived"


def _failed(tuner: Tuner) -> list[str]:
    """Return a sentence about failures that are no signs of overload."""
    errors = {reason: n for reason, n in tuner.errors.items() if not _is_overload(reason)}
    if not errors:
        return []
    failed = f"{sum(errors.values()):,} of {counted(tuner.files, 'file')} failed"
    return [f"{failed}: {_reasons(errors)}."]


def overload_signs(errors: Mapping[str, int]) -> str:
    """Return the signs of overload among errors (reason → number), as text."""
    return _reasons({reason: n for reason, n in errors.items() if _is_overload(reason)})


def _is_overload(reason: str) -> bool:
    return reason.startswith(("429", "503")) or "reset" in reason


def _reasons(errors: Mapping[str, int]) -> str:
    """Return the most frequent reasons of failures, and their numbers, as text."""
    frequent = Counter(errors).most_common(_MOST_REASONS)
    return ", ".join(
        f"{reason} ({number:,} times)" if number > 1 else reason for reason, number in frequent
    )
