"""Lists of targets: read as written, and written so that they are read as meant."""

import hashlib
import io
from collections.abc import Callable, Iterator
from typing import TypeVar
from urllib.parse import unquote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from getflags.core.models import Checksum
from getflags.targets.list_file import (
    BadInput,
    BadLine,
    Entry,
    parse,
    parse_checksum,
    parse_header,
    unparse,
)
from tests.kit import harmless

S = TypeVar("S")
T = TypeVar("T")
relaxed = settings(deadline=None)
SHA1 = Checksum("sha1", "0123456789abcdef" * 2 + "01234567")
EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()


def read(text: str) -> list[Entry]:
    return list(parse(io.StringIO(text, newline="")))


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        pytest.param("", [], id="nothing"),
        pytest.param("\n  \n\t\n", [], id="blank lines"),
        pytest.param("# a\n  # b\n", [], id="comments, indented too"),
        pytest.param("BR\nhttp://h/a\n", [Entry("BR"), Entry("http://h/a")], id="a target a line"),
        pytest.param("BR", [Entry("BR")], id="no line end at the end"),
        pytest.param("BR\r\nDE\r\n", [Entry("BR"), Entry("DE")], id="Windows line ends"),
        pytest.param("\ufeffBR\n", [Entry("BR")], id="a byte order mark"),
        pytest.param("\ufeff# a\nBR\n", [Entry("BR")], id="a byte order mark before a comment"),
        pytest.param("BR  \t\n", [Entry("BR")], id="space at the end"),
        pytest.param("http://h/#a\n", [Entry("http://h/#a")], id="a fragment is no comment"),
        pytest.param("http://h/a b\n", [Entry("http://h/a b")], id="a word is a whole line"),
        pytest.param(
            "BR\n header=X-A:  b \n header=x-a: \u00e9\n header=X-B:\n",
            [Entry("BR", headers=(("X-A", "b"), ("x-a", "\xc3\xa9"), ("X-B", "")))],
            id="header",
        ),
        pytest.param("BR\n out=x.gif\n", [Entry("BR", out="x.gif")], id="out"),
        pytest.param("BR\n\tout=a=b\n", [Entry("BR", out="a=b")], id="an equals sign in a value"),
        pytest.param("BR\n  dir=flags\n", [Entry("BR", folder="flags")], id="dir"),
        pytest.param(
            f"BR\n  checksum=sha-1={SHA1.hexdigest}\n", [Entry("BR", checksum=SHA1)], id="checksum"
        ),
        pytest.param(
            "BR\n  out=a\n\n  # why\n  dir=b\nDE\n",
            [Entry("BR", out="a", folder="b"), Entry("DE")],
            id="options belong to the target above, over blanks and comments",
        ),
        pytest.param("BR\n out=a\n out=b\n", [Entry("BR", out="b")], id="the last word counts"),
    ],
)
def test_a_list_is_read(text: str, entries: list[Entry]) -> None:
    assert read(text) == entries


@pytest.mark.parametrize("space", ["\u00a0", "\u2003", "\u3000", "\f", "\v"])
def test_only_spaces_and_tabs_indent_a_line(space: str) -> None:
    lines = f"BR\n{space}http://h/a{space}\n  out=x\n{space}# c\n{space}\n{space} out=y\nDE\n"
    assert read(lines) == [
        Entry("BR"), Entry(f"{space}http://h/a", out="x"), Entry(f"{space} out=y"), Entry("DE")
    ]  # fmt: skip


def test_entries_have_the_line_numbers_of_their_list() -> None:
    lines = "# c\nBR\n  out=x\n\nDE\n"
    assert list(parse(io.StringIO(lines), "l")) == [
        Entry("BR", out="x", source="l", line=2), Entry("DE", source="l", line=5)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("  out=a\n", "line 1: an option without a target"),
        ("# c\n\n  BR\n", "line 3: an option without a target"),
        ("BR\n  out\n", "line 2: 'out' is not out=NAME"),
        ("BR\n  out=\n", "line 2: 'out=' is not out=NAME"),
        ("BR\n  dir=\n", "line 2: 'dir=' is not out=NAME"),
        ("BR\n  checksum=\n", "line 2: 'checksum=' is not out=NAME"),
        ("BR\n  header=\n", "line 2: 'header=' is not out=NAME"),
        ("BR\n  header=SECRET\n", "line 2: the header is not of the form 'Name: value'"),
        ("BR\n  header=a b: SECRET\n", "line 2: the header is not of the form 'Name: value'"),
        ("BR\n  header=Range: SECRET\n", "line 2: Range cannot be set: getflags fetches whole"),
        ("BR\n  head=X-A: SECRET\n", "line 2: 'head=X-A: ***' is not out=NAME"),
        ("BR\n  X-A: SECRET\n", "line 2: 'X-A: ***' is not out=NAME"),
        ("BR\nheader=X-A: SECRET\n", "line 2: indent 'header=X-A: ***': it is an option of"),
        ("BR\n  http://h/a\n", "line 2: 'http://h/a' is not out=NAME"),
        ("BR\n\n  checksum=crc=00\n", "line 3: checksum 'crc=00': unknown algorithm"),
        ("BR\n  checksum=md5=00\n", "line 2: checksum 'md5=00': md5 takes 32"),
    ],
)
def test_a_line_that_makes_no_sense_is_named(text: str, why: str) -> None:
    with pytest.raises(BadInput) as caught:
        read(text)
    assert str(caught.value).startswith(why)
    assert "SECRET" not in str(caught.value)


