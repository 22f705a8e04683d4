"""getflags: a concurrent downloader whose exit code can be believed.

The public names are loaded when they are first used, so that ``getflags --version`` imports neither
an HTTP library nor asyncio.
"""

from __future__ import annotations

TYPE_CHECKING = False  # type checkers treat it like typing's, whose import is slow
if TYPE_CHECKING:
    from getflags.api import SettingsDict, adownload, download
    from getflags.core.errors import Fault, GetflagsError, UsageError
    from getflags.core.events import (
        Adjusted,
        Event,
        EventHandler,
        Finished,
        Progressed,
        Resumed,
        Retrying,
        Slowed,
        Started,
    )
    from getflags.core.models import Checksum, ExitStatus, Outcome, Status, Target
    from getflags.core.settings import Settings
    from getflags.output.summary import Report
    from getflags.scheduling.bounded_concurrency import as_completed
    from getflags.scheduling.bounded_tasks import as_completed_async
    from getflags.targets.list_file import Entry
    from getflags.testing.bundled import serving

__version__ = "0.1.0"

UNSUPPORTED = "getflags runs on Linux and macOS; on Windows it needs WSL"

_MODULES = {
    "api": ("SettingsDict", "adownload", "download"),
    "core.errors": ("Fault", "GetflagsError", "UsageError"),
    "core.events": (
        "Adjusted",
        "EventHandler",
        "Event",
        "Finished",
        "Progressed",
        "Resumed",
        "Retrying",
        "Slowed",
        "Started",
    ),
    "core.models": ("Checksum", "ExitStatus", "Outcome", "Status", "Target"),
    "core.settings": ("Settings",),
    "output.summary": ("Report",),
    "scheduling.bounded_concurrency": ("as_completed",),
    "scheduling.bounded_tasks": ("as_completed_async",),
    "targets.list_file": ("Entry",),
    "testing.bundled": ("serving",),
}

__all__ = [
    "Adjusted",
    "Checksum",
    "Entry",
    "Event",
    "EventHandler",
    "ExitStatus",
    "Fault",
    "Finished",
    "GetflagsError",
    "Outcome",
    "Progressed",
    "Report",
    "Resumed",
    "Retrying",
    "Settings",
    "SettingsDict",
    "Slowed",
    "Started",
    "Status",
    "Target",
    "UsageError",
    "adownload",
    "as_completed",
    "as_completed_async",
    "download",
    "serving",
]


def __getattr__(name: str) -> object:
    """Import a public name from its module (PEP 562). Raises ImportError on Windows."""
    import sys
    from importlib import import_module

    for module, names in _MODULES.items():
        if name in names:
            if sys.platform == "win32":
                raise ImportError(UNSUPPORTED)
            return getattr(import_module(f"getflags.{module}"), name)
    raise AttributeError(f"module 'getflags' has no attribute {name!r}")
