"""Drawings show what the charts hold."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET
from typing import Any

import matplotlib as mpl
import pytest
from PIL import Image

from getflags.bench.report import charts, palette, plot
from getflags.bench.report.charts import Chart, Curve, Point
from tests.report_kit import PAIRS, book, curve, matrix, parsed, row

LOOK = palette.looks([("asyncio", "curl")])["asyncio", "curl"]
SVG = "{http://www.w3.org/2000/svg}"


def chart(levels: list[int], *, knee: int = 0, low: float = 0, name: str = "a/b") -> Chart:
    points = [Point(level, 10 * level, 9 * level, 11 * level) for level in levels]
    return Chart("Goodput", "files a second", [Curve(name, LOOK, points, knee)], low, 1_000)


def drawn(shown: Chart) -> ET.Element:
    return parsed(plot.chart(shown, "x", "words", (420, 310)))


def texts(root: ET.Element) -> list[str]:
    return [one.text or "" for one in root.iter(f"{SVG}text")]


def marks(root: ET.Element) -> int:
    return len(places(root))


def places(root: ET.Element) -> list[float]:
    """Return where marks stand, from the left."""
    return [
        float(one.attrib["x"])
        for one in root.iter(f"{SVG}use")
        if one.get("stroke") not in {palette.LIGHT["faint"], palette.LIGHT["grid"]}
    ]


def test_levels_and_values_are_labelled_in_plain_numbers() -> None:
    found = texts(drawn(chart([1, 2, 4, 8])))
    assert found[:5] == ["1", "2", "4", "8", "at a time"]
    assert found[5:] == ["0", "200", "400", "600", "800", "1,000"]
    assert texts(drawn(chart([1, 8], low=0.5)))[3:] == [
        "0.5", "1", "2", "5", "10", "20", "50", "100", "200", "500", "1,000",
    ]  # fmt: skip


def test_labels_that_would_touch_are_left_out() -> None:
    found = texts(drawn(chart([1, 2, 3, 4, 5, 6, 7, 8, 100, 101, 102, 4_000])))
    assert found[: found.index("at a time")] == ["1", "3", "7", "100", "4,000"]


def test_a_knee_has_a_ring() -> None:
    assert marks(drawn(chart([1, 2, 4], knee=2))) == marks(drawn(chart([1, 2, 4]))) + 1


def test_intervals_are_drawn_where_there_are_any() -> None:
    known = chart([1, 2])
    (one,) = known.curves
    alone = [point._replace(low=point.middle, high=point.middle) for point in one.points]
    without = known._replace(curves=[one._replace(points=alone)])
    paths = [len(list(drawn(shown).iter(f"{SVG}path"))) for shown in (known, without)]
    assert paths[0] == paths[1] + 2


def test_marks_of_one_level_stand_beside_each_other() -> None:
    one = chart([1, 2]).curves[0]
    root = drawn(chart([1, 2])._replace(curves=[one, one._replace(points=[]), one]))
    assert len(set(places(root))) == marks(root) == 4


def test_every_color_follows_the_page() -> None:
    section = book(matrix(rounds=2)).sections[0]
    looks = palette.looks(PAIRS)
    found = plot.chart(charts.goodput(section, looks), "x", "words", (420, 310))
    for key, color in re.findall(r'(fill|stroke)="(#\w+)"', found):
        assert color in palette.LIGHT.values(), f"{key} {color}"
    assert found.count("var(--s0)") > 5


@pytest.mark.parametrize("look", [LOOK, LOOK._replace(filled=False, dash=palette.DASHES[1])])
def test_a_legend_shows_line_and_mark(look: palette.Look) -> None:
    root = parsed(plot.swatch(look, "l"))
    assert marks(root) == 1
    assert root.get("aria-hidden") == "true"
    assert ("stroke-dasharray" in plot.swatch(look, "l")) != look.filled
    assert marks(parsed(plot.ring("k"))) == 1


def test_the_same_figures_make_the_same_bytes_whatever_the_users_settings() -> None:
    shown = [("DELAY", chart([1, 2, 4], knee=2))]
    before = [plot.picture(shown, form, "words") for form in ("svg", "png")]
    with mpl.rc_context({"lines.linewidth": 9, "axes.linewidth": 9, "font.size": 30}):
        after = [plot.picture(shown, form, "words") for form in ("svg", "png")]
        assert mpl.rcParams["lines.linewidth"] == 9
    assert before == after


def test_a_picture_is_an_svg_file_with_titles_and_a_legend() -> None:
    shown = [(f"S{number}", chart([1, 2])) for number in range(4)]
    root = parsed(plot.picture(shown, "svg", "four servers"))
    found = texts(root)
    assert [one for one in found if one.startswith("S")] == [
        f"S{number}: Goodput, files a second" for number in range(4)
    ]
    assert found[-2:] == ["a/b", "knee: enough"]
    assert root[0].text == "four servers"
    assert "prefers-color-scheme: dark" in (root[1].text or "")


def test_a_picture_is_a_png_with_paper() -> None:
    with Image.open(io.BytesIO(plot.picture([("S", chart([1, 2]))], "png", ""))) as image:
        assert image.width == 1_120
        assert image.convert("RGBA").getpixel((1, 1)) == (255, 255, 255, 255)


@pytest.mark.parametrize("name", ["$x^2$ <script>", "_hidden", "花" * 40, "%s{}\\"])
@pytest.mark.parametrize("form", ["svg", "png"])
def test_foreign_names_are_only_names(name: str, form: str) -> None:
    drawing = plot.picture([(name, chart([1, 2], name=name))], form, name)
    if form == "svg":
        found: list[Any] = texts(parsed(drawing))
        shown = name if len(name) <= 30 else name[:29] + "…"
        assert f"{shown}: Goodput, files a second" in found
        assert shown in found


def test_extremes_are_drawn_without_a_warning() -> None:
    for rates in ({1: 0.3}, {1: 9_000, 2: 9_000}, {1: 1e-4, 1_000_000: 1e6}):
        section = book(curve(rates)).sections[0]
        assert plot.chart(charts.goodput(section, {("asyncio", "curl"): LOOK}), "x", "", (420, 310))
    nothing = book([row(cpu=0), row(level=2, cpu=0.1)]).sections[0]
    assert plot.chart(charts.cost(nothing, {("asyncio", "curl"): LOOK}), "x", "", (350, 280))
