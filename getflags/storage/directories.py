"""Folders, and how the file system compares names, before anything is requested."""

from __future__ import annotations

import os
import sys

from getflags.core.errors import NotSaved, UsageError
from getflags.core.models import Target
from getflags.core.text import quoted
from getflags.storage.os_errors import refusals
from getflags.storage.part_file import Part
from getflags.targets.filenames import check_folder


def make_folder(folder: str) -> None:
    """Make sure that files can be made in a folder, before anything is requested.

    Raises UsageError.
    """
    try:
        with refusals:
            check_folder(folder)
            os.makedirs(folder, exist_ok=True)  # noqa: PTH103
        with Part(Target(0, "", "", "", folder, "")) as probe:  # no target's name
            probe.open()
    except NotSaved as refusal:
        raise UsageError(f"cannot write to the folder {quoted(folder)}: {refusal}") from None


def real_folder(folder: str) -> str:
    """Return the one true name of a folder, so that two spellings of it are seen to be one."""
    return os.path.realpath(folder)


def folds_case() -> bool:
    """Whether this system's usual file systems take ``A`` and ``a`` for one name."""
    return sys.platform == "darwin"
