"""A race as told at its end: the table, what went wrong, and a sentence that says why.

Pure: standings in, lines out. The sentence says nothing that was not measured. Elapsed time is what
the targets took, taken together, divided by how many were under way at a time (Little's law), so
these two figures of the slowest and the fastest engine explain the difference.
"""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

from getflags.bench.race import Lane, Race
from getflags.core.text import brief, counted

_EQUAL = 1.1  # a ratio of times below which nobody was much faster
_ONE = 1.05  # at a time: below that, it was one at a time
_WIDTH = 80  # columns of the sentence


def ranking(race: Race) -> list[str]:
    """Return the table, what went wrong where, and why the times are as they are."""
    ranked = race.ranked()
    out = [lane for lane in race.lanes.values() if lane.trouble]
    return [
        *_table([_row(race, lane, ranked) for lane in (*ranked, *out)]),
        *(told(race, lane) for lane in out),
        *(
            f"{lane.engine}: {counted(lane.tally.failed, 'error')}, the first: "
            f"{brief(lane.tally.reason)}"
            for lane in ranked
            if lane.tally.failed
        ),
        *wrap(_why(race, ranked), _WIDTH, break_long_words=False),
    ]


def told(race: Race, lane: Lane) -> str:
    """Say of an engine that is over how it ended."""
    tally = lane.tally
    if lane.trouble:
        return f"{lane.engine} is out: {brief(lane.trouble)}"
    parts = [counted(tally.arrived, race.noun)]
    parts += [f"{tally.missing:,} not found"] if tally.missing else []
    parts += [counted(tally.failed, "error")] if tally.failed else []
    return f"{lane.engine} finished after {lane.seconds:.2f} s: {', '.join(parts)}"


def _row(race: Race, lane: Lane, ranked: Sequence[Lane]) -> dict[str, str]:
    place, seconds, ratio = "-", "-", "-"
    if lane in ranked:
        best = ranked[0].seconds
        place = str(ranked.index(lane) + 1)
        seconds, ratio = f"{lane.seconds:.2f}", f"{lane.seconds / best:.2f}"
    return {
        "place": place,
        "engine": lane.engine,
        "seconds": seconds,
        "ratio": ratio,
        f"{race.noun}s": f"{lane.tally.arrived:,}",
        "not found": f"{lane.tally.missing:,}",
        "errors": f"{lane.tally.failed:,}",
    }


def _table(rows: Sequence[dict[str, str]]) -> list[str]:
    """Line up the columns, figures to the right; codes that don't exist only where there are."""
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


def _why(race: Race, ranked: Sequence[Lane]) -> str:
    lanes = sorted((lane for lane in ranked if lane.tally.took), key=lambda lane: lane.seconds)
    if not lanes:
        return ""
    fastest, slowest = lanes[0], lanes[-1]
    begin = f"On the average a {race.noun} took"
    if fastest is slowest:
        return f"{begin} {_so(fastest)}."
    if slowest.seconds >= _EQUAL * fastest.seconds:
        return f"{begin} {_so(slowest)}; and {_so(fastest)}."
    few, many = (f"{pick(map(_level, lanes)):.1f}" for pick in (min, max))
    levels = few if few == many else f"{few} to {many}"
    return (
        f"Nobody was much faster: everybody had {levels} {race.noun}s under way at a time, "
        "on the average."
    )


def _so(lane: Lane) -> str:
    each = lane.tally.took / lane.tally.done
    figure = f"{each:.2f} s" if each >= 1 else f"{each * 1000:.1f} ms"
    if lane.engine == "sequential" and _level(lane) < _ONE:  # more where some waited for a retry
        manner = f"fetched one after the other, {lane.tally.took:.2f} s in a row"
    else:
        manner = f"had {_level(lane):.1f} under way at a time"
    return f"{figure} with {lane.engine}, which {manner}"


def _level(lane: Lane) -> float:
    """Return how many targets were under way at a time, on the average."""
    return lane.tally.took / lane.seconds
