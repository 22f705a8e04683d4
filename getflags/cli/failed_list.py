"""The list of failed targets that ``--failed-out`` writes, in the format of ``-i``.

The list is written to a temporary file and renamed at the end, because the input list may be the
same file.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

from getflags.core.deferred_signals import signals_deferred
from getflags.core.errors import GetflagsError, UsageError
from getflags.core.events import Event, EventHandler, Finished
from getflags.core.text import quoted
from getflags.targets.filenames import PART_PREFIX
from getflags.targets.list_file import unparse
from getflags.targets.resolve import entry_again


@contextmanager
def list_failures(name: str, default_folder: str) -> Iterator[EventHandler]:
    """Yield an event handler that writes the list to the file ``name``.

    Raises UsageError if the file cannot be created, and GetflagsError at the end if writing failed.
    If the run is interrupted, an existing file is kept: the new list would be incomplete.
    """
    path = os.path.realpath(name)  # a symbolic link is kept
    file, temporary = None, ""
    try:
        try:
            if special := _special(name):
                # Not the real path: that of /dev/stdout may be /proc/1/fd/pipe:[2], which is no
                # file. Opening a pipe may block until it has a reader.
                file = _opened(os.open(name, os.O_WRONLY))
            else:
                with signals_deferred(lambda: None):  # so that no unnamed file is left behind
                    file, temporary = _create_beside(path)
        except OSError as error:
            raise UsageError(f"cannot write {quoted(name)}: {error.strerror}") from None
        with file:
            writer = _Writer(file, default_folder)
            yield writer.read
            writer.finish()
        if not special:
            with signals_deferred(lambda: None):
                os.chmod(temporary, 0o600 if writer.secret else 0o666 & ~_umask())  # noqa: PTH101
                os.replace(temporary, path)  # noqa: PTH105
                temporary = ""
    except BaseException as error:
        if temporary:
            with suppress(FileNotFoundError):  # another program has deleted it
                os.unlink(temporary)  # noqa: PTH108
        if file:
            file.close()  # a signal may have arrived before `with`; closing twice is safe
        if isinstance(error, OSError):
            raise GetflagsError(f"cannot write {quoted(name)}: {error.strerror}") from error
        raise


def _special(path: str) -> bool:
    """Return whether the path is a pipe or a terminal. Raises OSError for a folder."""
    if os.path.isdir(path):  # noqa: PTH112
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    return os.path.exists(path) and not os.path.isfile(path)  # noqa: PTH110, PTH113


def _create_beside(path: str) -> tuple[TextIO, str]:
    """Create a file in the same folder; return it and its name. Raises OSError."""
    import tempfile  # 5 ms

    folder = os.path.dirname(path)  # noqa: PTH120
    descriptor, temporary = tempfile.mkstemp(prefix=PART_PREFIX, dir=folder)
    return _opened(descriptor), temporary


def _opened(descriptor: int) -> TextIO:
    return open(descriptor, "w", encoding="utf-8", errors="surrogateescape")


class _Writer:
    """An event handler that writes failed targets to the list."""

    def __init__(self, file: TextIO, default_folder: str) -> None:
        self.secret = False  # whether the list may contain a password
        self._file = file
        self._folder = default_folder
        self._error: OSError | None = None

    def read(self, event: Event) -> None:
        """Handle an event."""
        if isinstance(event, Finished) and event.outcome.failed and not self._error:
            entry = entry_again(event.outcome.target, self._folder)
            self.secret = self.secret or "@" in entry.word
            try:
                self._file.write(unparse(entry))
                self._file.flush()
            except OSError as error:
                self._error = error

    def finish(self) -> None:
        """Raise the first OSError from writing the list, if any."""
        if self._error:
            raise self._error


def _umask() -> int:
    """Return the umask of the process, which can only be read by setting it."""
    umask = os.umask(0o077)
    os.umask(umask)
    return umask
