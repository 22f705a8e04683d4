"""Facts about the flags of eastern, southern and south-eastern Asia."""

from artwork.emblems.arms_world import brunei, philippines_sun
from artwork.emblems.arsenal import chakra
from artwork.emblems.dragon import dragon
from artwork.emblems.lions import passant_lion
from artwork.emblems.places import angkor_wat
from artwork.emblems.plants import leaf
from artwork.emblems.signs import soyombo, taegeuk, trigram
from artwork.emblems.sky import crescent, sun
from artwork.emblems.stars import star
from artwork.flag import flag
from artwork.layouts import bar, canton, field, hoist, horizontal, patch, place, scatter, vertical
from artwork.shapes import disc, group, moved

_NEPAL_EDGE = ((0, 0), (1, 0.535), (0.37, 0.535), (0.985, 1), (0, 1))
_NEPAL_FIELD = ((0.04, 0.065), (0.83, 0.5), (0.26, 0.5), (0.87, 0.965), (0.04, 0.965))

FLAGS = {
    "BD": flag("Bangladesh", "3:5", field("#006A4E"), place(disc("#F42A41"), 0.45, 0.5, 1 / 3)),
    "BN": flag(
        "Brunei",
        "1:2",
        field("#F7E017"),
        patch("white", (0, 0), (1, 0.67), (1, 0.97), (0, 0.3)),
        patch("black", (0, 0.3), (1, 0.97), (1, 1), (0.88, 1), (0, 0.42)),
        place(brunei(), 0.5, 0.5, 0.34),
    ),
    "BT": flag(
        "Bhutan",
        "2:3",
        field("#FFD520"),
        patch("#FF4E12", (1, 0), (1, 1), (0, 1)),
        place(moved(dragon("white", "#4A4A4A"), turn=-6), 0.5, 0.58, 0.56),
    ),
    "CN": flag(
        "China",
        "2:3",
        field("#EE1C25"),
        place(star("#FFFF00"), 1 / 6, 0.25, 0.15),
        place(moved(star("#FFFF00"), turn=-31), 1 / 3, 0.1, 0.05),
        place(moved(star("#FFFF00"), turn=-8), 0.4, 0.2, 0.05),
        place(star("#FFFF00"), 0.4, 0.35, 0.05),
        place(moved(star("#FFFF00"), turn=-50), 1 / 3, 0.45, 0.05),
    ),
    "ID": flag("Indonesia", "2:3", horizontal("#FF0000", "white")),
    "IN": flag(
        "India",
        "2:3",
        horizontal("#FF9933", "white", "#138808"),
        place(chakra("#000080"), size=0.15),
    ),
    "JP": flag("Japan", "2:3", field("white"), place(disc("#BC002D"), size=0.3)),
    "KH": flag(
        "Cambodia",
        "16:25",
        horizontal("#032EA1", "#E00025", "#032EA1", weights=(1, 2, 1)),
        place(angkor_wat("white", "black"), 0.5, 0.52, 0.24),
    ),
    "KP": flag(
        "North Korea",
        "1:2",
        horizontal("#024FA2", "white", "#ED1C27", "white", "#024FA2", weights=(12, 2, 44, 2, 12)),
        place(disc("white"), 0.35, 0.5, 0.235),
        place(star("#ED1C27"), 0.35, 0.5, 0.23),
    ),
    "KR": flag(
        "South Korea",
        "2:3",
        field("white"),
        place(taegeuk("#CD2E3A", "#0047A0"), size=0.25),
        *(
            place(moved(trigram("black", bars), turn=turn), x, y, 0.13)
            for bars, turn, x, y in (
                ("111", -56.3, 0.215, 0.215),
                ("010", 56.3, 0.785, 0.215),
                ("101", 236.3, 0.215, 0.785),
                ("000", 123.7, 0.785, 0.785),
            )
        ),
    ),
    "LA": flag(
        "Laos",
        "2:3",
        horizontal("#CE1126", "#002868", "#CE1126", weights=(1, 2, 1)),
        place(disc("white"), size=0.2),
    ),
    "LK": flag(
        "Sri Lanka",
        "1:2",
        field("#FFBE29"),
        bar("#00534E", 0.045, 0.09, 0.17, 0.91),
        bar("#EB7400", 0.17, 0.09, 0.295, 0.91),
        bar("#8D153A", 0.34, 0.09, 0.955, 0.91),
        place(passant_lion("#FFBE29", "#8D153A"), 0.66, 0.5, 0.34),
        *(
            place(moved(leaf("#FFBE29"), turn=turn), x, y, 0.09)
            for x, y, turn in (
                (0.385, 0.18, 135),
                (0.915, 0.18, 225),
                (0.385, 0.82, 45),
                (0.915, 0.82, -45),
            )
        ),
    ),
    "MM": flag(
        "Myanmar",
        "2:3",
        horizontal("#FECB00", "#34B233", "#EA2839"),
        place(star("white"), 0.5, 0.53, 0.36),
    ),
    "MN": flag(
        "Mongolia",
        "1:2",
        vertical("#C4272F", "#015197", "#C4272F"),
        place(soyombo("#F9CF02"), 1 / 6, 0.5, 0.33),
    ),
    "MV": flag(
        "Maldives",
        "2:3",
        field("#D21034"),
        bar("#007E3A", 1 / 6, 0.25, 5 / 6, 0.75),
        place(moved(crescent("white", 0.9, 0.38), turn=180), 0.53, 0.5, 0.165),
    ),
    "MY": flag(
        "Malaysia",
        "1:2",
        horizontal(*("#CC0001", "white") * 7),
        canton(
            0.5,
            4 / 7,
            field("#010066"),
            place(crescent("#FFCC00", 0.85, 0.25), 0.4, 0.5, 0.38),
            place(star("#FFCC00", 14, 0.55), 0.58, 0.5, 0.3),
        ),
    ),
    "NP": flag(
        "Nepal",
        "1.219:1",
        patch("#003893", *_NEPAL_EDGE),
        patch("#DC143C", *_NEPAL_FIELD),
        place(moved(crescent("white", 0.95, 0.36), turn=-90), 0.3, 0.33, 0.115),
        place(group(sun("white", 12, 0.5, 0.58)), 0.3, 0.355, 0.07),
        place(sun("white", 12, 0.6, 0.66), 0.3, 0.76, 0.12),
        outline=_NEPAL_EDGE,
    ),
    "PH": flag(
        "Philippines",
        "1:2",
        horizontal("#0038A8", "#CE1126"),
        hoist("white", 0.433),
        place(philippines_sun(), 0.144, 0.5, 0.19),
        scatter(moved(star("yellow"), turn=18), 0.055, (0.04, 0.13), (0.04, 0.87)),
        place(moved(star("yellow"), turn=90), 0.365, 0.5, 0.055),
    ),
    "PK": flag(
        "Pakistan",
        "2:3",
        field("#01411C"),
        bar("white", 0, 0, 0.25, 1),
        place(moved(crescent("white", 0.92, 0.3), turn=-42), 0.62, 0.5, 0.3),
        place(moved(star("white"), turn=48), 0.71, 0.36, 0.1),
    ),
    "SG": flag(
        "Singapore",
        "2:3",
        horizontal("#EF3340", "white"),
        place(crescent("white", 0.95, 0.35), 0.19, 0.25, 0.19),
        scatter(
            star("white"),
            0.045,
            *(
                (0.29 + x / 1.5, 0.26 + y)
                for x, y in (
                    (0, -0.11),
                    (0.105, -0.034),
                    (0.065, 0.09),
                    (-0.065, 0.09),
                    (-0.105, -0.034),
                )
            ),
        ),
    ),
    "TH": flag(
        "Thailand",
        "2:3",
        horizontal("#A51931", "#F4F5F8", "#241D5C", "#F4F5F8", "#A51931", weights=(1, 1, 2, 1, 1)),
    ),
    "TL": flag(
        "East Timor",
        "1:2",
        field("#DC241F"),
        hoist("#FFC726", 0.5),
        hoist("black", 1 / 3),
        place(moved(star("white"), turn=-20), 0.125, 0.5, 0.17),
    ),
    "TW": flag(
        "Taiwan",
        "2:3",
        field("#FE0000"),
        canton(0.5, 0.5, field("#000095"), place(sun("white", 12, 0.47, 0.56, 1.0), size=0.375)),
    ),
    "VN": flag("Vietnam", "2:3", field("#DA251D"), place(star("#FFFF00"), size=0.3)),
}
