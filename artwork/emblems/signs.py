"""Signs and script: trigrams, monograms, calligraphy, ornaments of weavers.

What is written or woven rather than depicted. Script is suggested, never spelled: at this size
its rhythm is what the eye knows.
"""

from artwork.canvas import Emblem
from artwork.emblems.sky import crescent, flame
from artwork.geometry import Point, arc
from artwork.shapes import (
    around,
    bend,
    blob,
    both,
    box,
    brush,
    disc,
    group,
    line,
    moved,
    oval,
    ring,
    shape,
    turns,
)  # fmt: skip


def taegeuk(upper: str, lower: str) -> Emblem:
    """Draw the interlocking halves of the Korean flag, leaning along its diagonal."""
    halves = group(
        disc(lower),
        shape(upper, *arc(180, 360)),
        disc(upper, 0.5, (-0.5, 0)),
        disc(lower, 0.5, (0.5, 0)),
    )
    return moved(halves, turn=33.7)


def trigram(ink: str, bars: str) -> Emblem:
    """Draw three bars from the centre outwards, each whole (1) or broken (0)."""
    parts = []
    for index, whole in enumerate(bars):
        top = -0.67 + index * 0.5
        spans = [(-1.0, 1.0)] if whole == "1" else [(-1.0, -0.08), (0.08, 1.0)]
        parts += [box(ink, left, top, right, top + 0.33) for left, right in spans]
    return group(*parts)


def soyombo(ink: str) -> Emblem:
    """Draw the Soyombo of Mongolia, from its fire down to its pillars."""
    return group(
        moved(flame(ink), 0, -0.84, 0.15),
        disc(ink, 0.13, (0, -0.56)),
        moved(crescent(ink, 0.9, 0.4), 0, -0.52, 0.24, -90),
        both(box(ink, 0.36, -0.26, 0.52, 1)),
        shape(ink, (-0.28, -0.26), (0.28, -0.26), (0, -0.08)),
        box(ink, -0.28, -0.04, 0.28, 0.06),
        ring_of_fish(ink),
        box(ink, -0.28, 0.62, 0.28, 0.72),
        shape(ink, (-0.28, 0.78), (0.28, 0.78), (0, 0.98)),
    )


def ring_of_fish(ink: str) -> Emblem:
    """Draw two fish that circle each other."""
    whole = group(
        ring(ink, 0.14), brush(ink, (0.3, 0.12), (0, -0.9), (0.4, -0.4), (-0.4, 0.4), (0, 0.9))
    )
    return moved(whole, 0, 0.34, 0.25)


_LETTERS: tuple[tuple[Point, ...], ...] = (
    ((-0.95, -0.5), (-0.93, 0.4)), ((-0.86, 0.4), (-0.7, 0.5), (-0.62, 0.2)),
    ((-0.72, -0.55), (-0.7, 0.2)), ((-0.6, 0.2), (-0.5, 0.5), (-0.4, 0.2)),
    ((-0.52, -0.6), (-0.5, 0)), ((-0.36, -0.55), (-0.34, 0.35), (-0.2, 0.45), (-0.14, 0.1)),
    ((-0.22, -0.6), (-0.2, 0)), ((-0.06, -0.1), (0.04, -0.3), (0.1, 0), (0, 0.3), (-0.14, 0.55)),
    ((0.16, -0.6), (0.18, 0.3), (0.3, 0.42), (0.36, 0.1)), ((0.3, -0.6), (0.32, -0.05)),
    ((0.4, 0.3), (0.52, 0.45), (0.6, 0.1), (0.52, 0), (0.46, 0.2)), ((0.62, -0.55), (0.64, 0.3)),
    ((0.7, 0.2), (0.8, 0.5), (0.92, 0.3), (0.96, -0.1)), ((0.78, -0.6), (0.8, 0)),
    ((0.92, -0.6), (0.94, -0.25)), ((-0.45, -0.2), (-0.3, -0.3)), ((0.42, -0.3), (0.56, -0.4)),
    ((-0.85, 0.75), (-0.3, 0.62), (0.2, 0.72), (0.8, 0.6)),
)  # fmt: skip


def thuluth(ink: str) -> Emblem:
    """Suggest a line of Arabic calligraphy, which no flag this small can spell."""
    strokes = [brush(ink, (0.1, 0.06), *((x, y * 0.5) for x, y in letter)) for letter in _LETTERS]
    dots = [
        disc(ink, 0.035, (x, y * 0.5))
        for x, y in ((-0.8, -0.1), (-0.1, -0.5), (0.7, -0.2), (0.5, 0.7))
    ]
    return group(*strokes, *dots)


