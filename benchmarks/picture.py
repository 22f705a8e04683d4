"""The tables as a picture: for each cell, wall time in units of curl's, on a logarithmic scale.

Where curl failed itself, the best of the others is the unit, and the panel's title says so.
Plain SVG, written by hand: text stays text, and the colours follow the reader's light or dark
theme. A dot is the median, the line its interval; who got a file wrong has neither.
"""

from __future__ import annotations

import math
from html import escape

from benchmarks.stats import Estimate
from benchmarks.summary import REFERENCE, Cell, Line
from benchmarks.table import codes, number, title

WIDTH, LEFT, RIGHT = 860, 220, 700  # the plot lies between the last two
ROW, HEAD, FOOT = 22, 44, 34
STYLE = """
  svg { --paper: #ffffff; --ink: #1f2328; --faint: #59636e; --grid: #d1d9e0;
        --ours: #0969da; --others: #59636e; --wrong: #cf222e; }
  @media (prefers-color-scheme: dark) {
    svg { --paper: #0d1117; --ink: #f0f6fc; --faint: #9198a1; --grid: #3d444d;
          --ours: #4493f8; --others: #9198a1; --wrong: #f85149; } }
  text { font: 13px system-ui, 'DejaVu Sans', sans-serif; fill: var(--ink); }
  .title { font-weight: 600; font-size: 14px; }
  .faint { fill: var(--faint); }
  .end { text-anchor: end; }
  .middle { text-anchor: middle; }
  .grid { stroke: var(--grid); }
  .one { stroke: var(--faint); stroke-dasharray: 4 3; }
  .ours { fill: var(--ours); stroke: var(--ours); stroke-width: 2; }
  .others { fill: var(--others); stroke: var(--others); stroke-width: 2; }
  .wrong { fill: var(--wrong); paint-order: stroke; stroke: var(--paper); stroke-width: 5px; }
"""


class Scale:
    """From a ratio to a place on the paper; covers all ratios and 1."""

    def __init__(self, ratios: list[float]) -> None:
        self.low = min([0.8, *ratios]) * 0.95
        self.high = max([2.0, *ratios]) * 1.05

    def place(self, ratio: float) -> float:
        """Return where a ratio stands, from the left."""
        share = math.log(ratio / self.low) / math.log(self.high / self.low)
        return round(LEFT + share * (RIGHT - LEFT), 1)

    def ticks(self) -> list[float]:
        """Return the round numbers on it: 1, 2 and 5 in every decade."""
        decades = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        candidates = [step * 10.0**decade for decade in decades for step in (1, 2, 5)]
        return [tick for tick in candidates if self.low <= tick <= self.high]


def text(x: float, y: float, words: str, style: str = "") -> str:
    """Return words at a place."""
    return f'<text x="{x}" y="{y}" class="{style}">{escape(words)}</text>'


def stroke(one: tuple[float, float], other: tuple[float, float], style: str) -> str:
    """Return a line."""
    return f'<line x1="{one[0]}" y1="{one[1]}" x2="{other[0]}" y2="{other[1]}" class="{style}"/>'


def against(cell: Cell) -> str:
    """Return whom the others are compared with: curl, or the best where curl failed itself."""
    return REFERENCE if any(one.ratio for one in cell.lines) else cell.best


def ratio(one: Line, cell: Cell) -> Estimate | None:
    """Return how long a client took, compared with that one."""
    return one.ratio if against(cell) == REFERENCE else one.best


def flaw(one: Line) -> str:
    """Return why a client has no ratio."""
    if one.late:
        return f"stopped after {one.wall:.0f} s"
    return f"{one.right:,} of {one.files:,} files right, exit {codes(one).replace('*', '')}"


def mark(one: Line, value: Estimate | None, y: float, scale: Scale) -> list[str]:
    """Return a client's row: its name, then its interval, median and number, or its flaw."""
    name = text(LEFT - 14, y + 4, one.client, "end")
    if value is None:
        return [name, text(LEFT + 6, y + 4, f"\u2717 {flaw(one)}", "wrong")]
    x, low, high = (scale.place(edge) for edge in (value.middle, value.low, value.high))
    style = "ours" if one.client.startswith("getflags") else "others"
    return [
        name,
        stroke((low, y), (high, y), style),
        f'<circle cx="{x}" cy="{y}" r="4.5" class="{style}"/>',
        text(RIGHT + 14, y + 4, number(value.middle), "faint"),
    ]


def panel(cell: Cell, top: float) -> list[str]:
    """Return a cell's picture, from there downwards."""
    values = [ratio(one, cell) for one in cell.lines]
    scale = Scale([edge for value in values if value for edge in (value.low, value.high)])
    bottom = top + HEAD + ROW * len(cell.lines)
    parts = [text(20, top + 24, f"{title(cell)}; 1 = {against(cell)}", "title")]
    for tick in scale.ticks():
        x, style = scale.place(tick), "one" if tick == 1 else "grid"
        parts.append(stroke((x, top + HEAD - 8), (x, bottom - 6), style))
        parts.append(text(x, bottom + 8, f"{tick:g}", "faint middle"))
    for place, (one, value) in enumerate(zip(cell.lines, values, strict=True)):
        parts += mark(one, value, top + HEAD + ROW * (place + 0.3), scale)
    return parts


def height(cell: Cell) -> int:
    """Return how much paper a cell takes."""
    return HEAD + ROW * len(cell.lines) + FOOT


def draw(cells: list[Cell]) -> str:
    """Return the picture of all cells that have a reference."""
    shown = [cell for cell in cells if against(cell)]
    parts, top = [text(20, 28, "Wall time: less is faster", "title")], 36
    for cell in shown:
        parts += panel(cell, top)
        top += height(cell)
    body = "\n".join(parts)
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top}" width="{WIDTH}" role="img">
<title>Wall time of getflags and other downloaders</title>
<style>{STYLE}</style>
<rect width="100%" height="100%" fill="var(--paper)"/>
{body}
</svg>
"""
