"""The thunder dragon of Bhutan.

Apart from the other animals because it is drawn along a spine, as no other emblem is.
"""

from artwork.canvas import Emblem
from artwork.geometry import Point, spline
from artwork.shapes import brush, disc, group, moved, shape

_SPINE: tuple[Point, ...] = (
    (0.62, -0.5), (0.44, -0.36), (0.5, -0.12), (0.42, 0.1), (0.14, 0.12), (0, -0.1), (-0.16, -0.26),
    (-0.36, -0.12), (-0.36, 0.14), (-0.56, 0.28), (-0.76, 0.16), (-0.98, 0.3),
)  # fmt: skip
_LEGS: tuple[tuple[Point, Point, Point], ...] = (
    ((0.5, -0.2), (0.7, -0.14), (0.82, -0.26)), ((0.42, 0.1), (0.5, 0.3), (0.7, 0.3)),
    ((-0.34, -0.16), (-0.52, -0.3), (-0.7, -0.2)), ((-0.36, 0.1), (-0.2, 0.32), (0, 0.34)),
)  # fmt: skip


def dragon(ink: str, line_ink: str) -> Emblem:
    """Draw a wingless dragon that winds from the lower hoist to the upper fly."""
    return group(
        _body(line_ink, 0.05),
        _body(ink, 0),
        *(disc(line_ink, 0.016, point) for point in spline(_SPINE, closed=False, steps=3)[2:-4]),
        _head(ink, line_ink),
    )


def _body(ink: str, edge: float) -> Emblem:
    """Draw trunk, mane and limbs, all thicker by the edge that sets them off."""
    legs = [brush(ink, (0.1 + edge, 0.07 + edge), *leg) for leg in _LEGS]
    claws = [_foot(ink, *leg[2], edge) for leg in _LEGS]
    return group(brush(ink, (0.19 + edge, 0.05 + edge), *_SPINE), *legs, *claws, *_fins(ink))


def _fins(ink: str) -> list[Emblem]:
    """Draw flames along the back, swept towards the tail."""
    return [
        brush(ink, (0.08, 0.01), (x, y), (x - 0.08, y - 0.14), (x - 0.2, y - 0.15))
        for x, y in spline(_SPINE, closed=False, steps=2)[1:-4]
    ]


def _foot(ink: str, x: float, y: float, edge: float) -> Emblem:
    """Draw four spread claws around a jewel."""
    toes = (-60, -20, 20, 60)
    claw = brush(ink, (0.5 + 4 * edge, 0.12), (0, 0), (0.1, -0.6), (0, -1.1))
    return moved(group(*(moved(claw, turn=toe) for toe in toes)), x, y, 0.09, 80)


def _head(ink: str, line_ink: str) -> Emblem:
    """Draw a horned head with open jaws, looking to the upper fly."""
    jaws: tuple[Point, ...] = (
        (0.5, -0.4), (0.5, -0.6), (0.62, -0.7), (0.78, -0.66), (0.96, -0.74), (1, -0.64),
        (0.84, -0.56), (0.76, -0.54), (0.94, -0.48), (0.9, -0.4), (0.7, -0.4),
    )  # fmt: skip
    return group(
        shape(ink, *jaws),
        brush(ink, (0.06, 0.02), (0.62, -0.66), (0.52, -0.82), (0.36, -0.84)),
        brush(ink, (0.06, 0.02), (0.56, -0.6), (0.4, -0.7), (0.26, -0.66)),
        brush(ink, (0.08, 0.02), (0.52, -0.5), (0.36, -0.54), (0.26, -0.46)),
        disc(line_ink, 0.03, (0.7, -0.62)),
    )
