"""Stars with straight points.

Any number of points, filled, edged or only outlined. How many a flag has and where they stand
is told with the flag; suns are in ``sky``.
"""

from artwork.canvas import Emblem, Pen
from artwork.geometry import polar
from artwork.shapes import group, moved, shape, turns

PENTAGRAM = 0.382
"""The inner radius at which the edges of a five-pointed star are straight lines."""


def star(ink: str, points: int = 5, inner: float = PENTAGRAM, start: float = -90) -> Emblem:
    """Draw a star with one point up unless told where to start."""
    outline = []
    for angle in turns(points, start):
        outline += [polar(angle), polar(angle + 180 / points, inner)]
    return shape(ink, *outline)


def edged(ink: str, edge: str, share: float = 0.72) -> Emblem:
    """Draw a five-pointed star with a border of another colour."""
    return group(star(edge), moved(star(ink), size=share))


def pentagram(ink: str, width: float) -> Emblem:
    """Draw the interlaced outline of a five-pointed star."""
    tips = [polar(angle) for angle in turns(5)]
    rim = [tips[index * 2 % 5] for index in range(6)]
    return lambda pen: pen.stroke([*rim, rim[1]], width, ink)


def hexagram(ink: str, width: float) -> Emblem:
    """Draw two interlaced triangles."""
    up = [polar(angle, 1 - width) for angle in turns(3)]
    down = [(x, -y) for x, y in up]

    def draw(pen: Pen) -> None:
        for triangle in (up, down):
            pen.stroke([*triangle, *triangle[:2]], width, ink)

    return draw
