"""Tools and weapons: swords, shields of hide, cogs and wheels.

Things that hands made to work or to fight with. The shields of heraldry are in ``heraldry``.
"""

from artwork.canvas import Emblem
from artwork.geometry import Point, arc, polar, symmetric
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


def sword(blade: str, hilt: str) -> Emblem:
    """Draw a straight sword that points up."""
    return group(
        shape(blade, (0, -1), (0.08, -0.85), (0.08, 0.55), (-0.08, 0.55), (-0.08, -0.85)),
        box(hilt, -0.26, 0.5, 0.26, 0.62),
        box(hilt, -0.06, 0.6, 0.06, 0.92),
        disc(hilt, 0.1, (0, 0.94)),
    )


def sabre(ink: str) -> Emblem:
    """Draw a curved sword that lies with its hilt to the fly."""
    return group(
        brush(ink, (0.03, 0.11), (-1, -0.03), (-0.4, 0.07), (0.2, 0.08), (0.76, 0.03)),
        box(ink, 0.7, -0.1, 0.76, 0.16),
        brush(ink, (0.09, 0.09), (0.74, 0.03), (0.92, 0.02), (1, 0.1)),
    )


def spear(shaft: str, head: str) -> Emblem:
    """Draw a spear that points up."""
    return group(
        box(shaft, -0.025, -0.8, 0.025, 1),
        shape(head, (0, -1), (0.08, -0.75), (0, -0.6), (-0.08, -0.75)),
    )


def trident(ink: str) -> Emblem:
    """Draw the broken trident of Barbados."""
    prong = group(
        brush(ink, (0.15, 0.2), (0, 0.28), (0.34, 0.18), (0.52, -0.2), (0.5, -0.62)),
        shape(ink, (0.38, -0.5), (0.66, -0.9), (0.68, -0.5), (0.56, -0.4)),
    )
    return group(
        box(ink, -0.1, -0.6, 0.1, 1),
        shape(ink, (0, -1), (0.22, -0.6), (0.1, -0.55), (-0.1, -0.55), (-0.22, -0.6)),
        both(prong),
    )


def cogwheel(ink: str, teeth: int, start: float = 0, stop: float = 360) -> Emblem:
    """Draw the rim of a cogwheel, whole or an arc of it."""
    count = round(teeth * (stop - start) / 360)
    angles = [start + (stop - start) * (index + 0.5) / count for index in range(count)]
    rim = [*arc(start, stop, 0.86), *arc(stop, start, 0.66)]
    return group(shape(ink, *rim), around(box(ink, -0.5, -0.8, 0.5, 1), angles, 0.88, 0.15))


def machete(ink: str) -> Emblem:
    """Draw a machete that points up, its edge to the fly."""
    return group(
        shape(ink, (-0.1, -1), (0.12, -0.9), (0.14, 0.4), (-0.06, 0.4)),
        box(ink, -0.09, 0.38, 0.09, 0.9),
    )


def rifle(ink: str) -> Emblem:
    """Draw a rifle with a bayonet and a curved magazine, its muzzle up."""
    return group(
        box(ink, -0.04, -0.95, 0.04, 0.3),
        box(ink, -0.09, -0.45, 0.09, 0.4),
        shape(ink, (-0.09, 0.3), (0.09, 0.3), (0.16, 0.98), (-0.1, 0.98)),
        brush(ink, (0.16, 0.14), (0.05, 0.05), (0.26, 0.08), (0.38, -0.06)),
    )


def hoe(ink: str) -> Emblem:
    """Draw a hoe, its head up."""
    return group(
        box(ink, -0.045, -0.8, 0.045, 1), shape(ink, (-0.4, -0.6), (-0.05, -0.95), (0.06, -0.7))
    )


def chakra(ink: str) -> Emblem:
    """Draw the wheel of Ashoka with its 24 spokes."""
    spoke = shape(ink, (-0.045, -0.5), (0, -0.05), (0.045, -0.5), (0, -0.92))
    return group(
        ring(ink, 0.12),
        around(spoke, turns(24), 0.0, 1.0),
        around(disc(ink, 0.05), turns(24, -82.5), 0.86, 1.0),
        disc(ink, 0.16),
    )


def hide_shield(ink: str, rim: str, mark: str) -> Emblem:
    """Draw the Maasai shield of Kenya, over two crossed spears."""
    spears = both(moved(spear("white", "white"), 0, 0, 1.0, 32))
    pointed: list[Point] = [
        (0, -0.86),
        (0.2, -0.6),
        (0.36, -0.2),
        (0.36, 0.2),
        (0.2, 0.6),
        (0, 0.86),
    ]
    side = [(0.2, -0.62), (0.37, -0.2), (0.37, 0.2), (0.2, 0.62), (0.14, 0)]
    return group(
        spears,
        shape(ink, *symmetric(pointed)),
        both(blob(rim, *side)),
        moved(oval(mark, 0.12, 0.3)),
        both(blob(mark, (0.3, -0.24), (0.42, 0), (0.3, 0.24), (0.24, 0))),
        box(mark, -0.03, -0.62, 0.03, 0.62),
    )


def nguni_shield(light: str, dark: str) -> Emblem:
    """Draw the long ox-hide shield of Eswatini, lying on its side, over spears and a staff."""
    staves = [line("#FFD900", 0.05, (-1, y), (1, y)) for y in (-0.22, 0.22, 0.34)]
    tips = [
        shape("#C8D6DC", (1, y - 0.06), (0.84, y - 0.05), (0.84, y + 0.05)) for y in (-0.2, 0.24)
    ]
    half = [polar(angle) for angle in range(-90, 91, 6)]
    marks = [box(light, 0.1 + 0.12 * step, -0.05, 0.16 + 0.12 * step, 0.06) for step in range(4)]
    return group(
        *staves,
        *tips,
        oval("black", 0.72, 0.35),
        shape(light, *((-0.7 * x, 0.33 * y) for x, y in half)),
        *marks,
        *(box(dark, -0.56 + 0.12 * step, -0.05, -0.5 + 0.12 * step, 0.06) for step in range(4)),
        line("#8A5A2B", 0.03, (-0.9, 0), (0.9, 0)),
    )
