"""The drawing of charts as SVG or PNG with matplotlib, which only this module imports.

matplotlib is an extra (``pip install 'getflags[report]'``); docs/decisions/0012-plotting-library.md
has the reasons for this choice. The user's matplotlib settings are ignored, so that the same
figures produce the same bytes.
"""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from getflags.bench.report import svg
from getflags.bench.report.charts import Chart, Curve
from getflags.bench.report.palette import LIGHT, Look, stylesheet

_INCH = 72  # units of a drawing per inch; a unit is a pixel at the drawing's own size
_TEXT = 12.5
_FULL = 2.0  # pixels of PNG for each unit
_COLUMNS = 3  # panels in a row
_BESIDE = 0.11  # of a doubling: the distance between markers of the same level
_APART = 0.3  # of a doubling: the maximum width of all markers of a level
_CLOSE = 0.07  # of the axis; labels that are closer would touch
_LONGEST = 30  # characters of a name in a picture, where lines cannot wrap
_SETTINGS: dict[Any, Any] = {  # the names in matplotlib's type differ between versions
    "svg.fonttype": "none",  # keeps text as text
    "text.parse_math": False,  # names may contain dollar signs
    "svg.hashsalt": "getflags",
    "font.size": _TEXT,
    "font.family": ["DejaVu Sans"],  # comes with matplotlib
    "text.color": LIGHT["ink"],
    "axes.labelcolor": LIGHT["faint"],
    "axes.edgecolor": LIGHT["faint"],
    "axes.facecolor": "none",
    "figure.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.axisbelow": True,
    "axes.titlelocation": "left",
    "axes.titlesize": _TEXT,
    "axes.labelsize": _TEXT,
    "xtick.color": LIGHT["faint"],
    "xtick.labelcolor": LIGHT["ink"],
    "ytick.color": LIGHT["grid"],
    "ytick.labelcolor": LIGHT["ink"],
    "ytick.major.size": 0,
    "grid.color": LIGHT["grid"],
    "grid.linewidth": 0.8,
    "lines.linewidth": 1.7,
    "lines.markersize": 6,
    "lines.markeredgewidth": 1.3,
    "legend.frameon": False,
    "figure.constrained_layout.w_pad": 0.07,
    "figure.constrained_layout.h_pad": 0.07,
}


@contextmanager
def settings() -> Iterator[None]:
    """Within the block, configure matplotlib to produce SVG that ``svg.adapted`` can convert."""
    with mpl.rc_context(), warnings.catch_warnings():
        # A name may contain characters that the font lacks; they are shown as boxes.
        warnings.filterwarnings("ignore", message="Glyph")
        mpl.rcdefaults()
        mpl.rcParams.update(_SETTINGS)
        yield


def chart(shown: Chart, name: str, alternative: str, size: tuple[int, int]) -> str:
    """Return a chart as an SVG element for a page. ``alternative`` is its text alternative."""
    with settings():
        figure = Figure(figsize=(size[0] / _INCH, size[1] / _INCH), layout="constrained")
        _panel(figure.add_subplot(), shown)
        return svg.adapted(saved(figure, "svg"), name, alternative)


def swatch(look: Look, name: str) -> str:
    """Return the line and marker of a series for a legend, hidden from screen readers."""
    return _sample(name, markevery=[1], **_style(look))


def ring(name: str) -> str:
    """Return the marker of a knee for a legend."""
    return _sample(name, markevery=[1], **_ring(LIGHT["ink"]) | {"markersize": 11})


def _sample(name: str, **style: Any) -> str:
    with settings():
        figure = Figure(figsize=(34 / _INCH, 14 / _INCH))
        figure.add_artist(Line2D([0.02, 0.5, 0.98], [0.5, 0.5, 0.5], **style))
        return svg.adapted(saved(figure, "svg"), name, "")


