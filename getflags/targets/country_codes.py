"""Country codes: the codes that exist, and the expansion of a letter and of ``-e``.

This module contains only data and pure functions; it does not know which flags a server has.
"""

from __future__ import annotations

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_POP20 = "CN IN US ID BR PK NG BD RU JP MX PH VN ET EG DE IR TR CD FR"
_ALL = """
    AD AE AF AG AL AM AO AR AT AU AZ BA BB BD BE BF BG BH BI BJ BN BO BR BS BT
    BW BY BZ CA CD CF CG CH CI CL CM CN CO CR CU CV CY CZ DE DJ DK DM DZ EC EE
    EG ER ES ET FI FJ FM FR GA GB GD GE GH GM GN GQ GR GT GW GY HN HR HT HU ID
    IE IL IN IQ IR IS IT JM JO JP KE KG KH KI KM KN KP KR KW KZ LA LB LC LI LK
    LR LS LT LU LV LY MA MC MD ME MG MH MK ML MM MN MR MT MU MV MW MX MY MZ NA
    NE NG NI NL NO NP NR NZ OM PA PE PG PH PK PL PT PW PY QA RO RS RU RW SA SB
    SC SD SE SG SI SK SL SM SN SO SR SS ST SV SY SZ TD TG TH TJ TL TM TN TO TR
    TT TV TW TZ UA UG US UY UZ VA VC VE VN VU WS YE ZA ZM ZW
    """

#: The 20 most populous countries, as listed in Fluent Python.
POP20 = tuple(_POP20.split())

#: The codes of all existing flags.
ALL = tuple(_ALL.split())


def every() -> tuple[str, ...]:
    """Return all 676 possible codes, AA to ZZ."""
    return tuple(first + second for first in _LETTERS for second in _LETTERS)


def expand(word: str) -> tuple[str, ...]:
    """Return the codes that an argument stands for; none if it is neither a code nor a letter.

    A letter stands for all 26 codes that begin with it, most of which do not exist.
    """
    if not (word.isascii() and word.isalpha()):
        return ()
    if len(word) == 1:
        return tuple(word.upper() + second for second in _LETTERS)
    return (word.upper(),) if len(word) == 2 else ()  # noqa: PLR2004 - ISO 3166 alpha-2


def flag_url(base: str, code: str) -> str:
    """Return the URL of a flag on a mirror: ``{base}/br/br.gif``."""
    code = code.lower()
    return f"{base.rstrip('/')}/{code}/{code}.gif"
