"""From words to targets: what a word means, in which order, under which name."""

import itertools
from collections.abc import Iterator
from posixpath import commonpath, join, normpath

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from getflags.core.models import Checksum, Target
from getflags.targets.list_file import Entry
from getflags.targets.resolve import (
    ACCEPTED,
    Listing,
    Place,
    entry_again,
    expand,
    is_code,
    is_target,
    label,
    settle,
)
from tests.kit import harmless
from tests.messages import BAD_PORT, NO_HOST, WRONG_SCHEME

relaxed = settings(deadline=None)
HERE = Place("http://mirror/flags")
MD5 = Checksum("md5", "0" * 32)


def settled(*entries: Entry, place: Place = HERE) -> list[Target]:
    return list(settle(entries, place))


def ordered(*words: str) -> list[str]:
    return [entry.word for entry in listing(*words)]


def listing(*words: str, limit: int | None = None) -> Listing:
    return Listing(map(Entry, words), [], limit)


@pytest.mark.parametrize(
    ("word", "code", "target"),
    [
        ("BR", True, True),
        ("b", True, True),
        ("http://h/", False, True),
        ("HTTPS://h/", False, True),
        ("http://", False, True),
        ("BRA", False, False),
        ("ftp://h/", False, False),
        ("h/a.gif", False, False),
        ("", False, False),
    ],
)
def test_a_word_is_a_code_a_url_or_nothing(word: str, *, code: bool, target: bool) -> None:
    assert (is_code(word), is_target(word)) == (code, target)


def test_a_letter_is_replaced_by_guessed_codes_that_inherit_its_options() -> None:
    found = list(expand([Entry("b", folder="x", checksum=MD5)]))
    assert len(found) == 26
    assert found[0] == Entry("BA", folder="x", checksum=MD5, guessed=True)


def test_a_code_is_written_in_capitals_and_is_no_guess_unless_it_was_one() -> None:
    assert list(expand([Entry("br"), Entry("zz", guessed=True)])) == [
        Entry("BR"),
        Entry("ZZ", guessed=True),
    ]


def test_what_is_no_code_passes_through() -> None:
    entries = [Entry("http://h/B"), Entry("nonsense")]
    assert list(expand(entries)) == entries


def test_a_listing_counts_urls_and_each_code_once() -> None:
    found = listing("http://h/a", "br", "http://h/a", "BR", "DE")
    assert (found.urls, found.has_codes, len(found)) == (2, True, 4)


def test_an_empty_listing_counts_nothing() -> None:
    assert (len(listing()), listing().has_codes, list(listing())) == (0, False, [])


@pytest.mark.parametrize("words", [["B", "BR"], ["BR", "B"]])
def test_a_code_that_was_named_outweighs_the_same_one_guessed(words: list[str]) -> None:
    guessed = {entry.word: entry.guessed for entry in listing(*words)}
    assert (guessed["BR"], guessed["BA"], len(guessed)) == (False, True, 26)


def test_one_code_with_different_options_is_as_many_targets() -> None:
    asked = [
        Entry("BR", out="b"),
        Entry("BR", out="a"),
        Entry("BR", folder="d"),
        Entry("BR", checksum=MD5),
        Entry("BR", headers=(("X-A", "a"),)),
        Entry("BR"),
    ]
    found = Listing([Entry("CN"), *asked, *asked, Entry("br", out="a")], [])
    assert list(found) == [*asked, Entry("CN")]
    assert len(found) == len(asked) + 1
    assert [found[index] for index in range(len(found))] == list(found)
    assert len({target.path for target in settled(*found, place=Place("http://m"))}) == len(found)


EXPANDED = Entry("B", guessed=True)


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([EXPANDED, Entry("BR", out="x")], [Entry("BR", out="x")]),
        ([Entry("BR", out="x"), EXPANDED], [Entry("BR", out="x")]),
        ([Entry("BR", guessed=True), Entry("BR")], [Entry("BR")]),
        (
            [Entry("B", folder="d"), EXPANDED],
            [Entry("BR", folder="d", guessed=True), Entry("BR", guessed=True)],
        ),
        (
            [Entry("B", folder="d"), Entry("BR")],
            [Entry("BR", folder="d", guessed=True), Entry("BR")],
        ),
        ([Entry("B", folder="d"), Entry("BR", folder="d")], [Entry("BR", folder="d")]),
    ],
)
def test_a_named_code_outweighs_an_expanded_one_that_asks_for_nothing_else(
    entries: list[Entry], expected: list[Entry]
) -> None:
    assert [entry for entry in Listing(entries, []) if entry.word == "BR"] == expected


