"""Facts about the flags of Oceania."""

from artwork.emblems.arms_world import fiji
from artwork.emblems.birds import bird_of_paradise, frigatebird
from artwork.emblems.heraldry import greek_cross
from artwork.emblems.plants import leaf
from artwork.emblems.sky import half_sun
from artwork.emblems.stars import edged, star
from artwork.flag import flag
from artwork.layouts import (
    canton,
    field,
    hoist,
    horizontal,
    inset,
    patch,
    place,
    sash,
    scatter,
    union_jack,
)
from artwork.shapes import bend, both, brush, disc, group, moved

_JACK = canton(0.5, 0.5, union_jack())
_TUVALU = (
    (0.95, 0.18),
    (0.88, 0.3),
    (0.9, 0.46),
    (0.8, 0.36),
    (0.78, 0.56),
    (0.69, 0.62),
    (0.72, 0.82),
    (0.62, 0.74),
    (0.56, 0.9),
)
_WAVES = [
    place(
        bend("white", 0.07, *((-4.2 + step * 0.4, y + 0.07 * (-1) ** step) for step in range(22))),
        0.5,
        0.5,
        0.5,
    )
    for y in (0.28, 0.55, 0.82)
]

FLAGS = {
    "AU": flag(
        "Australia",
        "1:2",
        field("#012169"),
        _JACK,
        place(star("white", 7, 0.444), 0.25, 0.75, 0.15),
        scatter(
            star("white", 7, 0.444),
            0.0714,
            (0.75, 0.8333),
            (0.625, 0.4375),
            (0.75, 0.1667),
            (0.861, 0.371),
        ),
        place(star("white"), 0.8, 0.5417, 0.042),
    ),
    "FJ": flag("Fiji", "1:2", field("#62B5E5"), _JACK, place(fiji(), 0.76, 0.53, 0.3)),
    "FM": flag(
        "Micronesia",
        "10:19",
        field("#75B2DD"),
        place(star("white"), 0.5, 0.22, 0.12),
        place(moved(star("white"), turn=180), 0.5, 0.78, 0.12),
        place(moved(star("white"), turn=-90), 0.353, 0.5, 0.12),
        place(moved(star("white"), turn=90), 0.647, 0.5, 0.12),
    ),
    "KI": flag(
        "Kiribati",
        "1:2",
        horizontal("#CE1126", "#003F87"),
        place(half_sun("#FCD116", 17), 0.5, 0.5, 0.3),
        inset((0, 0.5), (1, 1), field("#003F87"), *_WAVES),
        place(frigatebird("#FCD116"), 0.5, 0.15, 0.17),
    ),
    "MH": flag(
        "Marshall Islands",
        "10:19",
        field("#003893"),
        patch("#DD7500", (0, 0.95), (1, 0.12), (1, 0.32)),
        patch("white", (0, 1), (0, 0.95), (1, 0.32), (1, 0.52)),
        place(star("white", 24, 0.5), 0.22, 0.33, 0.19),
        place(star("white", 4, 0.14), 0.22, 0.33, 0.28),
    ),
    "NR": flag(
        "Nauru",
        "1:2",
        horizontal("#002B7F", "#FFC61E", "#002B7F", weights=(23, 2, 23)),
        place(star("white", 12, 0.5), 0.25, 0.76, 0.17),
    ),
    "NZ": flag(
        "New Zealand",
        "1:2",
        field("#00247D"),
        _JACK,
        place(edged("#CC142B", "white"), 0.75, 0.2, 0.085),
        place(edged("#CC142B", "white"), 0.75, 0.8, 0.1),
        place(edged("#CC142B", "white"), 0.64, 0.43, 0.09),
        place(edged("#CC142B", "white"), 0.85, 0.37, 0.075),
    ),
    "PG": flag(
        "Papua New Guinea",
        "3:4",
        field("black"),
        patch("#CE1126", (0, 0), (1, 0), (1, 1)),
        place(bird_of_paradise("#FCD116"), 0.66, 0.32, 0.25),
        scatter(star("white"), 0.06, (0.24, 0.48), (0.12, 0.63), (0.36, 0.63), (0.24, 0.88)),
        place(star("white"), 0.29, 0.73, 0.04),
    ),
    "PW": flag("Palau", "5:8", field("#0099FF"), place(disc("#FFFF00"), 0.43, 0.5, 0.3)),
    "SB": flag(
        "Solomon Islands",
        "1:2",
        field("#0051BA"),
        patch("#215B33", (1, 0), (1, 1), (0, 1)),
        sash("#FCD116", 0.08),
        scatter(
            star("white"),
            0.085,
            (0.08, 0.14),
            (0.26, 0.14),
            (0.17, 0.29),
            (0.08, 0.44),
            (0.26, 0.44),
        ),
    ),
    "TO": flag(
        "Tonga",
        "1:2",
        field("#C10000"),
        canton(0.4, 0.5, field("white"), place(greek_cross("#C10000", 0.56), 0.5, 0.5, 0.37)),
    ),
    "TV": flag("Tuvalu", "1:2", field("#5B97B1"), _JACK, scatter(star("#FFCE00"), 0.075, *_TUVALU)),
    "VU": flag(
        "Vanuatu",
        "3:5",
        horizontal("#D21034", "#009543"),
        patch("black", (0, 0), (0, 1), (0.46, 0.6), (1, 0.6), (1, 0.4), (0.46, 0.4)),
        patch("black", (0, 0), (0.1, 0), (0.45, 0.39), (0.45, 0.61), (0.1, 1), (0, 1)),
        patch(
            "#FDCE12",
            (0, 0),
            (0.06, 0),
            (0.43, 0.47),
            (1, 0.47),
            (1, 0.53),
            (0.43, 0.53),
            (0.06, 1),
            (0, 1),
        ),
        hoist("black", 0.36, 0.86),
        place(
            group(
                brush(
                    "#FDCE12",
                    (0.2, 0.1),
                    (0.3, 0.75),
                    (-0.65, 0.5),
                    (-0.6, -0.5),
                    (0.3, -0.7),
                    (0.6, 0.1),
                    (0.1, 0.45),
                )
            ),
            0.125,
            0.5,
            0.16,
        ),
        place(both(moved(leaf("#FDCE12"), 0.1, 0, 0.6, 25)), 0.125, 0.49, 0.11),
    ),
    "WS": flag(
        "Samoa",
        "1:2",
        field("#CE1126"),
        canton(
            0.5,
            0.5,
            field("#002B7F"),
            *(
                place(star("white"), x, y, size)
                for x, y, size in (
                    (0.5, 0.19, 0.12),
                    (0.33, 0.45, 0.12),
                    (0.66, 0.38, 0.12),
                    (0.5, 0.82, 0.14),
                    (0.58, 0.58, 0.08),
                )
            ),
        ),
    ),
}
