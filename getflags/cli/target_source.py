"""The targets of a command, from its arguments and the ``-i`` file.

All targets are read once, before the first request: a mistake in the list is reported before
anything is downloaded, the progress bar has a total, and the list may come from standard input.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import closing, contextmanager

from getflags.cli.options.download import Options
from getflags.core.errors import UsageError
from getflags.core.text import printable, quoted
from getflags.targets import country_codes, resolve
from getflags.targets.list_file import BadInput, Entry, parse, read_lines
from getflags.targets.spool import Spool


@contextmanager
def read_targets(options: Options, limit: int | None = None) -> Iterator[resolve.Listing]:
    """Read all targets, at most ``limit``, and yield them in the order of the downloads.

    Raises UsageError if a target is invalid or the list cannot be read.
    """
    with closing(Spool()) as spool:
        try:
            listing = resolve.Listing(_entries(options), spool, limit)
        except OSError as error:
            reason = error.strerror
            raise UsageError(f"cannot write the list to a temporary file: {reason}") from None
        yield listing


def _entries(options: Options) -> Iterator[Entry]:
    """Yield all entries, with the entries of the arguments first. Raises UsageError."""
    for target in options.targets:
        if not resolve.is_target(target):
            raise UsageError(f"{quoted(resolve.label(target))} is not {resolve.ACCEPTED}")
        yield Entry(target)
    if options.all:
        yield from map(Entry, country_codes.ALL)
    if options.every:
        for code in country_codes.every():
            yield Entry(code, guessed=True)
    if options.input_file is not None:
        yield from _list_entries(options.input_file)
    elif not (options.targets or options.all or options.every):
        yield from map(Entry, country_codes.POP20)


def _list_entries(name: str) -> Iterator[Entry]:
    """Yield the entries of a list. Raises UsageError."""
    try:
        # Standard input stays open: otherwise the next file would get descriptor 0.
        stream = open(0, "rb", closefd=False) if name == "-" else open(name, "rb")  # noqa: PTH123, SIM115
        # Bytes that are not UTF-8 are kept as surrogates, and percent-encoded in the URL.
        with io.TextIOWrapper(stream, encoding="utf-8", errors="surrogateescape") as lines:
            yield from parse(read_lines(lines))
    except BadInput as error:
        raise UsageError(f"{printable(name)}: {error}") from None
    except OSError as error:
        raise UsageError(f"cannot read the list {quoted(name)}: {error.strerror}") from None
