"""Lists of targets as CSV, and as JSON Lines (one object a line): parsing.

The columns, or keys, are ``url``, ``out``, ``dir``, ``checksum``, ``optional`` and ``mirrors``;
others are ignored. The functions are pure and lazy. They convert lines to the same entries as
``list_file``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import chain
from typing import TypeAlias

from getflags.core.text import counted, quoted
from getflags.core.urls import redact
from getflags.targets.list_file import (
    OPTIONS,
    BadInput,
    BadLine,
    Entry,
    parse_checksum,
    split_fields,
)

#: A function that converts the lines of a list, whose name is given for messages, to entries.
Parse: TypeAlias = Callable[[Iterable[str], str], Iterator[Entry]]

_FIELDS = ("url", "out", "dir", "checksum", "optional")
_MIRRORS = "mirrors"
_BOOLEANS = {"": False, "no": False, "false": False, "yes": True, "true": True}


def parser(name: str) -> Parse | None:
    """Return the parser for a list with this file name; None if it is a list of lines."""
    name = name.lower().removesuffix(".gz")
    if name.endswith(".csv"):
        return parse_csv
    return parse_json_lines if name.endswith(".jsonl") else None


def parse_csv(lines: Iterable[str], source: str) -> Iterator[Entry]:
    """Parse CSV (RFC 4180) whose first line names the columns. Raises BadInput and BadLine.

    A row with a value too many or too few is an entry with a flaw: a comma in a URL, without
    quotation marks, would make it another URL.
    """
    import csv  # the import takes 2 ms, and few lists are tables

    reader = csv.reader(_without_mark(lines), strict=True)
    header: list[str] = []
    number = 1  # the line where the row begins
    try:
        for row in reader:
            if not any(map(str.strip, row)):
                pass  # an empty line, or one of a spreadsheet
            elif header:
                yield _entry(partial(_row, header, row), ",".join(row), source, number)
            else:
                header = _header(row)
            number = reader.line_num + 1
    except csv.Error as error:
        raise BadLine(number, f"it is not valid CSV ({error})") from None
    if not header:
        raise BadInput("it is empty; the first line of a CSV list names the columns, such as url")


def _header(row: list[str]) -> list[str]:
    """Return the names of the columns. Raises BadInput."""
    header = [name.strip().lower() for name in row]
    if "url" not in header:
        raise BadInput("its first line names no column url")
    for name in (*_FIELDS, _MIRRORS):
        if header.count(name) > 1:
            raise BadInput(f"its first line names the column {name} twice")
    return header


def _row(header: list[str], row: list[str]) -> dict[str, object]:
    """Return the values of a row by their columns. Raises BadInput."""
    if len(row) != len(header):
        raise BadInput(
            f"it has {counted(len(row), 'value')} for {counted(len(header), 'column')}; a value "
            "with a comma needs quotation marks"
        )
    return dict(zip(header, row, strict=True))


def parse_json_lines(lines: Iterable[str], source: str) -> Iterator[Entry]:
    """Parse an object on each line; empty lines are ignored."""
    for number, line in enumerate(_without_mark(lines), 1):
        if not line.isspace():
            yield _entry(partial(_object, line), line.strip(), source, number)


def _object(line: str) -> dict[str, object]:
    """Return the values of an object by their keys. Raises BadInput."""
    import json  # the import takes 4 ms

    try:
        values = json.loads(line)
    except json.JSONDecodeError as error:
        raise BadInput(f"it is not valid JSON ({error.msg}, column {error.colno})") from None
    except (ValueError, RecursionError):  # thousands of digits, or of brackets
        raise BadInput("it is not valid JSON (a value is too long or too deep)") from None
    if not isinstance(values, dict):
        raise BadInput("it is not a JSON object")
    return values


def _without_mark(lines: Iterable[str]) -> Iterator[str]:
    """Yield the lines without the byte order mark at the beginning."""
    lines = iter(lines)
    first = [line.removeprefix("\ufeff") for line in [next(lines, "")] if line]
    return chain(first, lines)


def _entry(read: Callable[[], Mapping[str, object]], text: str, source: str, number: int) -> Entry:
    """Return the entry with the values that ``read`` returns.

    If it raises BadInput or a value is invalid, ``text`` becomes an entry with a flaw.
    """
    try:
        return _valid(read())._replace(source=source, line=number)
    except BadInput as error:
        return Entry(text, source=source, line=number, flaw=str(error), unread=True)


def _valid(values: Mapping[str, object]) -> Entry:
    """Return an entry with these values. Raises BadInput."""
    word, out, folder, checksum, optional = (_text(name, values.get(name)) for name in _FIELDS)
    if not word:
        raise BadInput("it has no url")
    if word.startswith(("#", *OPTIONS)):  # in a list of failed targets, it would be none
        raise BadInput(f"{quoted(redact(word))} is not a URL")
    if optional.lower() not in _BOOLEANS:
        raise BadInput(f"optional is {quoted(optional)}; it must be yes or no")
    digest = parse_checksum(checksum) if checksum else None
    given = values.get(_MIRRORS)
    mirrors = () if given is None else _mirrors(given)
    return Entry(word, out, folder, digest, _BOOLEANS[optional.lower()], mirrors=tuple(mirrors))


def _mirrors(value: object) -> list[str]:
    """Return the URLs in a text, separated by tabs, or in a list. Raises BadInput."""
    if isinstance(value, list):
        found = [_text("each of the mirrors", each) for each in value]
        return [each for each in found if each]
    return split_fields(_text(_MIRRORS, value))


def _text(name: str, value: object) -> str:
    """Return a value as text, without white space around it. Raises BadInput."""
    if value is None:
        return ""
    if name == "optional" and isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, str):
        raise BadInput(f"{name} is not a string")
    if re.search("[\r\n\ud800-\udc7f\udd00-\udfff]", value):
        raise BadInput(f"{name} contains a line break, or half a character")
    return value.strip()
