"""The result file that a bench appends to: it is locked, and each result is a single write.

If a bench is killed, the file has complete lines and at most one partial line at the end, which the
next bench cuts off before it writes. The lock prevents two benches from running at the same time,
which would also distort their figures. The format of a line is defined in ``results``.
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
    """A result file that is open for appending. Raises UsageError if it cannot be opened.

    ``results`` are the results in the file. A device (``/dev/null``) is not read.
    """

    def __init__(self, path: Path) -> None:
        self._name = str(path)
        self.results: list[Result] = []
        try:
            self._file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666)
        except (OSError, ValueError) as error:  # ValueError: a name that contains NUL
            reason = getattr(error, "strerror", None) or "not a valid file name"
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
            raise UsageError(f"cannot write {quoted(self._name)}: not a regular file")
        self._lock()
        data = path.read_bytes()
        self.results = parse(data, self._name)
        os.truncate(self._file, data.rfind(b"\n") + 1)  # cuts off a partial line, if any

    def _lock(self) -> None:
        try:
            flock(self._file, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            raise UsageError(
                f"another bench is writing to {quoted(self._name)}; wait until it has finished"
            ) from None
        except OSError:  # the file system does not support locks
            return

    def add(self, result: Result) -> None:
        """Append a result. Raises GetflagsError and leaves the file unchanged if that fails."""
        text = line(result)
        before = os.fstat(self._file).st_size
        try:
            written, reason = os.write(self._file, text), "no space left for a whole line"
        except OSError as error:
            written, reason = 0, str(error.strerror)
        if written < len(text):
            with suppress(OSError):
                os.truncate(self._file, before)
            raise GetflagsError(f"cannot write {quoted(self._name)}: {reason}")
        self.results.append(result)

    def close(self) -> None:
        """Close the file, which releases the lock."""
        os.close(self._file)
