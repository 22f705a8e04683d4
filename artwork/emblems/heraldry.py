"""The parts of coats of arms: shields and their divisions, crowns, crosses, ribbons.

Parts alone. Which of them make up the arms of a country is told in the ``arms`` modules.
"""

from artwork.canvas import Emblem
from artwork.geometry import Point, symmetric
from artwork.shapes import bend, both, box, brush, disc, group, line, moved, shape

_SHIELD: list[Point] = [
    (0, -1), (0.8, -1), (0.8, 0.1), (0.72, 0.45), (0.5, 0.75), (0.2, 0.93), (0, 1),
]  # fmt: skip


def shield(ink: str, edge: str = "") -> Emblem:
    """Draw a plain shield, with a border if it has an ink for one."""
    plain = shape(ink, *symmetric(_SHIELD))
    return group(shape(edge, *symmetric(_SHIELD)), moved(plain, size=0.88)) if edge else plain


def quartered(inks: tuple[str, str, str, str], edge: str) -> Emblem:
    """Draw a shield in four quarters, read like a page."""
    lower: list[Point] = [(0, 0), (0.7, 0), (0.63, 0.4), (0.44, 0.66), (0, 0.88)]
    return group(
        shield(edge, edge),
        box(inks[0], -0.7, -0.88, 0, 0),
        box(inks[1], 0, -0.88, 0.7, 0),
        shape(inks[2], *((-x, y) for x, y in lower)),
        shape(inks[3], *lower),
    )


def chequered(first: str, second: str, count: int) -> Emblem:
    """Draw a square field of chequers."""
    side = 2 / count
    return group(
        *(
            box(
                second if (row + column) % 2 else first,
                column * side - 1, row * side - 1, (column + 1) * side - 1, (row + 1) * side - 1,
            )
            for row in range(count)
            for column in range(count)
        )
    )  # fmt: skip


def crown(ink: str, jewel: str) -> Emblem:
    """Draw a closed crown."""
    return group(
        shape(ink, *symmetric([(0, -0.4), (0.28, -0.12), (0.6, -0.45), (0.95, -0.2), (0.7, 0.9)])),
        both(bend(ink, 0.16, (0.85, -0.1), (0.75, -0.6), (0.3, -0.75), (0, -0.55))),
        disc(ink, 0.14, (0, -0.82)),
        *(disc(jewel, 0.1, (x, 0.66)) for x in (-0.4, 0, 0.4)),
    )


def greek_cross(ink: str, thickness: float) -> Emblem:
    """Draw a cross of four equal arms."""
    half = thickness / 2
    return group(box(ink, -1, -half, 1, half), box(ink, -half, -1, half, 1))


def bolnisi_cross(ink: str) -> Emblem:
    """Draw a cross whose arms widen outwards a little."""
    arm = shape(ink, (-0.2, 0), (-0.32, -1), (0.32, -1), (0.2, 0))
    return group(*(moved(arm, turn=turn) for turn in (0, 90, 180, 270)))


def patriarchal_cross(ink: str) -> Emblem:
    """Draw a cross with two bars that widen at their ends."""
    return group(
        shape(ink, (-0.12, -1), (0.12, -1), (0.07, 0), (0.14, 1), (-0.14, 1), (-0.07, 0)),
        both(shape(ink, (0, -0.55), (0.46, -0.65), (0.46, -0.4), (0, -0.45))),
        both(shape(ink, (0, -0.08), (0.66, -0.2), (0.66, 0.12), (0, 0.04))),
    )


def ribbon(ink: str) -> Emblem:
    """Draw a motto's ribbon that hangs below arms."""
    return brush(
        ink, (0.24, 0.24), (-0.9, -0.15), (-0.45, 0.1), (0, 0.18), (0.45, 0.1), (0.9, -0.15)
    )


def pillar(ink: str, cap: str) -> Emblem:
    """Draw a pillar of Hercules with its base and crown."""
    return group(
        box(ink, -0.18, -0.6, 0.18, 0.8),
        box(cap, -0.32, 0.8, 0.32, 1),
        box(cap, -0.28, -0.75, 0.28, -0.58),
        moved(crown(cap, "red"), 0, -0.95, 0.26),
    )


def crossed_keys(gold: str, silver: str) -> Emblem:
    """Draw the keys of Saint Peter below the tiara."""
    return group(
        moved(_key(gold), 0, 0.25, 0.95, -45),
        moved(_key(silver), 0, 0.25, 0.95, 45),
        moved(_tiara(), 0, -0.32, 0.72),
    )


def _key(ink: str) -> Emblem:
    """Draw a key with its bit up."""
    return group(
        box(ink, -0.05, -0.7, 0.05, 0.9),
        both(box(ink, 0.05, -0.7, 0.22, -0.4)),
        *(moved(disc(ink), x, y, 0.13) for x, y in ((-0.14, 0.88), (0.14, 0.88), (0, 1.02))),
    )


def _tiara() -> Emblem:
    """Draw the papal crown of three tiers."""
    return group(
        shape("silver", *symmetric([(0, -1), (0.16, -0.9), (0.26, -0.6), (0.26, -0.22)])),
        *(
            line("gold", 0.07, (-w, y), (w, y))
            for y, w in ((-0.26, 0.28), (-0.48, 0.28), (-0.7, 0.24))
        ),
        disc("gold", 0.07, (0, -1)),
    )


def three_peaks(ink: str) -> Emblem:
    """Draw three mountains that fill the foot of a shield."""
    return shape(
        ink, (-0.7, 0.5), (-0.4, 0.05), (-0.22, 0.2), (0, -0.3),
        (0.22, 0.2), (0.4, 0.05), (0.7, 0.5), (0.4, 0.75), (0, 0.92), (-0.4, 0.75),
    )  # fmt: skip


def volcanoes(sea: str) -> Emblem:
    """Draw the triangle of Central America: five volcanoes between two oceans, below the sun."""
    inside = [(0, -0.66), (0.62, 0.42), (-0.62, 0.42)]
    return group(
        shape("gold", (0, -1), (0.9, 0.56), (-0.9, 0.56)),
        shape("#BFE3F5", *inside),
        shape(sea, (-0.62, 0.42), (-0.42, 0.08), (0.42, 0.08), (0.62, 0.42)),
        shape(
            "leaf",
            *((x / 10, 0.2 if x % 2 else -0.02) for x in range(-4, 5)),
            (0.42, 0.26),
            (-0.42, 0.26),
        ),
        shape("red", (-0.08, -0.2), (0, -0.38), (0.08, -0.2)),
        *(
            line(ink, 0.03, (-x, y), (x, y))
            for ink, x, y in (("red", 0.12, -0.4), ("blue", 0.16, -0.32))
        ),
    )
