"""Makes a flat drawing hang like cloth.

The folds are one function of position. Where a fold leans towards the light the cloth is
brighter, where it leans away it is darker, and what is drawn on it shifts a little with it.
The outline stays a rectangle: a flag must still be told by its proportions.
"""

from functools import cache
from math import cos, pi, sin

from PIL import Image, ImageChops

# Sampling the folds this finely is enough, for they are smooth; the rest is interpolation.
GRID = (48, 32)
DEPTH = 0.012
SHADOW = 0.24
GLOSS = 0.12


def phase(u: float, v: float) -> float:
    """Say how far along its ripples a point of the cloth is; the folds slant and widen."""
    return 2 * pi * (2.1 * u - 0.35 * v - 0.30 * u * u + 0.06 * sin(2 * pi * v))


def drape(drawing: Image.Image) -> Image.Image:
    """Shift the drawing up and down with the folds, holding its outline still."""
    columns, rows = GRID
    return drawing.transform(
        drawing.size,
        Image.Transform.MESH,
        [_patch(drawing.size, column, row) for column in range(columns) for row in range(rows)],
        Image.Resampling.BILINEAR,
    )


def _patch(
    size: tuple[int, int], column: int, row: int
) -> tuple[tuple[int, int, int, int], tuple[float, ...]]:
    """Say which four-sided piece of the drawing fills one rectangle of the mesh."""
    width, height = size
    left, right = (width * edge // GRID[0] for edge in (column, column + 1))
    top, bottom = (height * edge // GRID[1] for edge in (row, row + 1))
    corners = ((left, top), (left, bottom), (right, bottom), (right, top))
    sources = [value for x, y in corners for value in (x, _source(x / width, y / height) * height)]
    return (left, top, right, bottom), tuple(sources)


def _source(u: float, v: float) -> float:
    """Say from which height of the drawing a point of the cloth takes its colour."""
    held = sin(pi * v) * min(1.0, 6 * u)
    return v + DEPTH * held * sin(phase(u, v))


def light(picture: Image.Image) -> Image.Image:
    """Let light fall on the folds."""
    shadow, gloss = _relief(picture.size)
    return ImageChops.screen(ImageChops.multiply(picture, shadow), gloss)


@cache
def _relief(size: tuple[int, int]) -> tuple[Image.Image, Image.Image]:
    """Give the shadow to multiply with and the gloss to screen with."""
    columns, rows = GRID
    slopes = [
        cos(phase((column + 0.5) / columns, (row + 0.5) / rows))
        for row in range(rows)
        for column in range(columns)
    ]
    shadow = [round(255 * (1 - SHADOW * max(0.0, -slope) ** 1.5)) for slope in slopes]
    gloss = [round(255 * GLOSS * max(0.0, slope) ** 2) for slope in slopes]
    return _grown(shadow, size), _grown(gloss, size)


def _grown(values: list[int], size: tuple[int, int]) -> Image.Image:
    """Interpolate the grid to a picture's size."""
    coarse = Image.frombytes("L", GRID, bytes(values))
    return coarse.resize(size, Image.Resampling.BICUBIC).convert("RGB")
