"""Checksum files, such as SHA256SUMS: parsing, and the checksum of a target.

The formats are those that ``sha256sum`` and its relatives write: ``HEX  NAME``, ``HEX *NAME``, the
same with a leading backslash and an escaped name, and BSD's ``SHA256 (NAME) = HEX``. The functions
are pure. Signatures around the lines are ignored; they are not verified.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote

from getflags.core.models import Checksum
from getflags.core.text import quoted
from getflags.targets.list_file import BadInput, BadLine, parse_checksum

_UNTAGGED = re.compile(r"([0-9A-Fa-f]{32,128})[ \t][ *]?(.+)")
_TAGGED = re.compile(r"([A-Za-z][\w/-]*) ?\((.+)\)[ \t]*=[ \t]*([0-9A-Fa-f]+)[ \t]*", re.ASCII)
#: The algorithm of an untagged line, by its number of digits; sha512sum is more usual than b2sum.
_ALGORITHMS = {32: "md5", 40: "sha1", 56: "sha224", 64: "sha256", 96: "sha384", 128: "sha512"}
#: The first line of each part that is ignored, and its last line (RFC 9580 section 7).
_IGNORED = {
    "-----BEGIN PGP SIGNED MESSAGE-----": "",
    "-----BEGIN PGP SIGNATURE-----": "-----END PGP SIGNATURE-----",
}
_ESCAPES = {"\\\\": "\\", "\\n": "\n", "\\r": "\r"}


class Disagreement(BadInput):
    """The target has a checksum of its own, which is not the one of the file."""


class ChecksumList:
    """The checksums of a file, by name. ``source`` is the file, for messages.

    If a name has digests of several algorithms, the longest one counts. Raises BadInput if the file
    has no checksum, and BadLine if a line is none.
    """

    def __init__(self, lines: Iterable[str], source: str) -> None:
        self._source = source
        self._checksums: dict[str, Checksum] = {}
        for number, text in _content(lines):
            try:
                self._add(*_parse(text))
            except BadInput as error:
                raise BadLine(number, error) from None
        if not self._checksums:
            raise BadInput("it lists no checksum")

    def _add(self, name: str, checksum: Checksum) -> None:
        held = self._checksums.setdefault(name, checksum)
        if held.algorithm == checksum.algorithm and held != checksum:
            raise BadInput(f"{quoted(name)} is listed twice, with different digests")
        if len(checksum.hexdigest) > len(held.hexdigest):
            self._checksums[name] = checksum

    def checksum(self, path: str, url: str, own: Checksum | None) -> Checksum:
        """Return the checksum of a target, by its path or else by the end of its URL's path.

        Raises BadInput if the file does not list the target, and Disagreement if the target's
        ``own`` checksum is another one.
        """
        rest = unquote(url.partition("?")[0].partition("://")[2].partition("/")[2])
        found = self._checksums.get(path)
        while found is None and rest:
            found = self._checksums.get(rest)
            rest = rest.partition("/")[2]
        if found is None:
            raise BadInput(f"{self._source} does not list {quoted(path)}")
        if own is not None and own.algorithm != found.algorithm:
            raise Disagreement(
                f"its own checksum is {own.algorithm}, but that of {self._source} is "
                f"{found.algorithm}; getflags checks only one of them"
            )
        if own not in {None, found}:
            raise Disagreement(f"its own checksum differs from that of {self._source}")
        return found


def _content(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Yield the lines that must be checksums, with their numbers."""
    end: str | None = None  # the last line of the part that is ignored
    for number, line in enumerate(lines, 1):
        text = line.removeprefix("\ufeff").rstrip("\r\n").lstrip(" \t")
        if end is not None:
            end = None if text == end else end
        elif text in _IGNORED:
            end = _IGNORED[text]
        elif text and not text.startswith("#"):
            yield number, text


def _parse(text: str) -> tuple[str, Checksum]:
    """Return the name and the checksum of a line. Raises BadInput."""
    escaped = text.startswith("\\")
    line = text[escaped:]
    if match := _TAGGED.fullmatch(line):
        algorithm, name, digest = match.groups()
    elif match := _UNTAGGED.fullmatch(line):
        digest, name = match.groups()
        algorithm = _ALGORITHMS.get(len(digest), "")
    else:
        algorithm = name = digest = ""
    if not algorithm:
        raise BadInput(f"{quoted(text)} is not a checksum and a name, as sha256sum writes them")
    if escaped:
        name = re.sub(r"\\.?", lambda match: _ESCAPES.get(match[0], match[0]), name)
    while name.startswith("./"):
        name = name.removeprefix("./")
    return name, parse_checksum(f"{algorithm}={digest}")