def test_a_message_holds_no_raw_control_character() -> None:
    with pytest.raises(BadInput) as caught:
        read("BR\n  \x1b]0;pwn\x07=x\n")
    assert str(caught.value).isprintable()
    assert "pwn" in str(caught.value)


def test_a_list_is_read_lazily() -> None:
    read_so_far = []

    def lines() -> Iterator[str]:
        for line in ("BR\n", "DE\n", "FR\n", "  nonsense\n"):
            read_so_far.append(line)
            yield line

    entries = parse(lines())
    assert read_so_far == []
    assert next(entries) == Entry("BR")
    assert read_so_far == ["BR\n", "DE\n"]
    assert next(entries) == Entry("DE")
    with pytest.raises(BadInput, match="line 4"):
        next(entries)


@pytest.mark.parametrize(
    ("text", "algorithm"),
    [
        (f"sha-256={EMPTY_SHA256}", "sha256"),
        (f"sha256={EMPTY_SHA256}", "sha256"),
        (f"SHA-256={EMPTY_SHA256.upper()}", "sha256"),
        (f"sha_256 = {EMPTY_SHA256} ", "sha256"),
        (f"sha3-256={EMPTY_SHA256}", "sha3_256"),
        (f"blake2s={EMPTY_SHA256}", "blake2s"),
    ],
)
def test_a_checksum_is_read_by_hashlibs_names_dashes_optional(text: str, algorithm: str) -> None:
    assert parse_checksum(text) == Checksum(algorithm, EMPTY_SHA256)


@pytest.mark.parametrize("name", sorted(hashlib.algorithms_guaranteed))
def test_an_algorithm_is_taken_if_its_digests_have_one_length(name: str) -> None:
    size = hashlib.new(name, usedforsecurity=False).digest_size
    if size:
        assert parse_checksum(f"{name}={'0f' * size}") == Checksum(name, "0f" * size)
    else:
        with pytest.raises(BadInput, match="unknown algorithm"):
            parse_checksum(f"{name}=00")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "unknown algorithm; sha-256=HEX"),
        ("=00", "unknown algorithm"),
        (EMPTY_SHA256, "unknown algorithm"),
        ("rot13=00", "unknown algorithm"),
        ("sha-256", "sha256 takes 64 hexadecimal digits"),
        ("sha-256=", "sha256 takes 64 hexadecimal digits"),
        (f"sha-256={EMPTY_SHA256[1:]}", "sha256 takes 64 hexadecimal digits"),
        (f"sha-256={EMPTY_SHA256}0", "sha256 takes 64 hexadecimal digits"),
        (f"sha-256=g{EMPTY_SHA256[1:]}", "sha256 takes 64 hexadecimal digits"),
        (f"sha-256=\u0661{EMPTY_SHA256[1:]}", "sha256 takes 64 hexadecimal digits"),
        (f"sha-1={EMPTY_SHA256}", "sha1 takes 40 hexadecimal digits"),
    ],
)
def test_a_checksum_that_cannot_be_compared_with_is_refused(text: str, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        parse_checksum(text)


def test_an_entry_is_written_as_people_would() -> None:
    entry = Entry("http://h/a", out="x.gif", folder="flags", checksum=SHA1)
    assert unparse(entry) == (
        f"http://h/a\n  out=x.gif\n  dir=flags\n  checksum=sha-1={SHA1.hexdigest}\n"
    )
    assert unparse(Entry("BR")) == "BR\n"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\x00", "\x85", "\u2028"])
def test_a_word_that_is_no_target_stays_one_line_and_none(end: str) -> None:
    (entry,) = read(unparse(Entry(f"http://h/{end}  out=/etc/passwd")))
    assert entry.word.startswith("http://h/%")
    assert entry.out == ""


# A value may hold anything but line ends, and no space at its ends: none survives a text file.
values = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"])).map(str.strip)
words = (
    st.text(st.characters(exclude_characters="\u2028\u2029\ufeff", exclude_categories=["Cs", "Cc"]))
    .map(str.strip)
    .filter(lambda word: word and not word.startswith("#"))
)
checksums = st.sampled_from(["md5", "sha256", "sha3_512", "blake2b"]).flatmap(
    lambda name: st.builds(
        Checksum, st.just(name), st.binary().map(lambda data: hashlib.new(name, data).hexdigest())
    )
)
headers = (
    st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]))
    .map(str.strip)
    .map(lambda text: parse_header(f"X-A: {text}"))
)
entries_ = st.lists(
    st.builds(
        Entry,
        words,
        out=values,
        folder=values,
        checksum=st.none() | checksums,
        guessed=st.booleans(),
        source=st.just(""),
        line=st.just(0),
        flaw=st.just(""),
        unread=st.just(value=False),
        headers=st.lists(headers, max_size=3).map(tuple),
        mirrors=st.lists(words, max_size=3).map(tuple),
    ),
    max_size=5,
)


