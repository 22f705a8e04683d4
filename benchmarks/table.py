"""Markdown tables, one a cell."""

from __future__ import annotations

from typing import Any

from benchmarks.cells import CELLS
from benchmarks.stats import Estimate
from benchmarks.summary import REFERENCE, Cell, Line

MICRO = 1e6


def title(cell: Cell) -> str:
    """Return the cell in words."""
    name, scheme, group = cell.key
    what = CELLS[name].what if name in CELLS else f"{cell.files:,} files"
    terms = f"{cell.limit} at a time" if group == "equal" else "own defaults"
    return f"{name} over {scheme}, {terms}: {what}"


def ratio(value: Estimate | None) -> str:
    """Return a ratio with its interval."""
    if value is None:
        return "-"
    return f"{number(value.middle)} [{number(value.low)}, {number(value.high)}]"


def number(value: float) -> str:
    """Return a number with as many digits as noise leaves meaning to."""
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:,.0f}"  # noqa: PLR2004


def files(one: Line) -> str:
    """Return how many files were right, loudly if not all."""
    right = f"{one.right:,}" if one.whole else f"**{one.right:,} of {one.files:,}**"
    return right + (f" (+{one.strange} others)" if one.strange else "")


def codes(one: Line) -> str:
    """Return the exit codes, loudly if one is no true account."""
    told = ", ".join("stopped" if code is None else str(code) for code in one.codes)
    return f"**{told} (false)**" if one.false_code else told


def row(one: Line, cell: Cell) -> list[str]:
    """Return a client's row."""
    protocol = f" ({one.spoken})" if cell.key[1] == "h2" and one.spoken else ""
    peak = "-" if one.peak is None else f"{'≤ ' if one.hidden else ''}{one.peak:.0f}"
    return [
        one.client + protocol,
        f"{'> ' if one.late else ''}{one.wall:.3f}",
        ratio(one.ratio),
        ratio(one.best),
        "-" if one.cpu is None else f"{one.cpu * MICRO:,.0f}",
        peak,
        codes(one),
        files(one),
        *([f"{one.refused:,.0f}"] if refusing(cell) else []),
        str(one.rounds) if one.rounds else "warm-up only",
    ]


def refusing(cell: Cell) -> bool:
    """Whether the server of that cell has refused anybody."""
    return any(one.refused for one in cell.lines)


def table(cell: Cell) -> str:
    """Return a cell's table under its title."""
    best = f"wall / best ({cell.best})" if cell.best else "wall / best"
    refusals = ["refusals"] if refusing(cell) else []
    heads = ["client", "wall, s", f"wall / {REFERENCE}", best, "CPU per file, µs", "peak, MiB",
             "exit", "correct files", *refusals, "rounds"]  # fmt: skip
    lines = [heads, ["---"] + ["---:"] * (len(heads) - 1)]
    lines += [row(one, cell) for one in cell.lines]
    text = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"## {title(cell)}\n\n{text}\n"


def setting(about: dict[str, Any]) -> str:
    """Return the machine in a paragraph."""
    versions = "; ".join(f"{name} {short(text)}" for name, text in about["versions"].items())
    return (
        f"{about['about']}, {about['system']}, {about['cores']} cores, Python {about['python']}, "
        f"nginx with {about['workers']} worker; load before the first run {about['load']:.1f}. "
        f"{versions}.\n"
    )


def short(text: str) -> str:
    """Return the version number alone from what a program says about itself."""
    words = text.replace("/", " ").split()
    return next((word for word in words if word[:1].isdigit()), text)


def document(abouts: list[dict[str, Any]], cells: list[Cell]) -> str:
    """Return the whole report."""
    legend = (
        "Ratios are medians of ratios within a round, with a bootstrap 95 % interval. Each "
        "interval stands for itself: none is corrected for the number of comparisons. "
        "Clients with missing or wrong files come last.\n"
    )
    return "\n".join([*map(setting, abouts), legend, *map(table, cells)])
