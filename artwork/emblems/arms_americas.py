"""The coats of arms on flags of the Americas and the Caribbean, simplified.

Arms are put together here from the parts in the neighbouring modules; a part that another
continent could use belongs to those.
"""

from artwork.canvas import Emblem
from artwork.emblems.arsenal import spear
from artwork.emblems.birds import perched_eagle, quetzal, soaring
from artwork.emblems.heraldry import quartered, ribbon, shield, volcanoes
from artwork.emblems.places import peaks, ship
from artwork.emblems.plants import leaf, palm, tree, wreath
from artwork.emblems.sky import sun
from artwork.emblems.stars import star
from artwork.geometry import arc
from artwork.shapes import (
    around,
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
)


def brazil() -> Emblem:
    """Draw the starry sky over Rio de Janeiro and the band of the motto."""
    sky = (
        (-0.62, 0.1), (-0.5, 0.32), (-0.36, 0.5), (-0.3, 0.22), (-0.05, 0.2), (-0.12, 0.42),
        (0.1, 0.4), (0, 0.62), (0.02, 0.85), (0.28, 0.6), (0.4, 0.75), (0.5, 0.5), (0.62, 0.38),
        (0.35, 0.42), (-0.55, 0.6), (0.3, -0.5), (0.2, 0.28),
    )  # fmt: skip
    band = [(-0.985, -0.17), *arc(-122, -46, 1.48, (-0.2, 1.08)), (0.985, 0.17)]
    lower = [(x, y + 0.19) for x, y in reversed(band)]
    words = [
        moved(box("#009739", -0.7, -1, 0.7, 1), *point, 0.035)
        for point in arc(-112, -54, 1.39, (-0.2, 1.08), steps=14)
    ]
    return group(
        disc("#012169"), shape("white", *band, *lower), *words,
        *(moved(star("white"), x, y, 0.07) for x, y in sky),
    )  # fmt: skip


def mexico() -> Emblem:
    """Draw the eagle on a cactus that devours a snake, above a wreath."""
    return group(
        moved(wreath("leaf", 8), 0, 0.12, 0.98),
        both(
            group(oval("#3E7D3A", 0.14, 0.26, (0.3, 0.5)), oval("#3E7D3A", 0.12, 0.2, (0.5, 0.34)))
        ),
        oval("#3E7D3A", 0.16, 0.34, (0, 0.56)),
        both(disc("red", 0.06, (0.5, 0.14))),
        moved(perched_eagle("#8A5426", "gold"), 0.06, -0.2, 0.78),
        brush(
            "#4FA36B",
            (0.09, 0.03),
            (-0.18, -0.68),
            (-0.5, -0.5),
            (-0.3, -0.2),
            (-0.55, 0),
            (-0.35, 0.2),
        ),
        moved(ribbon("#4DA6C9"), 0, 0.84, 0.4),
    )


def ecuador() -> Emblem:
    """Draw Chimborazo and the river in an oval, below a condor."""
    return group(
        both(brush("yellow", (0.12, 0.1), (0.25, 0.85), (0.85, 0.5), (0.95, -0.2))),
        both(brush("blue", (0.1, 0.08), (0.25, 0.8), (0.7, 0.45), (0.78, -0.3))),
        both(brush("red", (0.1, 0.08), (0.2, 0.8), (0.6, 0.4), (0.66, -0.3))),
        oval("ochre", 0.52, 0.72, (0, 0.18)),
        moved(peaks("#7FC4EA", "#8FA6B8", "leaf"), 0, 0.2, 0.5),
        moved(sun("gold", 12), 0, -0.16, 0.16),
        brush("#3E8EDE", (0.1, 0.2), (0, 0.2), (0.1, 0.4), (-0.05, 0.6)),
        moved(soaring("#3A2A20"), 0, -0.72, 0.85),
        both(box("brown", 0.05, 0.86, 0.4, 0.94)),
    )


def bolivia() -> Emblem:
    """Draw the mountain of Potosi in an oval, between flags and below a condor."""
    flags = [
        line(ink, 0.1, (0.3, y), (0.95, y - 0.5))
        for ink, y in (("red", 0.3), ("yellow", 0.44), ("#007934", 0.58))
    ]
    return group(
        both(group(*flags)),
        both(moved(spear("brown", "silver"), 0.3, -0.1, 0.8, 35)),
        oval("gold", 0.5, 0.62, (0, 0.1)),
        oval("#3E6FC0", 0.44, 0.56, (0, 0.1)),
        moved(peaks("#8EC9EE", "#A0602E", "olive"), 0, 0.1, 0.42),
        moved(soaring("#33261E"), 0, -0.62, 0.7),
        moved(wreath("leaf"), 0, 0.3, 0.66),
    )


