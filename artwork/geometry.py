"""Points, arcs and curves: plane geometry without a drop of paint.

Points are ``(x, y)`` pairs with y growing downwards, angles are in degrees and grow
clockwise from three o'clock. Nothing here knows about images or flags.
"""

from collections.abc import Sequence
from math import cos, radians, sin

Point = tuple[float, float]


def polar(angle: float, radius: float = 1.0, centre: Point = (0.0, 0.0)) -> Point:
    """Give the point at an angle and a distance from the centre."""
    turn = radians(angle)
    return centre[0] + radius * cos(turn), centre[1] + radius * sin(turn)


def arc(
    start: float, stop: float, radius: float = 1.0, centre: Point = (0.0, 0.0), steps: int = 48
) -> list[Point]:
    """Walk along a circle from one angle to another."""
    span = stop - start
    return [polar(start + span * step / steps, radius, centre) for step in range(steps + 1)]


def symmetric(half: Sequence[Point]) -> list[Point]:
    """Close a right-hand half outline, given from top to bottom, with its mirror image."""
    return [*half, *((-x, y) for x, y in reversed(half))]


def spline(points: Sequence[Point], *, closed: bool, steps: int = 10) -> list[Point]:
    """Draw a Catmull-Rom curve through every given point."""
    if closed:
        knots = [points[-1], *points, points[0], points[1]]
    else:
        knots = [points[0], *points, points[-1]]
    curve: list[Point] = []
    for index in range(len(knots) - 3):
        around = knots[index : index + 4]
        curve.extend(_between(around, step / steps) for step in range(steps))
    return curve if closed else [*curve, points[-1]]


def _between(knots: Sequence[Point], t: float) -> Point:
    """Interpolate between the second and the third of four knots."""
    weights = (
        -t + 2 * t**2 - t**3,
        2 - 5 * t**2 + 3 * t**3,
        t + 4 * t**2 - 3 * t**3,
        t**3 - t**2,
    )
    x = sum(weight * knot[0] for weight, knot in zip(weights, knots, strict=True)) / 2
    y = sum(weight * knot[1] for weight, knot in zip(weights, knots, strict=True)) / 2
    return x, y
