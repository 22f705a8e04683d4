"""Text for people: harmless on a terminal, and figures at a glance."""

import hashlib
import re
import sys
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from getflags.core.text import UNSAFE, brief, counted, human_bytes, printable, quoted, short_hash

relaxed = settings(deadline=None)


@pytest.mark.parametrize(
    ("foreign", "shown"),
    [
        ("plain \u00e4 \u4e2d \U0001f600", "plain \u00e4 \u4e2d \U0001f600"),
        ("\x1b]0;pwn\x07", "\\x1b]0;pwn\\x07"),
        ("a\r\nb\tc\x00", "a\\r\\nb\\tc\\x00"),
        ("\x7f\x85\x9b", "\\x7f\\x85\\x9b"),
        ("\u202egpj.exe", "\\u202egpj.exe"),
        ("\u2028\u2029\u2066\ufeff\u200b\u061c", "\\u2028\\u2029\\u2066\\ufeff\\u200b\\u061c"),
        ("\ud800\udcff", "\\ud800\\udcff"),
        ("[/red] {x} %s", "[/red] {x} %s"),
        ("", ""),
    ],
)
def test_foreign_text_is_shown_with_its_tricks_visible(foreign: str, shown: str) -> None:
    assert printable(foreign) == shown


def test_foreign_text_is_not_shown_endlessly() -> None:
    assert brief("a" * 300) == "a" * 300
    assert brief("a" * 1_000_000) == "a" * 400 + "..."
    assert len(brief("\x1b" * 1_000_000)) == 403


@given(st.text(st.characters(), max_size=30))
@relaxed
def test_printable_text_drives_no_terminal_and_can_be_encoded(foreign: str) -> None:
    shown = printable(foreign)
    assert not any(unicodedata.category(each) in {"Cc", "Cs", "Zl", "Zp"} for each in shown)
    assert shown.encode().decode() == shown
    assert printable(shown) == shown
    assert len(shown.splitlines()) <= 1


@pytest.mark.parametrize(
    ("foreign", "shown"),
    [
        ("out", "'out'"),
        ("", "''"),
        ("\x1b[2J", "'\\x1b[2J'"),
        ("C:\\x", "'C:\\x'"),
        ("\u00e4", "'\u00e4'"),
    ],
)
def test_foreign_text_is_quoted_with_each_trick_shown_once(foreign: str, shown: str) -> None:
    assert quoted(foreign) == shown


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 flags"), (1, "1 flag"), (2, "2 flags"), (1_000_000, "1,000,000 flags")],
)
def test_nouns_agree_with_their_numbers(number: int, text: str) -> None:
    assert counted(number, "flag") == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0 B"),
        (1, "1 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (12_345, "12.3 kB"),
        (999_900, "999.9 kB"),
        (1_000_000, "1.0 MB"),
        (2_500_000_000, "2.5 GB"),
        (7_000_000_000_000, "7.0 TB"),
        (7_000_000_000_000_000, "7000.0 TB"),
    ],
)
def test_sizes_are_shown_in_powers_of_1000(number: float, text: str) -> None:
    assert human_bytes(number) == text


def test_no_unsafe_character_is_printable() -> None:
    """``printable`` returns text at once if all of it is printable."""
    every = "".join(map(chr, range(sys.maxunicode + 1)))
    assert [each for each in re.findall(f"[{UNSAFE}]", every) if each.isprintable()] == []


@pytest.mark.parametrize("text", ["", "f.bin", "\xfc\u4e2d", "\udcff"])
def test_a_short_hash_is_that_of_hashlib_for_ever(text: str) -> None:
    """A later version, on another Python, finds the part files and the records of this one."""
    encoded = text.encode("utf-8", "surrogatepass")
    assert short_hash(text, 8) == hashlib.blake2b(encoded, digest_size=8).hexdigest()
    assert short_hash("f.bin", 8) == "71c4a9fe55f0c551"
