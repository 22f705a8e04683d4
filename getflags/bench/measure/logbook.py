"""The logbook: the file of results as a bench writes it, one line the moment a result exists.

Each line is one write at the file's end, so a kill at any moment leaves whole lines and at most one
that is torn; the next bench cuts that one off before it writes. The file is locked meanwhile: two
benches at a time would spoil each other's figures as well. What a line holds is none of its
business.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path

from getflags.bench.measure.results import Result, line, parse
from getflags.core.errors import GetflagsError, UsageError
from getflags.core.text import quoted


class Logbook:
    """A file of results, open for more. Raises UsageError where it can't be.

    ``results`` is all that it holds. Of a device (``/dev/null``) nothing is read.
    """

    def __init__(self, path: Path) -> None:
        self._name = str(path)
        self.results: list[Result] = []
        try:
            self._file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666)
        except (OSError, ValueError) as error:  # ValueError: a name with a NUL in it
            reason = getattr(error, "strerror", None) or "not a name for a file"
            raise UsageError(f"cannot write {quoted(self._name)}: {reason}") from None
        try:
            self._begin(path)
        except BaseException:
            self.close()
            raise

    def _begin(self, path: Path) -> None:
        mode = os.fstat(self._file).st_mode
        if stat.S_ISCHR(mode):
            return
        if not stat.S_ISREG(mode):
            raise UsageError(f"cannot write {quoted(self._name)}: it is no file")
        self._lock()
        data = path.read_bytes()
        self.results = parse(data, self._name)
        os.truncate(self._file, data.rfind(b"\n") + 1)  # nothing, or what was torn

    def _lock(self) -> None:
        try:
            flock(self._file, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            raise UsageError(
                f"another bench is writing to {quoted(self._name)}; let it end first"
            ) from None
        except OSError:  # a file system without locks
            return

    def add(self, result: Result) -> None:
        """Write a result down. Raises GetflagsError; the file is then as it was before."""
        text = line(result)
        before = os.fstat(self._file).st_size
        try:
            written, reason = os.write(self._file, text), "no room for a whole line"
        except OSError as error:
            written, reason = 0, str(error.strerror)
        if written < len(text):
            with suppress(OSError):
                os.truncate(self._file, before)
            raise GetflagsError(f"cannot write {quoted(self._name)}: {reason}")
        self.results.append(result)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)
