"""The list that ``--failed-out`` writes: the rest of the job, in the format of ``-i``.

It holds each target that failed, was interrupted or was not begun, so that ``getflags -i`` with it
completes the job. A target whose line, or one of its options, could not be read is only a comment:
without its checksum, it would be downloaded unverified.

The entries of all targets are written to a temporary file before the first request, which finds a
full disk early; names that differ from those in the URLs are stated. At the end, only the entries
of the rest are kept, which takes a fraction of a second for a million targets: after a signal,
there is no time to settle their names.
"""

from __future__ import annotations

import errno
import os
import re
from array import array
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import IO

from getflags.cli.signals import defer_signals
from getflags.core.deferred_signals import signals_deferred
from getflags.core.errors import GetflagsError, UsageError
from getflags.core.events import Event, Finished
from getflags.core.models import Target
from getflags.core.text import brief, quoted
from getflags.targets.filenames import PART_PREFIX
from getflags.targets.list_file import unparse
from getflags.targets.resolve import entry_again

_BLOCK = 256  # entries that are copied at a time


@contextmanager
def list_rest(
    name: str,
    folder: str,
    targets: Iterable[Target],
    warn: Callable[[str], None],
    *,
    server_names: bool = False,
) -> Iterator[FailedList]:
    """Yield the rest of the job; at the end of the block, write it to a file.

    ``name`` is the file, and ``folder`` is that of targets without ``dir=``. ``server_names`` says
    whether servers may choose the targets' names. The file is replaced atomically, also if the
    block raises an exception, unless that is a UsageError: then nothing was requested. Raises
    UsageError if the file cannot be created, and GetflagsError at the end if writing failed; after
    an interrupt, that is only a warning.
    """
    rest = FailedList(name, folder, server_names=server_names)
    try:
        try:
            rest.open()
            for target in targets:
                rest.add(target)
        except OSError as error:
            raise UsageError(rest.cannot_write(error)) from None
        try:
            yield rest
            rest.commit()
        except (UsageError, _NotWritten):
            raise
        except BaseException:
            try:
                rest.commit()
            except _NotWritten as error:
                warn(f"getflags: {error}")
            raise
    finally:
        try:
            rest.close()
        finally:  # a signal may have interrupted it; closing twice is safe
            rest.close()


class _NotWritten(GetflagsError):
    """The file could not be written."""


