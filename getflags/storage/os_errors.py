"""Conversion of the operating system's errors into ``NotSaved``."""

from __future__ import annotations

from types import TracebackType

from getflags.core.errors import NotSaved
from getflags.core.text import printable


class _DiskErrors:
    """A context manager that raises NotSaved for an OSError or ValueError of a file operation.

    It is a class with a single instance, because ``contextlib.contextmanager`` would create a
    generator at each of a file's four steps, which costs more than saving a small file.
    """

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:  # the usual case
            return
        if isinstance(error, OSError):
            raise NotSaved(error.strerror or str(error)) from error
        if isinstance(error, ValueError):  # e.g. a name that can't be encoded, an impossible date
            raise NotSaved(printable(str(error))) from error


disk_errors = _DiskErrors()
