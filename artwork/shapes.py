"""The algebra of emblems: a few shapes, and ways to join them.

Every function gives an ``Emblem``, a thing a pen can draw within a circle of radius 1, so
shapes and joins nest freely. Only what knows nothing of nations or heraldry belongs here.
"""

from collections.abc import Sequence

from artwork.canvas import Emblem, Pen
from artwork.geometry import Point, arc, polar, spline


def shape(ink: str, *outline: Point) -> Emblem:
    """Fill straight edges."""
    return lambda pen: pen.fill(outline, ink)


def blob(ink: str, *outline: Point) -> Emblem:
    """Fill a smooth closed curve through the given points."""
    return lambda pen: pen.fill(spline(outline, closed=True), ink)


def disc(ink: str, radius: float = 1.0, at: Point = (0.0, 0.0)) -> Emblem:
    """Fill a circle."""
    return lambda pen: pen.dot(at, radius, ink)


def box(ink: str, left: float, top: float, right: float, bottom: float) -> Emblem:
    """Fill an upright rectangle."""
    return shape(ink, (left, top), (right, top), (right, bottom), (left, bottom))


def oval(ink: str, width: float, height: float, at: Point = (0.0, 0.0)) -> Emblem:
    """Fill an upright ellipse, told by its half axes."""
    return shape(ink, *((at[0] + width * x, at[1] + height * y) for x, y in arc(0, 360)))


def line(ink: str, width: float, *path: Point) -> Emblem:
    """Draw straight from point to point."""
    return lambda pen: pen.stroke(path, width, ink)


def bend(ink: str, width: float, *path: Point) -> Emblem:
    """Draw a smooth line through the given points."""
    return lambda pen: pen.stroke(spline(path, closed=False), width, ink)


def ring(ink: str, width: float, radius: float = 1.0) -> Emblem:
    """Draw a circle's rim; its outer edge is the radius."""
    return lambda pen: pen.fill([*arc(0, 360, radius), *arc(360, 0, radius - width)], ink)


def brush(ink: str, widths: tuple[float, float], *path: Point) -> Emblem:
    """Draw a smooth line whose width changes from its first end to its last."""

    def draw(pen: Pen) -> None:
        curve = spline(path, closed=False, steps=16)
        for index, point in enumerate(curve):
            share = index / (len(curve) - 1)
            pen.dot(point, (widths[0] * (1 - share) + widths[1] * share) / 2, ink)

    return draw


def group(*emblems: Emblem) -> Emblem:
    """Draw several emblems, each over the one before."""

    def draw(pen: Pen) -> None:
        for emblem in emblems:
            emblem(pen)

    return draw


def moved(
    emblem: Emblem,
    x: float = 0.0,
    y: float = 0.0,
    size: float = 1.0,
    turn: float = 0.0,
    *,
    mirror: bool = False,
) -> Emblem:
    """Draw an emblem elsewhere, in another size, turned or mirrored."""
    return lambda pen: emblem(pen.moved((x, y), size, turn, mirror=mirror))


def both(emblem: Emblem) -> Emblem:
    """Draw an emblem and its mirror image."""
    return group(emblem, moved(emblem, mirror=True))


def around(
    emblem: Emblem,
    angles: Sequence[float],
    radius: float,
    size: float,
    *,
    upright: bool = False,
) -> Emblem:
    """Repeat an emblem along a circle, its head outwards unless it stays upright."""
    places = [(polar(angle, radius), 0 if upright else angle + 90) for angle in angles]
    return group(*(moved(emblem, *place, size, turn) for place, turn in places))


def turns(count: int, start: float = -90.0) -> list[float]:
    """Divide the full circle; the first angle is at twelve o'clock unless told."""
    return [start + 360 * index / count for index in range(count)]
