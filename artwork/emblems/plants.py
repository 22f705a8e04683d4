"""Leaves, trees, branches and wreaths.

Whatever grows, drawn alone. A plant as part of a coat of arms is put there by the arms.
"""

from artwork.canvas import Emblem
from artwork.geometry import Point, polar, symmetric
from artwork.shapes import (
    around,
    bend,
    blob,
    both,
    box,
    brush,
    group,
    moved,
    oval,
    shape,
    turns,
)

_MAPLE: list[Point] = [
    (0, -1), (0.19, -0.65), (0.25, -0.62), (0.43, -0.71), (0.31, -0.14), (0.36, -0.12),
    (0.62, -0.4), (0.68, -0.25), (0.72, -0.23), (0.96, -0.28), (0.87, -0.02), (0.89, 0.04),
    (1, 0.1), (0.6, 0.44), (0.58, 0.48), (0.62, 0.63), (0.08, 0.54), (0.05, 0.57), (0.06, 1),
]  # fmt: skip


def maple_leaf(ink: str) -> Emblem:
    """Draw a maple leaf of eleven points."""
    return shape(ink, *symmetric(_MAPLE))


def leaf(ink: str) -> Emblem:
    """Draw a plain leaf that grows upwards."""
    return blob(ink, (0, -1), (0.3, -0.2), (0, 1), (-0.3, -0.2))


def branch(ink: str, leaves: int = 7) -> Emblem:
    """Draw the right half of a wreath: a stem along the circle, leaves on both its sides."""
    stem = [polar(angle, 0.82) for angle in range(90, -61, -15)]
    sprigs = []
    for index in range(leaves):
        angle = 80 - 140 * index / (leaves - 1)
        for radius, lean in ((0.92, 25), (0.7, -25)):
            x, y = polar(angle, radius)
            sprigs.append(moved(leaf(ink), x, y, 0.19, angle + lean))
    return group(bend(ink, 0.04, *stem), *sprigs)


def wreath(ink: str, leaves: int = 7) -> Emblem:
    """Draw two branches that meet at the bottom and leave the top open."""
    return both(branch(ink, leaves))


def sprig(ink: str) -> Emblem:
    """Draw a straight twig with three pairs of leaves and one at the end."""
    pair = both(moved(leaf(ink), 0.24, -0.05, 0.34, 50))
    return group(
        bend(ink, 0.07, (0, 1), (0, -0.6)),
        *(moved(pair, 0, y) for y in (-0.3, 0.15, 0.6)),
        moved(leaf(ink), 0, -0.7, 0.34),
    )


def cedar(ink: str, bark: str) -> Emblem:
    """Draw the cedar of Lebanon, its boughs in shelves."""
    half: list[Point] = [
        (0, -1), (0.2, -0.86), (0.14, -0.78), (0.5, -0.62), (0.46, -0.54), (0.2, -0.54),
        (0.74, -0.3), (0.68, -0.2), (0.32, -0.24), (0.92, 0.04), (0.84, 0.15), (0.42, 0.1),
        (1.06, 0.38), (0.98, 0.5), (0.6, 0.43), (0.78, 0.56), (0.4, 0.54), (0.1, 0.44),
    ]  # fmt: skip
    roots = shape(bark, (-0.1, 0.4), (0.1, 0.4), (0.12, 0.85), (0.3, 1), (-0.3, 1), (-0.12, 0.85))
    return group(roots, shape(ink, *symmetric(half)))


def tree(ink: str, bark: str) -> Emblem:
    """Draw a broad tree with a round crown."""
    crown: list[Point] = [
        (-0.9, 0), (-0.8, -0.45), (-0.4, -0.75), (0, -0.9), (0.45, -0.75), (0.8, -0.45),
        (0.9, 0), (0.5, 0.12), (0, 0.05), (-0.5, 0.12),
    ]  # fmt: skip
    trunk = shape(bark, (-0.1, 0), (0.1, 0), (0.13, 0.8), (0.35, 1), (-0.35, 1), (-0.13, 0.8))
    return group(trunk, blob(ink, *crown))


def palm(ink: str, bark: str) -> Emblem:
    """Draw a palm tree."""
    frond = brush(ink, (0.2, 0.05), (0, -0.4), (0.4, -0.65), (0.8, -0.2))
    high = brush(ink, (0.18, 0.05), (0, -0.4), (0.2, -0.85), (0.6, -0.85))
    low = brush(ink, (0.16, 0.05), (0, -0.4), (0.3, -0.3), (0.5, 0.1))
    return group(
        brush(bark, (0.16, 0.24), (0, -0.4), (0.03, 0.3), (0, 1)), both(group(frond, high, low))
    )


def lotus(ink: str, edge: str) -> Emblem:
    """Draw an open lotus flower."""
    petal = group(leaf(edge), moved(leaf(ink), size=0.8))
    fan = [moved(petal, x, y, 0.62, turn) for x, y, turn in ((0.56, 0.2, 68), (0.36, -0.08, 36))]
    return group(both(group(*fan)), moved(petal, 0, -0.25, 0.75))


def nutmeg(pulp: str, mace: str) -> Emblem:
    """Draw an opened nutmeg."""
    return group(
        blob(pulp, (-0.1, -1), (0.5, -0.5), (0.5, 0.5), (0, 1), (-0.5, 0.4), (-0.45, -0.5)),
        oval(mace, 0.2, 0.55, (0.1, 0.1)),
        moved(leaf("leaf"), -0.6, 0.6, 0.6, -40),
    )


def flower(ink: str, petals: int, heart: str) -> Emblem:
    """Draw a flower seen from above."""
    return group(around(leaf(ink), turns(petals), 0.55, 0.45), moved(oval(heart, 1, 1), size=0.22))


def grain(ink: str) -> Emblem:
    """Draw an ear of wheat that stands upright."""
    kernels = [moved(both(moved(leaf(ink), 0.17, 0, 0.24, 30)), 0, y / 10) for y in range(-6, 5, 2)]
    return group(box(ink, -0.04, -0.8, 0.04, 1), *kernels, moved(leaf(ink), 0, -0.8, 0.24))


def thatch(ink: str, edge: str) -> Emblem:
    """Draw the Basotho hat: a cone with a knotted top and a brim."""
    cone = symmetric([(0, -0.72), (0.22, -0.5), (0.72, 0.45), (1.0, 0.85)])
    knot = [both(bend(ink, 0.09, (0, -0.62), (0.28, -0.72), (0.24, -0.98), (0, -0.78)))]
    bands = [
        bend(edge, 0.07, (-x, y), (0, y + 0.09), (x, y)) for x, y in ((0.34, -0.2), (0.62, 0.4))
    ]
    return group(*knot, shape(ink, *cone), *bands)
