"""Checks of the output folder before the first request, and how the system compares file names."""

from __future__ import annotations

import os
import sys

from getflags.core.deferred_signals import signals_deferred
from getflags.core.errors import NotSaved, UsageError
from getflags.core.models import Target
from getflags.core.text import quoted
from getflags.storage.os_errors import disk_errors
from getflags.storage.part_file import PartFile
from getflags.targets.filenames import check_folder


def make_folder(folder: str) -> None:
    """Create a folder if it is missing, and check that files can be created in it.

    Raises UsageError.
    """
    try:
        with disk_errors:
            check_folder(folder)
            os.makedirs(folder, exist_ok=True)  # noqa: PTH103
        # The probe's empty name collides with no target. A signal must not leave the probe in the
        # folder.
        with signals_deferred(lambda: None), PartFile(Target(0, "", "", "", folder, "")) as probe:
            probe.open()
    except NotSaved as refusal:
        raise UsageError(f"cannot write to the folder {quoted(folder)}: {refusal}") from None


def real_folder(folder: str) -> str:
    """Return a folder's absolute path without symbolic links, so that two paths can be compared."""
    return os.path.realpath(folder)


def folds_case() -> bool:
    """Return whether this system's usual file systems ignore case in names (``A`` and ``a``)."""
    return sys.platform == "darwin"