@given(entries_)
@relaxed
def test_what_was_written_is_read_back_as_it_was(entries: list[Entry]) -> None:
    assert read("".join(unparse(entry) for entry in entries)) == entries


def understood(reader: Callable[[S], T], text: S) -> T | None:
    """Return what is read; None where it is refused, in words that can be shown."""
    refused = ""
    try:
        return reader(text)
    except BadInput as error:
        refused = str(error)
    assert refused
    assert harmless(refused)
    return None


def as_meant(entry: Entry) -> list[str]:
    """Return the URLs as they are meant, whatever of them is encoded."""
    return [unquote(url) for url in (entry.word, *entry.mirrors)]


near_lists = st.lists(
    st.sampled_from(
        [
            b"BR", b"http://h/\xff", b"\n", b"\r", b"\r\n", b" ", b"\t", b"\x1c", b"\xc2\x85", b"#",
            b"out=", b"dir=", b"checksum=", b"md5=", b"header=", b"A:",
            b"\xef\xbb\xbf", b"\xe2\x80\xa8",
        ]
    )
    | st.binary(max_size=4),
    max_size=16,
).map(b"".join)  # fmt: skip


@given(st.binary() | near_lists)
@example(b"\n\xef\xbb\xbfBR")
@relaxed
def test_any_file_is_a_list_that_can_be_written_again_or_is_refused(data: bytes) -> None:
    def read_file(data: bytes) -> list[Entry]:
        stream = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8", errors="surrogateescape")
        return list(parse(stream))

    def write(entries: list[Entry]) -> bytes:
        return "".join(map(unparse, entries)).encode("utf-8", "surrogateescape")

    entries = understood(read_file, data)
    if entries is None:
        return
    assert all(entry.word == entry.word.rstrip() != "" for entry in entries)
    again = read_file(write(entries))
    assert [entry[1:-1] for entry in again] == [entry[1:-1] for entry in entries]
    assert [as_meant(entry) for entry in again] == [as_meant(entry) for entry in entries]
    assert read_file(write(again)) == again, "what is no target is written as what can be read"


near_checksums = st.builds(
    "{}{}{}".format,
    st.sampled_from(["sha-256", "SHA_256", "md5", "md-5", "sha3-512", "shake_128", "blake2s", ""]),
    st.sampled_from(["=", " = ", "==", ""]),
    st.sampled_from(["0f" * 16, "0F" * 32, "00" * 64, "0g" * 16, "\u0660" * 32, ""]),
)


@given(st.text() | near_checksums)
@relaxed
def test_any_text_is_a_checksum_that_can_be_compared_with_or_is_refused(text: str) -> None:
    if found := understood(parse_checksum, text):
        assert len(found.hexdigest) == len(hashlib.new(found.algorithm).hexdigest())
        assert parse_checksum(f"{found.algorithm}={found.hexdigest}") == found


def test_an_option_that_is_not_indented_is_no_target() -> None:
    """The file above would get another name than the one that was meant."""
    with pytest.raises(BadLine, match=r"^line 2: indent 'out=a': it is an option of the target"):
        read("http://h/f\nout=a\n")
    with pytest.raises(BadLine, match=r"^line 1: an option without a target above it"):
        read("dir=a\nhttp://h/f\n")
    assert read("http://h/out=a\n") == [Entry("http://h/out=a")]


def test_the_representation_of_an_entry_has_no_secret() -> None:
    entry = Entry("http://u:secret@h/f?token=secret", out="a")
    assert repr(entry) == "Entry('http://***@h/f?token=***', out='a')"
    entry = Entry("BR", headers=(("X-A", "secret"), ("X-B", "secret")))
    assert repr(entry) == "Entry('BR', headers=('X-A', 'X-B'))"
