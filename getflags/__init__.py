"""getflags: a concurrent downloader whose exit code can be believed.

The names below are the library. They are loaded when first used, so that ``getflags --version``
imports neither an HTTP library nor asyncio.
"""

from __future__ import annotations

TYPE_CHECKING = False  # typing's own costs half of Python's start; type checkers know the name
if TYPE_CHECKING:
    from getflags.api import Settings, adownload, download
    from getflags.bundled import serving
    from getflags.errors import Fault, GetflagsError, UsageError
    from getflags.events import Emit, Event, Finished, Progressed, Retrying, Started
    from getflags.inputfile import Entry
    from getflags.model import Checksum, ExitStatus, Outcome, Status, Target
    from getflags.report import Report
    from getflags.throttle import as_completed, as_completed_async

__version__ = "0.1.0"

_HOMES = {
    "api": ("Settings", "adownload", "download"),
    "bundled": ("serving",),
    "errors": ("Fault", "GetflagsError", "UsageError"),
    "events": ("Emit", "Event", "Finished", "Progressed", "Retrying", "Started"),
    "inputfile": ("Entry",),
    "model": ("Checksum", "ExitStatus", "Outcome", "Status", "Target"),
    "report": ("Report",),
    "throttle": ("as_completed", "as_completed_async"),
}

__all__ = [
    "Checksum",
    "Emit",
    "Entry",
    "Event",
    "ExitStatus",
    "Fault",
    "Finished",
    "GetflagsError",
    "Outcome",
    "Progressed",
    "Report",
    "Retrying",
    "Settings",
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
    """Load a public name from its room (PEP 562)."""
    from importlib import import_module

    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"getflags.{home}"), name)
    raise AttributeError(f"module 'getflags' has no attribute {name!r}")
