"""What a flag is: a name, proportions and the layers that make it up.

The record alone; how it is painted and where the records are kept is told elsewhere.
"""

from dataclasses import dataclass

from artwork.canvas import Layer
from artwork.geometry import Point


@dataclass(frozen=True)
class Flag:
    """A country's flag, its layers from the ground up."""

    country: str
    proportions: str
    layers: tuple[Layer, ...]
    outline: tuple[Point, ...] = ()
    """The edge of a flag that is not a rectangle, in fractions; outside it is background."""

    @property
    def aspect(self) -> float:
        """How many heights the width is; proportions name the height first."""
        height, width = (float(side) for side in self.proportions.split(":"))
        return width / height


def flag(country: str, proportions: str, *layers: Layer, outline: tuple[Point, ...] = ()) -> Flag:
    """Describe a flag."""
    return Flag(country, proportions, layers, outline)