def test_a_listing_reads_its_entries_once_and_keeps_no_more_urls_than_wanted() -> None:
    kept: list[Entry] = []
    entries = (Entry(f"http://h/{number}") for number in range(9))
    found = Listing(entries, kept, 2)
    assert next(entries, None) is None
    assert kept == list(found) == list(found) == [Entry("http://h/0"), Entry("http://h/1")]
    assert found.urls == 9


def test_a_limit_counts_after_sorting() -> None:
    found = listing("http://h/1", "JP", "http://h/2", "DE", limit=2)
    assert [entry.word for entry in found] == ["http://h/1", "DE"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], []),
        (["http://h/b", "http://h/a"], ["http://h/b", "http://h/a"]),
        (["JP", "BR", "DE"], ["BR", "DE", "JP"]),
        (["br", "BR", "Br"], ["BR"]),
        (
            ["http://h/1", "JP", "http://h/2", "BR", "http://h/3"],
            ["http://h/1", "BR", "JP", "http://h/2", "http://h/3"],
        ),
    ],
)
def test_urls_come_as_given_and_codes_sorted_where_the_first_of_them_stood(
    words: list[str], expected: list[str]
) -> None:
    assert ordered(*words) == expected


@given(
    st.lists(st.sampled_from(["BR", "br", "B", "z", "http://h/1", "http://h/2", "nonsense"])),
    st.none() | st.integers(1, 60),
)
@relaxed
def test_a_listing_counts_and_finds_what_it_yields(words: list[str], limit: int | None) -> None:
    found = listing(*words, limit=limit)
    assert list(found) == list(listing(*words))[:limit]
    assert [found[index] for index in range(len(found))] == list(found)


def test_a_url_becomes_a_target() -> None:
    word = "HTTP://user:secret@h/dir/\u00e4.gif#part"
    assert settled(Entry(word, checksum=MD5)) == [
        Target(
            0,
            word,
            label="HTTP://***@h/dir/\u00e4.gif#part",
            url="http://user:secret@h/dir/%C3%A4.gif",
            folder="downloaded",
            name="\u00e4.gif",
            checksum=MD5,
        )
    ]


def test_a_code_becomes_a_target_at_the_mirror() -> None:
    assert settled(Entry("BR", guessed=True), place=Place("http://mirror/flags/", "f")) == [
        Target(0, "BR", "BR", "http://mirror/flags/br/br.gif", "f", "br.gif", guessed=True)
    ]


def test_the_users_name_and_folder_win() -> None:
    (target,) = settled(Entry("http://h/a.gif", out="sub/x.gif", folder="elsewhere"))
    assert target.path == "elsewhere/sub/x.gif"


@pytest.mark.parametrize(
    ("entry", "place", "flaw"),
    [
        (Entry("nonsense"), HERE, f"it is not {ACCEPTED}"),
        (Entry(""), HERE, f"it is not {ACCEPTED}"),
        (Entry("http://h:99999/"), HERE, f"its {BAD_PORT} up to 65535"),
        (Entry("http:///x"), HERE, f"it {NO_HOST}"),
        (Entry("BR"), Place(), f"{WRONG_SCHEME} are accepted"),
        (
            Entry("http://h/", out="../x"),
            HERE,
            "the name must be relative and stay inside the folder",
        ),
        (
            Entry("http://h/", out="nul"),
            Place(portable=True),
            "the name contains characters that are not allowed in a file name, or is too long",
        ),
    ],
)
def test_what_cannot_be_asked_for_is_a_target_with_a_flaw(
    entry: Entry, place: Place, flaw: str
) -> None:
    (target,) = settled(entry, place=place)
    named = bool(entry.out)
    assert target == Target(
        0, entry.word, entry.word, "", "downloaded", entry.out, flaw=flaw, named=named
    )


def test_a_bad_url_fails_alone_and_takes_no_name() -> None:
    targets = settled(Entry("http://h/f"), Entry("http://h/f", out="/f"), Entry("http://i/f"))
    assert [bool(target.flaw) for target in targets] == [False, True, False]
    assert [target.number for target in targets] == [0, 1, 2]
    assert [target.name for target in targets] == ["f", "/f", "f.1"]


def test_names_are_settled_in_each_folder_in_the_order_of_the_entries() -> None:
    targets = settled(
        Entry("http://h/f.gif"),
        Entry("http://i/f.gif"),
        Entry("http://j/f.gif", folder="other"),
        Entry("http://k/g.gif", out="f.gif"),
    )
    assert [target.path for target in targets] == [
        "downloaded/f.gif",
        "downloaded/f.1.gif",
        "other/f.gif",
        "downloaded/f.2.gif",
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("d", "./d"),
        ("d", "d/"),
        ("d", "d//"),
        ("d", "x/../d"),
        ("d", "/home/me/d"),
        ("d/e", "d//e"),
        (".", "/home/me"),
    ],
)
def test_a_folder_spelled_in_two_ways_is_one_folder(one: str, other: str) -> None:
    first, second = settled(
        Entry("http://h/f", folder=one),
        Entry("http://i/f", folder=other),
        place=Place(real=lambda folder: normpath(join("/home/me", folder))),
    )
    assert (first.path, second.path) == (f"{one}/f", f"{other}/f.1")


