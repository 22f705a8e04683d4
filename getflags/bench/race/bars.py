"""The progress bars of a race: one line of text per engine, for a terminal of any width.

Pure. The functions format the standings at a given time. No text from a server appears in the
lines.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from getflags.bench.race.standings import Race, Standing
from getflags.core.text import counted

_EIGHTHS = " ▏▎▍▌▋▊▉█"
_SHORTEST = 10  # columns; figures beside a bar are dropped to keep this width
_GAP = "  "
_COLOUR = re.compile(r"\x1b\[\d*m")
_CYAN, _GREEN, _YELLOW, _RED = 36, 32, 33, 31


class BarStyle(NamedTuple):
    """The terminal's width in columns, and whether it shows block characters and colours."""

    width: int
    blocks: bool = True
    colours: bool = False


class _Text(NamedTuple):
    """The text beside a bar."""

    name: str
    ended: str
    rate: str
    time: str
    errors: str
    place: str


#: The order in which figures are dropped on a narrow terminal; the name is kept.
_EXPENDABLE = ("rate", "errors", "ended", "time", "place")


def lines(race: Race, now: float, style: BarStyle) -> list[str]:
    """Return one line for each engine; the last column is unused, as a terminal may wrap there."""
    texts = [_text(race, standing, now) for standing in race.standings.values()]
    width = style.width - 1
    columns = _columns(texts, width, most=f"{race.total:,}/{race.total:,}")
    used = sum(columns.values()) + len(_GAP) * len(columns)
    shown = []
    for standing, text in zip(race.standings.values(), texts, strict=True):
        name = f"{text.name:<{columns['name']}}"[: max(0, width)]
        bar = _bar(race, standing, width - used, style) if width > used else ""
        rest = [f"{getattr(text, each):>{columns[each]}}" for each in columns if each != "name"]
        shown.append(_GAP.join([name, *([bar] if bar else []), *rest]).rstrip())
    return shown


def visible(line: str) -> int:
    """Return the number of columns that a line occupies, without its colour codes."""
    return len(_COLOUR.sub("", line))


def ordinal(place: int) -> str:
    """Return ``1st``, ``2nd``, ``3rd``, ``4th``; there are only four engines."""
    return f"{place}{({1: 'st', 2: 'nd', 3: 'rd'}).get(place, 'th')}"


def _text(race: Race, standing: Standing, now: float) -> _Text:
    elapsed, tally = standing.elapsed(now), standing.tally
    place = race.place(standing)
    waiting = standing.began is None and not standing.over
    return _Text(
        standing.engine,
        f"{tally.done:,}/{race.total:,}",
        f"{tally.done / elapsed:,.1f}/s" if elapsed else "",
        "waits" if waiting else f"{elapsed:,.1f} s",
        counted(tally.failed, "error") if tally.failed else "",
        "out" if standing.trouble else ordinal(place) if place else "",
    )


def _columns(texts: Sequence[_Text], width: int, most: str) -> dict[str, int]:
    """Return the widths of the columns beside the bar, omitting columns that do not fit."""
    # Typical widths, so that the width of the bars seldom changes.
    widest = _Text("", most, "100.0/s", "100.0 s", "", "1st")
    columns = {
        name: max(len(getattr(text, name)) for text in (widest, *texts)) for name in _Text._fields
    }
    if not columns["errors"]:
        del columns["errors"]
    for name in _EXPENDABLE:
        if sum(columns.values()) + len(_GAP) * len(columns) + _SHORTEST <= width:
            break
        columns.pop(name, None)
    return columns


def _bar(race: Race, standing: Standing, width: int, style: BarStyle) -> str:
    full = width * 8 * standing.tally.done // race.total
    if style.blocks:
        filled = _EIGHTHS[8] * (full // 8) + (_EIGHTHS[full % 8] if full % 8 else "")
    else:
        filled = "#" * (full // 8)
    rest = ("░" if style.blocks else ".") * (width - len(filled))
    return (_painted(filled, _colour(standing)) if style.colours else filled) + rest


def _painted(text: str, colour: int) -> str:
    return f"\x1b[{colour}m{text}\x1b[m"


def _colour(standing: Standing) -> int:
    if standing.trouble:
        return _RED
    if standing.tally.failed:
        return _YELLOW
    return _GREEN if standing.finished else _CYAN
