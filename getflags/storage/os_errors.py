"""Conversion of the operating system's errors into ``NotSaved``."""

from __future__ import annotations

from getflags.core.errors import NotSaved
from getflags.core.text import printable

#: What file operations raise; a ValueError is e.g. a name that can't be encoded, or an impossible
#: date. A ``try`` costs nothing unless they do; a context manager would cost two calls each time.
DISK_ERRORS = (OSError, ValueError)


def not_saved(error: OSError | ValueError) -> NotSaved:
    """Return the NotSaved to raise for an error of a file operation."""
    if isinstance(error, OSError):
        return NotSaved(error.strerror or str(error))
    return NotSaved(printable(str(error)))
