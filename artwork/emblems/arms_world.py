"""The coats of arms on flags of Africa, Asia and Oceania, simplified.

Arms are put together here from the parts in the neighbouring modules.
"""

from artwork.canvas import Emblem
from artwork.emblems.arsenal import hoe, rifle
from artwork.emblems.birds import eagle
from artwork.emblems.heraldry import crown, ribbon, shield
from artwork.emblems.plants import grain, tree, wreath
from artwork.emblems.sky import crescent
from artwork.emblems.stars import star
from artwork.shapes import around, bend, blob, both, box, disc, group, line, moved, shape


def egypt() -> Emblem:
    """Draw the eagle of Saladin with a shield on its chest and a ribbon in its claws."""
    gold = "#C09300"
    return group(
        moved(eagle(gold, "#8C6A00"), size=0.98),
        moved(shield("white", gold), 0, 0.06, 0.34),
        box("red", -0.24, -0.24, -0.08, 0.22),
        box("black", 0.08, -0.24, 0.24, 0.22),
        moved(ribbon(gold), 0, 0.82, 0.55),
    )


def afghanistan() -> Emblem:
    """Draw a mosque within sheaves of wheat."""
    white = "white"
    return group(
        moved(wreath(white, 9), 0, 0.05, 1.0),
        box(white, -0.42, -0.1, 0.42, 0.5),
        blob(white, (-0.36, -0.08), (-0.2, -0.34), (0, -0.48), (0.2, -0.34), (0.36, -0.08)),
        both(box(white, 0.46, -0.36, 0.56, 0.5)),
        shape("#BE0000", (-0.14, 0.5), (-0.14, 0.12), (0, -0.08), (0.14, 0.12), (0.14, 0.5)),
        around(line(white, 0.3, (0, 0), (0, -1)), range(-160, -10, 15), 0.62, 0.12),
        moved(ribbon(white), 0, 0.8, 0.5),
    )


def tajikistan() -> Emblem:
    """Draw a crown below an arc of seven stars."""
    return group(
        moved(crown("#F8C300", "#F8C300"), 0, 0.3, 0.5),
        around(star("#F8C300"), range(-165, 0, 25), 0.78, 0.15, upright=True),
    )


def brunei() -> Emblem:
    """Draw the red crest: a crescent, a winged support and a parasol, between two hands."""
    red = "red"
    return group(
        moved(crescent(red, 0.9, 0.35), 0, 0.1, 0.62, -90),
        box(red, -0.06, -0.6, 0.06, 0.6),
        both(blob(red, (0.02, 0.12), (0.3, 0), (0.44, -0.3), (0.2, -0.14), (0.02, -0.1))),
        blob(red, (-0.34, -0.42), (0, -0.72), (0.34, -0.42), (0, -0.48)),
        shape(red, (-0.16, -0.72), (0, -1), (0.16, -0.72)),
        both(blob(red, (0.74, 0.7), (0.7, 0.1), (0.8, -0.3), (0.92, 0.1), (0.9, 0.6))),
        moved(ribbon(red), 0, 0.78, 0.62),
        bend("yellow", 0.05, (-0.4, 0.36), (0, 0.56), (0.4, 0.36)),
    )


def fiji() -> Emblem:
    """Draw a white shield with Saint George's cross below a lion on red."""
    return group(
        moved(shield("white", "white"), size=1.0),
        box("red", -0.8, -1, 0.8, -0.5),
        blob("gold", (-0.5, -0.7), (0, -0.86), (0.5, -0.74), (0.36, -0.6), (-0.4, -0.58)),
        box("red", -0.12, -0.5, 0.12, 0.96),
        box("red", -0.78, 0.02, 0.78, 0.24),
        both(moved(grain("#2E8B3D"), 0.44, -0.22, 0.26)),
        moved(tree("#2E8B3D", "brown"), -0.42, 0.46, 0.2),
        both(disc("ochre", 0.1, (0.4, 0.5))),
    )


def equatorial_guinea() -> Emblem:
    """Draw the God tree on a silver shield, below an arc of six stars."""
    return group(
        moved(shield("#C9CDD2", "#8F969E"), 0, 0.14, 0.72),
        moved(tree("#2E8B3D", "brown"), 0, 0.16, 0.5),
        around(star("#E3BE00"), range(-150, -20, 24), 0.92, 0.13, upright=True),
        moved(ribbon("#D5D8DC"), 0, 0.9, 0.46),
    )


def mozambique() -> Emblem:
    """Draw the rifle and the hoe crossed over an open book, on a yellow star."""
    return group(
        star("#FCE100"),
        shape(
            "white", (-0.36, 0.06), (0, 0.14), (0.36, 0.06), (0.36, 0.36), (0, 0.44), (-0.36, 0.36)
        ),
        line("black", 0.03, (0, 0.14), (0, 0.44)),
        moved(rifle("black"), 0, 0.08, 0.62, 50),
        moved(hoe("black"), 0, 0.08, 0.6, -50),
    )


def philippines_sun() -> Emblem:
    """Draw the sun with eight triple rays."""
    ray = group(
        shape("yellow", (-0.1, 0), (0, -1), (0.1, 0)),
        both(shape("yellow", (0.1, 0), (0.2, -0.86), (0.26, 0.04))),
    )
    return group(around(ray, range(0, 360, 45), 0.35, 0.62), disc("yellow", 0.42))
