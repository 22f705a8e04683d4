"""Drawings follow the page, and bring nothing with them that a page must not have."""

from __future__ import annotations

from getflags.bench.report.palette import LIGHT
from getflags.bench.report.svg import adapted
from tests.report_kit import parsed

INK = LIGHT["ink"]
DRAWING = f"""\
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"
     viewBox="0 0 30 20" width="30pt" height="20pt" version="1.1">
<metadata><x/></metadata>
<defs><style>* {{ color: red }}</style><path id="m1" d="M 0 0.123456
L 1 2" style="stroke: {INK}; stroke-width: 0.80001"/></defs>
<g id="nobody"><use xlink:href="#m1" style="fill: none"/></g>
<g clip-path="url(#c1)"><text style="font-family: 'X', serif; font-size: 12px; fill: {INK}"
 transform="rotate(-0 1 2)" x="1">{INK} &lt;script&gt;</text></g>
<clipPath id="c1"/>
</svg>""".encode()


def test_colors_become_variables_that_win_where_they_are_known() -> None:
    found = adapted(DRAWING, "s0", "words")
    assert f'stroke="{INK}"' in found
    assert 'style="stroke:var(--ink)"' in found
    assert 'fill="none"' in found
    assert f">{INK} &lt;script&gt;</text>" in found, "text is not touched"


def test_only_names_that_are_needed_stay_and_they_are_the_drawings_own() -> None:
    found = adapted(DRAWING, "s0", "words")
    root = parsed(found)
    assert sorted(filter(None, (one.get("id") for one in root.iter()))) == ["s0-c1", "s0-m1"]
    assert 'xlink:href="#s0-m1"' in found
    assert 'clip-path="url(#s0-c1)"' in found


def test_what_only_costs_bytes_goes() -> None:
    found = adapted(DRAWING, "s0", "words")
    for gone in (
        "metadata",
        "<style",
        "font-family",
        "rotate",
        "20pt",
        "version",
        "0.123456",
        "\n",
    ):
        assert gone not in found.replace("clip-path", "")
    assert 'd="M 0 0.12 L 1 2"' in found


def test_a_drawing_has_words_or_is_passed_over() -> None:
    assert 'role="img" aria-label="a &lt; &quot;b"' in adapted(DRAWING, "s0", 'a < "b')
    hidden = adapted(DRAWING, "s0", "")
    assert 'aria-hidden="true"' in hidden
    assert "role" not in hidden


def test_a_file_has_a_size_a_title_and_colors_of_its_own() -> None:
    root = parsed(adapted(DRAWING, "s0", "words", "svg { --ink: red }"))
    assert (root.get("width"), root.get("height")) == ("30", "20")
    assert [one.text for one in root][:2] == ["words", "svg { --ink: red }"]
