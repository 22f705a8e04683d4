"""A folder served as it is (`--directory`): files read from disk, and lists of names.

What may live here: finding and reading files below one folder, and never outside it. What may
not: HTTP, HTML.

Files are read with pread in the event loop, not in a thread: what is served is mostly in the page
cache, where a hop to a thread costs more than the read. sendfile is the road not taken: uvloop
does not have it, and one way of sending is easier to trust than two.
"""

import errno
import mimetypes
import os
import stat
from pathlib import Path

from ..http.paths import segments
from ..http.representation import Representation
from ..http.validators import etag

# Not there, or not for us. Anything else (no more file descriptors, a broken disk) is our trouble
# and must not look like a file that doesn't exist.
_ABSENT = frozenset(
    {errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.EACCES, errno.ENXIO}
)


class OpenFile:
    """A file being read."""

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
    """The files below `root`. Links are followed only as long as they stay below it."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve(strict=True)

    def find(self, path: str) -> Representation | None:
        """Open the file that the URL path `path` names; None if there is no such regular file.

        The caller closes the content. Raises OSError if the system can't open one more file.
        """
        place = self._locate(path)
        if place is None:
            return None
        try:
            # O_NOFOLLOW: the links were resolved a moment ago, and one put there since is not
            # wanted. O_NONBLOCK: opening a named pipe would wait for a writer.
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
        """Return what the folder at the URL path `path` holds, sorted; None if it is no folder.

        The name of a folder within ends with a slash. What can't be had is not listed.
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
        """Return the real place that the URL path `path` names, None if there is none for us."""
        names = segments(path)
        return None if names is None else self._real(self._root.joinpath(*names))

    def _real(self, place: Path) -> Path | None:
        """Return where `place` leads, or None if that is outside or not there."""
        try:
            real = place.resolve(strict=True)
        except OSError as error:
            if error.errno in _ABSENT:
                return None
            raise
        except RuntimeError:  # how Python before 3.13 reports a loop of links
            return None
        return real if real.is_relative_to(self._root) else None


def _content_type(name: str) -> str:
    """Return the media type that a file name suggests."""
    kind, encoding = mimetypes.guess_type(name)
    # "x.tar.gz" is no tar until it is unpacked, and there is no Content-Encoding to say so.
    return "application/octet-stream" if kind is None or encoding else kind
