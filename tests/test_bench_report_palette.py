"""Colours keep apart for everyone, on either paper, and marks do without them."""

from __future__ import annotations

import itertools
import math

import pytest

from getflags.bench.report.palette import DARK, LIGHT, SERIES, looks, stylesheet

#: How colours look to three kinds of eyes, in linear RGB (Machado, Oliveira and Fernandes 2009).
EYES = {
    "all cones": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "no red": ((0.152, 1.053, -0.205), (0.115, 0.786, 0.099), (-0.004, -0.048, 1.052)),
    "no green": ((0.367, 0.861, -0.228), (0.280, 0.673, 0.047), (-0.012, 0.043, 0.969)),
    "no blue": ((1.256, -0.077, -0.179), (-0.078, 0.931, 0.148), (0.005, 0.691, 0.304)),
}
THEMES = {"light": LIGHT, "dark": DARK}


def linear(color: str) -> list[float]:
    parts = [part / 255 for part in bytes.fromhex(color[1:])]
    return [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts]


def contrast(one: str, other: str) -> float:
    """Return the ratio that WCAG 2 defines."""
    weights = (0.2126, 0.7152, 0.0722)
    dark, light = sorted(dot(weights, linear(c)) for c in (one, other))
    return (light + 0.05) / (dark + 0.05)


def seen(color: str, eyes: str) -> tuple[float, ...]:
    """Return a place in a space where distances are as large as they look (Oklab, times 100)."""
    rgb = [min(1, max(0, dot(row, linear(color)))) for row in EYES[eyes]]
    cones = [
        dot(row, rgb) ** (1 / 3)
        for row in ((0.4122, 0.5363, 0.0514), (0.2119, 0.6807, 0.1074), (0.0883, 0.2817, 0.6300))
    ]
    return tuple(
        100 * dot(row, cones)
        for row in ((0.2105, 0.7936, -0.0041), (1.978, -2.4286, 0.4506), (0.0259, 0.7828, -0.8087))
    )


def dot(one: tuple[float, ...], other: list[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("theme", THEMES)
def test_text_and_lines_stand_out_from_the_paper(theme: str) -> None:
    colors = THEMES[theme]
    assert all(
        contrast(colors[role], colors["paper"]) >= 4.5 for role in ("ink", "faint", "accent")
    )
    assert all(contrast(colors[f"s{n}"], colors["paper"]) >= 3 for n in range(SERIES))


@pytest.mark.parametrize("eyes", EYES)
@pytest.mark.parametrize("theme", THEMES)
def test_no_two_series_look_alike_to_any_eyes(theme: str, eyes: str) -> None:
    places = [seen(THEMES[theme][f"s{number}"], eyes) for number in range(SERIES)]
    apart = [math.dist(*pair) for pair in itertools.combinations(places, 2)]
    assert min(apart) > 8
    few = [math.dist(*pair) for pair in itertools.combinations(places[:4], 2)]
    assert min(few) > 15


def test_each_color_has_one_role() -> None:
    for colors in THEMES.values():
        assert len(set(colors.values())) == len(colors)
    assert LIGHT.keys() == DARK.keys()


def test_no_two_series_are_drawn_alike_even_without_colors() -> None:
    pairs = [(f"e{number}", client) for number in range(12) for client in ("curl", "httpx")]
    found = looks(pairs)
    assert len(found) == len({(one.marker, one.dash) for one in found.values()}) == 24
    assert len({one.role for one in found.values()}) == SERIES


def test_an_engine_looks_the_same_in_every_report() -> None:
    alone = looks([("threads", "curl")])
    among = looks([("asyncio", "curl"), ("threads", "curl"), ("zebra", "curl"), ("aio", "curl")])
    assert alone["threads", "curl"] == among["threads", "curl"]
    assert looks([("a", "curl")])["a", "curl"].filled
    assert not looks([("a", "curl"), ("a", "httpx")])["a", "httpx"].filled


def test_paper_is_light_whatever_the_theme() -> None:
    sheet = stylesheet("svg")
    light, dark = sheet.split("@media screen and (prefers-color-scheme: dark)")
    assert f"--ink: {LIGHT['ink']};" in light
    assert f"--ink: {DARK['ink']};" in dark
