"""Facts about the flags of Europe."""

from artwork.emblems.arms_europe import (
    andorra,
    croatia,
    moldova,
    montenegro,
    portugal,
    princely_hat,
    saint_george,
    san_marino,
    serbia,
    slovakia,
    slovenia,
    spain,
)
from artwork.emblems.birds import two_headed_eagle
from artwork.emblems.heraldry import crossed_keys, greek_cross
from artwork.emblems.signs import ornament
from artwork.emblems.stars import star
from artwork.flag import flag
from artwork.layouts import (
    bar,
    canton,
    cross,
    field,
    hoist,
    horizontal,
    patch,
    place,
    scatter,
    union_jack,
    vertical,
)
from artwork.shapes import disc

_BOSNIAN_STARS = [(0.24 + index * 0.0735, -0.02 + index * 0.147) for index in range(8)]
_BELARUSIAN_WEAVE = [(0.055, (index + 0.5) / 6) for index in range(6)]
_RAY = 0.085
_SUN_OF_KUTLESH = (
    *(
        patch("#FFE600", (0.5, 0.5), *ends)
        for ends in (
            ((0.5 - _RAY, 0), (0.5 + _RAY, 0)),
            ((0.5 - _RAY, 1), (0.5 + _RAY, 1)),
            ((0, 0.4), (0, 0.6)),
            ((1, 0.4), (1, 0.6)),
            ((0, 0), (0.13, 0)),
            ((1, 0), (0.87, 0)),
            ((0, 1), (0.13, 1)),
            ((1, 1), (0.87, 1)),
        )
    ),
    place(disc("#D20000"), size=0.185),
    place(disc("#FFE600"), size=0.16),
)

