"""What the disk is asked to confirm, so that it stands after a power cut.

A process that is killed loses nothing that it has written; a machine that loses its power does. A
file is safe when its bytes are on the disk *and* the folder that names it is, too.
"""

from __future__ import annotations

import os
from contextlib import suppress
from functools import lru_cache
from pathlib import Path


def confirm_file(descriptor: int) -> None:
    """Wait until the disk has a file's bytes. Raises OSError."""
    os.fsync(descriptor)


def confirm_name(folder: str) -> None:
    """Wait until the disk has the names in a folder. Raises OSError."""
    _confirm_parents(folder)
    _confirm_folder(folder)


@lru_cache(1024)  # folders
def _confirm_parents(folder: str) -> None:
    """Once is enough: the folder, or one above it, may have been made for us."""
    for parent in Path(folder).absolute().parents:
        with suppress(PermissionError):  # what we may not read, we have not made
            _confirm_folder(str(parent))


def _confirm_folder(folder: str) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
