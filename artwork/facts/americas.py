"""Facts about the flags of the American mainland."""

from artwork.emblems.arms_americas import (
    belize,
    bolivia,
    brazil,
    costa_rica,
    ecuador,
    el_salvador,
    guatemala,
    mexico,
    nicaragua,
    paraguay,
)
from artwork.emblems.plants import maple_leaf
from artwork.emblems.sky import sun_of_may
from artwork.emblems.stars import star
from artwork.flag import flag
from artwork.layouts import (
    bar,
    canton,
    field,
    hoist,
    horizontal,
    patch,
    place,
    scatter,
    vertical,
)
from artwork.shapes import around, disc

_FIFTY = [
    ((column + 1) / 12, (row + 1) / 10)
    for row in range(9)
    for column in range(11)
    if (row + column) % 2 == 0
]

FLAGS = {
    "AR": flag(
        "Argentina",
        "5:8",
        horizontal("sky", "white", "sky"),
        place(sun_of_may("#F6B40E", "#85340A"), size=0.15),
    ),
    "BO": flag(
        "Bolivia",
        "15:22",
        horizontal("#D52B1E", "#F9E300", "#007934"),
        place(bolivia(), 0.5, 0.5, 0.19),
    ),
    "BR": flag(
        "Brazil",
        "7:10",
        field("#009739"),
        patch("#FEDD00", (0.085, 0.5), (0.5, 0.121), (0.915, 0.5), (0.5, 0.879)),
        place(brazil(), size=0.25),
    ),
    "BZ": flag(
        "Belize",
        "3:5",
        horizontal("#CE1126", "#003F87", "#CE1126", weights=(1, 8, 1)),
        place(belize(), 0.5, 0.5, 0.34),
    ),
    "CA": flag(
        "Canada",
        "1:2",
        vertical("#D52B1E", "white", "#D52B1E", weights=(1, 2, 1)),
        place(maple_leaf("#D52B1E"), 0.5, 0.5, 0.4),
    ),
    "CL": flag(
        "Chile",
        "2:3",
        horizontal("white", "#D52B1E"),
        canton(1 / 3, 0.5, field("#0039A6"), place(star("white"), size=0.26)),
    ),
    "CO": flag("Colombia", "2:3", horizontal("#FCD116", "#003893", "#CE1126", weights=(2, 1, 1))),
    "CR": flag(
        "Costa Rica",
        "3:5",
        horizontal("#002B7F", "white", "#CE1126", "white", "#002B7F", weights=(1, 1, 2, 1, 1)),
        place(disc("white"), 0.36, 0.5, 0.15),
        place(costa_rica(), 0.36, 0.51, 0.13),
    ),
    "EC": flag(
        "Ecuador",
        "2:3",
        horizontal("#FFDD00", "#034EA2", "#ED1C24", weights=(2, 1, 1)),
        place(ecuador(), 0.5, 0.5, 0.26),
    ),
    "GT": flag(
        "Guatemala", "5:8", vertical("#4997D0", "white", "#4997D0"), place(guatemala(), size=0.2)
    ),
    "GY": flag(
        "Guyana",
        "3:5",
        field("#009739"),
        hoist("white", 1.0),
        hoist("#FFD100", 0.955, 0.93),
        hoist("black", 0.5),
        hoist("#D9000D", 0.455, 0.9),
    ),
    "HN": flag(
        "Honduras",
        "1:2",
        horizontal("#18A6D8", "white", "#18A6D8"),
        scatter(
            star("#18A6D8"),
            0.055,
            (0.5, 0.5),
            (0.42, 0.42),
            (0.42, 0.58),
            (0.58, 0.42),
            (0.58, 0.58),
        ),
    ),
    "MX": flag(
        "Mexico", "4:7", vertical("#006847", "white", "#CE1126"), place(mexico(), 0.5, 0.5, 0.23)
    ),
    "NI": flag(
        "Nicaragua",
        "3:5",
        horizontal("#0067C6", "white", "#0067C6"),
        place(nicaragua(), size=0.155),
    ),
    "PA": flag(
        "Panama",
        "2:3",
        field("white"),
        bar("#DA121A", 0.5, 0, 1, 0.5),
        bar("#072357", 0, 0.5, 0.5, 1),
        place(star("#072357"), 0.25, 0.25, 0.14),
        place(star("#DA121A"), 0.75, 0.75, 0.14),
    ),
    "PE": flag("Peru", "2:3", vertical("#D91023", "white", "#D91023")),
    "PY": flag(
        "Paraguay", "11:20", horizontal("#D52B1E", "white", "#0038A8"), place(paraguay(), size=0.14)
    ),
    "SR": flag(
        "Suriname",
        "2:3",
        horizontal("#377E3F", "white", "#B40A2D", "white", "#377E3F", weights=(2, 1, 4, 1, 2)),
        place(star("#ECC81D"), size=0.19),
    ),
    "SV": flag(
        "El Salvador",
        "189:335",
        horizontal("#0F47AF", "white", "#0F47AF"),
        place(el_salvador(), size=0.16),
    ),
    "US": flag(
        "United States",
        "10:19",
        horizontal(*("#B31942", "white") * 6, "#B31942"),
        canton(0.4, 7 / 13, field("#0A3161"), scatter(star("white"), 0.057, *_FIFTY)),
    ),
    "UY": flag(
        "Uruguay",
        "2:3",
        horizontal(*("white", "#0038A8") * 4, "white"),
        canton(1 / 3, 5 / 9, field("white"), place(sun_of_may("#FCD116", "#7B3F00"), size=0.44)),
    ),
    "VE": flag(
        "Venezuela",
        "2:3",
        horizontal("#FFCC00", "#00247D", "#CF142B"),
        place(around(star("white"), range(-160, -19, 20), 0.92, 0.155), 0.5, 0.66, 0.26),
    ),
}
