"""Temporary folders, and those that killed processes have left.

A folder is in use as long as its lock is held: the system releases it when the process dies.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from time import sleep
from typing import IO

_PREFIX = "getflags-shards-"
_LOCK = "lock"
_TRIES, _PAUSE = 10, 0.1  # to delete a folder, and seconds between them


@contextmanager
def scratch(parent: str | None = None) -> Iterator[Path]:
    """Yield an empty folder, and delete it at the end.

    It is in the folder ``parent``, by default the system's temporary folder.
    """
    _sweep(parent)
    folder, lock = _locked(parent)
    try:
        with lock:
            yield folder
    finally:
        _delete(folder)


@contextmanager
def swept() -> Iterator[None]:
    """Delete the folders of processes that have died, at the end of the block."""
    try:
        yield
    finally:
        _sweep(None)


def _locked(parent: str | None) -> tuple[Path, IO[bytes]]:
    """Make a folder and hold its lock."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
        with ExitStack() as stack:
            try:
                lock = stack.enter_context((folder / _LOCK).open("wb"))
                fcntl.flock(lock, fcntl.LOCK_EX)
            except FileNotFoundError:
                continue  # it was deleted before it had its lock
            except OSError:
                shutil.rmtree(folder, ignore_errors=True)
                raise
            if os.fstat(lock.fileno()).st_nlink:  # else it was deleted before the lock was held
                stack.pop_all()
                return folder, lock


def _delete(folder: Path) -> None:
    """Delete a folder to which processes that are ending may still write.

    The lock is deleted last: if this process is killed, others find it and delete the rest.
    """
    for _ in range(_TRIES):
        with suppress(FileNotFoundError):  # another process may be deleting it, too
            for each in folder.glob("*"):
                if each.is_dir():
                    shutil.rmtree(each, ignore_errors=True)
                elif each.name != _LOCK:
                    with suppress(OSError):
                        each.unlink()
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        sleep(_PAUSE)


def _sweep(parent: str | None) -> None:
    """Delete the folders of processes that have died."""
    for folder in Path(parent or tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        try:
            found = folder.lstat()
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
                continue  # in a folder for all users, anybody may have made a symlink of this name
            with (folder / _LOCK).open("rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _delete(folder)
        except FileNotFoundError:
            with suppress(OSError):  # its process died before it had made the lock
                folder.rmdir()
        except OSError:  # in use, or another user's
            continue
