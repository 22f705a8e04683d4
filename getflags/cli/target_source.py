"""The targets of a command, from its arguments and the ``-i`` files.

All targets are read once, before the first request: a mistake in the list is reported before
anything is downloaded, the progress bar has a total, and the list may come from standard input.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager

from getflags.cli.options.download import Options
from getflags.core.errors import UsageError
from getflags.core.text import brief, quoted
from getflags.targets import country_codes, resolve
from getflags.targets.list_encoding import decoded
from getflags.targets.list_file import BadInput, BadLine, Entry, parse, read_lines
from getflags.targets.spool import Spool


@contextmanager
def read_targets(
    options: Options, limit: int | None = None, commands: Collection[str] = ()
) -> Iterator[resolve.Listing]:
    """Read all targets, at most ``limit``, and yield them in the order of the downloads.

    ``commands`` are words that may have been meant by an invalid target. Raises UsageError if a
    target is invalid or a list cannot be read.
    """
    with closing(Spool()) as spool:
        try:
            listing = resolve.Listing(_entries(options, commands), spool, limit)
        except OSError as error:
            reason = error.strerror
            raise UsageError(f"cannot write the list to a temporary file: {reason}") from None
        yield listing


def _entries(options: Options, commands: Collection[str]) -> Iterator[Entry]:
    """Yield all entries, with the entries of the arguments first. Raises UsageError."""
    for target in options.targets:
        if not resolve.is_target(target):
            raise UsageError(_unknown(target, commands))
        yield Entry(target)
    if options.all:
        yield from map(Entry, country_codes.ALL)
    if options.every:
        for code in country_codes.every():
            yield Entry(code, guessed=True)
    for name in options.input_files or ():
        yield from _list_entries(name)
    if not (options.targets or options.all or options.every or options.input_files):
        yield from map(Entry, country_codes.POP20)


def _unknown(word: str, commands: Collection[str]) -> str:
    """Return the error message for an argument that is not a target."""
    shown = quoted(resolve.label(word))
    is_file = os.path.isfile(word)  # noqa: PTH113 - Path.is_file raises ValueError for a NUL
    if hint := f"-i {resolve.label(word)}" if is_file else resolve.suggestion(word):
        return f"{shown} is not {resolve.ACCEPTED}; did you mean {hint}?"
    if not commands or not re.fullmatch(r"[A-Za-z][A-Za-z-]+", word):
        return f"{shown} is not {resolve.ACCEPTED}"
    from difflib import get_close_matches  # the import takes 3 ms and is rarely needed

    close = get_close_matches(word.lower(), commands, 1)
    hint = f"did you mean getflags {close[0]}?" if close else "see getflags -h"
    return f"{shown} is neither a command nor {resolve.ACCEPTED}; {hint}"


def _list_entries(name: str) -> Iterator[Entry]:
    """Yield the entries of a list. Raises UsageError."""
    shown = "<stdin>" if name == "-" else brief(name)
    try:
        # Standard input stays open: otherwise the next file would get descriptor 0.
        file = 0 if name == "-" else name
        with (
            open(file, "rb", buffering=0, closefd=name != "-") as raw,
            decoded(raw) as lines,
        ):
            yield from parse(read_lines(lines), shown)
    except BadLine as error:
        raise UsageError(f"{shown}:{error.number}: {error.reason}") from None
    except BadInput as error:
        raise UsageError(f"{shown}: {error}") from None
    except OSError as error:
        raise UsageError(f"cannot read the list {quoted(name)}: {error.strerror}") from None
