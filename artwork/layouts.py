"""Cloth laid on cloth: the ways in which flags divide their field.

Every function gives a ``Layer``. Positions are fractions of the flag's width and height;
thicknesses and the sizes of emblems are in heights, because a cross or a star keeps its shape
on a long flag. Emblems themselves are drawn elsewhere.
"""

from collections.abc import Sequence
from itertools import pairwise

from artwork.canvas import Canvas, Emblem, Layer
from artwork.geometry import Point


def patch(ink: str, *outline: Point) -> Layer:
    """Lay any straight-edged piece of cloth."""
    return lambda canvas: canvas.fill(outline, ink)


def bar(ink: str, left: float, top: float, right: float, bottom: float) -> Layer:
    """Lay an upright rectangle."""
    return patch(ink, (left, top), (right, top), (right, bottom), (left, bottom))


def field(ink: str) -> Layer:
    """Lay the whole ground in one colour."""
    return bar(ink, 0, 0, 1, 1)


def horizontal(*inks: str, weights: Sequence[float] = ()) -> Layer:
    """Lay stripes from top to bottom, equal ones unless weighted."""
    edges = _edges(len(inks), weights)

    def draw(canvas: Canvas) -> None:
        for ink, (top, bottom) in zip(inks, pairwise(edges), strict=True):
            bar(ink, 0, top, 1, bottom)(canvas)

    return draw


def vertical(*inks: str, weights: Sequence[float] = ()) -> Layer:
    """Lay stripes from hoist to fly, equal ones unless weighted."""
    edges = _edges(len(inks), weights)

    def draw(canvas: Canvas) -> None:
        for ink, (left, right) in zip(inks, pairwise(edges), strict=True):
            bar(ink, left, 0, right, 1)(canvas)

    return draw


def _edges(count: int, weights: Sequence[float]) -> list[float]:
    """Give the edges of stripes as fractions of the whole."""
    shares = weights or [1.0] * count
    return [sum(shares[:index]) / sum(shares) for index in range(count + 1)]


def hoist(ink: str, reach: float, height: float = 1.0) -> Layer:
    """Lay a triangle based on the hoist."""
    return patch(ink, (0, 0.5 - height / 2), (reach, 0.5), (0, 0.5 + height / 2))


def cross(ink: str, thickness: float, x: float = 0.5, y: float = 0.5) -> Layer:
    """Lay a cross from edge to edge; a Nordic one has its x nearer the hoist."""

    def draw(canvas: Canvas) -> None:
        half = thickness / 2
        bar(ink, 0, y - half, 1, y + half)(canvas)
        bar(ink, x - half / canvas.aspect, 0, x + half / canvas.aspect, 1)(canvas)

    return draw


def sash(ink: str, thickness: float, start: Point = (0, 1), stop: Point = (1, 0)) -> Layer:
    """Lay a slanting band, by default from the lower hoist to the upper fly."""

    def draw(canvas: Canvas) -> None:
        (x0, y0), (x1, y1) = canvas.on_paper(start), canvas.on_paper(stop)
        run, rise = x1 - x0, y1 - y0
        length = (run * run + rise * rise) ** 0.5
        # A band is longer than its diagonal, so that its ends reach into the corners.
        pen = canvas.pen(((start[0] + stop[0]) / 2, (start[1] + stop[1]) / 2), 1.0)
        along = (run / length * canvas.aspect * 2, rise / length * canvas.aspect * 2)
        off = (-rise / length * thickness / 2, run / length * thickness / 2)
        signs = ((-1, -1), (1, -1), (1, 1), (-1, 1))
        pen.fill([(a * along[0] + b * off[0], a * along[1] + b * off[1]) for a, b in signs], ink)

    return draw


def saltire(ink: str, thickness: float) -> Layer:
    """Lay a cross from corner to corner."""
    return stack(sash(ink, thickness), sash(ink, thickness, (0, 0), (1, 1)))


def serrated(ink: str, start: float, depth: float, teeth: int) -> Layer:
    """Lay cloth over the fly side, with teeth of the hoist side biting into it."""
    edge: list[Point] = [(1, 0), (start, 0)]
    for tooth in range(teeth):
        edge += [(start + depth, (tooth + 0.5) / teeth), (start, (tooth + 1) / teeth)]
    return patch(ink, *edge, (1, 1))


def canton(width: float, height: float, *layers: Layer) -> Layer:
    """Paint a flag of its own in the upper hoist corner."""
    return lambda canvas: canvas.inset((0, 0), (width, height), layers)


def inset(upper: Point, lower: Point, *layers: Layer) -> Layer:
    """Paint layers on a part of the flag, clipped at its edges."""
    return lambda canvas: canvas.inset(upper, lower, layers)


def stack(*layers: Layer) -> Layer:
    """Take several layers for one."""
    return lambda canvas: canvas.paint(layers)


def place(emblem: Emblem, x: float = 0.5, y: float = 0.5, size: float = 0.25) -> Layer:
    """Put an emblem down; its size is its radius in heights."""
    return lambda canvas: emblem(canvas.pen((x, y), size))


def scatter(emblem: Emblem, size: float, *places: Point) -> Layer:
    """Put the same emblem down in several places."""
    return stack(*(place(emblem, x, y, size) for x, y in places))


def union_jack() -> Layer:
    """Lay the crosses of Saint Andrew, Saint Patrick and Saint George."""
    red = "#C8102E"
    saint_george = (cross("white", 1 / 3), cross(red, 1 / 5))
    return stack(field("#012169"), saltire("white", 1 / 5), _saint_patrick(red), *saint_george)


def _saint_patrick(red: str) -> Layer:
    """Lay a saltire whose arms keep to one side of the diagonals, as on a turning wheel."""
    # A thickness of 1/15, measured along the edges of a flag twice as long as high.
    edge = 5**0.5 / 30
    middle: Point = (0.5, 0.5)
    arms = (
        ((0, 0), middle, (0.5 - edge, 0.5), (0, edge)),
        ((1, 0), (1 - edge, 0), (0.5 - edge, 0.5), middle),
        ((1, 1), middle, (0.5 + edge, 0.5), (1, 1 - edge)),
        ((0, 1), (edge, 1), (0.5 + edge, 0.5), middle),
    )
    return stack(*(patch(red, *arm) for arm in arms))
