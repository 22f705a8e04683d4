"""The coats of arms on flags of Europe, simplified.

Arms are put together here from the parts in the neighbouring modules.
"""

from artwork.canvas import Emblem
from artwork.emblems.birds import eagle, two_headed_eagle
from artwork.emblems.heraldry import (
    chequered,
    crown,
    greek_cross,
    patriarchal_cross,
    pillar,
    quartered,
    shield,
    three_peaks,
)
from artwork.emblems.lions import rampant_lion
from artwork.emblems.places import castle, three_towers
from artwork.emblems.plants import wreath
from artwork.emblems.stars import star
from artwork.shapes import bend, blob, both, box, disc, group, line, moved, oval, ring


def spain() -> Emblem:
    """Draw the quartered shield between the pillars of Hercules, below the crown."""
    return group(
        both(moved(pillar("silver", "ochre"), 0.84, 0.2, 0.72)),
        moved(quartered(("#C60B1E", "silver", "#F2B632", "#C60B1E"), "#8C1018"), 0, 0.22, 0.74),
        moved(castle("gold"), -0.27, -0.12, 0.2),
        moved(rampant_lion("purple"), 0.27, -0.12, 0.24),
        *(line("#C60B1E", 0.05, (x, 0.26), (x, 0.68)) for x in (-0.4, -0.28, -0.16)),
        moved(ring("gold", 0.3), 0.24, 0.46, 0.2),
        oval("#0A4DA2", 0.12, 0.16, (0, 0.24)),
        moved(crown("ochre", "red"), 0, -0.72, 0.36),
    )


def portugal() -> Emblem:
    """Draw the armillary sphere and the shield with seven castles and five quinas."""
    castles = [
        (-0.46, -0.5),
        (0, -0.54),
        (0.46, -0.5),
        (-0.48, 0),
        (0.48, 0),
        (-0.32, 0.42),
        (0.32, 0.42),
    ]
    quinas = [(0, -0.26), (0, 0.02), (0, 0.3), (-0.2, 0.02), (0.2, 0.02)]
    hoops = [bend("ochre", 0.09, (-0.93, y), (0, y + 0.25), (0.93, y)) for y in (-0.4, 0.0, 0.4)]
    return group(
        ring("#FFE000", 0.13),
        moved(group(*hoops), turn=-15),
        line("#FFE000", 0.1, (-0.6, -0.72), (0.6, 0.72)),
        line("#FFE000", 0.1, (0, -0.95), (0, 0.95)),
        moved(shield("red", "white"), size=0.8),
        *(moved(castle("#FFE000"), x, y, 0.09) for x, y in castles),
        moved(shield("white"), 0, 0.02, 0.48),
        *(moved(shield("#003399"), x, y, 0.12) for x, y in quinas),
    )


def andorra() -> Emblem:
    """Draw the quartered arms of the two princes."""
    bars = [line("red", 0.06, (x, 0.06), (x, 0.66)) for x in (-0.58, -0.42, -0.26, -0.1)]
    return group(
        moved(quartered(("red", "gold", "gold", "gold"), "#A8722A"), size=1.0),
        line("gold", 0.1, (-0.52, -0.2), (-0.2, -0.74)),
        disc("white", 0.16, (-0.34, -0.44)),
        *(line("red", 0.08, (x, -0.84), (x, -0.02)) for x in (0.14, 0.36, 0.58)),
        *bars,
        *(box("red", 0.16, y, 0.5, y + 0.1) for y in (0.2, 0.46)),
    )


def moldova() -> Emblem:
    """Draw the eagle with the cross in its beak and the aurochs on its chest."""
    return group(
        moved(eagle("#9A5A1E", "gold"), size=1.0),
        moved(greek_cross("gold", 0.4), -0.38, -0.72, 0.14),
        moved(group(shield("red", "ochre"), box("#0A4DA2", -0.68, 0, 0.68, 0.45)), 0, 0.02, 0.42),
        disc("gold", 0.16, (0, 0.04)),
        moved(star("gold", 8), 0, -0.18, 0.1),
        both(bend("gold", 0.05, (0.08, -0.02), (0.2, -0.1), (0.16, -0.22))),
    )


