"""Birds: the eagles of heraldry and the birds of nations.

One bird each, without what it holds or stands on unless its flag never shows it otherwise.
"""

from artwork.canvas import Emblem
from artwork.geometry import Point, symmetric
from artwork.shapes import around, bend, blob, box, brush, disc, group, line, moved, shape

_TWO_HEADED: list[Point] = [
    (0, -0.4), (0.08, -0.66), (0.05, -0.86), (0.18, -0.99), (0.32, -0.93), (0.5, -0.84),
    (0.34, -0.8), (0.38, -0.7), (0.25, -0.68), (0.24, -0.46), (0.4, -0.55), (0.55, -0.78),
    (0.8, -0.86), (0.72, -0.66), (0.98, -0.62), (0.7, -0.5), (1, -0.34), (0.7, -0.32),
    (1, -0.06), (0.68, -0.14), (0.92, 0.2), (0.6, 0.03), (0.74, 0.36), (0.46, 0.16), (0.28, 0.24),
    (0.34, 0.38), (0.54, 0.4), (0.7, 0.54), (0.52, 0.52), (0.56, 0.66), (0.42, 0.55),
    (0.36, 0.66), (0.33, 0.52), (0.18, 0.42), (0.16, 0.56), (0.34, 0.78), (0.2, 0.78),
    (0.22, 0.94), (0.1, 0.86), (0, 1),
]  # fmt: skip
_SPREAD: list[Point] = [
    (0.1, -0.5), (0.26, -0.55), (0.5, -0.82), (0.76, -0.9), (0.7, -0.7), (0.96, -0.68),
    (0.72, -0.52), (1, -0.4), (0.72, -0.34), (0.98, -0.1), (0.68, -0.16), (0.84, 0.18),
    (0.56, 0.04), (0.62, 0.36), (0.4, 0.18), (0.26, 0.3), (0.3, 0.5), (0.5, 0.66), (0.2, 0.6),
    (0.3, 0.86), (0.12, 0.8), (0, 0.96),
]  # fmt: skip


def two_headed_eagle(ink: str) -> Emblem:
    """Draw the eagle of Skanderbeg, which also watches over Montenegro and Serbia."""
    return shape(ink, *symmetric(_TWO_HEADED))


def eagle(ink: str, beak: str) -> Emblem:
    """Draw an eagle displayed, its head turned to the hoist."""
    neck = blob(ink, (-0.14, -0.4), (-0.12, -0.8), (0.02, -0.98), (0.15, -0.85), (0.14, -0.4))
    return group(
        shape(ink, *symmetric(_SPREAD)),
        neck,
        shape(beak, (-0.1, -0.92), (-0.34, -0.76), (-0.1, -0.76)),
    )


def perched_eagle(ink: str, beak: str) -> Emblem:
    """Draw an eagle in profile that lands with its wings raised."""
    near = ((-0.1, 0.1), (-0.55, -0.3), (-0.95, -0.75), (-0.5, -0.66), (-0.34, -0.4), (0, -0.3))
    far = (
        (-0.1, -0.35), (0.2, -0.75), (0.62, -1), (0.56, -0.72), (0.84, -0.74), (0.72, -0.5),
        (0.96, -0.42), (0.76, -0.22), (0.9, -0.06), (0.66, 0), (0.7, 0.2), (0.3, 0.3),
    )  # fmt: skip
    return group(
        shape(ink, *far),
        shape(ink, (0.1, 0.2), (0.36, 0.3), (0.66, 0.8), (0.4, 0.76), (0.34, 0.92), (0.1, 0.6)),
        blob(ink, (-0.3, -0.5), (0, -0.45), (0.32, 0), (0.28, 0.45), (0, 0.4), (-0.22, 0)),
        shape("#6B3F1B", *near),
        disc(ink, 0.2, (-0.22, -0.56)),
        shape(beak, (-0.36, -0.66), (-0.66, -0.46), (-0.36, -0.46)),
        disc("black", 0.045, (-0.26, -0.6)),
        line(beak, 0.1, (0.08, 0.4), (0, 0.7)),
        line(beak, 0.1, (-0.05, 0.3), (-0.4, 0.4)),
    )


def soaring(ink: str) -> Emblem:
    """Draw a bird of prey in flight, seen from below, wings wide."""
    half: list[Point] = [
        (0, -0.28), (0.12, -0.1), (0.4, -0.34), (0.7, -0.36), (1, -0.1), (0.78, -0.12),
        (0.86, 0.04), (0.62, 0), (0.66, 0.14), (0.42, 0.1), (0.4, 0.22), (0.16, 0.16),
        (0.2, 0.4), (0, 0.34),
    ]  # fmt: skip
    return group(shape(ink, *symmetric(half)), disc(ink, 0.1, (-0.03, -0.28)))


