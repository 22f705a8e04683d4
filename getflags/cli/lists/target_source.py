"""The targets of a command, from its arguments and the ``-i`` files.

All targets are read once, before the first request: a mistake in the list is reported before
anything is downloaded, and the progress bar has a total. An exception is a list that is still being
written, on standard input or another pipe (docs/decisions/0021-a-list-that-is-still-written.md).
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import closing, contextmanager
from io import FileIO
from itertools import chain
from select import select
from time import monotonic
from typing import TYPE_CHECKING

from getflags.cli.options.download import Options
from getflags.core.errors import UsageError
from getflags.core.feed import NO_JOB, Feed
from getflags.core.text import brief, closest, quoted
from getflags.targets import country_codes, resolve
from getflags.targets.list_encoding import decoded
from getflags.targets.list_file import (
    BadInput,
    BadLine,
    Entry,
    ListParser,
    read_lines,
)
from getflags.targets.spool import Spool

if TYPE_CHECKING:
    from getflags.targets.checksum_list import ChecksumList

#: Seconds after which the download starts, even if the lists have not ended.
READ_AHEAD = 1.0
#: Seconds without a further line after which the last target has all its options.
QUIET = 0.5

Hook = Callable[[], None]
#: A function that leaves out some of the entries.
Filter = Callable[[Iterable[Entry]], Iterator[Entry]]


@contextmanager
def read_targets(
    options: Options,
    limit: int | None = None,
    commands: Collection[str] = (),
    kept: Filter = iter,
) -> Iterator[resolve.Listing]:
    """Read all targets, at most ``limit``, and yield them in the order of the downloads.

    ``commands`` are words that may have been meant by an invalid target. ``kept`` leaves out
    targets before they are counted. Raises UsageError if a target is invalid or a list cannot be
    read.
    """
    with closing(Spool()) as spool:
        yield _listing(kept(_entries(options, commands)), spool, limit)


@contextmanager
def read_arriving(
    options: Options,
    limit: int | None,
    commands: Collection[str],
    kept: Filter = iter,
    seconds: float = READ_AHEAD,
) -> Iterator[tuple[resolve.Listing, Feed[Entry] | None]]:
    """Do the same, but only for ``seconds`` if a list is a pipe; yield also what is still to come.

    That is None if all lists have been read to their ends.
    """
    feed: Feed[Entry] | None = None
    with closing(Spool()) as spool:
        files = options.input_files or ()
        if any(map(_may_pause, files)):
            given = list(kept(_given(options, commands)))  # before those that the thread reads
            feed = Feed(lambda give: _read_lists(files, _giving(give, kept)))
            entries: Iterator[Entry] = chain(given, _first(feed, seconds))
        else:
            entries = kept(_entries(options, commands))
        listing = _listing(entries, spool, limit)
        if feed is not None and feed.ended:
            if feed.error:
                raise feed.error
            feed = None
        yield listing, feed


def _giving(give: Callable[[Entry], None], kept: Filter) -> Callable[[Entry], None]:
    """Return a function that gives an entry, unless it is left out."""
    if kept is iter:
        return give

    def give_kept(entry: Entry) -> None:
        for each in kept((entry,)):
            give(each)

    return give_kept


def _listing(entries: Iterator[Entry], spool: Spool, limit: int | None) -> resolve.Listing:
    try:
        return resolve.Listing(entries, spool, limit)
    except OSError as error:
        reason = error.strerror
        raise UsageError(f"cannot write the list to a temporary file: {reason}") from None


def _may_pause(name: str) -> bool:
    """Return whether a list may still be written while it is read: a pipe or a terminal."""
    try:
        status = os.fstat(0) if name == "-" else os.stat(name)  # noqa: PTH116
    except (OSError, ValueError):
        return False  # reading it will say why
    return not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode))


def _first(feed: Feed[Entry], seconds: float) -> Iterator[Entry]:
    """Yield the entries that arrive within ``seconds``. Raises UsageError if one is invalid."""
    deadline = monotonic() + seconds
    for entry in feed:
        left = deadline - monotonic()
        if entry is not NO_JOB:
            yield _checked(entry)
        elif left > 0:
            feed.wait(left)
        if left <= 0:
            return


def _entries(options: Options, commands: Collection[str]) -> Iterator[Entry]:
    """Yield all entries, with the entries of the arguments first. Raises UsageError."""
    yield from _given(options, commands)
    for name in options.input_files or ():
        yield from map(_checked, _list_entries(name, _parser(name)))


def _parser(name: str) -> ListParser:
    return ListParser(_shown(name))


def _checked(entry: Entry) -> Entry:
    """Return the entry. Raises UsageError if it has a flaw."""
    if entry.flaw:
        raise UsageError(f"{entry.source}:{entry.line}: {entry.flaw}")
    return entry


def _read_lists(names: Iterable[str], give: Callable[[Entry], None]) -> None:
    """Give all entries of the lists to a function, also those with a flaw. Raises UsageError."""
    for name in names:
        parser = _parser(name)

        def release(parser: ListParser = parser) -> None:
            if entry := parser.release():
                give(entry)

        for entry in _list_entries(name, parser, release):
            give(entry)


def _given(options: Options, commands: Collection[str]) -> Iterator[Entry]:
    """Yield the entries of the arguments. Raises UsageError."""
    for target in options.targets:
        if not resolve.is_target(target):
            raise UsageError(_unknown(target, commands))
        yield Entry(target)
    if options.all:
        yield from map(Entry, country_codes.ALL)
    if options.every:
        for code in country_codes.every():
            yield Entry(code, guessed=True)
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
    close = closest(word.lower(), commands)
    hint = f"did you mean getflags {close}?" if close else "see getflags -h"
    return f"{shown} is neither a command nor {resolve.ACCEPTED}; {hint}"


def _list_entries(name: str, parser: ListParser, on_quiet: Hook | None = None) -> Iterator[Entry]:
    """Yield the entries of a list, also those with a flaw. Raises UsageError.

    ``on_quiet`` is called if no further line comes for ``QUIET`` seconds.
    """
    from getflags.targets import tabular_list  # only lists need it

    parse_table = tabular_list.parser(name)
    with _lines(name, "the list", on_quiet) as lines:
        if parse_table:
            yield from parse_table(lines, parser.source)
        for line in lines:
            if entry := parser.read(line):
                yield entry
    if entry := parser.release():
        yield entry


def read_checksums(name: str) -> ChecksumList:
    """Read a checksum file. Raises UsageError."""
    from getflags.targets.checksum_list import ChecksumList  # most runs do not need it

    with _lines(name, "the checksum file") as lines:
        return ChecksumList(lines, _shown(name))


@contextmanager
def _lines(name: str, noun: str, on_quiet: Hook | None = None) -> Iterator[Iterator[str]]:
    """Yield the lines of a file. Raises UsageError if they cannot be read or parsed."""
    try:
        # Standard input stays open: otherwise the next file would get descriptor 0.
        file = 0 if name == "-" else name
        with (
            _Source(file, closefd=name != "-", on_quiet=on_quiet) as raw,
            decoded(raw) as lines,
        ):
            yield read_lines(lines)
    except BadLine as error:
        raise UsageError(f"{_shown(name)}:{error.number}: {error.reason}") from None
    except BadInput as error:
        raise UsageError(f"{_shown(name)}: {error}") from None
    except OSError as error:
        raise UsageError(f"cannot read {noun} {quoted(name)}: {error.strerror}") from None


def _shown(name: str) -> str:
    return "<stdin>" if name == "-" else brief(name)


class _Source(FileIO):
    """A list as bytes, which may pause."""

    def __init__(self, file: str | int, *, closefd: bool, on_quiet: Hook | None) -> None:
        super().__init__(file, closefd=closefd)
        self._on_quiet = on_quiet

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Read bytes into the buffer; return their number."""
        if self._on_quiet and not select([self], [], [], QUIET)[0]:
            self._on_quiet()
        return super().readinto(buffer)
