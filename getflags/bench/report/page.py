"""The report page: sentences, drawings and tables in one self-contained HTML file.

Drawings need the plotting library; without it, the page has everything else.

A content security policy in the page forbids all requests and all scripts but its own, so that not
even a mistake in this module could cause a request. All text from results is escaped by ``markup``.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from importlib.resources import files
from string import Template

from getflags.bench.analysis.figures import Analysis, Facts, Section
from getflags.bench.report import charts, palette, sentences, tables
from getflags.bench.report.charts import Chart, Looks
from getflags.bench.report.markup import Markup, joined, tag
from getflags.bench.report.number_format import listed
from getflags.core.text import brief, counted, printable

_LARGE = (420, 310)  # size of a drawing; a phone shows it at three quarters of this size
_SMALL = (350, 280)
_DRAWN = (
    "In the drawings, the intervals are vertical lines, and marks of one level stand a little "
    "beside each other."
)


def page(analysis: Analysis, *, drawings: bool = True) -> str:
    """Return the page as HTML. The same analysis produces the same page."""
    script = _file("page.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    names = [sentences.title(one, analysis.sections) for one in analysis.sections]
    return Template(_file("page.html")).substitute(
        hash=f"sha256-{digest}",
        title=joined(f"How many at a time? {listed(names)}"),
        style=palette.stylesheet(":root") + _file("page.css"),
        opening=_opening(analysis, names),
        sections=joined(*_sections(analysis, names, drawings=drawings)),
        drawn=tag("p", _DRAWN) if drawings else joined(),
        facts=_facts(analysis.facts),
        script=script,
    )


def _file(name: str) -> str:
    return (files("getflags.bench.report") / "template" / name).read_text(encoding="utf-8")


def _opening(analysis: Analysis, names: Sequence[str]) -> Markup:
    """Return the summary: for each of several servers, a verdict and a link to its section."""
    lines = [
        tag("li", tag("a", name, href=f"#s{number}"), f": {sentences.verdict(one)}")
        for number, (name, one) in enumerate(zip(names, analysis.sections, strict=True))
    ]
    apart = tag(
        "p",
        f"This file holds {len(analysis.facts.experiments)} experiments with different targets, ",
        "server options or seeds. They are shown separately and not compared.",
    )
    several = len(analysis.facts.experiments) > 1
    summary = tag("ul", *lines, class_="summary") if len(lines) > 1 else joined()
    return joined(summary, apart if several else joined())


def _sections(analysis: Analysis, names: Sequence[str], *, drawings: bool) -> Iterator[Markup]:
    looks = palette.looks(
        (one.engine, one.client) for section in analysis.sections for one in section.series
    )
    for number, (name, section) in enumerate(zip(names, analysis.sections, strict=True)):
        key = f"s{number}"
        yield tag(
            "section",
            tag("h2", name, id=key),
            tag(
                "div",
                tag("p", sentences.headline(section), class_="lead"),
                *(tag("p", sentence) for sentence in sentences.details(section)),
            ),
            _plots(section, looks, key) if drawings else joined(),
            tables.knees(section) if section.lead else joined(),
            tables.cells(section),
            tables.errors(section),
            _commands(section),
            class_="server",
            aria_labelledby=key,
        )


def _legend(section: Section, looks: Looks, key: str) -> Markup:
    """Return the legend for all drawings of a section."""
    from getflags.bench.report import plot

    lines = [
        tag(
            "li",
            Markup(plot.swatch(looks[one.engine, one.client], f"{key}l{number}")),
            brief(one.name),
        )
        for number, one in enumerate(section.series)
    ]
    if any(one.marked for one in section.series):
        lines.append(tag("li", Markup(plot.ring(f"{key}k")), "knee: this level is enough"))
    return tag("ul", *lines, class_="legend", aria_label="Legend")


def _plots(section: Section, looks: Looks, key: str) -> Markup:
    """Return the drawings of all charts that have a point."""
    from getflags.bench.report import plot

    large = [charts.goodput(section, looks), charts.cost(section, looks)]
    small = charts.latencies(section, looks)

    def drawn(shown: Chart, name: str, size: tuple[int, int]) -> Markup:
        alternative = charts.described(shown, section.load)
        caption = tag("figcaption", shown.caption)
        return tag("figure", caption, Markup(plot.chart(shown, f"{key}{name}", alternative, size)))

    rows = [
        [drawn(one, f"{row}{place}", size) for place, one in enumerate(those) if one.levels]
        for row, those, size in (("a", large, _LARGE), ("b", small, _SMALL))
    ]
    styles = ("plots", "plots three")
    boxes = [tag("div", *row, class_=style) for row, style in zip(rows, styles, strict=True) if row]
    return joined(_legend(section, looks, key), *boxes) if boxes else joined()


def _commands(section: Section) -> Markup:
    """Return the commands that repeat a section's measurements."""
    known = dict.fromkeys(
        command for one in section.series for cell in one.cells for command in cell.commands
    )
    lines = [tag("li", tag("code", printable(command))) for command in known]
    title = tag("summary", f"Repeat the measurements: {counted(len(lines), 'command')}")
    return tag("details", title, tag("ul", *lines, class_="commands"))


def _facts(facts: Facts) -> Markup:
    low, middle, high = facts.load
    rows = {
        "Runs": f"{facts.runs:,}, and {facts.warmups:,} warm-up runs",
        "When": " to ".join(dict.fromkeys((facts.first, facts.last))),
        "getflags": listed(facts.versions),
        "Seed": listed([str(seed) for seed in facts.seeds] or ["none"]),
        **({"Machine": " and ".join(facts.machines)} if facts.machines else {}),
        **({"Software": " and ".join(facts.software)} if facts.software else {}),
        "Load before a run": f"{low:.2g} to {high:.2g}, median {middle:.2g} (1-minute average)",
        "Experiment": listed(facts.experiments),
    }
    return tag(
        "dl",
        *(joined(tag("dt", name), tag("dd", brief(value))) for name, value in rows.items()),
    )
