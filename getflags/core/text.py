"""Formatting for display: escaping of foreign text, and readable numbers.

Pure functions from values to strings. This module prints nothing and holds no messages.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

try:
    from _blake2 import blake2b  # ``hashlib`` loads OpenSSL, which takes 4 ms
except ImportError:  # pragma: no cover - only CPython has the module of its hashlib by itself
    from hashlib import blake2b

#: Characters that must not reach a terminal or a file name unescaped, for use in a character class.
#: C0, DEL and C1 control a terminal; bidirectional and line-separating characters make a line look
#: like another one; lone surrogates cannot be encoded. A response or a list may contain any of
#: them.
UNSAFE = "\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff"
_MAX_LENGTH = 400  # characters
_RAW = f"[{UNSAFE}]"


def printable(text: str) -> str:
    r"""Escape foreign text so that it is safe to print on one line: ``\x1b`` for ESC."""
    if text.isprintable():  # then it has none of them
        return text
    return re.sub(_RAW, lambda match: ascii(match[0])[1:-1], text)


def short_hash(text: str, size: int) -> str:
    """Return a hash of text, in hexadecimal; ``size`` is in bytes. It stays the same for ever."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=size).hexdigest()


def to_field(text: str) -> str:
    """Return text as the value of a header field: bytes beyond ASCII are sent as typed.

    Header fields are encoded as Latin-1. ``from_field`` returns the text again.
    """
    return text.encode("utf-8", "surrogateescape").decode("latin-1")


def from_field(value: str) -> str:
    """Return the text that was typed for the value of a header field."""
    return value.encode("latin-1").decode("utf-8", "surrogateescape")


def closest(word: str, known: Iterable[str], alike: float = 0.6) -> str:
    """Return the known word that is most like a word; empty if none is.

    ``alike`` is how similar it must be at least; 1 is equal.
    """
    from difflib import get_close_matches  # the import takes 3 ms and is rarely needed

    return next(iter(get_close_matches(word, known, 1, alike)), "")


def brief(text: str) -> str:
    """Escape foreign text as ``printable`` does, and truncate it if it is long."""
    text = printable(text[: _MAX_LENGTH + 1])
    return text if len(text) <= _MAX_LENGTH else text[:_MAX_LENGTH] + "..."


def quoted(text: str) -> str:
    """Return foreign text escaped and quoted. ``repr`` would escape its backslashes again."""
    return f"'{brief(text)}'"


def counted(number: int, noun: str) -> str:
    """Return a number with its noun in the singular or plural: ``1 flag``, ``2 flags``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def human_bytes(number: float) -> str:
    """Return a size in a readable unit, in powers of 1000: ``12.3 kB``."""
    if number < 1000:  # noqa: PLR2004 - the meaning of "kilo"
        return f"{number:.0f} B"
    for unit in ("kB", "MB", "GB"):
        number /= 1000
        if number < 999.95:  # noqa: PLR2004 - larger numbers would be rounded to 1000.0
            return f"{number:.1f} {unit}"
    return f"{number / 1000:.1f} TB"
