"""Country codes: the seed's data, and what a word stands for."""

import pytest

from getflags.targets import country_codes


def test_the_default_is_the_twenty_most_populous_countries_in_the_seeds_order() -> None:
    expected = "CN IN US ID BR PK NG BD RU JP MX PH VN ET EG DE IR TR CD FR"
    assert " ".join(country_codes.POP20) == expected


def test_there_are_194_flags_from_ad_to_zw_sorted_and_each_once() -> None:
    assert len(country_codes.ALL) == 194
    assert (country_codes.ALL[0], country_codes.ALL[-1]) == ("AD", "ZW")
    assert list(country_codes.ALL) == sorted(set(country_codes.ALL))
    assert set(country_codes.POP20) < set(country_codes.ALL)


def test_every_possible_code_is_676_from_aa_to_zz() -> None:
    every = country_codes.every()
    assert len(set(every)) == len(every) == 26 * 26
    assert (every[0], every[1], every[26], every[-1]) == ("AA", "AB", "BA", "ZZ")
    assert set(country_codes.ALL) < set(every)


@pytest.mark.parametrize(("word", "code"), [("BR", "BR"), ("br", "BR"), ("Br", "BR"), ("zz", "ZZ")])
def test_two_letters_are_a_code_in_any_case(word: str, code: str) -> None:
    assert country_codes.expand(word) == (code,)


@pytest.mark.parametrize("letter", ["B", "b"])
def test_one_letter_stands_for_its_26_codes(letter: str) -> None:
    found = country_codes.expand(letter)
    assert (len(found), found[0], found[-1]) == (26, "BA", "BZ")


@pytest.mark.parametrize(
    "word", ["", "BRA", "B1", "1", "B ", "-a", "\u00e4", "\u00df", "\u00df\u00df", "http://h/"]
)
def test_anything_else_stands_for_no_code(word: str) -> None:
    assert country_codes.expand(word) == ()


@pytest.mark.parametrize("base", ["http://h/flags", "http://h/flags/", "http://h/flags//"])
@pytest.mark.parametrize("code", ["BR", "br"])
def test_a_mirror_keeps_a_flag_in_a_folder_of_its_code(base: str, code: str) -> None:
    assert country_codes.flag_url(base, code) == "http://h/flags/br/br.gif"