def kufic(ink: str) -> Emblem:
    """Suggest the angular script of a takbir."""
    bars = [
        box(ink, left, top, left + 0.07, 0.3)
        for left, top in (
            (-1, -0.4), (-0.84, -0.4), (-0.68, -0.4), (-0.52, 0), (-0.2, -0.4), (0, 0),
            (0.16, 0), (0.4, -0.4), (0.56, -0.1), (0.72, -0.4), (0.93, -0.4),
        )
    ]  # fmt: skip
    joins = [
        box(ink, left, 0.23, right, 0.3) for left, right in ((-0.84, -0.45), (0, 0.23), (0.4, 0.79))
    ]
    loops = [box(ink, -0.52, -0.05, -0.38, 0.02), box(ink, 0.56, -0.13, 0.7, -0.06)]
    return group(*bars, *joins, *loops)


def four_crescents(ink: str) -> Emblem:
    """Draw the emblem of Iran: four crescents and a sword in the shape of a tulip."""
    outer = brush(ink, (0.05, 0.16), (0.42, -0.72), (0.92, -0.2), (0.62, 0.5), (0.16, 0.92))
    inner = brush(ink, (0.05, 0.14), (0.28, -0.42), (0.46, 0), (0.3, 0.4), (0.14, 0.66))
    blade = blob(ink, (0, -0.62), (0.09, 0), (0, 1), (-0.09, 0))
    hat = bend(ink, 0.09, (-0.16, -0.86), (0, -0.76), (0.16, -0.86))
    return group(both(group(outer, inner)), blade, hat)


def ornament(ink: str) -> Emblem:
    """Draw one repeat of a woven border: nested lozenges with hooks."""
    lozenge = shape(ink, (0, -0.95), (0.75, 0), (0, 0.95), (-0.75, 0))
    return group(
        lozenge,
        moved(shape("white", (0, -0.95), (0.75, 0), (0, 0.95), (-0.75, 0)), size=0.62),
        moved(lozenge, size=0.34),
        both(
            group(
                line(ink, 0.16, (0.95, -1), (0.5, -0.75)), line(ink, 0.16, (0.95, 1), (0.5, 0.75))
            )
        ),
    )


def gul(ink: str) -> Emblem:
    """Draw one medallion of a Turkmen carpet."""
    petals = around(oval(ink, 0.5, 0.3), turns(8), 0.55, 0.5)
    return group(
        oval("white", 1, 0.8), moved(group(disc(ink, 0.5), petals), size=0.92),
        shape("orange", (0, -0.4), (0.4, 0), (0, 0.4), (-0.4, 0)), disc("#1C6B3A", 0.16),
    )  # fmt: skip


def ram_horns(ink: str) -> Emblem:
    """Draw one repeat of the Kazakh ornament: a pair of curling horns."""
    horn = bend(ink, 0.2, (0, 0.9), (0.1, 0.1), (0.55, -0.5), (0.8, -0.05), (0.45, 0.1))
    return group(both(horn), shape(ink, (0, -0.9), (0.25, -0.4), (0, 0), (-0.25, -0.4)))


def tunduk(ink: str, ground: str) -> Emblem:
    """Draw the crown of a yurt: a ring with two bundles of three crossing laths."""
    laths = [
        bend(ink, 0.1, (-0.95, y), (0, y * 0.3 + 0.12 * (y > 0) - 0.12 * (y < 0)), (0.95, y))
        for y in (-0.3, 0, 0.3)
    ]
    crossed = group(*(moved(group(*laths), turn=turn) for turn in (45, 135)))
    return group(disc(ink), disc(ground, 0.84), crossed)


def omani_dagger(ink: str) -> Emblem:
    """Draw a sheathed dagger and its belt over two crossed swords."""
    blade = moved(
        brush(ink, (0.05, 0.1), (-0.1, -1), (0.08, -0.3), (0, 0.4), (-0.02, 0.9)), turn=40
    )
    return group(
        both(blade),
        brush(ink, (0.26, 0.14), (-0.05, -0.4), (0, 0.1), (-0.2, 0.4), (-0.42, 0.36)),
        both(brush(ink, (0.1, 0.1), (0, -0.1), (0.4, -0.1), (0.7, -0.2))),
        blob(ink, (-0.2, -0.62), (0.14, -0.62), (0.06, -0.3), (-0.12, -0.3)),
    )
