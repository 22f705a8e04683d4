"""Files under names that servers have chosen: none is ever replaced, and records find them again.

The name of the part file depends on the URL, so a later run resumes it. Only the complete file gets
the server's name, or that name with the first number that is free. The name is claimed with a hard
link, which never replaces a file, so neither another process nor another target of the run can take
it in between, also on a file system that ignores case.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

from getflags.core.models import Exists, FetchRecord, OnDisk, ResumeRecord, Target
from getflags.storage.existing import Cancelled, never
from getflags.storage.locked_file import SAFE
from getflags.storage.os_errors import DISK_ERRORS, not_saved
from getflags.storage.part_file import PartFile
from getflags.storage.records import fetch_record
from getflags.targets.filenames import numbered


class ServerNames:
    """The files of a run's folders by URL; called for each try, it opens the target's part file.

    ``reserved`` are the canonical paths of files that getflags itself will write at the end of the
    run.
    """

    def __init__(self, reserved: tuple[str, ...] = ()) -> None:
        self._reserved = reserved
        self._files: dict[str, dict[str, str]] = {}  # folder → hash of a URL → name
        self._next: dict[str, int] = {}  # the next number, for names that were taken
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[type[ServerNames], tuple[tuple[str, ...]]]:
        """Return what a process needs to make its own: it finds the same files."""
        return ServerNames, (self._reserved,)

    def __call__(
        self,
        target: Target,
        resumable: Callable[[], ResumeRecord | None],
        *,
        fsync: bool = False,
    ) -> NamedFile:
        """Return the part file of a target."""
        return NamedFile(self, target, resumable, fsync=fsync)

    def find(self, folder: str, url: str) -> str | None:
        """Return the name of the file that an earlier run has downloaded from a URL.

        The records of a folder are read once. Raises OSError.
        """
        with self._lock:
            found = self._files.get(folder)
            if found is None:
                found = self._files[folder] = fetch_record.names(folder)
        return found.get(fetch_record.hash_url(url))

    def install(self, temporary: str, folder: str, name: str) -> str:
        """Give a file the first free name; return the name. Raises OSError."""
        path = f"{folder}/{name}"
        number = self._next.get(path, 0)
        while self._is_reserved(folder, free := numbered(name, number)) or not _rename_to_new(
            temporary, f"{folder}/{free}"
        ):
            number += 1
            self._next[path] = number
        return free

    def _is_reserved(self, folder: str, name: str) -> bool:
        if not self._reserved:
            return False
        path = f"{os.path.realpath(folder)}/{name}".casefold()  # a needless number does no harm
        return any(path == each.casefold() for each in self._reserved)


class NamedFile(PartFile):
    """A part file whose final name the server may choose."""

    def __init__(
        self,
        names: ServerNames,
        target: Target,
        resumable: Callable[[], ResumeRecord | None],
        *,
        fsync: bool,
    ) -> None:
        super().__init__(target, resumable, fsync=fsync)
        self._names = names
        self._above, _, self._own = target.name.rpartition("/")
        self._wanted = self._own

    def lookup_is_slow(self, exists: Exists) -> bool:
        """Return whether ``on_disk`` may take long, because it reads the records of a folder."""
        return exists is not Exists.OVERWRITE

    def on_disk(self, exists: Exists, cancelled: Cancelled = never) -> OnDisk | None:
        """Return the file that was downloaded from the target's URL, whatever its name is.

        The name alone proves nothing: a server may have chosen it for another target.
        """
        if exists is Exists.OVERWRITE or self._target.flaw:
            return None
        try:
            urls = (self._target.url, *self._target.mirrors)
            names = (self._names.find(self._folder, url) for url in urls)
            name = next(filter(None, names), None)
        except DISK_ERRORS as error:
            raise not_saved(error) from error
        if name is None:
            return None
        self.path = f"{self._folder}/{name}"
        found = super().on_disk(exists, cancelled)
        return found and found._replace(name=self._relative(name))

    def install(
        self, modified: int | None = None, record: FetchRecord | None = None
    ) -> OnDisk | None:
        """Rename the part file to the server's name, or a free one. Raises NotSaved."""
        self._exists = Exists.FAIL  # no file is replaced, so its permissions do not matter either
        self._wanted = (record and record.name) or self._own
        url_hash = fetch_record.hash_url(self._target.url)
        return super().install(modified, record and record._replace(url_hash=url_hash))

    def _rename_to_new(self, exists: Exists) -> None:  # noqa: ARG002 - it is always the same
        name = self._names.install(self._temporary, self._folder, self._wanted)
        self.saved_as = self._relative(name)

    def _relative(self, name: str) -> str:
        """Return a name relative to the target's folder; empty if it is the target's own."""
        if name == self._own:
            return ""
        return f"{self._above}/{name}" if self._above else name


def _rename_to_new(source: str, path: str) -> bool:
    """Rename a file; return False if the new name is taken. Raises OSError.

    Without hard links (FAT), an empty file takes the name first, for some microseconds.
    """
    try:
        os.link(source, path)
    except FileExistsError:
        return False
    except OSError:
        return _rename_over_placeholder(source, path)
    os.unlink(source)  # noqa: PTH108 - Path would cost 3 us a file here
    return True


def _rename_over_placeholder(source: str, path: str) -> bool:
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | SAFE, 0o666))
    except FileExistsError:
        return False
    try:
        os.replace(source, path)  # noqa: PTH105 - as above
    except BaseException:
        os.unlink(path)  # noqa: PTH108
        raise
    return True
