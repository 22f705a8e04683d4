"""Reduces a picture to the few colours that a GIF may have.

The usual way divides the palette by area, and a sea of shaded red then takes the colours that
a small coat of arms needs. Here every colour counts with the square root of its area: folds
stay smooth and a yellow star among them stays yellow. No dithering, which would be noise.
"""

from math import isqrt

from PIL import Image


def reduced(picture: Image.Image, colours: int) -> Image.Image:
    """Give the picture in the colours that suit it best."""
    return picture.quantize(palette=_palette(picture, colours), dither=Image.Dither.NONE)


def _palette(picture: Image.Image, colours: int) -> Image.Image:
    """Divide the colours of a strip in which each shade is as long as its area's root."""
    pixels = picture.tobytes()
    areas: dict[bytes, int] = {}
    for start in range(0, len(pixels), 3):
        shade = pixels[start : start + 3]
        areas[shade] = areas.get(shade, 0) + 1
    strip = b"".join(shade * isqrt(area) for shade, area in sorted(areas.items()))
    sample = Image.frombytes("RGB", (len(strip) // 3, 1), strip)
    return sample.quantize(colours, Image.Quantize.MEDIANCUT)