FLAGS = {
    "AD": flag(
        "Andorra",
        "7:10",
        vertical("#10069F", "#FEDD00", "#D50032", weights=(8, 9, 8)),
        place(andorra(), size=0.19),
    ),
    "AL": flag("Albania", "5:7", field("#E41E20"), place(two_headed_eagle("black"), size=0.4)),
    "AT": flag("Austria", "2:3", horizontal("#C8102E", "white", "#C8102E")),
    "BA": flag(
        "Bosnia and Herzegovina",
        "1:2",
        field("#002F6C"),
        patch("#FECB00", (0.3, 0), (0.83, 0), (0.83, 1)),
        scatter(star("white"), 0.075, *_BOSNIAN_STARS),
    ),
    "BE": flag("Belgium", "13:15", vertical("black", "#FDDA24", "#EF3340")),
    "BG": flag("Bulgaria", "3:5", horizontal("white", "#00966E", "#D62612")),
    "BY": flag(
        "Belarus",
        "1:2",
        horizontal("#CE1720", "#007C30", weights=(2, 1)),
        bar("white", 0, 0, 0.11, 1),
        scatter(ornament("#CE1720"), 0.083, *_BELARUSIAN_WEAVE),
    ),
    "CH": flag(
        "Switzerland", "1:1", field("#DA291C"), place(greek_cross("white", 0.6), size=0.3125)
    ),
    "CZ": flag("Czech Republic", "2:3", horizontal("white", "#D7141A"), hoist("#11457E", 0.5)),
    "DE": flag("Germany", "3:5", horizontal("black", "#DD0000", "#FFCE00")),
    "DK": flag("Denmark", "28:37", field("#C8102E"), cross("white", 1 / 7, 14 / 37)),
    "EE": flag("Estonia", "7:11", horizontal("#0072CE", "black", "white")),
    "ES": flag(
        "Spain",
        "2:3",
        horizontal("#AA151B", "#F1BF00", "#AA151B", weights=(1, 2, 1)),
        place(spain(), 0.34, 0.5, 0.2),
    ),
    "FI": flag("Finland", "11:18", field("white"), cross("#002F6C", 3 / 11, 6.5 / 18)),
    "FR": flag("France", "2:3", vertical("#002395", "white", "#ED2939")),
    "GB": flag("United Kingdom", "1:2", union_jack()),
    "GR": flag(
        "Greece",
        "2:3",
        horizontal(*("#0D5EAF", "white") * 4, "#0D5EAF"),
        canton(10 / 27, 5 / 9, field("#0D5EAF"), cross("white", 0.2)),
    ),
    "HR": flag(
        "Croatia",
        "1:2",
        horizontal("#FF0000", "white", "#171796"),
        place(croatia(), 0.5, 0.47, 0.25),
    ),
    "HU": flag("Hungary", "1:2", horizontal("#CE2939", "white", "#477050")),
    "IE": flag("Ireland", "1:2", vertical("#169B62", "white", "#FF883E")),
    "IS": flag(
        "Iceland",
        "18:25",
        field("#02529C"),
        cross("white", 4 / 18, 9 / 25),
        cross("#DC1E35", 2 / 18, 9 / 25),
    ),
    "IT": flag("Italy", "2:3", vertical("#008C45", "#F4F9FF", "#CD212A")),
    "LI": flag(
        "Liechtenstein",
        "3:5",
        horizontal("#002780", "#CF0921"),
        place(princely_hat(), 0.22, 0.26, 0.14),
    ),
    "LT": flag("Lithuania", "3:5", horizontal("#FDB913", "#006A44", "#C1272D")),
    "LU": flag("Luxembourg", "3:5", horizontal("#EA141D", "white", "#51ADDA")),
    "LV": flag("Latvia", "1:2", horizontal("#9E3039", "white", "#9E3039", weights=(2, 1, 2))),
    "MC": flag("Monaco", "4:5", horizontal("#CE1126", "white")),
    "MD": flag(
        "Moldova", "1:2", vertical("#0046AE", "#FFD200", "#CC092F"), place(moldova(), size=0.25)
    ),
    "ME": flag(
        "Montenegro",
        "1:2",
        field("#D3AE3B"),
        bar("#C40308", 0.025, 0.05, 0.975, 0.95),
        place(montenegro(), size=0.36),
    ),
    "MK": flag("North Macedonia", "1:2", field("#D20000"), *_SUN_OF_KUTLESH),
    "MT": flag(
        "Malta", "2:3", vertical("white", "#CF142B"), place(saint_george(), 0.14, 0.2, 0.12)
    ),
    "NL": flag("Netherlands", "2:3", horizontal("#AE1C28", "white", "#21468B")),
    "NO": flag(
        "Norway",
        "8:11",
        field("#BA0C2F"),
        cross("white", 4 / 16, 8 / 22),
        cross("#00205B", 2 / 16, 8 / 22),
    ),
    "PL": flag("Poland", "5:8", horizontal("white", "#DC143C")),
    "PT": flag(
        "Portugal",
        "2:3",
        vertical("#046A38", "#DA291C", weights=(2, 3)),
        place(portugal(), 0.4, 0.5, 0.25),
    ),
    "RO": flag("Romania", "2:3", vertical("#0A3AA5", "#FCD116", "#CE1126")),
    "RS": flag(
        "Serbia",
        "2:3",
        horizontal("#C7363D", "#0C4077", "white"),
        place(serbia(), 0.36, 0.46, 0.27),
    ),
    "RU": flag("Russia", "2:3", horizontal("white", "#0039A6", "#D52B1E")),
    "SE": flag("Sweden", "5:8", field("#006AA7"), cross("#FECC02", 0.2, 6 / 16)),
    "SI": flag(
        "Slovenia",
        "1:2",
        horizontal("white", "#005DA4", "#ED1C24"),
        place(slovenia(), 0.25, 0.33, 0.165),
    ),
    "SK": flag(
        "Slovakia",
        "2:3",
        horizontal("white", "#0B4EA2", "#EE1C25"),
        place(slovakia(), 0.32, 0.5, 0.27),
    ),
    "SM": flag(
        "San Marino", "3:4", horizontal("white", "#5EB6E4"), place(san_marino(), 0.5, 0.5, 0.24)
    ),
    "UA": flag("Ukraine", "2:3", horizontal("#0057B7", "#FFD700")),
    "VA": flag(
        "Vatican City",
        "1:1",
        vertical("#FFE000", "white"),
        place(crossed_keys("#E5B53B", "#B8BCC2"), 0.75, 0.5, 0.22),
    ),
}