class FailedList:
    """The entries of all targets in a temporary file, and which targets are done."""

    def __init__(self, name: str, folder: str, *, server_names: bool = False) -> None:
        self._name = name
        self._folder = folder
        self._server_names = server_names
        self.unread = 0  # targets that are only comments
        self.comment = ""  # written at the end of the list: why it has targets without a failure
        self._committed = False
        self._temporary = ""  # the path of the temporary file, while it has one
        self._entries: IO[bytes] | None = None
        self._output: IO[bytes] | None = None  # the pipe or the terminal
        self._ends = array("Q", [0])  # where the entry of each target ends, after a 0
        self._done = bytearray()  # 1 for each target that is done
        self._failure: OSError | None = None  # of a target that was added during the run

    def open(self) -> None:
        """Open the file, and create the temporary file. Raises OSError."""
        import tempfile  # the import takes 5 ms

        if self._name == "-":
            raise UsageError("--failed-out needs a file; - would be standard output")
        if (stream := _open_stream(self._name)) is not None:
            # To replace the file to which the shell has redirected it would lose all other text.
            self._output = open(os.dup(stream), "wb")  # noqa: PTH123, SIM115
            self._entries = tempfile.TemporaryFile()  # noqa: SIM115
            return
        if _is_special(self._name):
            # Not the real path: that of /dev/stdout may be /proc/1/fd/pipe:[2], which is no file.
            # Opening a pipe may block until it has a reader.
            self._output = open(os.open(self._name, os.O_WRONLY), "wb")  # noqa: PTH123, SIM115
            self._entries = tempfile.TemporaryFile()  # noqa: SIM115
            return
        folder = os.path.dirname(os.path.realpath(self._name))  # noqa: PTH120
        with signals_deferred(lambda: None):  # so that no unnamed file is left behind
            descriptor, self._temporary = tempfile.mkstemp(prefix=PART_PREFIX, dir=folder)
            self._entries = open(descriptor, "w+b")  # noqa: PTH123, SIM115

    def add(self, target: Target) -> None:
        """Add the next target. Raises OSError."""
        if target.unread:
            lines = f"# {target.where}: {brief(target.flaw)}: {brief(target.label)}\n"
        else:
            lines = unparse(entry_again(target, self._folder, server_names=self._server_names))
        text = lines.encode("utf-8", "surrogateescape")
        self._file.write(text)
        self.unread += target.unread
        self._ends.append(self._ends[-1] + len(text))
        self._done.append(0)

    def add_later(self, target: Target) -> None:
        """Add the next target during the run; ``commit`` raises the first error."""
        if self._failure is None:
            try:
                self.add(target)
            except OSError as error:
                self._failure = error

    def read(self, event: Event) -> None:
        """Handle an event."""
        # After an error, targets that arrive are not added.
        if isinstance(event, Finished) and not (event.outcome.failed or self._failure):
            self._done[event.outcome.target.number] = 1

    def commit(self) -> None:
        """Write the rest of the job, once. A signal takes effect afterwards. Raises _NotWritten."""
        with defer_signals():
            if not self._committed:
                try:
                    self._write()
                except OSError as error:
                    raise _NotWritten(self.cannot_write(error)) from error
                self._committed = True

    def _write(self) -> None:
        if self._failure:
            raise self._failure
        self._file.seek(0)  # writes what is buffered, too
        # The entries that are kept move to the beginning of the temporary file.
        output = self._output or self._file
        output.writelines(self._kept())
        if self.comment:
            output.write(f"# {self.comment}\n".encode())
        output.flush()
        if not self._output:
            self._file.truncate()
            # If the name is a symbolic link, the link is kept.
            os.replace(self._temporary, os.path.realpath(self._name))  # noqa: PTH105
            self._temporary = ""

    def cannot_write(self, error: OSError) -> str:
        """Return the message about an error."""
        return f"cannot write {quoted(self._name)}: {error.strerror}"

    def close(self) -> None:
        """Delete the temporary file and close all files."""
        if self._temporary:
            with suppress(FileNotFoundError):  # another program has deleted it
                os.unlink(self._temporary)  # noqa: PTH108
        for file in (self._entries, self._output):
            if file:
                with suppress(OSError):  # a full disk; ``add`` or ``commit`` has raised the error
                    file.close()

    @property
    def _file(self) -> IO[bytes]:
        assert self._entries  # noqa: S101 - for the type checker: open() comes first
        return self._entries

    def _kept(self) -> Iterator[bytes]:
        """Yield the entries of the targets that are not done, many at a time. Raises OSError."""
        ends = self._ends
        for first in range(0, len(self._done), _BLOCK):
            last = min(first + _BLOCK, len(self._done))
            left = self._done.count(0, first, last)
            if left:
                start = ends[first]
                text = os.pread(self._file.fileno(), ends[last] - start, start)
                if left < last - first:
                    text = b"".join(
                        text[ends[number] - start : ends[number + 1] - start]
                        for number in range(first, last)
                        if not self._done[number]
                    )
                yield text


def _open_stream(path: str) -> int | None:
    """Return the descriptor of an open file that has this name, such as /dev/stdout."""
    for name in (path, os.readlink(path) if os.path.islink(path) else ""):  # noqa: PTH114, PTH115
        if match := re.fullmatch(r"/(?:dev|proc/self)/fd/([0-9]{1,9})", name):
            return int(match[1])
    return None


def _is_special(path: str) -> bool:
    """Return whether the path is a pipe or a terminal. Raises OSError for a folder."""
    if os.path.isdir(path):  # noqa: PTH112
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    return os.path.exists(path) and not os.path.isfile(path)  # noqa: PTH110, PTH113