def picture(charts: Sequence[tuple[str, Chart]], form: str, alternative: str) -> bytes:
    """Return titled charts, all with points, in one picture, as ``svg`` or ``png``."""
    columns = min(len(charts), _COLUMNS)
    rows = math.ceil(len(charts) / columns)
    width = (360 if columns > 1 else 560) * columns
    looks = {_short(one.name): one.look for _, shown in charts for one in shown.curves}
    entries = len(looks) + 1
    lines = math.ceil(entries / max(1, width // (8 * max(map(len, looks)) + 60)))
    height = 340 * rows + 22 * lines + 10
    with settings():
        figure = Figure(figsize=(width / _INCH, height / _INCH), layout="constrained")
        figure.set_facecolor(LIGHT["paper"])
        for place, (title, shown) in enumerate(charts):
            axes = figure.add_subplot(rows, columns, place + 1)
            _panel(axes, shown, f"{_short(title)}: {shown.caption}")
        handles = [Line2D([], [], label=name, **_style(look)) for name, look in looks.items()]
        handles.append(Line2D([], [], label="knee: enough", **_ring(LIGHT["ink"])))
        figure.legend(handles=handles, loc="outside lower center", ncols=math.ceil(entries / lines))
        drawing = saved(figure, form)
    if form == "png":
        return drawing
    style = stylesheet("svg") + "text { font-family: system-ui, 'DejaVu Sans', sans-serif; }"
    return svg.adapted(drawing, "goodput", alternative, style).encode()


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"


def saved(figure: Figure, form: str) -> bytes:
    """Return a figure as ``svg`` or ``png``, with no date and no other metadata."""
    out = io.BytesIO()
    nothing: dict[str, Any] = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    figure.savefig(
        out,
        format=form,
        dpi=_INCH * (_FULL if form == "png" else 1),
        metadata={"Software": None} if form == "png" else nothing,
    )
    return out.getvalue()


def _panel(axes: Axes, shown: Chart, title: str = "") -> None:
    """Draw curves and axes; the axis of levels is logarithmic."""
    axes.set_title(title)
    axes.set_xlabel("at a time")
    levels = shown.levels
    axes.set_xscale("log", base=2)
    axes.set_xlim(levels[0] / 1.35, levels[-1] * 1.35)
    axes.set_xticks(levels, _labels(levels))
    axes.xaxis.set_minor_locator(NullLocator())
    _vertical(axes, shown)
    axes.grid(visible=True, axis="y")
    step = min(_BESIDE, _APART / len(shown.curves))
    middle = (len(shown.curves) - 1) / 2
    for place, one in enumerate(shown.curves):
        _curve(axes, one, 2 ** ((place - middle) * step))


def _labels(levels: Sequence[int]) -> list[str]:
    """Return the labels of the levels; empty if a label would touch the previous one."""
    whole = math.log2(levels[-1] * 1.35) - math.log2(levels[0] / 1.35)
    found, last = [], -math.inf
    for level in levels:
        label = f"{level:,}"
        here = math.log2(level) / whole
        if here - last < _CLOSE * (1 + len(label) / 4):
            label = ""
        else:
            last = here
        found.append(label)
    return found


def _vertical(axes: Axes, shown: Chart) -> None:
    if shown.low:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_minor_locator(NullLocator())
    else:
        axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    axes.set_ylim(shown.low, shown.high)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))


def _curve(axes: Axes, one: Curve, aside: float) -> None:
    if not one.points:
        return
    places = [point.level * aside for point in one.points]
    values = [point.middle for point in one.points]
    color = LIGHT[one.look.role]
    lows = [point.low for point in one.points]
    highs = [point.high for point in one.points]
    if lows != highs:
        axes.vlines(places, lows, highs, colors=color, linewidth=1.2)
    axes.plot(places, values, **_style(one.look))
    for place, point in zip(places, one.points, strict=True):
        if point.level == one.knee:
            axes.plot([place], [point.middle], **_ring(color))


def _style(look: Look) -> dict[str, Any]:
    color = LIGHT[look.role]
    return {
        "color": color,
        "linestyle": look.dash,
        "marker": look.marker,
        "markeredgecolor": color,
        "markerfacecolor": color if look.filled else LIGHT["paper"],
    }


def _ring(color: str) -> dict[str, Any]:
    """Return the style of a knee's marker."""
    return {
        "marker": "o",
        "markersize": 14,
        "markerfacecolor": "none",
        "markeredgecolor": color,
        "linestyle": "none",
    }
