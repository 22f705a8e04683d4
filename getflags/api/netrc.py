"""The netrc file: user names and passwords by host, read as curl reads them.

The module ``netrc`` of the standard library is not used. It drops the backslashes of a password
without quotes and takes the last of several entries for a host, where curl takes the first; an
unknown word, or a macro at the end of the file, is an error, and its errors quote the file.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator

from getflags.core.errors import UsageError
from getflags.core.models import Netrc
from getflags.core.text import quoted

_MOST = 1 << 20  # bytes; a larger file is no netrc file, such as /dev/zero
_OTHERS = 0o077  # the permissions of other users
_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|(")|(#.*)|(\S+)', re.ASCII)
_ESCAPE = re.compile(r"\\(.)")
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t"}  # in quotes; any other character stands for itself


def read(name: str | None) -> Netrc:
    """Return the entries of the file, or of ``~/.netrc``. Raises UsageError."""
    path = os.path.expanduser("~/.netrc") if name is None else name  # noqa: PTH111
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            if name is None and os.fstat(file.fileno()).st_mode & _OTHERS:
                raise UsageError(
                    f"{quoted(path)} can be read or changed by other users; run chmod 600 ~/.netrc"
                )
            content = file.read(_MOST + 1)
    except OSError as error:
        raise UsageError(f"cannot read the netrc file {quoted(path)}: {error.strerror}") from None
    if len(content) > _MOST:
        raise UsageError(f"the netrc file {quoted(path)} is larger than {_MOST:,} bytes")
    try:
        return parse(content.decode("utf-8", "surrogateescape").split("\n"))
    except _Unclosed as error:
        raise UsageError(f"{quoted(path)}:{error}: a quotation mark is not closed") from None


def parse(lines: Iterable[str]) -> Netrc:
    """Return the entries of each host, in their order, and those of ``default`` as the host ``""``.

    A host whose entry has neither a user name nor a password has no entries.
    """
    tokens = _Tokens(lines)
    found: dict[str, list[dict[str, str]]] = {}
    entry: dict[str, str] = {}
    for token in tokens:
        word = token.lower()
        if word in {"machine", "default"}:
            entry = {}
            host = next(tokens, "").lower() if word == "machine" else ""
            found.setdefault(host, []).append(entry)
        elif word in {"login", "password"}:
            entry[word] = next(tokens, "")
        elif word == "macdef":
            tokens.skip_macro()
    return {
        host: tuple((each.get("login", ""), each.get("password", "")) for each in entries if each)
        for host, entries in found.items()
    }


class _Unclosed(Exception):
    """A quotation mark is not closed; the text is the number of the line."""


class _Tokens:
    """An iterator over the tokens of a netrc file."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = enumerate(lines, 1)
        self._tokens: Iterator[str] = iter(())

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        while (token := next(self._tokens, None)) is None:
            self._tokens = _tokens(*next(self._lines))
        return token

    def skip_macro(self) -> None:
        """Skip the rest of the line, and all lines before the next empty one."""
        self._tokens = iter(())
        for _, line in self._lines:
            if not line.strip():
                return


def _tokens(number: int, line: str) -> Iterator[str]:
    """Yield the tokens of a line, without comments. Raises _Unclosed."""
    for match in _TOKEN.finditer(line):
        quote, unclosed, comment, plain = match.groups()
        if unclosed:
            raise _Unclosed(number)
        if comment:
            return
        yield plain or _ESCAPE.sub(lambda each: _ESCAPED.get(each[1], each[1]), quote)
