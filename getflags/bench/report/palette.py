"""The palette: a light and a dark colour for each role, and the look of each series.

Pure. Drawings are made in the light colours; a page or an SVG file replaces each of them with a CSS
variable, so that one drawing follows the reader's theme. The eight series colours were chosen by
search: they are distinct under the three kinds of colour blindness, in either theme. Markers and
dashes distinguish the series without any colour.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

LIGHT = {
    "paper": "#ffffff",
    "ink": "#1f2328",
    "faint": "#59636e",
    "grid": "#d8dee4",
    "accent": "#0a5fc4",
    "s0": "#518bec",
    "s1": "#cd7543",
    "s2": "#043b20",
    "s3": "#8b3c8f",
    "s4": "#595204",
    "s5": "#520682",
    "s6": "#3e838f",
    "s7": "#bf4b48",
}
DARK = {
    "paper": "#0d1117",
    "ink": "#f0f6fc",
    "faint": "#9aa2ab",
    "grid": "#30363d",
    "accent": "#6cb0ff",
    "s0": "#4d7be8",
    "s1": "#ea9440",
    "s2": "#9bfad9",
    "s3": "#a93f84",
    "s4": "#fcda1b",
    "s5": "#b7b2fe",
    "s6": "#5ab0ba",
    "s7": "#d64238",
}
SERIES = 8  # colours; further series reuse them with another dash
MARKERS = "osD^vPX*"  # one marker for each colour
DASHES = ("-", (0, (4, 1.6)), (0, (1, 1.2)), (0, (5, 1.2, 1, 1.2)))
_KNOWN = (
    "asyncio",
    "threads",
    "processes",
    "sequential",
)  # these engines look the same in every report


class Look(NamedTuple):
    """How a series is drawn: its engine's colour and marker, its client's dashes.

    The markers of the first client are filled; the markers of the others are hollow.
    """

    role: str
    marker: str
    dash: str | tuple[float, tuple[float, ...]]
    filled: bool


def looks(pairs: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Look]:
    """Return the look of each engine and client; all differ unless there are too many."""
    pairs = sorted(set(pairs))
    strangers = sorted({engine for engine, _ in pairs} - set(_KNOWN))
    engines = [*_KNOWN, *strangers]
    clients = sorted({client for _, client in pairs})
    found = {}
    for engine, client in pairs:
        turn, color = divmod(engines.index(engine), SERIES)
        dash = clients.index(client) + turn * len(clients)
        found[engine, client] = Look(
            f"s{color}", MARKERS[color], DASHES[dash % len(DASHES)], filled=dash == 0
        )
    return found


def stylesheet(scope: str) -> str:
    """Return CSS variables for all roles; printed pages always use the light colours."""
    return (
        f"{scope} {{ color-scheme: light; {_variables(LIGHT)} }}\n"
        f"@media screen and (prefers-color-scheme: dark) {{\n"
        f"  {scope} {{ color-scheme: dark; {_variables(DARK)} }}\n}}\n"
    )


def _variables(colors: dict[str, str]) -> str:
    return " ".join(f"--{role}: {color};" for role, color in colors.items())
