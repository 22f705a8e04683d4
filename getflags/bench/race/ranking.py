"""The report at the end of a race: the ranking, the failures, and an explanation.

Pure. Elapsed time is the sum of the targets' durations divided by the mean concurrency (Little's
law), so these two figures of the slowest and the fastest engine explain their difference.
"""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

from getflags.bench.race.standings import Race, Standing
from getflags.core.text import brief, counted

_EQUAL = 1.1  # engines with a smaller ratio of times count as equally fast
_NOTABLE = 0.1  # of the time: a start-up that takes less is not mentioned
_ONE = 1.05  # a mean concurrency below this counts as 1
_WIDTH = 80  # columns


def ranking(race: Race) -> list[str]:
    """Return the ranking, the failures, and an explanation of the times, as lines."""
    ranked = race.ranked()
    out = [standing for standing in race.standings.values() if standing.trouble]
    return [
        *_table([_row(race, standing, ranked) for standing in (*ranked, *out)]),
        *(ending(race, standing) for standing in out),
        *(
            f"{standing.engine}: {counted(standing.tally.failed, 'error')}, the first: "
            f"{brief(standing.tally.reason)}"
            for standing in ranked
            if standing.tally.failed
        ),
        *wrap(f"{_why(race, ranked)} {_start_up(ranked)}".strip(), _WIDTH, break_long_words=False),
    ]


def ending(race: Race, standing: Standing) -> str:
    """Return a sentence about how an engine ended."""
    tally = standing.tally
    if standing.trouble:
        return f"{standing.engine} is out: {brief(standing.trouble)}"
    parts = [counted(tally.arrived, race.noun)]
    parts += [f"{tally.missing:,} not found"] if tally.missing else []
    parts += [counted(tally.failed, "error")] if tally.failed else []
    return f"{standing.engine} finished after {standing.seconds:.2f} s: {', '.join(parts)}"


def _row(race: Race, standing: Standing, ranked: Sequence[Standing]) -> dict[str, str]:
    place, seconds, ratio = "-", "-", "-"
    if standing in ranked:
        best = ranked[0].seconds
        place = str(ranked.index(standing) + 1)
        seconds, ratio = f"{standing.seconds:.2f}", f"{standing.seconds / best:.2f}"
    return {
        "place": place,
        "engine": standing.engine,
        "seconds": seconds,
        "ratio": ratio,
        f"{race.noun}s": f"{standing.tally.arrived:,}",
        "not found": f"{standing.tally.missing:,}",
        "errors": f"{standing.tally.failed:,}",
    }


def _table(rows: Sequence[dict[str, str]]) -> list[str]:
    """Align the columns; "not found" appears only if some code was not found."""
    missing = any(row["not found"] != "0" for row in rows)
    columns = [name for name in rows[0] if name != "not found" or missing]
    shown = [dict(zip(columns, columns, strict=True)), *rows]
    widths = {name: max(len(row[name]) for row in shown) for name in columns}
    return [
        "  ".join(
            f"{row[name]:<{widths[name]}}" if name == "engine" else f"{row[name]:>{widths[name]}}"
            for name in columns
        )
        for row in shown
    ]


def _why(race: Race, ranked: Sequence[Standing]) -> str:
    standings = sorted(
        (standing for standing in ranked if standing.tally.took),
        key=lambda standing: standing.seconds,
    )
    if not standings:
        return ""
    fastest, slowest = standings[0], standings[-1]
    begin = f"On average, a {race.noun} took"
    if fastest is slowest:
        return f"{begin} {_average(fastest)}."
    if slowest.seconds >= _EQUAL * fastest.seconds:
        return f"{begin} {_average(slowest)}; and {_average(fastest)}."
    few, many = (f"{pick(map(_level, standings)):.1f}" for pick in (min, max))
    levels = few if few == many else f"{few} to {many}"
    return f"No engine was much faster: each had {levels} {race.noun}s in flight on average."


def _start_up(ranked: Sequence[Standing]) -> str:
    """Return a sentence about the start-up of the engine that lost the largest share by it."""
    standing = max(ranked, key=lambda each: each.start_up / each.seconds, default=None)
    if standing is None or standing.start_up < _NOTABLE * standing.seconds:
        return ""
    text = f"{_seconds(standing.start_up)} passed before the first request of {standing.engine}"
    return f"Start-up counts: {text}."


def _seconds(value: float) -> str:
    return f"{value:.2f} s" if value >= 1 else f"{value * 1000:.1f} ms"


def _average(standing: Standing) -> str:
    each = standing.tally.took / standing.tally.done
    # The mean concurrency of the sequential engine exceeds 1 if targets waited for a retry.
    if standing.engine == "sequential" and _level(standing) < _ONE:
        manner = f"downloaded one after another, {standing.tally.took:.2f} s in all"
    else:
        manner = f"had {_level(standing):.1f} in flight"
    return f"{_seconds(each)} with {standing.engine}, which {manner}"


def _level(standing: Standing) -> float:
    """Return the mean concurrency."""
    return standing.tally.took / standing.seconds
