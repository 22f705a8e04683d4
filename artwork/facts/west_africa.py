"""Facts about the flags of western and central Africa."""

from artwork.emblems.arms_world import equatorial_guinea
from artwork.emblems.sky import crescent
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
    sash,
    scatter,
    vertical,
)
from artwork.shapes import around, disc, moved, turns

FLAGS = {
    "BF": flag(
        "Burkina Faso", "2:3", horizontal("#EF2B2D", "#009E49"), place(star("#FCD116"), size=0.17)
    ),
    "BJ": flag("Benin", "2:3", horizontal("#FCD116", "#E8112D"), bar("#008751", 0, 0, 0.4, 1)),
    "CD": flag(
        "Democratic Republic of the Congo",
        "3:4",
        field("#007FFF"),
        sash("#F7D618", 0.32),
        sash("#CE1021", 0.23),
        place(star("#F7D618"), 0.17, 0.2, 0.16),
    ),
    "CF": flag(
        "Central African Republic",
        "2:3",
        horizontal("#003082", "white", "#289728", "#FFCE00"),
        bar("#D21034", 0.42, 0, 0.58, 1),
        place(star("#FFCE00"), 0.14, 0.125, 0.11),
    ),
    "CG": flag(
        "Republic of the Congo",
        "2:3",
        field("#FBDE4A"),
        patch("#009543", (0, 0), (2 / 3, 0), (0, 1)),
        patch("#DC241F", (1, 0), (1, 1), (1 / 3, 1)),
    ),
    "CI": flag("Ivory Coast", "2:3", vertical("#FF8200", "white", "#009A44")),
    "CM": flag(
        "Cameroon",
        "2:3",
        vertical("#007A5E", "#CE1126", "#FCD116"),
        place(star("#FCD116"), size=0.17),
    ),
    "CV": flag(
        "Cape Verde",
        "10:17",
        horizontal("#003893", "white", "#CF2027", "white", "#003893", weights=(6, 1, 1, 1, 3)),
        place(around(star("#F7D116"), turns(10), 0.84, 0.17, upright=True), 0.375, 0.625, 0.28),
    ),
    "GA": flag("Gabon", "3:4", horizontal("#009E60", "#FCD116", "#3A75C4")),
    "GH": flag(
        "Ghana", "2:3", horizontal("#CE1126", "#FCD116", "#006B3F"), place(star("black"), size=0.17)
    ),
    "GM": flag(
        "The Gambia",
        "2:3",
        horizontal("#CE1126", "white", "#0C1C8C", "white", "#3A7728", weights=(6, 1, 4, 1, 6)),
    ),
    "GN": flag("Guinea", "2:3", vertical("#CE1126", "#FCD116", "#009460")),
    "GQ": flag(
        "Equatorial Guinea",
        "2:3",
        horizontal("#3E9A00", "white", "#E32118"),
        hoist("#0073CE", 0.25),
        place(equatorial_guinea(), 0.53, 0.5, 0.14),
    ),
    "GW": flag(
        "Guinea-Bissau",
        "1:2",
        horizontal("#FCD116", "#009E49"),
        bar("#CE1126", 0, 0, 1 / 3, 1),
        place(star("black"), 1 / 6, 0.5, 0.2),
    ),
    "LR": flag(
        "Liberia",
        "10:19",
        horizontal(*("#BF0A30", "white") * 5, "#BF0A30"),
        canton(5 / 19, 5 / 11, field("#002868"), place(star("white"), size=0.38)),
    ),
    "ML": flag("Mali", "2:3", vertical("#14B53A", "#FCD116", "#CE1126")),
    "MR": flag(
        "Mauritania",
        "2:3",
        horizontal("#D01C1F", "#00A95C", "#D01C1F", weights=(1, 4, 1)),
        place(moved(crescent("#FFD700", 0.98, 0.42), turn=-90), 0.5, 0.42, 0.28),
        place(star("#FFD700"), 0.5, 0.36, 0.11),
    ),
    "NE": flag(
        "Niger", "6:7", horizontal("#E05206", "white", "#0DB02B"), place(disc("#E05206"), size=0.14)
    ),
    "NG": flag("Nigeria", "1:2", vertical("#008751", "white", "#008751")),
    "SL": flag("Sierra Leone", "2:3", horizontal("#1EB53A", "white", "#0072C6")),
    "SN": flag(
        "Senegal",
        "2:3",
        vertical("#00853F", "#FDEF42", "#E31B23"),
        place(star("#00853F"), size=0.17),
    ),
    "ST": flag(
        "Sao Tome and Principe",
        "1:2",
        horizontal("#12AD2B", "#FFCE00", "#12AD2B", weights=(2, 3, 2)),
        hoist("#D21034", 0.25),
        scatter(star("black"), 0.15, (0.5, 0.5), (0.75, 0.5)),
    ),
    "TD": flag("Chad", "2:3", vertical("#002664", "#FECB00", "#C60C30")),
    "TG": flag(
        "Togo",
        "3:5",
        horizontal("#006A4E", "#FFCE00", "#006A4E", "#FFCE00", "#006A4E"),
        canton(0.36, 0.6, field("#D21034"), place(star("white"), size=0.33)),
    ),
}
