"""Suns and moons, and fire.

What shines with rays or is bitten to a crescent. Stars have a module of their own.
"""

from math import acos, degrees

from artwork.canvas import Emblem
from artwork.geometry import arc, polar, spline
from artwork.shapes import around, blob, both, disc, group, line, shape, turns


def crescent(ink: str, bite: float = 0.8, shift: float = 0.25) -> Emblem:
    """Draw a moon whose horns point to the fly; the bite is a circle that is left out."""
    x = (1 - bite * bite + shift * shift) / (2 * shift)
    outer = degrees(acos(x))
    inner = degrees(acos((x - shift) / bite))
    return shape(ink, *arc(outer, 360 - outer), *arc(360 - inner, inner, bite, (shift, 0)))


def sun(ink: str, rays: int, core: float = 0.5, base: float = 0.62, fill: float = 0.8) -> Emblem:
    """Draw a disc and a ring of pointed rays around it."""
    half = 180 / rays * fill
    beams = [
        shape(ink, polar(angle - half, base), polar(angle), polar(angle + half, base))
        for angle in turns(rays)
    ]
    return group(*beams, disc(ink, core))


def wavy_ray(ink: str) -> Emblem:
    """Draw one ray that flickers like a flame."""
    return blob(ink, (-0.09, 0), (0.02, -0.35), (-0.1, -0.65), (0, -1), (0.08, -0.62), (0.1, 0))


def sun_of_may(ink: str, line_ink: str) -> Emblem:
    """Draw the sun with a face of the May Revolution, its rays straight and wavy in turn."""
    straight = shape(ink, (-0.12, 0), (0, -1), (0.12, 0))
    return group(
        around(straight, turns(16), 0.38, 0.62),
        around(wavy_ray(ink), turns(16, -90 + 11.25), 0.38, 0.58),
        disc(line_ink, 0.46),
        disc(ink, 0.42),
        both(
            group(
                disc(line_ink, 0.05, (0.15, -0.06)),
                line(line_ink, 0.04, (0.06, -0.16), (0.24, -0.15)),
            )
        ),
        line(line_ink, 0.05, (0, -0.06), (-0.02, 0.08), (0.04, 0.08)),
        line(line_ink, 0.05, (-0.13, 0.19), (0, 0.22), (0.13, 0.19)),
    )


def half_sun(ink: str, rays: int) -> Emblem:
    """Draw a sun whose lower half is below the horizon."""
    beam = shape(ink, (-0.1, 0), (0, -1), (0.1, 0))
    step = 180 / (rays - 1)
    angles = [180 + step * index for index in range(rays)]
    return group(around(beam, angles, 0.5, 0.5), shape(ink, *arc(180, 360, 0.45)))


def flame(ink: str) -> Emblem:
    """Draw a fire with three tongues."""
    tongue = [(0.0, -1.0), (0.28, -0.35), (0.5, -0.6), (0.6, 0.3), (0.0, 1.0)]
    mirrored = [(-x, y) for x, y in reversed(tongue[1:-1])]
    return lambda pen: pen.fill(spline([*tongue, *mirrored], closed=True), ink)
