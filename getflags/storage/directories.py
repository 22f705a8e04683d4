"""Checks of the output folder before the first request, and how the system compares file names."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from typing import NamedTuple

from getflags.core.deferred_signals import signals_deferred
from getflags.core.errors import NotSaved, UsageError
from getflags.core.models import Target
from getflags.core.text import quoted
from getflags.storage.os_errors import DISK_ERRORS, not_saved
from getflags.storage.part_file import PartFile
from getflags.targets.filenames import PART_PREFIX, check_folder

_serial = itertools.count()  # next() is atomic, so no two threads get the same number


def make_folder(folder: str) -> None:
    """Create a folder if it is missing, and check that files can be created in it.

    Raises UsageError.
    """
    try:
        try:
            check_folder(folder)
            os.makedirs(folder, exist_ok=True)  # noqa: PTH103
        except DISK_ERRORS as error:
            raise not_saved(error) from error
        # The probe's empty name collides with no target. A signal must not leave the probe in the
        # folder.
        with signals_deferred(lambda: None), PartFile(Target(0, "", "", "", folder, "")) as probe:
            probe.open()
    except NotSaved as refusal:
        raise UsageError(f"cannot write to the folder {quoted(folder)}: {refusal}") from None


def real_folder(folder: str) -> str:
    """Return a folder's absolute path without symbolic links, so that two paths can be compared."""
    return os.path.realpath(folder)


class Comparison(NamedTuple):
    """How a file system compares names: whether it ignores case, and whether it normalizes them.

    One that normalizes takes a composed character and its parts for the same (Unicode Annex 15).
    """

    ignores_case: bool = False
    normalizes: bool = False


class NameKeys:
    """A function that returns a path in the form in which its file system compares it.

    Two paths with the same key are the same file. The folder itself is asked, because any system
    may have file systems of any kind: exFAT, SMB, a folder of ext4 that ignores case. With
    ``read_only``, nothing is created to find out.
    """

    def __init__(self, *, read_only: bool = False) -> None:
        probed = lru_cache(1024)(compare_read_only if read_only else compare)
        # For thousands of folders that do not exist yet, the one above them is asked once.
        self._comparison = lru_cache(1024)(lambda folder: probed(_existing(folder)))

    def __call__(self, path: str) -> str:
        """Return the key of an absolute path."""
        ignores_case, normalizes = self._comparison(path.rpartition("/")[0] or "/")
        if normalizes:
            from unicodedata import normalize  # most file systems do not need it

            path = normalize("NFC", path)
        return path.casefold() if ignores_case else path


def compare(folder: str) -> Comparison:
    """Return how the file system of a folder compares names.

    A file is created there and looked up under other names. If no file can be created, the usual
    comparison is assumed.
    """
    with signals_deferred(lambda: None):
        for accented in ("\u00e9", "e"):  # some file systems cannot store all characters
            stem = f"{folder}/{PART_PREFIX}%s{accented}-{os.getpid():x}-{next(_serial):x}"
            with suppress(OSError, ValueError):
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
                os.close(os.open(stem % "Probe", flags, 0o600))
                found = Comparison(_exists(stem % "pROBE"), _exists(_decomposed(stem % "Probe")))
                os.unlink(stem % "Probe")  # noqa: PTH108 - as above
                return found._replace(normalizes=found.normalizes and not accented.isascii())
    return Comparison()


def compare_read_only(folder: str) -> Comparison:
    """Do the same without creating a file: look up a name in the folder under other names.

    If the folder has no name that could be written in another way, the usual comparison is assumed.
    """
    try:
        names = set(os.listdir(folder))  # noqa: PTH208 - Path would be slower
    except OSError:
        return Comparison()

    def finds(change: Callable[[str], str]) -> bool:
        others = ((name, change(name)) for name in names)
        found = next((other for name, other in others if other not in names), None)
        return found is not None and _exists(f"{folder}/{found}")

    return Comparison(finds(str.swapcase), finds(_denormalized))


def _existing(folder: str) -> str:
    """Return the nearest folder that exists: this one, or one above it."""
    while not os.path.isdir(folder) and len(folder) > 1:  # noqa: PTH112 - Path would be slower
        folder = os.path.dirname(folder)  # noqa: PTH120 - as above
    return folder


def _exists(path: str) -> bool:
    return os.path.lexists(path)


def _decomposed(path: str) -> str:
    from unicodedata import normalize

    folder, slash, name = path.rpartition("/")
    return folder + slash + normalize("NFD", name)


def _denormalized(name: str) -> str:
    """Return a name in the other form: composed characters, or their parts."""
    from unicodedata import normalize

    parts = normalize("NFD", name)
    return parts if parts != name else normalize("NFC", name)