def frigatebird(ink: str) -> Emblem:
    """Draw a frigatebird flying to the fly side over the sea."""
    return group(
        brush(ink, (0.12, 0.2), (-1, -0.5), (-0.55, -0.42), (-0.05, 0.05)),
        brush(ink, (0.03, 0.2), (0.86, -0.62), (0.45, -0.5), (0.1, 0.05)),
        brush(ink, (0.26, 0.06), (-0.05, 0.04), (0.3, 0.02), (0.62, -0.08)),
        brush(ink, (0.24, 0.04), (0, 0.06), (-0.4, 0.22), (-0.8, 0.5)),
        brush(ink, (0.16, 0.04), (-0.2, 0.14), (-0.5, 0.2), (-0.9, 0.25)),
    )


def bird_of_paradise(ink: str) -> Emblem:
    """Draw the bird of paradise of Papua New Guinea, plumes streaming behind it."""
    plumes = [
        brush(ink, (0.1, 0.03), (-0.1, 0.1), (x, y), (u, v))
        for x, y, u, v in (
            (-0.3, 0.5, 0.1, 0.98), (-0.45, 0.4, -0.2, 0.95), (-0.55, 0.3, -0.55, 0.8),
            (-0.6, 0.1, -0.85, 0.5), (-0.1, 0.5, 0.4, 0.85),
        )
    ]  # fmt: skip
    return group(
        *plumes,
        blob(ink, (-0.3, 0.2), (-0.2, -0.25), (0.1, -0.5), (0.3, -0.5), (0.25, -0.2), (0, 0.2)),
        brush(ink, (0.3, 0.02), (-0.1, -0.1), (-0.55, -0.35), (-0.95, -0.25)),
        brush(ink, (0.3, 0.02), (-0.05, -0.25), (-0.3, -0.7), (-0.7, -0.85)),
        brush(ink, (0.28, 0.02), (0.1, -0.15), (0.55, -0.15), (0.8, 0.2)),
        disc(ink, 0.15, (0.3, -0.58)),
        shape(ink, (0.38, -0.7), (0.7, -0.56), (0.38, -0.5)),
        bend(ink, 0.03, (-0.2, 0.1), (-0.75, 0), (-0.95, 0.25)),
    )


def crane(body: str, wing: str, crest: str) -> Emblem:
    """Draw the grey crowned crane of Uganda on one leg."""
    crown = around(line(crest, 0.25, (0, 0), (0, -1)), (-120, -100, -80, -60, -40), 0.0, 0.26)
    return group(
        line(body, 0.06, (0.05, 0.3), (0.05, 0.98)),
        line(body, 0.05, (0.16, 0.35), (0.3, 0.6), (0.1, 0.7)),
        moved(crown, -0.28, -0.72),
        blob(wing, (-0.2, 0.1), (0.2, -0.12), (0.55, 0.15), (0.7, 0.6), (0.3, 0.4), (0, 0.4)),
        blob("white", (-0.1, 0.1), (0.2, -0.02), (0.45, 0.2), (0.15, 0.26)),
        brush(body, (0.3, 0.1), (0, 0.12), (-0.24, -0.2), (-0.25, -0.6)),
        disc("black", 0.12, (-0.28, -0.66)),
        disc("red", 0.06, (-0.24, -0.52)),
        shape("black", (-0.35, -0.72), (-0.62, -0.6), (-0.35, -0.6)),
    )


def parrot(body: str, breast: str) -> Emblem:
    """Draw the sisserou parrot of Dominica."""
    return group(
        brush(body, (0.4, 0.1), (0.05, 0.3), (0.2, 0.7), (0.3, 1)),
        blob(body, (-0.35, -0.4), (0.1, -0.6), (0.4, 0), (0.2, 0.6), (-0.2, 0.4)),
        blob(breast, (-0.35, -0.35), (-0.05, -0.4), (0.02, 0.1), (-0.15, 0.4), (-0.35, 0.1)),
        disc(breast, 0.3, (-0.12, -0.65)),
        shape("gold", (-0.34, -0.8), (-0.62, -0.5), (-0.32, -0.5)),
        disc("white", 0.07, (-0.2, -0.7)),
    )


def zimbabwe_bird(ink: str, line_ink: str) -> Emblem:
    """Draw the carved bird of Great Zimbabwe on its pedestal."""
    carving = (
        (-0.42, -0.78), (-0.2, -1), (0.04, -0.86), (0.06, -0.6), (0.34, -0.3), (0.4, 0.1),
        (0.28, 0.62), (0.1, 0.3), (0, 0.62), (-0.16, 0.62), (-0.2, 0.1), (-0.28, -0.3),
        (-0.16, -0.64),
    )  # fmt: skip
    base = box(ink, -0.4, 0.6, 0.42, 1)
    return group(shape(ink, *carving), base, line(line_ink, 0.06, (-0.4, 0.78), (0.42, 0.78)))


def quetzal(ink: str, breast: str) -> Emblem:
    """Draw the long-tailed quetzal of Guatemala."""
    return group(
        brush(ink, (0.2, 0.06), (0.1, 0), (0.35, 0.5), (0.15, 1)),
        blob(ink, (-0.3, -0.5), (0, -0.75), (0.3, -0.3), (0.2, 0.2), (-0.1, 0.1)),
        blob(breast, (-0.25, -0.3), (0, -0.3), (0.08, 0.1), (-0.1, 0.1)),
        disc(ink, 0.2, (-0.2, -0.62)),
    )
