"""The tables as a picture: wall time as a multiple of curl's, on a logarithmic scale.

A cell is a panel and a client a row of it: a dot is the median, the line its interval. A client
that got a file wrong has neither, and its row says what went wrong. Where curl itself failed, the
unit is the best of the others, and the panel's title says so. The colours follow the reader's light
or dark theme.
"""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from benchmarks.stats import Estimate
from benchmarks.summary import REFERENCE, Cell, Line
from benchmarks.table import codes, number, title
from getflags.bench.report import plot, svg
from getflags.bench.report.palette import LIGHT, stylesheet

INCH = 72  # units of the drawing
WIDTH, ROW, BESIDE_ROWS = 860, 22, 70  # units; the last is a panel's title, axis and margins
HEADING = "Wall time of getflags and other downloaders: less is faster"
FONT = "text { font-family: system-ui, 'DejaVu Sans', sans-serif; }"


def against(cell: Cell) -> str:
    """Return the client that the others are compared with: curl, or the best if curl failed."""
    return REFERENCE if any(one.ratio for one in cell.lines) else cell.best


def ratio(one: Line, cell: Cell) -> Estimate | None:
    """Return a client's wall time as a multiple of that one's."""
    return one.ratio if against(cell) == REFERENCE else one.best


def flaw(one: Line) -> str:
    """Return why a client has no ratio."""
    if one.late:
        return f"stopped after {one.wall:.0f} s"
    return f"{one.right:,} of {one.files:,} files right, exit {codes(one).replace('*', '')}"


def panel(axes: Axes, cell: Cell) -> None:
    """Draw a cell."""
    axes.set_title(f"{title(cell)}; 1 = {against(cell)}", fontweight="bold")
    axes.set_ylim(len(cell.lines) - 0.5, -0.5)  # the fastest on top
    axes.set_yticks(range(len(cell.lines)), [one.client for one in cell.lines])
    axes.set_xscale("log")
    axes.set_xlim(0.9, 2)
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    axes.spines["bottom"].set_visible(False)
    axes.tick_params(axis="x", length=0)
    axes.grid(visible=True, axis="x")
    axes.axvline(1, color=LIGHT["faint"], linestyle=(0, (4, 3)), linewidth=1)
    beside = axes.get_yaxis_transform()  # x: a share of the panel's width
    for place, one in enumerate(cell.lines):
        value = ratio(one, cell)
        if value is None:
            axes.text(0.01, place, f"\u2717 {flaw(one)}", transform=beside, va="center",
                      color=LIGHT["s7"], backgroundcolor=LIGHT["paper"])  # fmt: skip
            continue
        color = LIGHT["accent" if one.client.startswith("getflags") else "faint"]
        axes.hlines(place, value.low, value.high, colors=color, linewidth=2)
        axes.plot(value.middle, place, "o", color=color, markersize=8)
        axes.text(1.02, place, number(value.middle), transform=beside, va="center",
                  color=LIGHT["faint"])  # fmt: skip
        low, high = axes.get_xlim()
        axes.set_xlim(min(low, value.low * 0.95), max(high, value.high * 1.05))


def draw(cells: list[Cell]) -> str:
    """Return the picture of all cells that have a reference."""
    shown = [cell for cell in cells if against(cell)]
    heights = [ROW * len(cell.lines) + BESIDE_ROWS for cell in shown]
    with plot.settings():
        figure = Figure(figsize=(WIDTH / INCH, (40 + sum(heights)) / INCH))
        figure.set_layout_engine("constrained", w_pad=0.2, h_pad=0.16)
        figure.set_facecolor(LIGHT["paper"])
        figure.suptitle(HEADING, x=0.02, ha="left", fontsize=15, fontweight="bold")
        if shown:
            grid = figure.add_gridspec(len(shown), height_ratios=heights)
            for place, cell in enumerate(shown):
                panel(figure.add_subplot(grid[place]), cell)
        return svg.adapted(plot.saved(figure, "svg"), "peers", HEADING, stylesheet("svg") + FONT)
