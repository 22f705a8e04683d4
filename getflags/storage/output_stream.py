"""Standard output in place of a part file (``-o -``): what was written cannot be taken back.

A retry can only go on behind the bytes that were written, and only if the server proves that its
file is still the same; it can never begin again.
"""

from __future__ import annotations

import os
import select
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

from getflags.core.errors import NotSaved
from getflags.core.models import (
    Exists,
    FetchRecord,
    OnDisk,
    PartialFile,
    Piece,
    ResumeRecord,
    Target,
)
from getflags.storage.os_errors import DISK_ERRORS, not_saved


class OutputStream:
    """A stream for the only target of a run; it has the methods of a ``PartFile``.

    It is called for each try, as the class ``PartFile`` is, and entered. ``written`` is the number
    of bytes that earlier tries and this one have written. ``digest`` is None: the target has no
    checksum, which would come too late.
    """

    digest = None
    note = ""
    saved_as = ""

    def __init__(self, descriptor: int) -> None:
        self.written = 0
        self._descriptor = descriptor
        self._record: ResumeRecord | None = None  # of the response that was written
        self._resumable: Callable[[], ResumeRecord | None] = lambda: None
        self._fsync = False

    def __call__(
        self,
        target: Target,  # noqa: ARG002 - there is only one
        resumable: Callable[[], ResumeRecord | None],
        *,
        fsync: bool = False,
    ) -> Self:
        """Return the stream, for another try."""
        self._resumable, self._fsync = resumable, fsync
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._record = self._resumable()

    def on_disk(self, exists: Exists) -> OnDisk | None:  # noqa: ARG002 - there is no file
        """Return None."""
        return None

    def reopen(self) -> PartialFile | None:
        """Return how many bytes were written, if the rest of the file can be asked for."""
        return PartialFile(self.written, self._record) if self.written and self._record else None

    def write(self, data: Piece, at: int) -> None:
        """Write bytes, which must follow those that were written. Raises NotSaved."""
        if at != self.written:
            raise NotSaved(
                f"{self.written:,} bytes have gone to standard output, and the server did not "
                "prove that it still has the same file"
            )
        rest = memoryview(data)
        try:
            while rest:
                try:
                    count = os.write(self._descriptor, rest)
                except BlockingIOError:  # another program has made the pipe non-blocking
                    select.select([], [self._descriptor], [])
                    continue
                self.written += count
                rest = rest[count:]
        except DISK_ERRORS as error:
            raise not_saved(error) from error

    def checkpoint(self, record: ResumeRecord | None) -> None:
        """Do nothing: no other run can resume the stream."""

    def end_body(self, size: int | None) -> None:
        """Check that the body has ended where the stream has. Raises NotSaved."""
        if size is not None:
            self.write(b"", size)

    def discard(self) -> None:
        """Do nothing: what was written stays."""

    def install(
        self,
        modified: int | None = None,  # noqa: ARG002 - a stream has no date
        record: FetchRecord | None = None,  # noqa: ARG002 - and no attributes
    ) -> OnDisk | None:
        """Flush the stream with fsync, if it is a file; return None."""
        if self._fsync:
            with suppress(OSError):  # a pipe cannot be flushed
                os.fsync(self._descriptor)
        return None
