"""Facts about the flags of northern, eastern and southern Africa."""

from artwork.emblems.arms_world import egypt, mozambique
from artwork.emblems.arsenal import cogwheel, hide_shield, machete, nguni_shield
from artwork.emblems.birds import crane, soaring, zimbabwe_bird
from artwork.emblems.plants import sprig, thatch, wreath
from artwork.emblems.sky import crescent, half_sun, sun
from artwork.emblems.stars import pentagram, star
from artwork.flag import flag
from artwork.layouts import (
    bar,
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
from artwork.shapes import around, disc, group, line, moved

FLAGS = {
    "AO": flag(
        "Angola",
        "2:3",
        horizontal("#CC092F", "black"),
        place(cogwheel("#FFCB00", 22, -110, 70), 0.5, 0.5, 0.27),
        place(moved(machete("#FFCB00"), turn=-50), 0.52, 0.6, 0.22),
        place(star("#FFCB00"), 0.48, 0.43, 0.095),
    ),
    "BI": flag(
        "Burundi",
        "3:5",
        field("#43B02A"),
        patch("#C8102E", (0, 0), (1, 0), (0, 1), (1, 1)),
        saltire("white", 0.15),
        place(disc("white"), size=0.29),
        scatter(
            group(star("#43B02A", 6, 0.577), moved(star("#C8102E", 6, 0.577), size=0.8)),
            0.085,
            (0.5, 0.36),
            (0.42, 0.6),
            (0.58, 0.6),
        ),
    ),
    "BW": flag(
        "Botswana",
        "2:3",
        horizontal("#6DA9D2", "white", "black", "white", "#6DA9D2", weights=(9, 1, 4, 1, 9)),
    ),
    "DJ": flag(
        "Djibouti",
        "2:3",
        horizontal("#6AB2E7", "#12AD2B"),
        hoist("white", 0.577),
        place(star("#D7141A"), 0.19, 0.5, 0.14),
    ),
    "DZ": flag(
        "Algeria",
        "2:3",
        vertical("#006633", "white"),
        place(crescent("#D21034", 0.8, 0.3), 0.5, 0.5, 0.25),
        place(moved(star("#D21034"), turn=-90), 0.555, 0.5, 0.13),
    ),
    "EG": flag("Egypt", "2:3", horizontal("red", "white", "black"), place(egypt(), 0.5, 0.5, 0.15)),
    "ER": flag(
        "Eritrea",
        "1:2",
        horizontal("#43B02A", "#418FDE"),
        hoist("#E4002B", 1.0),
        place(group(wreath("#FFC72C", 9), moved(sprig("#FFC72C"), 0, 0.05, 0.62)), 0.25, 0.5, 0.25),
    ),
    "ET": flag(
        "Ethiopia",
        "1:2",
        horizontal("#009A44", "#FEDD00", "#EF3340"),
        place(disc("#0645B1"), size=0.29),
        place(moved(pentagram("#FEDD00", 0.08), size=0.9), 0.5, 0.505, 0.26),
        place(
            around(line("#FEDD00", 0.2, (0, 0), (0, -1)), range(-54, 306, 72), 0.45, 0.36),
            size=0.26,
        ),
    ),
    "KE": flag(
        "Kenya",
        "2:3",
        horizontal("black", "white", "#BB0000", "white", "#006600", weights=(6, 1, 6, 1, 6)),
        place(hide_shield("#BB0000", "black", "white"), size=0.4),
    ),
    "KM": flag(
        "Comoros",
        "3:5",
        horizontal("#FFC61E", "white", "#CE1126", "#3A75C4"),
        hoist("#3D8E33", 0.5),
        place(crescent("white", 0.85, 0.33), 0.17, 0.5, 0.19),
        scatter(
            star("white"), 0.05, (0.215, 0.385), (0.215, 0.462), (0.215, 0.538), (0.215, 0.615)
        ),
    ),
    "LS": flag(
        "Lesotho",
        "2:3",
        horizontal("#00209F", "white", "#009543", weights=(3, 4, 3)),
        place(thatch("black", "white"), 0.5, 0.49, 0.165),
    ),
    "LY": flag(
        "Libya",
        "1:2",
        horizontal("#E70013", "black", "#239E46", weights=(1, 2, 1)),
        place(crescent("white", 0.82, 0.26), 0.48, 0.5, 0.13),
        place(moved(star("white"), turn=-90), 0.545, 0.5, 0.075),
    ),
    "MA": flag(
        "Morocco", "2:3", field("#C1272D"), place(pentagram("#006233", 0.13), 0.5, 0.52, 0.24)
    ),
    "MG": flag("Madagascar", "2:3", horizontal("#FC3D32", "#007E3A"), bar("white", 0, 0, 1 / 3, 1)),
    "MU": flag("Mauritius", "2:3", horizontal("#EA2839", "#1A206D", "#FFD500", "#00A551")),
    "MW": flag(
        "Malawi",
        "2:3",
        horizontal("black", "#CE1126", "#339E35"),
        place(half_sun("#CE1126", 16), 0.5, 0.29, 0.24),
    ),
    "MZ": flag(
        "Mozambique",
        "2:3",
        horizontal("#007168", "white", "black", "white", "#FCE100", weights=(12, 1, 12, 1, 12)),
        hoist("#D21034", 0.43),
        place(mozambique(), 0.145, 0.51, 0.19),
    ),
    "NA": flag(
        "Namibia",
        "2:3",
        field("#003580"),
        patch("#009543", (1, 0), (1, 1), (0, 1)),
        sash("white", 0.36),
        sash("#D21034", 0.29),
        place(sun("#FFCE00", 12, 0.55, 0.66), 0.2, 0.27, 0.19),
    ),
    "RW": flag(
        "Rwanda",
        "2:3",
        horizontal("#00A1DE", "#FAD201", "#20603D", weights=(2, 1, 1)),
        place(sun("#E5BE01", 24, 0.48, 0.56), 0.83, 0.25, 0.18),
    ),
    "SC": flag(
        "Seychelles",
        "1:2",
        field("#D62828"),
        patch("#003F87", (0, 1), (0, 0), (1 / 3, 0)),
        patch("#FCD856", (0, 1), (1 / 3, 0), (2 / 3, 0)),
        patch("#D62828", (0, 1), (2 / 3, 0), (1, 0), (1, 1 / 3)),
        patch("white", (0, 1), (1, 1 / 3), (1, 2 / 3)),
        patch("#007A3D", (0, 1), (1, 2 / 3), (1, 1)),
    ),
    "SD": flag("Sudan", "1:2", horizontal("#D21034", "white", "black"), hoist("#007229", 1 / 3)),
    "SO": flag("Somalia", "2:3", field("#4189DD"), place(star("white"), size=0.27)),
    "SS": flag(
        "South Sudan",
        "1:2",
        horizontal("black", "white", "#DA121A", "white", "#078930", weights=(6, 1, 6, 1, 6)),
        hoist("#0F47AF", 0.43),
        place(moved(star("#FCDD09"), turn=18), 0.14, 0.5, 0.19),
    ),
    "SZ": flag(
        "Eswatini",
        "2:3",
        horizontal("#3E5EB9", "#FFD900", "#B10C0C", "#FFD900", "#3E5EB9", weights=(3, 1, 8, 1, 3)),
        place(nguni_shield("white", "white"), size=0.5),
    ),
    "TN": flag(
        "Tunisia",
        "2:3",
        field("#E70013"),
        place(disc("white"), size=0.25),
        place(crescent("#E70013", 0.8, 0.3), 0.5, 0.5, 0.19),
        place(moved(star("#E70013"), turn=-90), 0.525, 0.5, 0.11),
    ),
    "TZ": flag(
        "Tanzania",
        "2:3",
        field("#1EB53A"),
        patch("#00A3DD", (1, 0), (1, 1), (0, 1)),
        sash("#FCD116", 0.42),
        sash("black", 0.3),
    ),
    "UG": flag(
        "Uganda",
        "2:3",
        horizontal("black", "#FCDC04", "#D90000", "black", "#FCDC04", "#D90000"),
        place(disc("white"), size=0.17),
        place(crane("#6B6B6B", "#9A9A9A", "gold"), 0.5, 0.5, 0.145),
    ),
    "ZA": flag(
        "South Africa",
        "2:3",
        horizontal("#E03C31", "#001489"),
        patch(
            "white", (0, -0.13), (0.455, 1 / 3), (1, 1 / 3), (1, 2 / 3), (0.455, 2 / 3), (0, 1.13)
        ),
        patch(
            "#007749",
            (0, 0),
            (0.07, 0),
            (0.47, 0.4),
            (1, 0.4),
            (1, 0.6),
            (0.47, 0.6),
            (0.07, 1),
            (0, 1),
        ),
        hoist("#FFB81C", 0.4, 0.8),
        hoist("black", 0.333, 0.667),
    ),
    "ZM": flag(
        "Zambia",
        "2:3",
        field("#198A00"),
        bar("#DE2010", 0.68, 0.37, 0.7867, 1),
        bar("black", 0.7867, 0.37, 0.8933, 1),
        bar("#EF7D00", 0.8933, 0.37, 1, 1),
        place(soaring("#EF7D00"), 0.84, 0.19, 0.2),
    ),
    "ZW": flag(
        "Zimbabwe",
        "1:2",
        horizontal("#319208", "#FFD200", "#DE2010", "black", "#DE2010", "#FFD200", "#319208"),
        hoist("black", 0.4),
        hoist("white", 0.37, 0.93),
        place(star("#DE2010"), 0.13, 0.5, 0.2),
        place(zimbabwe_bird("#FFD200", "#A87A00"), 0.13, 0.49, 0.14),
    ),
}
