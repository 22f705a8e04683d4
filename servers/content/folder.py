"""The files of a folder on disk (`--directory`), and the lists of their names.

This module finds and reads files below one folder, and never outside it.

Files are read with pread in the event loop, not in a thread: most of them are in the page cache,
where a switch to a thread costs more than the read. sendfile is not used: uvloop does not support
it, and a single way to send a body is easier to test than two.
"""

import errno
import mimetypes
import os
import stat
from pathlib import Path

from ..http.paths import segments
from ..http.representation import Representation
from ..http.validators import etag

# With these errors, the file does not exist or the server may not read it. Any other error (no free
# file descriptor, a broken disk) is a problem of the server and must not look like a missing file.
_ABSENT = frozenset(
    {errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.EACCES, errno.ENXIO}
)


class OpenFile:
    """A file that is open for reading."""

    __slots__ = ("_descriptor",)

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def read(self, offset: int, size: int) -> bytes:
        """Return `size` bytes from `offset` on, fewer at the end. Raises OSError."""
        return os.pread(self._descriptor, size, offset)

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)


class Folder:
    """The files below `root`. Symbolic links are followed only if they stay below it."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve(strict=True)

    def find(self, path: str) -> Representation | None:
        """Open the regular file at the URL path `path`; return None if there is none.

        The caller must close the content. Raises OSError if the system cannot open another file.
        """
        place = self._locate(path)
        if place is None:
            return None
        try:
            # O_NOFOLLOW: the links are already resolved, and a link created since then must not be
            # followed. O_NONBLOCK: opening a named pipe would block until a writer opens it.
            descriptor = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError as error:
            if error.errno in _ABSENT:
                return None
            raise
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            os.close(descriptor)
            return None
        return Representation(
            OpenFile(descriptor),
            status.st_size,
            _content_type(place.name),
            etag(status.st_mtime_ns, status.st_size),
            modified=status.st_mtime_ns // 1_000_000_000,
        )

    def names(self, path: str) -> list[str] | None:
        """Return the sorted names in the folder at the URL path `path`; None if it is not a folder.

        The name of a subfolder ends with a slash. Files that cannot be served are not listed.
        """
        place = self._locate(path)
        if place is None or not place.is_dir() or not os.access(place, os.R_OK):
            return None
        return sorted(
            entry.name + "/" * real.is_dir()
            for entry in place.iterdir()
            if (real := self._real(entry)) and (real.is_file() or real.is_dir())
        )

    def _locate(self, path: str) -> Path | None:
        """Return the real path for the URL path `path`, or None if it must not be served."""
        names = segments(path)
        return None if names is None else self._real(self._root.joinpath(*names))

    def _real(self, place: Path) -> Path | None:
        """Return `place` with links resolved, or None if it is missing or outside of the root."""
        try:
            real = place.resolve(strict=True)
        except OSError as error:
            if error.errno in _ABSENT:
                return None
            raise
        except RuntimeError:  # raised for a loop of links by Python before 3.13
            return None
        return real if real.is_relative_to(self._root) else None


def _content_type(name: str) -> str:
    """Return the media type for the extension of a file name."""
    kind, encoding = mimetypes.guess_type(name)
    # "x.tar.gz" is not a tar archive until it is decompressed, and no Content-Encoding is sent.
    return "application/octet-stream" if kind is None or encoding else kind
