"""UniqueNames: always inside the folder, always harmless, each used once."""

import posixpath
import random
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from getflags.targets import filenames
from getflags.targets.filenames import (
    PART_PREFIX,
    BadName,
    UniqueNames,
    check_folder,
    checked,
    from_url,
    safe,
)

relaxed = settings(deadline=None)
LONGEST = 240

# UniqueNames as hostile servers and careless people make them.
pieces = st.sampled_from(
    ["..", ".", "/", "\\", " ", "\x00", "\x1b", "\u202e", "\ud800", "con", "COM\u00b9", ":", ".gif"]
) | st.text(max_size=6)
hostile = st.lists(pieces, max_size=8).map("".join)
long = st.builds(
    lambda stem, times, suffix: stem * times + suffix,
    st.text(min_size=1, max_size=4),
    st.integers(1, 200),
    st.sampled_from(["", ".gif", ".tar.gz", ".\u00e4\u00f6\u00fc", ".nosuffixislikethisone"]),
)


@pytest.mark.parametrize(
    "name",
    ["a.gif", ".bashrc", "-rf", "~", "a b", "...a", "\u00e4.gif", "\U0001f600", "a:b", "nul", "x."],
)
def test_a_harmless_name_stays_as_it_is(name: str) -> None:
    assert safe(name) == name


@pytest.mark.parametrize(
    ("foreign", "expected"),
    [
        ("../../x", ".._.._x"),
        ("..\\x", ".._x"),
        ("/etc/passwd", "_etc_passwd"),
        ("a\x00b", "a_b"),
        ("a\nb\x1bc\x7fd\x9be", "a_b_c_d_e"),
        ("gif.\u202eexe", "gif._exe"),
        ("a\u2028b\ufeffc", "a_b_c"),
        ("a\ud800b", "a_b"),
        ("", "index.html"),
        (".", "index.html"),
        ("..", "index.html"),
        (" . ", "index.html"),
        (".getflags-1.part", "_.getflags-1.part"),
    ],
)
def test_foreign_text_becomes_a_name(foreign: str, expected: str) -> None:
    assert safe(foreign) == expected


@pytest.mark.parametrize(
    ("foreign", "expected"),
    [
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("nul .txt", "_nul .txt"),
        ("COM1", "_COM1"),
        ("LPT9.gif", "_LPT9.gif"),
        ("com\u00b9", "_com\u00b9"),
        ("CONIN$", "_CONIN$"),
        ("conduct", "conduct"),
        ("com10", "com10"),
        ("a.", "a"),
        ("a ", "a"),
        ("a. .", "a"),
        ("a:b", "a_b"),
        ("C:x", "C_x"),
        ('a<b>|"c"?*', "a_b___c___"),
        ("aux.", "_aux"),
        (". .", "index.html"),
    ],
)
def test_portable_names_avoid_what_windows_forbids(foreign: str, expected: str) -> None:
    assert safe(foreign, portable=True) == expected


@pytest.mark.parametrize(
    ("foreign", "expected"),
    [
        pytest.param("a" * 240, "a" * 240, id="what fits stays"),
        pytest.param("a" * 241, "a" * 240, id="the end goes"),
        pytest.param("a" * 300 + ".gif", "a" * 236 + ".gif", id="the suffix stays"),
        pytest.param("a" * 100 + "." + "b" * 200, "a" * 100 + "." + "b" * 139, id="no suffix"),
        pytest.param("a" * 300 + "." + "b" * 14, "a" * 225 + "." + "b" * 14, id="longest suffix"),
        pytest.param("a" * 238 + "." + "b" * 15, "a" * 238 + ".b", id="too long for a suffix"),
        pytest.param("\u00e4" * 120, "\u00e4" * 120, id="bytes count"),
        pytest.param("\u00e4" * 130 + ".gif", "\u00e4" * 118 + ".gif", id="bytes, suffix"),
        pytest.param("a" + "\u00e4" * 130, "a" + "\u00e4" * 119, id="no character is cut in half"),
        pytest.param("." + "a" * 300, "." + "a" * 239, id="a leading dot begins no suffix"),
    ],
)
def test_a_long_name_is_cut_so_that_it_fits(foreign: str, expected: str) -> None:
    assert safe(foreign) == expected


@given(foreign=hostile | long, portable=st.booleans())
@example(foreign="con", portable=True)
@example(foreign=".getflags-" + "\u00e4" * 200, portable=False)
@relaxed
def test_a_safe_name_is_one_harmless_component(*, foreign: str, portable: bool) -> None:
    name = safe(foreign, portable=portable)
    assert "/" not in name
    assert "\\" not in name
    assert not any(unicodedata.category(character) in {"Cc", "Cs"} for character in name)
    assert name not in {"", ".", ".."}
    assert len(name.encode()) <= LONGEST
    assert not name.startswith(PART_PREFIX)


