"""The names in Content-Disposition: what is read, what is ignored, and how a name is made safe.

The cases are those in which programs are known to differ; RFC 6266 and RFC 8187 have the grammar.
"""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from getflags.core.text import UNSAFE
from getflags.targets.content_disposition import file_name
from getflags.targets.filenames import PART_PREFIX, checked, from_server

#: The value of a field → the name; nothing: that of the URL.
FIELDS = {
    # names in both forms
    'attachment; filename="plain.txt"': "plain.txt",
    "attachment; filename=token.txt": "token.txt",
    "attachment;filename=close.txt": "close.txt",
    "attachment ;  filename  =  apart.txt  ": "apart.txt",
    "ATTACHMENT; FILENAME=upper.txt": "upper.txt",
    "attachment; filename='single.txt'": "'single.txt'",
    'attachment; filename=""': "",
    "attachment; filename=": "",
    "attachment": "",
    "": "",
    ';;=;"";*=': "",
    # what belongs to the disposition, and to other parameters
    "inline; filename=shown.txt": "shown.txt",
    "odd-type; filename=odd.txt": "odd.txt",
    "form-data; name=file; filename=form.txt": "form.txt",
    "filename=untyped.txt": "untyped.txt",
    "; filename=nothing.txt": "nothing.txt",
    "attachment; xfilename=no.txt": "",
    "attachment; name=no.txt": "",
    "attachment; size=5; filename=five.txt; creation-date=now": "five.txt",
    'attachment; note="; filename=trap.txt"; filename=true.txt': "true.txt",
    r'attachment; note="\"; filename=trap.txt"; filename=true.txt': "true.txt",
    # quoting
    'attachment; filename="a;b.txt"': "a;b.txt",
    r'attachment; filename="a\"b\\c.txt"': 'a"b\\c.txt',
    r'attachment; filename="p\lain.txt"': "plain.txt",
    'attachment; filename="open.txt': "",
    'attachment; filename="open.txt\\"': "",
    'attachment; filename="shut.txt"tail': "shut.txt",
    "attachment; filename=two words.txt": "two words.txt",
    'attachment; filename=mid"quote;d".txt': 'mid"quote;d".txt',
    "attachment; filename=first.txt; filename=second.txt": "first.txt",
    "attachment; filename=a%20b.txt": "a%20b.txt",
    "attachment; filename==?utf-8?q?mail.txt?=": "=?utf-8?q?mail.txt?=",
    "attachment; filename*0=par; filename*1=ts.txt": "",
    # raw bytes beyond ASCII, as a client decodes them
    'attachment; filename="€.txt"'.encode().decode("latin-1"): "€.txt",
    'attachment; filename="\u00e4.txt"': "\u00e4.txt",
    'attachment; filename="\u20ac.txt"': "\u20ac.txt",
    # encoded names
    "attachment; filename*=UTF-8''%E2%82%AC.txt": "€.txt",
    "attachment; filename*=utf-8'en'%E2%82%AC.txt": "€.txt",
    "attachment; filename*=iso-8859-1''%E4.txt": "\u00e4.txt",
    "attachment; filename*=UTF-8''a%2520b.txt": "a%20b.txt",
    "attachment; filename*=\"UTF-8''quoted.txt\"": "quoted.txt",
    "attachment; filename*=UTF-8''f(1)'s.txt": "f(1)'s.txt",
    "attachment; filename=old.txt; filename*=UTF-8''new.txt": "new.txt",
    "attachment; filename*=UTF-8''new.txt; filename=old.txt": "new.txt",
    # broken encodings: the plain name, or none
    "attachment; filename*=UTF-8''%E4.txt; filename=plain.txt": "plain.txt",
    "attachment; filename*=UTF-8''%ED%A0%80; filename=plain.txt": "plain.txt",
    "attachment; filename*=UTF-8''%2; filename=plain.txt": "plain.txt",
    "attachment; filename*=UTF-8''%zz; filename=plain.txt": "plain.txt",
    "attachment; filename*=UTF-8''\u00e4; filename=plain.txt": "plain.txt",
    "attachment; filename*=shift-jis''%83; filename=plain.txt": "plain.txt",
    "attachment; filename*=''nothing.txt; filename=plain.txt": "plain.txt",
    "attachment; filename*=UTF-8'half.txt; filename=plain.txt": "plain.txt",
    "attachment; filename*=bare.txt; filename=plain.txt": "plain.txt",
    "attachment; filename*=UTF-8''; filename=plain.txt": "plain.txt",
    "attachment; filename *=UTF-8''spaced.txt": "",
}


@pytest.mark.parametrize(("field", "name"), FIELDS.items(), ids=range(len(FIELDS)))
def test_a_field_gives_a_name_or_none(field: str, name: str) -> None:
    assert file_name([field]) == name


def test_the_first_of_several_fields_that_has_a_name_counts() -> None:
    assert file_name([]) == ""
    assert file_name(["attachment", "inline; filename=one", "inline; filename=two"]) == "one"


#: The name in a field → that of the file; nothing: that of the URL.
NAMES = {
    "G1 ../../evil": "evil",
    "G1 /etc/passwd": "passwd",
    "G1 ..\\..\\evil": "evil",
    "G1 C:\\Windows\\evil": "evil",
    "G1 a/..": "",
    "G1 a/": "",
    "G3 a\0b\n\x1b[31m\x7f\x9b": "a_b__[31m__",
    "G3 \u202egpj.exe": "_gpj.exe",
    "G3 \ud800": "_",
    "G4 ": "",
    "G4 .": "",
    "G4 ..": "",
    "G4  . . ": "",
    "G5 nul.txt": "nul.txt",
    "G7 .bashrc": "_.bashrc",
    "G7 -rf": "_-rf",
    "G7 ~": "_~",
    "X6 .getflags-1.part": "_.getflags-1.part",
    "X6 " + "\u20ac" * 200 + ".txt": "\u20ac" * 78 + ".txt",
}


@pytest.mark.parametrize("key", NAMES)
def test_a_name_of_a_server_is_made_safe(key: str) -> None:
    assert from_server(key[3:]) == NAMES[key]


@given(st.text())
def test_no_name_of_a_server_leaves_the_folder(text: str) -> None:
    for name in (from_server(text), from_server(file_name([f"attachment; filename={text}"]))):
        assert name == "" or checked(name) == name
        assert not name.startswith((".", "-", "~", PART_PREFIX))
        assert not set(name) & set("/\\\0\n\x1b\x7f")
        assert len(name.encode()) <= 241
        assert not re.search(f"[{UNSAFE}]", name)
        assert from_server(name) == name


def test_a_long_field_costs_little_time() -> None:
    start = time.process_time()
    for field in ('"\\' * 50_000, 'filename="' + '\\"' * 50_000, ";" * 100_000, "=" * 100_000):
        assert len(file_name([field])) <= 100_000
    assert time.process_time() - start < 5
