"""Paper in a flag's proportions, and a pen that thinks in an emblem's own units.

A ``Canvas`` is measured in fractions: (0, 0) is the upper hoist corner and (1, 1) the lower
fly corner, whatever the proportions. A ``Pen`` is measured in units around its own centre, so
that an emblem drawn within a circle of radius 1 can be put down anywhere, at any size and
angle. What to draw is decided elsewhere.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from PIL import Image, ImageDraw

from artwork.geometry import Point, polar
from artwork.inks import rgb


@dataclass(frozen=True)
class Pen:
    """A pen with its own centre, unit, direction and handedness."""

    draw: ImageDraw.ImageDraw
    centre: Point
    unit: float
    angle: float = 0.0
    mirror: bool = False

    def on_paper(self, point: Point) -> Point:
        """Turn a point in the pen's units into pixels."""
        across = polar(self.angle, self.unit * (-point[0] if self.mirror else point[0]))
        down = polar(self.angle + 90, self.unit * point[1])
        return self.centre[0] + across[0] + down[0], self.centre[1] + across[1] + down[1]

    def moved(self, to: Point, size: float, turn: float, *, mirror: bool) -> "Pen":
        """Give a pen whose centre, unit and direction are told in this one's terms."""
        return replace(
            self,
            centre=self.on_paper(to),
            unit=self.unit * size,
            angle=self.angle + (-turn if self.mirror else turn),
            mirror=self.mirror != mirror,
        )

    def fill(self, outline: Sequence[Point], ink: str) -> None:
        """Fill a closed outline."""
        self.draw.polygon([self.on_paper(point) for point in outline], fill=rgb(ink))

    def dot(self, centre: Point, radius: float, ink: str) -> None:
        """Fill a circle."""
        x, y = self.on_paper(centre)
        reach = radius * self.unit
        self.draw.ellipse((x - reach, y - reach, x + reach, y + reach), fill=rgb(ink))

    def stroke(self, path: Sequence[Point], width: float, ink: str) -> None:
        """Draw a line with round joints and square ends."""
        pixels = max(1, round(width * self.unit))
        line = [self.on_paper(point) for point in path]
        self.draw.line(line, fill=rgb(ink), width=pixels, joint="curve")


Emblem = Callable[[Pen], None]


class Canvas:
    """A sheet that is measured in fractions of its width and height."""

    def __init__(self, width: int, height: int) -> None:
        self.image = Image.new("RGB", (width, height), rgb("white"))
        self.draw = ImageDraw.Draw(self.image)

    @property
    def aspect(self) -> float:
        """How many heights the width is."""
        return self.image.width / self.image.height

    def on_paper(self, point: Point) -> Point:
        """Turn fractions into pixels."""
        return point[0] * self.image.width, point[1] * self.image.height

    def fill(self, outline: Sequence[Point], ink: str) -> None:
        """Fill a closed outline."""
        self.draw.polygon([self.on_paper(point) for point in outline], fill=rgb(ink))

    def pen(self, at: Point, size: float) -> Pen:
        """Give a pen whose centre is told in fractions and whose unit in heights."""
        return Pen(self.draw, self.on_paper(at), size * self.image.height)

    def paint(self, layers: Iterable["Layer"]) -> None:
        """Paint layers from the ground up."""
        for layer in layers:
            layer(self)

    def inset(self, upper: Point, lower: Point, layers: Iterable["Layer"]) -> None:
        """Paint layers on a part of the sheet, clipped at its edges."""
        left, top = (round(value) for value in self.on_paper(upper))
        right, bottom = (round(value) for value in self.on_paper(lower))
        part = Canvas(right - left, bottom - top)
        part.paint(layers)
        self.image.paste(part.image, (left, top))


Layer = Callable[[Canvas], None]