@given(foreign=hostile, portable=st.booleans())
@relaxed
def test_what_is_safe_stays_as_it_is(*, foreign: str, portable: bool) -> None:
    name = safe(foreign, portable=portable)
    assert safe(name, portable=portable) == name


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("http://h/flags/br/br.gif", "br.gif"),
        ("http://h/a.gif?name=b.gif", "a.gif"),
        ("http://h/a.gif?x=/b.gif", "a.gif"),
        ("http://h/", "index.html"),
        ("http://h/a/", "index.html"),
        ("http://h/..", "index.html"),
        ("http://h/%2e%2e", "index.html"),
        ("http://h/%20", "index.html"),
        ("http://h/a%20b.gif", "a b.gif"),
        ("http://h/a+b.gif", "a+b.gif"),
        ("http://h/nul%3A", "nul:"),
        ("http://h/%C3%A4.gif", "\u00e4.gif"),
        ("http://h/%ff.gif", "\ufffd.gif"),
        ("http://h/..%2f..%2fx", ".._.._x"),
        ("http://h/%2e%2e%5cx", ".._x"),
        ("http://h/%252e%252e%252fx", "%2e%2e%2fx"),
        ("http://h/%00%0a%1b", "___"),
        ("http://h/%E2%80%AEfig.exe", "_fig.exe"),
        ("http://h/.getflags-1.part", "_.getflags-1.part"),
        ("http://h/.GetFlags-1.part", "_.GetFlags-1.part"),
    ],
)
def test_a_file_is_named_after_the_last_segment(url: str, name: str) -> None:
    assert from_url(url) == name


def test_names_from_urls_can_be_portable() -> None:
    assert from_url("http://h/nul.gif%3F", portable=True) == "_nul.gif_"


@pytest.mark.parametrize("out", ["a", "a.gif", "a/b/c.gif", ".config/x", "~/x", "a b"])
def test_a_name_that_the_user_chose_may_hold_sub_folders(out: str) -> None:
    assert checked(out) == out


@pytest.mark.parametrize(
    "out", ["", "/a", "../a", "a/../b", "a/..", "./a", "a//b", "a/", "..", ".", "/"]
)
def test_a_chosen_name_never_leaves_the_folder(out: str) -> None:
    with pytest.raises(BadName, match="stay inside the folder"):
        checked(out)


@pytest.mark.parametrize(
    "out", ["a\x00", "a\nb", "a\\b", "\u202ea", "\ud800", "a/.getflags-1", " ", "a" * 300]
)
def test_a_chosen_name_that_would_have_to_be_mended_is_refused(out: str) -> None:
    with pytest.raises(BadName, match="not allowed"):
        checked(out)


def test_a_choice_has_200_levels_at_most() -> None:
    deep = "/".join(["d"] * 200)
    assert checked(deep) == deep
    with pytest.raises(BadName, match="more than 200 levels"):
        checked(f"{deep}/d")


def test_a_folder_is_any_but_one_that_no_system_can_make() -> None:
    for folder in ("d", "../d", "/d", "", "/".join(["d"] * 200)):
        check_folder(folder)
    with pytest.raises(BadName, match="NUL"):
        check_folder("a\0b")
    with pytest.raises(BadName, match="more than 200 levels deep"):
        check_folder("d/" * 201)


def test_a_portable_choice_takes_both_separators_and_no_device() -> None:
    assert checked("a\\b/c", portable=True) == "a/b/c"
    for out in ("C:\\x", "a/nul", "a ", "a:b"):
        with pytest.raises(BadName):
            checked(out, portable=True)
    for out in ("..\\x", "\\x"):
        with pytest.raises(BadName, match="stay inside the folder"):
            checked(out, portable=True)


@given(out=hostile, portable=st.booleans())
@relaxed
def test_no_choice_whatever_leaves_the_folder(*, out: str, portable: bool) -> None:
    try:
        name = checked(out, portable=portable)
    except BadName:
        return
    path = posixpath.normpath(f"/folder/{name}")
    assert path == f"/folder/{name}"
    assert not any(part.startswith(PART_PREFIX) for part in name.split("/"))


