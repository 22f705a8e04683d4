"""The text format of a list of targets: parsing and writing.

The format is aria2's: one target per line, ``#`` comments, and indented ``out=``, ``dir=``,
``checksum=`` and ``header=`` lines that belong to the target above. Several URLs on a line,
separated by tabs, are mirrors of one file. The functions are pure: they convert lines to entries
and back. The meaning of a target is decided in ``resolve``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple, TextIO
from urllib.parse import quote

from getflags.core.accepted import check_field, is_field
from getflags.core.models import Checksum, Fields
from getflags.core.text import from_field, printable, quoted, to_field
from getflags.core.urls import redact

# U+FEFF is a byte order mark only at the beginning of a list.
_CONTROL = "[\x00-\x1f\x7f\x85\u2028\u2029\ufeff]"
#: The names of hashlib's algorithms in aria2; md5 has the same name, and aria2 has no others.
_ARIA2_NAMES = {f"sha{bits}": f"sha-{bits}" for bits in (1, 224, 256, 384, 512)}
_OPTIONAL = "optional=yes"  # the target may not exist; written for codes that were expanded
#: The beginning of an option line, which is no target, even if it is not indented.
OPTIONS = ("out=", "dir=", "checksum=", "header=", "optional=")
_FIELD = r"((?:\w+=)?[^\s=:]+:)(?!//)(?s:.*)"  # its value may be a secret
_MAX_LINE = 1024 * 1024  # characters; a longer line is not text, such as /dev/zero


class BadInput(ValueError):
    """A line or an option's value is invalid; the message quotes it."""


class BadLine(BadInput):
    """The line ``number`` of a list is invalid for this ``reason``."""

    def __init__(self, number: int, reason: object) -> None:
        super().__init__(f"line {number}: {reason}")
        self.number = number
        self.reason = str(reason)


class Entry(NamedTuple):
    """One item of the user's input, as given. An option that was not given is empty."""

    word: str
    out: str = ""
    folder: str = ""
    checksum: Checksum | None = None
    guessed: bool = False  # the code was expanded from a letter or from -e: it may not exist
    source: str = ""  # the list that contains the entry, and its line number, for messages
    line: int = 0
    flaw: str = ""  # why the line is invalid
    unread: bool = False  # the flaw is the parser's: a part of what the list says is missing here
    headers: Fields = ()  # pairs of a name and a value, sent only to the target's own origin
    mirrors: tuple[str, ...] = ()  # URLs of the same file, tried in turn if the first one fails

    def __repr__(self) -> str:
        """Return the word without its secrets, and the options that were given."""
        names = tuple(name for name, _ in self.headers)
        values = (*self[1:-2], names, tuple(map(redact, self.mirrors)))
        given = zip(self._fields[1:], values, strict=True)
        options = "".join(f", {name}={value!r}" for name, value in given if value)
        return f"Entry({redact(self.word)!r}{options})"


def read_lines(stream: TextIO) -> Iterator[str]:
    """Yield the lines of a stream, using bounded memory. Raises BadLine if a line is too long."""
    lines = iter(lambda: stream.readline(_MAX_LINE + 1), "")
    for number, line in enumerate(lines, 1):
        if len(line) > _MAX_LINE:
            raise BadLine(number, f"longer than {_MAX_LINE:,} characters")
        yield line


def parse(lines: Iterable[str], source: str = "") -> Iterator[Entry]:
    """Parse entries, lazily. With ``source``, they have line numbers. Raises BadLine."""
    parser = ListParser(source)
    for line in lines:
        if entry := parser.read(line):
            yield checked(entry)
    if entry := parser.release():
        yield checked(entry)


def checked(entry: Entry) -> Entry:
    """Return the entry. Raises BadLine if it has a flaw."""
    if entry.flaw:
        raise BadLine(entry.line, entry.flaw)
    return entry


