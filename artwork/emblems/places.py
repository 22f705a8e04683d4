"""Land and buildings: islands, temples, castles, mountains.

What stays where it is, and the ships that call there.
"""

from artwork.canvas import Emblem
from artwork.geometry import Point, symmetric
from artwork.shapes import blob, both, box, brush, group, line, moved, shape


def cyprus(ink: str) -> Emblem:
    """Draw the island of Cyprus."""
    coast: tuple[Point, ...] = (
        (-0.98, 0.18), (-0.9, 0.02), (-0.74, 0.06), (-0.66, -0.12), (-0.42, -0.06), (-0.3, -0.28),
        (0.1, -0.28), (0.4, -0.36), (0.72, -0.56), (0.98, -0.72), (0.8, -0.46), (0.5, -0.2),
        (0.46, 0.06), (0.62, 0.14), (0.36, 0.2), (0.2, 0.34), (-0.1, 0.42), (-0.18, 0.56),
        (-0.4, 0.5), (-0.72, 0.5), (-0.92, 0.36),
    )  # fmt: skip
    return shape(ink, *coast)


def angkor_wat(ink: str, line_ink: str) -> Emblem:
    """Draw the temple of Angkor with its three towers."""
    tower: list[Point] = [(0, -1), (0.06, -0.8), (0.13, -0.6), (0.15, -0.35), (0.18, 0.2)]
    spire = shape(ink, *symmetric(tower))
    wing = moved(spire, 0.56, 0.08, 0.72)
    return group(
        spire,
        both(wing),
        box(ink, -0.8, -0.06, 0.8, 0.3),
        box(ink, -0.92, 0.26, 0.92, 0.5),
        box(ink, -1, 0.5, 1, 0.66),
        *(
            line(line_ink, 0.03, (-x, y), (x, y))
            for x, y in ((0.78, 0.1), (0.9, 0.36), (0.98, 0.56))
        ),
        *(line(line_ink, 0.05, (x / 10, 0.12), (x / 10, 0.26)) for x in range(-7, 8, 2)),
        box(line_ink, -0.06, 0.0, 0.06, 0.5),
    )


def castle(ink: str) -> Emblem:
    """Draw a castle with three battlements and a gate."""
    return group(
        box(ink, -0.8, -0.1, 0.8, 1),
        box(ink, -0.2, -0.8, 0.2, 0),
        both(box(ink, 0.5, -0.5, 0.8, 0)),
        box("black", -0.16, 0.4, 0.16, 1),
    )


def peaks(sky: str, rock: str, land: str) -> Emblem:
    """Draw a round landscape: sky, a snowy mountain and a foreground."""
    return group(
        shape(
            sky,
            *((0.99 * x, y) for x, y in ((-0.8, -0.6), (0, -1), (0.8, -0.6), (1, 0.2), (-1, 0.2))),
        ),
        shape(rock, (-0.95, 0.3), (-0.2, -0.6), (0.1, -0.2), (0.35, -0.4), (0.95, 0.3)),
        shape("white", (-0.38, -0.38), (-0.2, -0.6), (-0.05, -0.4), (-0.2, -0.28)),
        blob(land, (-1, 0.2), (0, 0.1), (1, 0.2), (0.6, 0.85), (-0.6, 0.85)),
    )


def ship(hull: str, sail: str) -> Emblem:
    """Draw a ship under sail."""
    return group(
        line(hull, 0.07, (0, -0.9), (0, 0.4)),
        shape(sail, (0.05, -0.85), (0.6, 0.2), (0.05, 0.2)),
        shape(sail, (-0.05, -0.7), (-0.5, 0.2), (-0.05, 0.2)),
        shape(hull, (-0.8, 0.35), (0.8, 0.35), (0.55, 0.75), (-0.55, 0.75)),
        brush("#3E8EDE", (0.12, 0.12), (-0.95, 0.85), (-0.3, 0.78), (0.3, 0.9), (0.95, 0.8)),
    )


def three_towers() -> Emblem:
    """Draw the feathered towers of San Marino on their green mountains."""
    tower = group(
        box("silver", -0.14, -0.4, 0.14, 0.5),
        brush("#6B7F35", (0.08, 0.02), (0, -0.4), (0.05, -0.75)),
    )
    return group(
        *(moved(tower, x, y, 0.75) for x, y in ((-0.42, 0.1), (0, -0.15), (0.42, 0.1))),
        blob(
            "leaf",
            (-0.8, 0.6),
            (-0.42, 0.3),
            (-0.2, 0.48),
            (0, 0.1),
            (0.2, 0.48),
            (0.42, 0.3),
            (0.8, 0.6),
            (0, 0.9),
        ),
    )
