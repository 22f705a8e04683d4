"""Facts about the flags of the Caribbean islands."""

from artwork.emblems.arms_americas import (
    haiti,
)
from artwork.emblems.arsenal import trident
from artwork.emblems.birds import parrot
from artwork.emblems.plants import nutmeg
from artwork.emblems.sky import half_sun
from artwork.emblems.stars import star
from artwork.flag import flag
from artwork.layouts import (
    bar,
    cross,
    field,
    hoist,
    horizontal,
    patch,
    place,
    saltire,
    sash,
    scatter,
    vertical,
)
from artwork.shapes import around, disc, moved, shape, turns

FLAGS = {
    "AG": flag(
        "Antigua and Barbuda",
        "2:3",
        field("#CE1126"),
        patch("white", (0, 0), (1, 0), (0.5, 1)),
        patch("#0072C6", (0, 0), (1, 0), (0.7, 0.6), (0.3, 0.6)),
        patch("black", (0, 0), (1, 0), (0.8, 0.4), (0.2, 0.4)),
        place(half_sun("#FCD116", 9), 0.5, 0.4, 0.3),
    ),
    "BB": flag(
        "Barbados",
        "2:3",
        vertical("#00267F", "#FFC726", "#00267F"),
        place(trident("black"), 0.5, 0.5, 0.28),
    ),
    "BS": flag(
        "The Bahamas", "1:2", horizontal("#00778B", "#FFC72C", "#00778B"), hoist("black", 0.433)
    ),
    "CU": flag(
        "Cuba",
        "1:2",
        horizontal("#002A8F", "white", "#002A8F", "white", "#002A8F"),
        hoist("#CB1515", 0.433),
        place(star("white"), 0.145, 0.5, 0.17),
    ),
    "DM": flag(
        "Dominica",
        "1:2",
        field("#006B3F"),
        *(
            cross(ink, 0.1, 0.5 + x, 0.5 + y)
            for ink, x, y in (("#FCD116", -0.05, -0.1), ("black", 0, 0), ("white", 0.05, 0.1))
        ),
        place(disc("#D41C30"), size=0.28),
        place(parrot("#2E8B3D", "purple"), 0.5, 0.5, 0.17),
        place(around(star("#7ED321"), turns(10), 1.0, 0.18, upright=True), size=0.225),
    ),
    "GD": flag(
        "Grenada",
        "3:5",
        field("#CE1126"),
        *(
            patch(ink, *corners)
            for ink, corners in (
                ("#FCD116", ((0.075, 0.125), (0.925, 0.125), (0.5, 0.5))),
                ("#FCD116", ((0.075, 0.875), (0.925, 0.875), (0.5, 0.5))),
                ("#007A5E", ((0.075, 0.125), (0.075, 0.875), (0.5, 0.5))),
                ("#007A5E", ((0.925, 0.125), (0.925, 0.875), (0.5, 0.5))),
            )
        ),
        scatter(
            star("#FCD116"), 0.05, *((x, y) for x in (0.2, 0.5, 0.8) for y in (0.0625, 0.9375))
        ),
        place(disc("#CE1126"), size=0.13),
        place(star("#FCD116"), size=0.12),
        place(moved(nutmeg("#FCD116", "#CE1126"), turn=20), 0.19, 0.5, 0.1),
    ),
    "HT": flag(
        "Haiti",
        "3:5",
        horizontal("#00209F", "#D21034"),
        bar("white", 0.38, 0.3, 0.62, 0.7),
        place(haiti(), 0.5, 0.49, 0.185),
    ),
    "JM": flag(
        "Jamaica",
        "1:2",
        field("black"),
        patch("#009B3A", (0, 0), (1, 0), (0, 1), (1, 1)),
        saltire("#FED100", 0.19),
    ),
    "KN": flag(
        "Saint Kitts and Nevis",
        "2:3",
        field("#009E49"),
        patch("#CE1126", (1, 0), (1, 1), (0, 1)),
        sash("#FCD116", 0.46),
        sash("black", 0.36),
        scatter(moved(star("white"), turn=-35), 0.12, (0.3, 0.68), (0.7, 0.32)),
    ),
    "LC": flag(
        "Saint Lucia",
        "1:2",
        field("#66CCFF"),
        *(
            patch(ink, (0.5 - half, base), (0.5, top), (0.5 + half, base))
            for ink, half, base, top in (
                ("white", 0.19, 0.86, 0.12),
                ("black", 0.165, 0.86, 0.2),
                ("#FCD116", 0.19, 0.86, 0.5),
            )
        ),
    ),
    "TT": flag(
        "Trinidad and Tobago",
        "3:5",
        field("#DA1A35"),
        sash("white", 0.36, (0, 0), (1, 1)),
        sash("black", 0.26, (0, 0), (1, 1)),
    ),
    "VC": flag(
        "Saint Vincent and the Grenadines",
        "2:3",
        vertical("#0072C6", "#FCD116", "#009E60", weights=(1, 2, 1)),
        scatter(
            shape("#009E60", (0, -1), (0.6, 0), (0, 1), (-0.6, 0)),
            0.19,
            (0.4, 0.42),
            (0.6, 0.42),
            (0.5, 0.7),
        ),
    ),
}