def test_a_folder_is_known_by_its_spelling_unless_told_otherwise() -> None:
    first, second = settled(
        Entry("http://h/f", folder="x/./d/"), Entry("http://i/f", folder="x//d")
    )
    assert (first.name, second.name) == ("f", "f.1")


def test_a_folder_that_cannot_be_is_a_flaw() -> None:
    (target,) = settled(Entry("http://h/f", folder="a\0b"))
    assert target.flaw == "the folder's name contains a NUL character"


def test_the_places_manners_decide_which_names_are_kept_and_told_apart() -> None:
    entries = (Entry("http://h/a%3Ab"), Entry("http://h/A%3AB"))
    assert [target.name for target in settled(*entries)] == ["a:b", "A:B"]
    windows = Place(portable=True, key=str.casefold)
    assert [target.name for target in settled(*entries, place=windows)] == ["a_b", "A_B.1"]


def test_a_million_targets_are_pulled_one_by_one() -> None:
    pulled = itertools.count()

    def entries() -> Iterator[Entry]:
        while True:
            yield Entry(f"http://h/{next(pulled)}")

    targets = settle(expand(entries()), HERE)
    assert [target.name for target in itertools.islice(targets, 3)] == ["0", "1", "2"]
    assert next(pulled) == 3


def test_a_label_shows_no_password_and_no_control_character() -> None:
    assert label("http://u:secret@h/\x1b[2J") == "http://***@h/\\x1b[2J"


def test_asking_again_takes_the_word_and_what_differs_from_the_usual() -> None:
    plain, numbered, chosen = settled(
        Entry("http://h/f.gif"),
        Entry("http://i/f.gif"),
        Entry("BR", out="x.gif", folder="other", checksum=MD5),
    )
    assert entry_again(plain, "downloaded") == Entry("http://h/f.gif")
    assert entry_again(numbered, "downloaded") == Entry("http://i/f.gif", out="f.1.gif")
    assert entry_again(chosen, "downloaded") == Entry(
        "BR", out="x.gif", folder="other", checksum=MD5
    )


def test_asking_again_for_a_target_with_a_flaw_is_what_was_asked_for_at_first() -> None:
    asked = [Entry("nonsense"), Entry("http://h/", out="../x", folder="other")]
    assert [entry_again(target, "downloaded") for target in settled(*asked)] == asked


wishes = st.lists(
    st.builds(
        Entry,
        st.sampled_from(["BR", "b", "?", "http://h/a", "http://h/A", "http://h/%41", "http://h/SS"])
        | st.sampled_from(["http://h/\u00df", "http://h/%0a%00", "http://h/%2e%2e/", "http://h/a%2f"])
        | st.text(max_size=8).map("http://h/{}".format),
        out=st.sampled_from(["", "a", "A", "a/b", "a.1", "../x", "/x", "..", " "])
        | st.text(max_size=4),
        folder=st.sampled_from(["", "d", "D", "../d", "/d", "d/s", "d//s", "d/../d"]),
    ),
    max_size=8,
)  # fmt: skip


@given(entries=wishes, fold=st.booleans(), portable=st.booleans())
@example(entries=[Entry("http://h/\u00df"), Entry("http://h/SS")], fold=True, portable=False)
@relaxed
def test_each_target_has_a_harmless_place_of_its_own_or_is_refused(
    *, entries: list[Entry], fold: bool, portable: bool
) -> None:
    targets = settled(
        *expand(entries),
        place=Place("http://m", key=str.casefold if fold else str, portable=portable),
    )
    places = set()
    for target in targets:
        assert harmless(target.label)
        assert (target.flaw == "") == (target.url != "")
        if not target.flaw:
            assert harmless(target.name)
            assert commonpath([normpath(target.path), normpath(target.folder)]) == normpath(
                target.folder
            )
            place = normpath(target.path)
            assert place != normpath(target.folder)
            places.add(place.casefold() if fold else place)
    assert len(places) == sum(not target.flaw for target in targets)


@given(st.lists(st.sampled_from(["http://h/f", "http://h/f.1", "http://i/f", "BR"]), min_size=1))
@relaxed
def test_one_target_asked_for_again_alone_gets_the_name_that_it_had(words: list[str]) -> None:
    for target in settled(*map(Entry, words)):
        (again,) = settled(entry_again(target, "downloaded"))
        assert (again.url, again.path) == (target.url, target.path)
