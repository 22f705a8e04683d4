"""The border between the operating system's refusals and ours."""

from __future__ import annotations

from types import TracebackType

from getflags.core.errors import NotSaved
from getflags.core.text import printable


class _Refusals:
    """Turns the operating system's refusals into ours; nobody else's ``OSError`` is a disk's.

    A class and one object, because a generator for each of the four steps of a file costs more than
    the steps of a small one.
    """

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, OSError):
            raise NotSaved(error.strerror or str(error)) from error
        if isinstance(error, ValueError):  # a name that can't be spelt, an odd date
            raise NotSaved(printable(str(error))) from error


refusals = _Refusals()