class ListParser:
    """The parser of a list. Windows line endings and a byte order mark are accepted.

    Options are indented with spaces or tabs. A line that begins with any other white space (a
    no-break space) is an entry that cannot be fetched. With ``source``, the entries have line
    numbers; without it, only those with a flaw.
    """

    def __init__(self, source: str = "") -> None:
        self.source = source
        self._number = 0  # of the present line
        self._entry: Entry | None = None  # its options may follow
        self._released: Entry | None = None

    def read(self, line: str) -> Entry | None:
        """Parse the next line; return the entry that ends before it."""
        self._number += 1
        if self._number == 1:
            line = line.removeprefix("\ufeff")
        text = line.strip()
        if not text or text.startswith("#"):
            return None
        if line[0] in " \t" or line.startswith(OPTIONS):
            self._entry = self._with_option(text, indented=line[0] in " \t")
            return None
        before = self._entry
        word = line.rstrip() if line[0].isspace() else text
        number = self._number if self.source else 0
        self._entry = Entry(word, source=self.source, line=number)
        first, _, others = word.partition("\t")
        if others and (first := first.rstrip()):
            mirrors = tuple(split_fields(others))
            self._entry = self._entry._replace(word=first, mirrors=mirrors)
        return before

    def release(self) -> Entry | None:
        """Return the last entry: it has all its options."""
        entry, self._entry = self._entry, None
        self._released = entry or self._released
        return entry

    def _with_option(self, text: str, *, indented: bool) -> Entry:
        """Return the present entry with an option, or with the flaw that it has."""
        entry, late, unread = self._entry, "", ""
        if entry is None and self._released:
            entry, late = self._released, "its options came too late: it had already been started"
        if entry is None:
            entry = Entry(_without_secrets(text), source=self.source)
            unread = "an option without a target above it"
        elif not indented:
            unread = f"indent {_shown(text)}: it is an option of the target above it"
        else:
            try:
                entry = _with_option(entry, text)
            except BadInput as error:
                unread = str(error)
        if unread and not entry.unread:  # even if the options before it came too late
            return entry._replace(flaw=unread, line=self._number, unread=True)
        return entry._replace(flaw=late, line=self._number) if late and not entry.flaw else entry


def split_fields(text: str) -> list[str]:
    """Return what is between tabs, without white space around it; empty fields are left out."""
    return [field for each in text.split("\t") if (field := each.strip())]


def _with_option(entry: Entry, text: str) -> Entry:
    key, _, value = text.partition("=")
    if value and key == "out":
        return entry._replace(out=value)
    if value and key == "dir":
        return entry._replace(folder=value)
    if value and key == "checksum":
        return entry._replace(checksum=parse_checksum(value))
    if value and key == "header":
        return entry._replace(headers=(*entry.headers, parse_header(value)))
    if text == _OPTIONAL:
        return entry._replace(guessed=True)
    raise BadInput(
        f"{_shown(text)} is not out=NAME, dir=DIR, checksum=ALGO=HEX or header=Name: value"
    )


def _shown(text: str) -> str:
    """Return an invalid line for display, without what may be the value of a header field."""
    return quoted(_without_secrets(text))


def _without_secrets(text: str) -> str:
    """Return an option line without secrets, among them the value of a header field."""
    return redact(re.sub(_FIELD, r"\1 ***", text))


def parse_header(text: str) -> tuple[str, str]:
    """Parse ``Name: value``, a header field. Raises BadInput, whose message omits the value."""
    name, colon, value = text.partition(":")
    value = to_field(value.strip(" \t"))
    if not colon or not is_field(name, value):
        raise BadInput("the header is not of the form 'Name: value'")
    try:
        check_field(name)
    except ValueError as error:
        raise BadInput(str(error)) from None
    return name, value


def parse_checksum(text: str) -> Checksum:
    """Parse ``sha-256=HEX``, with the name of any fixed-length hash in ``hashlib``.

    Dashes in the name are optional. Raises BadInput.
    """
    name, _, digest = text.partition("=")
    shown = printable(text)
    algorithm = _algorithm(name.strip().lower())
    if algorithm is None:
        raise BadInput(f"checksum {shown!r}: unknown algorithm; sha-256=HEX is the usual form")
    import hashlib  # loads OpenSSL, and most lists have no checksums

    size = hashlib.new(algorithm, usedforsecurity=False).digest_size
    digest = digest.strip().lower()
    if len(digest) != 2 * size or not set(digest) <= set("0123456789abcdef"):
        raise BadInput(f"checksum {shown!r}: {algorithm} takes {2 * size} hexadecimal digits")
    return Checksum(algorithm, digest)


@lru_cache(16)
def _algorithm(name: str) -> str | None:
    import hashlib

    known = {
        found.replace("-", "").replace("_", ""): found
        for found in sorted(hashlib.algorithms_available)
        if not found.startswith("shake")  # their digests have no fixed length
    }
    return known.get(name.replace("-", "").replace("_", ""))


def unparse(entry: Entry) -> str:
    """Return an entry as lines that ``parse`` reads back as an equivalent entry.

    Control characters are encoded, because they could split a line in two.
    """
    urls = (entry.word, *entry.mirrors)
    lines = ["\t".join(re.sub(_CONTROL, lambda match: quote(match[0]), url) for url in urls)]
    if entry.out:
        lines.append(f"  out={entry.out}")
    if entry.folder:
        lines.append(f"  dir={entry.folder}")
    if entry.checksum:
        algorithm, digest = entry.checksum
        lines.append(f"  checksum={_ARIA2_NAMES.get(algorithm, algorithm)}={digest}")
    for name, value in entry.headers:
        lines.append(f"  header={name}: {from_field(value)}")
    if entry.guessed:
        lines.append(f"  {_OPTIONAL}")
    return "\n".join(lines) + "\n"