def guatemala() -> Emblem:
    """Draw the quetzal on a scroll over crossed rifles, in a wreath."""
    return group(
        both(line("brown", 0.07, (-0.62, 0.62), (0.62, -0.55))),
        both(line("silver", 0.06, (-0.72, 0.3), (0.72, -0.3))),
        wreath("#4C8B3B", 8),
        box("#F3E3B5", -0.4, -0.25, 0.4, 0.4),
        *(line("#8A7440", 0.04, (-0.3, y), (0.3, y)) for y in (-0.08, 0.08, 0.24)),
        moved(quetzal("#2E9B57", "red"), 0.1, -0.35, 0.55),
    )


def nicaragua() -> Emblem:
    """Draw the triangle of volcanoes within a ring of letters."""
    return group(
        ring("gold", 0.09, 0.98), _letters(28, "#B08A1E"), moved(volcanoes("#2E75B6"), 0, 0.12, 0.7)
    )


def el_salvador() -> Emblem:
    """Draw the triangle of volcanoes over a wreath and flags, within a ring of letters."""
    flags = [
        moved(shape("#0047AB", (0.1, 0), (0.6, -0.2), (0.62, 0.14), (0.14, 0.3)), 0, y)
        for y in (-0.35, 0.05)
    ]
    return group(
        _letters(30, "gold"),
        moved(wreath("#3E7D3A", 9), 0, 0.08, 0.84),
        both(group(*flags)),
        moved(volcanoes("#2E75B6"), 0, 0.02, 0.6),
        moved(ribbon("#4A76C4"), 0, 0.62, 0.4),
    )


def _letters(count: int, ink: str) -> Emblem:
    """Suggest words that run around a rim."""
    stem = box(ink, -0.5, -1, 0.5, 1)
    return around(stem, turns(count), 0.93, 0.055)


def costa_rica() -> Emblem:
    """Draw volcanoes between two seas with ships, in a golden frame."""
    return group(
        moved(ribbon("#3E8EDE"), 0, -0.9, 0.6, 180),
        shield("ochre"),
        moved(shield("#7FC4EA"), size=0.86),
        box("#2E75B6", -0.68, 0.2, 0.68, 0.5),
        shape(
            "leaf",
            (-0.68, 0.24),
            (-0.4, -0.25),
            (-0.15, 0.1),
            (0.05, -0.32),
            (0.25, 0.1),
            (0.45, -0.2),
            (0.68, 0.24),
        ),
        moved(ship("brown", "white"), -0.2, 0.5, 0.26),
        moved(ship("brown", "white"), 0.3, -0.36, 0.18),
        both(moved(leaf("leaf"), 0.86, 0.4, 0.4, 10)),
        *(moved(star("white"), x, -0.62, 0.08) for x in (-0.4, -0.2, 0, 0.2, 0.4)),
    )


def haiti() -> Emblem:
    """Draw the palm with a liberty cap among flags, drums and cannons on a green hill."""
    poles = [
        line("brown", 0.04, (0, 0.5), (x, y))
        for x, y in ((0.9, -0.25), (0.8, -0.55), (0.62, -0.75))
    ]
    cloths = [
        oval(ink, 0.17, 0.34, at)
        for ink, at in (("red", (0.62, -0.02)), ("blue", (0.44, -0.08)), ("red", (0.8, 0.2)))
    ]
    return group(
        blob("leaf", (-1, 0.75), (-0.5, 0.42), (0, 0.36), (0.5, 0.42), (1, 0.75), (0, 0.9)),
        both(group(*poles, *cloths)),
        moved(palm("#2E8B3D", "brown"), 0, -0.25, 0.72),
        both(line("ochre", 0.14, (0.3, 0.55), (0.8, 0.66))),
        disc("gold", 0.14, (0, 0.52)),
        moved(ribbon("white"), 0, 0.84, 0.55),
    )


def paraguay() -> Emblem:
    """Draw the star of May in a wreath within rings."""
    return group(
        disc("black"), disc("white", 0.95), ring("red", 0.1, 0.9), ring("royal", 0.05, 0.76),
        moved(wreath("#2E8B3D", 8), 0, 0.04, 0.64), moved(star("gold"), 0, 0, 0.3),
    )  # fmt: skip


def belize() -> Emblem:
    """Draw two woodcutters, a shield of tools and a mahogany tree, in a green wreath."""
    man = group(
        disc("#7A4A28", 0.09, (0.44, -0.22)),
        box("#7A4A28", 0.36, -0.12, 0.52, 0.12),
        box("white", 0.36, 0.1, 0.52, 0.44),
    )
    return group(
        disc("white"),
        moved(ring("#1E7B34", 0.1), size=0.98),
        moved(tree("#2E8B3D", "brown"), 0, -0.34, 0.42),
        both(man),
        moved(quartered(("white", "gold", "#4DA6E0", "#4DA6E0"), "brown"), 0, 0.16, 0.32),
        moved(ribbon("ochre"), 0, 0.62, 0.42),
    )
