"""What a netrc file says, as curl reads it."""

from __future__ import annotations

from pathlib import Path

import pytest

from getflags.api import netrc
from getflags.core.errors import UsageError
from getflags.core.models import Netrc

#: The text of a file, and its entries.
TEXTS: dict[str, tuple[str, Netrc]] = {
    "one line": ("machine h login u password p", {"h": (("u", "p"),)}),
    "a word a line": ("machine\nh\nlogin\nu\npassword\np", {"h": (("u", "p"),)}),
    "Windows line ends": ("machine h\r\nlogin u\r\npassword p\r\n", {"h": (("u", "p"),)}),
    "upper case": ("MACHINE H.Example LOGIN U PASSWORD P", {"h.example": (("U", "P"),)}),
    "two hosts": (
        "machine h login u password p\nmachine i login v password q",
        {"h": (("u", "p"),), "i": (("v", "q"),)},
    ),
    "two users of a host": (
        "machine h login u password p machine h login v password q",
        {"h": (("u", "p"), ("v", "q"))},
    ),
    "default": ("default login u password p", {"": (("u", "p"),)}),
    "a host called default": ("machine default login u password p", {"default": (("u", "p"),)}),
    "quotes": (r'machine h login "a b" password "\"\\\n\x"', {"h": (("a b", '"\\\nx'),)}),
    "a number sign in quotes": ('machine h login u password "#p"', {"h": (("u", "#p"),)}),
    "an empty password": ('machine h login u password ""', {"h": (("u", ""),)}),
    "a backslash without quotes": (r"machine h login u password a\b", {"h": (("u", r"a\b"),)}),
    "a quotation mark in a word": ('machine h login u password a"b', {"h": (("u", 'a"b'),)}),
    "a number sign in a word": ("machine h login u password a#b", {"h": (("u", "a#b"),)}),
    "comments": (
        "# machine i\n#machine i\nmachine h # login x\nlogin u password p #",
        {"h": (("u", "p"),)},
    ),
    "a macro": (
        "macdef init\ncd /x\nmachine i login x password y\n\nmachine h login u password p",
        {"h": (("u", "p"),)},
    ),
    "a macro of a host": (
        "machine h login u password p macdef init\nmachine i\n \t\nmachine j login v",
        {"h": (("u", "p"),), "j": (("v", ""),)},
    ),
    "a macro at the end": ("machine h login u password p\nmacdef x\ncd", {"h": (("u", "p"),)}),
    "a keyword as a password": (
        "machine h login u password macdef",
        {"h": (("u", "macdef"),)},
    ),
    "unknown words": (
        "machine h port 21 login u account a password p protocol https",
        {"h": (("u", "p"),)},
    ),
    "no password": ("machine h login u", {"h": (("u", ""),)}),
    "no user name": ("machine h password p", {"h": (("", "p"),)}),
    "neither": ("machine h\ndefault", {"h": (), "": ()}),
    "a host without a name": ("login u password p machine", {"": ()}),
    "not ASCII": (
        "machine h login \u00e9\u00a0 password \u20ac",
        {"h": (("\u00e9\u00a0", "\u20ac"),)},
    ),
    "nothing": ("", {}),
}


@pytest.mark.parametrize(("text", "entries"), TEXTS.values(), ids=TEXTS)
def test_a_netrc_file_says_what_it_says_to_curl(text: str, entries: Netrc) -> None:
    assert netrc.parse(text.split("\n")) == entries


def test_a_file_is_bytes(tmp_path: Path) -> None:
    (tmp_path / "netrc").write_bytes(b"machine h login \xff password p")
    assert netrc.read(str(tmp_path / "netrc")) == {"h": (("\udcff", "p"),)}


def test_a_quotation_mark_that_is_not_closed_is_named_by_its_line(tmp_path: Path) -> None:
    (tmp_path / "netrc").write_text('machine h\nlogin u password "SECRET\n')
    with pytest.raises(UsageError) as caught:
        netrc.read(str(tmp_path / "netrc"))
    assert str(caught.value) == f"'{tmp_path / 'netrc'}':2: a quotation mark is not closed"
