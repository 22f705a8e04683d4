"""Text for people: making foreign text harmless, and figures readable.

Pure functions from values to strings. Nothing here prints, and nothing here decides what to say.
"""

from __future__ import annotations

import re

# C0, DEL and C1 drive terminals; the bidirectional and line-separating characters make a line
# look like another; lone surrogates can't be encoded. All that a server or a list may send.
_RAW = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)


def printable(text: str) -> str:
    r"""Make foreign text safe to print on one line: ``\x1b`` instead of an escape."""
    return _RAW.sub(lambda match: ascii(match[0])[1:-1], text)


def quoted(text: str) -> str:
    """Return foreign text between quotation marks, safe to print; not ``repr``, which doubles."""
    return f"'{printable(text)}'"


def counted(number: int, noun: str) -> str:
    """Return ``1 flag``, ``2 flags``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def human_bytes(number: float) -> str:
    """Return a size at a glance, in powers of 1000: ``12.3 kB``."""
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000:  # noqa: PLR2004 - what "kilo" means
            return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:.1f} TB"