def serbia() -> Emblem:
    """Draw the white eagle with the cross between firesteels, below the crown."""
    return group(
        moved(shield("#C6363C", "ochre"), 0, 0.16, 0.84),
        moved(two_headed_eagle("white"), 0, 0.14, 0.6),
        moved(shield("#C6363C"), 0, 0.16, 0.24),
        moved(greek_cross("white", 0.3), 0, 0.14, 0.18),
        moved(crown("ochre", "red"), 0, -0.82, 0.3),
    )


def montenegro() -> Emblem:
    """Draw the golden eagle with the lion on its chest, below a crown."""
    return group(
        moved(two_headed_eagle("#D3AE3B"), 0, 0.08, 0.94),
        moved(shield("#1D5E91", "#C40308"), 0, 0.1, 0.27),
        line("#D3AE3B", 0.09, (-0.14, 0.12), (0.14, 0.1)),
        moved(crown("#D3AE3B", "red"), 0, -0.86, 0.2),
        box("#2E8B57", -0.16, 0.2, 0.16, 0.26),
    )


def croatia() -> Emblem:
    """Draw the chequered shield and its crown of five small shields."""
    inks = ("#5AA5DC", "#0A2A6B", "#2E75B6", "#0A2A6B", "#2E75B6")
    crowns = [moved(shield(ink, "#C22A33"), (index - 2) * 0.36, -0.72 + 0.08 * abs(index - 2), 0.24)
              for index, ink in enumerate(inks)]  # fmt: skip
    marks = [
        disc("gold", 0.07, ((index - 2) * 0.36, -0.74 + 0.08 * abs(index - 2)))
        for index in range(5)
    ]
    body = moved(
        group(shield("#E0202E"), moved(chequered("#E0202E", "white", 5), 0, -0.2, 0.8)),
        0,
        0.26,
        0.78,
    )
    return group(body, *crowns, *marks)


def slovenia() -> Emblem:
    """Draw Triglav, two waves and three stars on a shield with a red edge."""
    waves = [
        bend("#005DA4", 0.08, (-0.6, y), (-0.3, y - 0.07), (0, y), (0.3, y - 0.07), (0.6, y))
        for y in (0.48, 0.66)
    ]
    stars = [
        moved(star("gold", 6, 0.5), x, y, 0.13)
        for x, y in ((-0.26, -0.66), (0.26, -0.66), (0, -0.4))
    ]
    return group(
        shield("#ED1C24"), moved(shield("#005DA4"), size=0.9), three_peaks("white"),
        *(moved(wave, 0, 0.02, 0.8) for wave in waves), *stars,
    )  # fmt: skip


def slovakia() -> Emblem:
    """Draw the double cross on three blue hills."""
    hills = blob(
        "#0B4EA2", (-0.62, 0.4), (-0.36, 0.28), (-0.2, 0.36), (0, 0.14), (0.2, 0.36), (0.36, 0.28),
        (0.62, 0.4), (0.44, 0.68), (0.18, 0.83), (0, 0.87), (-0.18, 0.83), (-0.44, 0.68),
    )  # fmt: skip
    field = moved(shield("#EE1C25"), size=0.9)
    return group(shield("white"), field, moved(patriarchal_cross("white"), 0, -0.22, 0.6), hills)


def san_marino() -> Emblem:
    """Draw the three towers between branches of laurel and oak, below a crown."""
    return group(
        moved(wreath("#3E7D3A", 8), 0, 0.06, 1.0),
        moved(shield("#7FC4EA", "gold"), 0, 0.14, 0.66),
        moved(three_towers(), 0, 0.2, 0.62),
        moved(crown("gold", "red"), 0, -0.72, 0.3),
        line("silver", 0.1, (-0.5, 0.92), (0.5, 0.92)),
    )


def princely_hat() -> Emblem:
    """Draw the crown of Liechtenstein."""
    return group(crown("gold", "red"), line("gold", 0.1, (0, -1), (0, -0.6)))


def saint_george() -> Emblem:
    """Draw the George Cross of Malta."""
    return group(
        greek_cross("red", 0.72),
        moved(greek_cross("silver", 0.72), size=0.88),
        disc("#8E949C", 0.32),
        ring("silver", 0.05, 0.28),
    )
