"""Facts about the flags of western and central Asia and the Caucasus."""

from artwork.emblems.arms_world import afghanistan, tajikistan
from artwork.emblems.arsenal import sabre
from artwork.emblems.birds import soaring
from artwork.emblems.heraldry import bolnisi_cross
from artwork.emblems.places import cyprus
from artwork.emblems.plants import branch, cedar
from artwork.emblems.signs import (
    four_crescents,
    gul,
    kufic,
    omani_dagger,
    ram_horns,
    thuluth,
    tunduk,
)
from artwork.emblems.sky import crescent, sun
from artwork.emblems.stars import hexagram, star
from artwork.flag import flag
from artwork.layouts import (
    bar,
    cross,
    field,
    hoist,
    horizontal,
    patch,
    place,
    scatter,
    serrated,
    vertical,
)
from artwork.shapes import both, moved

_KAZAKH_BORDER = [(0.06, (index + 0.5) / 12) for index in range(12)]
_TURKMEN_CARPET = [(0.185, (index + 0.5) / 5) for index in range(5)]

FLAGS = {
    "AE": flag(
        "United Arab Emirates",
        "1:2",
        horizontal("#00732F", "white", "black"),
        bar("#EF0A1A", 0, 0, 0.25, 1),
    ),
    "AF": flag(
        "Afghanistan",
        "2:3",
        vertical("black", "#D32011", "#007A36"),
        place(afghanistan(), size=0.19),
    ),
    "AM": flag("Armenia", "1:2", horizontal("#D90012", "#0033A0", "#F2A800")),
    "AZ": flag(
        "Azerbaijan",
        "1:2",
        horizontal("#0092BC", "#E4002B", "#00AF66"),
        place(crescent("white", 0.84, 0.24), 0.48, 0.5, 0.145),
        place(star("white", 8, 0.54), 0.545, 0.5, 0.08),
    ),
    "BH": flag("Bahrain", "3:5", field("white"), serrated("#CE1126", 0.3, 0.12, 5)),
    "CY": flag(
        "Cyprus",
        "2:3",
        field("white"),
        place(cyprus("#D57800"), 0.5, 0.42, 0.38),
        place(both(moved(branch("#4E5B31", 6), turn=38)), 0.5, 0.58, 0.26),
    ),
    "GE": flag(
        "Georgia",
        "2:3",
        field("white"),
        cross("#FF0000", 0.2),
        scatter(bolnisi_cross("#FF0000"), 0.11, (0.22, 0.2), (0.78, 0.2), (0.22, 0.8), (0.78, 0.8)),
    ),
    "IL": flag(
        "Israel",
        "8:11",
        field("white"),
        bar("#0038B8", 0, 0.094, 1, 0.25),
        bar("#0038B8", 0, 0.75, 1, 0.906),
        place(hexagram("#0038B8", 0.13), 0.5, 0.5, 0.215),
    ),
    "IQ": flag(
        "Iraq",
        "2:3",
        horizontal("#CE1126", "white", "black"),
        place(kufic("#007A3D"), 0.5, 0.51, 0.34),
    ),
    "IR": flag(
        "Iran",
        "4:7",
        horizontal("#239F40", "white", "#DA0000"),
        place(four_crescents("#DA0000"), 0.5, 0.5, 0.15),
        *(
            scatter(kufic("white"), 0.04, *(((index + 0.5) / 18, y) for index in range(18)))
            for y in (0.318, 0.69)
        ),
    ),
    "JO": flag(
        "Jordan",
        "1:2",
        horizontal("black", "white", "#007A3D"),
        hoist("#CE1126", 0.5),
        place(star("white", 7, 0.45), 0.165, 0.5, 0.085),
    ),
    "KG": flag(
        "Kyrgyzstan",
        "3:5",
        field("#E8112D"),
        place(sun("#FFEF00", 40, 0.66, 0.7), size=0.31),
        place(tunduk("#E8112D", "#FFEF00"), size=0.15),
    ),
    "KW": flag(
        "Kuwait",
        "1:2",
        horizontal("#007A3D", "white", "#CE1126"),
        patch("black", (0, 0), (0.25, 1 / 3), (0.25, 2 / 3), (0, 1)),
    ),
    "KZ": flag(
        "Kazakhstan",
        "1:2",
        field("#00ABC2"),
        place(sun("#FEC50C", 32, 0.5, 0.56), 0.53, 0.4, 0.24),
        place(soaring("#FEC50C"), 0.53, 0.7, 0.32),
        scatter(ram_horns("#FEC50C"), 0.075, *_KAZAKH_BORDER),
    ),
    "LB": flag(
        "Lebanon",
        "2:3",
        horizontal("#EE161F", "white", "#EE161F", weights=(1, 2, 1)),
        place(cedar("#00A850", "#00A850"), size=0.235),
    ),
    "OM": flag(
        "Oman",
        "4:7",
        horizontal("white", "#EE2737", "#009639"),
        bar("#EE2737", 0, 0, 0.29, 1),
        place(omani_dagger("white"), 0.145, 0.18, 0.14),
    ),
    "QA": flag("Qatar", "11:28", field("white"), serrated("#8A1538", 0.29, 0.09, 9)),
    "SA": flag(
        "Saudi Arabia",
        "2:3",
        field("#006C35"),
        place(thuluth("white"), 0.5, 0.42, 0.5),
        place(sabre("white"), 0.5, 0.74, 0.38),
    ),
    "SY": flag(
        "Syria",
        "2:3",
        horizontal("#007A3D", "white", "black"),
        scatter(star("#CE1126"), 0.13, (0.25, 0.505), (0.5, 0.505), (0.75, 0.505)),
    ),
    "TJ": flag(
        "Tajikistan",
        "1:2",
        horizontal("#CC0000", "white", "#006600", weights=(2, 3, 2)),
        place(tajikistan(), 0.5, 0.51, 0.2),
    ),
    "TM": flag(
        "Turkmenistan",
        "2:3",
        field("#00843D"),
        bar("#D22630", 0.09, 0, 0.28, 1),
        scatter(gul("#9C1B24"), 0.088, *_TURKMEN_CARPET),
        place(moved(crescent("white", 0.9, 0.3), turn=-35), 0.42, 0.22, 0.14),
        scatter(
            star("white"),
            0.033,
            (0.425, 0.2),
            (0.465, 0.1),
            (0.5, 0.2),
            (0.47, 0.25),
            (0.535, 0.12),
        ),
    ),
    "TR": flag(
        "Turkey",
        "2:3",
        field("#E30A17"),
        place(crescent("white", 0.8, 0.25), 0.37, 0.5, 0.25),
        place(moved(star("white"), turn=-90), 0.565, 0.5, 0.125),
    ),
    "UZ": flag(
        "Uzbekistan",
        "1:2",
        horizontal("#0099B5", "#CE1126", "white", "#CE1126", "#1EB53A", weights=(32, 2, 32, 2, 32)),
        place(crescent("white", 0.92, 0.32), 0.1, 0.16, 0.12),
        scatter(
            star("white"),
            0.025,
            *(
                (0.17 + column * 0.042, 0.24 - row * 0.075)
                for row in range(3)
                for column in range(row, 5)
            ),
        ),
    ),
    "YE": flag("Yemen", "2:3", horizontal("#CE1126", "white", "black")),
}
