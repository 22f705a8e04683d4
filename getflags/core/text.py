"""Text for people: making foreign text harmless, and figures readable.

Pure functions from values to strings. Nothing here prints, and nothing here decides what to say.
"""

from __future__ import annotations

import re

#: Characters that must not reach a terminal or a file name as they are, for use in a character
#: class: C0, DEL and C1 drive terminals; the bidirectional and line-separating characters make a
#: line look like another; lone surrogates can't be encoded. A server or a list may send them all.
UNSAFE = "\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff"
_LONGEST = 400  # characters; more tell nobody more
_RAW = re.compile(f"[{UNSAFE}]")


def printable(text: str) -> str:
    r"""Make foreign text safe to print on one line: ``\x1b`` for an escape."""
    return _RAW.sub(lambda match: ascii(match[0])[1:-1], text)


def brief(text: str) -> str:
    """Make foreign text printable, and cut it where more would tell nobody more."""
    text = printable(text[: _LONGEST + 1])
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "..."


def quoted(text: str) -> str:
    """Return foreign text between quotation marks, safe to print; not ``repr``, which doubles."""
    return f"'{brief(text)}'"


def counted(number: int, noun: str) -> str:
    """Return ``1 flag``, ``2 flags``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def human_bytes(number: float) -> str:
    """Return a size at a glance, in powers of 1000: ``12.3 kB``."""
    if number < 1000:  # noqa: PLR2004 - what "kilo" means
        return f"{number:.0f} B"
    for unit in ("kB", "MB", "GB"):
        number /= 1000
        if number < 999.95:  # noqa: PLR2004 - what would be rounded to 1000.0
            return f"{number:.1f} {unit}"
    return f"{number / 1000:.1f} TB"