@pytest.mark.parametrize(
    ("wanted", "given_"),
    [
        (["f.gif", "g.gif"], ["f.gif", "g.gif"]),
        (["f.gif"] * 4, ["f.gif", "f.1.gif", "f.2.gif", "f.3.gif"]),
        (["f.gif", "f.1.gif", "f.gif"], ["f.gif", "f.1.gif", "f.2.gif"]),
        (["f.1.gif", "f.gif", "f.gif"], ["f.1.gif", "f.gif", "f.2.gif"]),
        (["f", "f"], ["f", "f.1"]),
        ([".bashrc", ".bashrc"], [".bashrc", ".bashrc.1"]),
        (["a.tar.gz", "a.tar.gz"], ["a.tar.gz", "a.tar.1.gz"]),
        (["a.b/c", "a.b/c"], ["a.b/c", "a.b/c.1"]),
        (["F.gif", "f.gif"], ["F.gif", "f.gif"]),
    ],
)
def test_a_name_that_is_taken_gets_a_number(wanted: list[str], given_: list[str]) -> None:
    names = UniqueNames()
    assert [names.assign("d", name) for name in wanted] == given_


def test_the_same_name_in_two_folders_is_no_collision() -> None:
    names = UniqueNames()
    assert [names.assign(folder, "f.gif") for folder in "abab"] == [
        "f.gif",
        "f.gif",
        "f.1.gif",
        "f.1.gif",
    ]


def test_a_sub_folder_in_the_name_or_in_the_folder_is_the_same_place() -> None:
    names = UniqueNames()
    assert [names.assign("a", "b/c"), names.assign("a/b", "c")] == ["b/c", "c.1"]


def test_capitals_are_the_same_name_where_the_file_system_says_so() -> None:
    names = UniqueNames(str.casefold)
    assert [names.assign("d", name) for name in ("f.gif", "F.GIF", "f.Gif")] == [
        "f.gif",
        "F.1.GIF",
        "f.2.Gif",
    ]


few_names = st.sampled_from(["f", "f.1", "f.2", "f.gif", "f.1.gif", "F.gif", ".f", "s/f", "..f"])
wishes = st.lists(st.tuples(st.sampled_from(["d", "d/s", "e"]), few_names), max_size=40)


@given(wanted=wishes, fold=st.booleans())
@relaxed
def test_no_path_is_given_twice_and_the_same_list_gives_the_same_names(
    *, wanted: list[tuple[str, str]], fold: bool
) -> None:
    key = str.casefold if fold else str
    names, again = UniqueNames(key), UniqueNames(key)
    paths = [f"{folder}/{names.assign(folder, name)}" for folder, name in wanted]
    assert paths == [f"{folder}/{again.assign(folder, name)}" for folder, name in wanted]
    told_apart = {path.casefold() if fold else path for path in paths}
    assert len(told_apart) == len(wanted)


@given(wishes)
@relaxed
def test_only_a_path_that_was_wanted_before_gets_a_number(wanted: list[tuple[str, str]]) -> None:
    names = UniqueNames()
    seen: set[str] = set()
    for folder, name in wanted:
        settled = names.assign(folder, name)
        if f"{folder}/{name}" in seen:
            assert settled != name
        else:
            assert settled == name
        seen.add(f"{folder}/{settled}")


def test_many_names_stay_distinct_and_a_second_round_collides_with_all_of_them() -> None:
    names = UniqueNames()
    wanted = [f"{number}.gif" for number in range(5000)]
    assert [names.assign("d", name) for name in wanted] == wanted
    assert [names.assign("d", name) for name in wanted] == [f"{n}.1.gif" for n in range(5000)]


def test_one_name_many_times_counts_on() -> None:
    names = UniqueNames()
    settled = [names.assign("d", "f") for _ in range(3000)]
    assert settled == ["f", *(f"f.{number}" for number in range(1, 3000))]


@given(st.from_regex(r"[A-Za-z0-9_.-]{1,120}", fullmatch=True))
def test_an_ordinary_name_is_what_any_other_is(name: str) -> None:
    assert from_url(f"http://h/{name}") == from_url(f"http://h/{name}?x") == safe(name)


def test_a_set_of_hashes_is_the_same_whether_they_are_few_or_many() -> None:
    draw = random.Random(1)
    few = filenames._FEW
    keys = [draw.randrange(2, 4 * few) for _ in range(4 * few)]
    found, expected = filenames.HashSet(), set[int]()
    for key in keys:
        assert (key in found) == (key in expected)
        assert found.add(key) == (key not in expected)
        expected.add(key)
    assert len(expected) > few
    assert all(key in found for key in expected)
    assert 1 not in found


def test_a_set_of_hashes_tells_apart_those_that_fall_on_one_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(filenames, "_FEW", 0)
    found = filenames.HashSet()
    assert found.add(1024), "the table is made with it"
    assert found.add(5)
    assert 5 + 1024 not in found, "it would have the same place"
    assert found.add(5 + 1024)
    assert 5 + 1024 in found
