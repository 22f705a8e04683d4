"""Where a command's targets come from: the words of the command line and the ``-i`` file.

Both are read once, from beginning to end, before the first request: then a mistake anywhere in the
list ends the run in time, the bar has a total, and standard input is as good as a file.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import closing, contextmanager

from getflags.cli.options.download import Options
from getflags.core.errors import UsageError
from getflags.core.text import printable, quoted
from getflags.targets import country_codes, resolve
from getflags.targets.list_file import BadInput, Entry, parse
from getflags.targets.spool import Spool


@contextmanager
def listed(options: Options, limit: int | None = None) -> Iterator[resolve.Listing]:
    """Read all targets, and yield them in the order in which they are fetched.

    There are ``limit`` of them at most. Raises UsageError if one of them or the list is bad.
    """
    with closing(Spool()) as spool:
        try:
            listing = resolve.Listing(_entries(options), spool, limit)
        except OSError as error:
            reason = error.strerror
            raise UsageError(f"cannot keep the list in a temporary file: {reason}") from None
        yield listing


def _entries(options: Options) -> Iterator[Entry]:
    """Yield all entries, those of the command line first. Raises UsageError."""
    for word in options.targets:
        if not resolve.is_target(word):
            raise UsageError(f"{quoted(resolve.label(word))} is not {resolve.ACCEPTED}")
        yield Entry(word)
    if options.all:
        yield from map(Entry, country_codes.ALL)
    if options.every:
        for code in country_codes.every():
            yield Entry(code, guessed=True)
    if options.input_file is not None:
        yield from _lines(options.input_file)
    elif not (options.targets or options.all or options.every):
        yield from map(Entry, country_codes.POP20)


def _lines(name: str) -> Iterator[Entry]:
    """Yield the entries of a list. Raises UsageError."""
    try:
        # Standard input is not ours to close: whoever gets number 0 next would be surprised.
        stream = open(0, "rb", closefd=False) if name == "-" else open(name, "rb")  # noqa: PTH123, SIM115
        # Bytes that are no UTF-8 survive the way to the URL, where they are percent-encoded.
        with io.TextIOWrapper(stream, encoding="utf-8", errors="surrogateescape") as lines:
            yield from parse(lines)
    except BadInput as error:
        raise UsageError(f"{printable(name)}: {error}") from None
    except OSError as error:
        raise UsageError(f"cannot read the list {quoted(name)}: {error.strerror}") from None
