"""The file name in Content-Disposition (RFC 6266, RFC 8187): a lenient parser.

Many servers send what the grammar does not allow: spaces without quotes, raw UTF-8, no disposition
type. A parameter that can be read in one way only is read; any other is ignored. The name is
foreign text: ``filenames.from_server`` makes it safe.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote_to_bytes

_CHARSETS = {"utf-8", "iso-8859-1"}  # RFC 8187 section 3.2, and RFC 5987 before it
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_BROKEN = re.compile(r"%(?![0-9A-Fa-f]{2})|[^\x20-\x7e]")  # in an encoded name


def file_name(fields: Iterable[str]) -> str:
    """Return the name that the values of the field give; empty if there is none.

    The disposition type makes no difference: a name is also for a file that would be shown
    (``inline``). The first field that has a name counts, and the first of equal parameters.
    ``filename*`` is preferred (RFC 6266 section 4.3), unless its encoding is broken.
    """
    for field in fields:
        parameters: dict[str, str] = {}
        for part in _split(field):
            name, equals, value = part.partition("=")
            if equals:
                parameters.setdefault(name.strip(" \t").lower(), _unquoted(value.strip(" \t")))
        found = _decoded(parameters.get("filename*", "")) or _utf8(parameters.get("filename", ""))
        if found:
            return found
    return ""


def _split(field: str) -> Iterator[str]:
    """Yield the parts of a field: it is split at each semicolon outside quotes."""
    start, quoted, escaped = 0, False, False
    for at, char in enumerate(field):
        if escaped:
            escaped = False
        elif char == '"':
            quoted = not quoted
        elif quoted:
            escaped = char == "\\"
        elif char == ";":
            yield field[start:at]
            start = at + 1
    yield field[start:]


def _unquoted(value: str) -> str:
    """Return the text of a quoted string; empty if its end is missing. Other text is unchanged."""
    if not value.startswith('"'):
        return value
    match = _QUOTED.match(value)
    return re.sub(r"\\(.)", r"\1", match[1], flags=re.DOTALL) if match else ""


def _decoded(value: str) -> str:
    """Return the text of an encoded value, such as ``UTF-8''%E2%82%AC``; empty if it is broken."""
    charset, _, rest = value.partition("'")
    _, quote, coded = rest.partition("'")  # without the language
    if not quote or charset.lower() not in _CHARSETS or _BROKEN.search(coded):
        return ""
    try:
        return unquote_to_bytes(coded).decode(charset)
    except UnicodeDecodeError:
        return ""


def _utf8(value: str) -> str:
    """Return the text of a plain value: raw UTF-8 if its bytes are UTF-8, else Latin-1."""
    try:
        return value.encode("latin-1").decode("utf-8")
    except ValueError:
        return value
