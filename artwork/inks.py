"""The colours flags are dyed in, by name.

Only names and their values live here: those that several flags or emblems share. Where a
shade belongs to one flag (the light blue of Luxembourg, the maroon of Qatar) the flag's own
description writes it as ``#RRGGBB``.
"""

from PIL import ImageColor

Rgb = tuple[int, int, int]

INKS = {
    "white": "#FFFFFF",
    "black": "#161616",
    "silver": "#D5D8DC",
    "red": "#CE1126",
    "orange": "#FF7F1A",
    "gold": "#FFCE00",
    "yellow": "#FCD116",
    "ochre": "#D89A1E",
    "brown": "#7B4A21",
    "leaf": "#3E7D3A",
    "olive": "#6B7F35",
    "sky": "#75AADB",
    "blue": "#0A4DA2",
    "royal": "#0038A8",
    "purple": "#6C3A86",
}


def rgb(ink: str) -> Rgb:
    """Give the red, green and blue of a named ink or of an ``#RRGGBB`` value."""
    red, green, blue = ImageColor.getrgb(INKS.get(ink, ink))[:3]
    return red, green, blue
