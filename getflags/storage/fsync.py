"""Flushing files and folders to the disk (``--fsync``), so that they survive a power cut.

Data that a process has written survives the death of the process, but not always a power cut. A
file is safe when both its bytes and the folder entry with its name have been flushed.
"""

from __future__ import annotations

import os
from contextlib import suppress
from functools import lru_cache


def flush_file(descriptor: int) -> None:
    """Flush a file's bytes to the disk. Raises OSError."""
    os.fsync(descriptor)


def flush_folder(folder: str) -> None:
    """Flush a folder's entries to the disk, and its parents' the first time. Raises OSError."""
    _flush_parents(folder)
    _flush_one(folder)


@lru_cache(1024)  # folders; each needs this once, when it may have just been created
def _flush_parents(folder: str) -> None:
    from pathlib import Path

    for parent in Path(folder).absolute().parents:
        with suppress(PermissionError):  # a folder that can't be read was not created by this run
            _flush_one(str(parent))


def _flush_one(folder: str) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
