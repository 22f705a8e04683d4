"""Lions, walking and rampant.

Lions as charges of heraldry, in profile. The dragon, though a beast, is drawn otherwise and
elsewhere.
"""

from artwork.canvas import Emblem
from artwork.emblems.arsenal import sword
from artwork.geometry import Point
from artwork.shapes import blob, brush, disc, group, line, moved, shape


def passant_lion(ink: str, line_ink: str) -> Emblem:
    """Draw the Sinhalese lion walking to the hoist, a sword in its raised paw."""
    trunk: tuple[Point, ...] = (
        (-0.45, -0.3), (-0.1, -0.2), (0.35, -0.22), (0.62, -0.12), (0.66, 0.15), (0.5, 0.25),
        (0.1, 0.22), (-0.25, 0.32), (-0.5, 0.1),
    )  # fmt: skip
    hind = group(
        brush(ink, (0.34, 0.14), (0.5, 0.08), (0.62, 0.42), (0.5, 0.62), (0.56, 0.9)),
        brush(ink, (0.26, 0.12), (0.4, 0.15), (0.36, 0.5), (0.22, 0.66), (0.28, 0.9)),
        brush(ink, (0.14, 0.08), (0.56, 0.92), (0.42, 0.94)),
        brush(ink, (0.14, 0.08), (0.28, 0.92), (0.14, 0.94)),
    )
    fore = group(
        brush(ink, (0.28, 0.12), (-0.3, 0.15), (-0.24, 0.5), (-0.3, 0.9)),
        brush(ink, (0.14, 0.08), (-0.3, 0.92), (-0.44, 0.94)),
        brush(ink, (0.26, 0.14), (-0.4, 0.1), (-0.72, 0.12), (-0.8, -0.16)),
    )
    tail = group(
        brush(ink, (0.1, 0.08), (0.62, -0.05), (0.88, 0), (0.9, -0.4), (0.6, -0.62), (0.74, -0.86)),
        blob(ink, (0.66, -0.8), (0.6, -1), (0.8, -1), (0.86, -0.82)),
    )
    return group(tail, hind, fore, blob(ink, *trunk), _head(ink, line_ink), _drawn_sword(ink))


def _head(ink: str, line_ink: str) -> Emblem:
    """Draw a maned head in profile."""
    return group(
        shape(
            ink,
            (-0.2, -0.78), (-0.06, -0.6), (-0.1, -0.5), (0.04, -0.36), (-0.06, -0.26),
            (0, -0.08), (-0.14, -0.02), (-0.18, 0.16), (-0.34, 0.06), (-0.5, 0.1), (-0.5, -0.3),
            (-0.66, -0.28), (-0.7, -0.42), (-0.62, -0.62), (-0.42, -0.76),
        ),
        disc(line_ink, 0.035, (-0.5, -0.56)),
        line(line_ink, 0.03, (-0.68, -0.4), (-0.54, -0.38)),
        line(line_ink, 0.03, (-0.3, -0.66), (-0.24, -0.4), (-0.34, -0.1)),
    )  # fmt: skip


def _drawn_sword(ink: str) -> Emblem:
    return moved(sword(ink, ink), -0.84, -0.45, 0.62)


def rampant_lion(ink: str) -> Emblem:
    """Draw a lion that stands on its hind legs and claws at the hoist."""
    return group(
        brush(ink, (0.1, 0.08), (0.2, 0.35), (0.6, 0.4), (0.55, -0.1), (0.75, -0.6)),
        disc(ink, 0.12, (0.75, -0.64)),
        brush(ink, (0.44, 0.3), (-0.1, -0.35), (0.1, 0.05), (0.15, 0.4)),
        brush(ink, (0.26, 0.1), (0.15, 0.4), (0.3, 0.7), (0.2, 0.95), (0, 0.95)),
        brush(ink, (0.24, 0.1), (0.05, 0.4), (-0.2, 0.5), (-0.25, 0.75), (-0.42, 0.75)),
        brush(ink, (0.2, 0.1), (-0.15, -0.3), (-0.5, -0.45), (-0.72, -0.3)),
        brush(ink, (0.2, 0.1), (-0.08, -0.05), (-0.4, 0.05), (-0.6, -0.05)),
        disc(ink, 0.3, (-0.12, -0.6)),
        shape(ink, (-0.3, -0.8), (-0.55, -0.62), (-0.5, -0.5), (-0.25, -0.5)),
    )
