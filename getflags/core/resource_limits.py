"""What the machine grants us: processors, and files that may be open at a time.

Asked before a run begins, so that too much to ask for is one warning and not a storm of errors.
"""

from __future__ import annotations

import os
import resource
from contextlib import suppress

_EACH = 2  # a connection and a part file for each request in flight
_SPARE = 128  # for all else: standard streams, lists, pipes, idle connections
_KEPT = 1024  # connections; libcurl's own idea, four times those in use, closes too many


def workers_for(limit: int) -> int:
    """Return how many processes are worth having: one for each processor that we may use."""
    if hasattr(os, "sched_getaffinity"):
        return min(limit, len(os.sched_getaffinity(0)))
    return min(limit, os.cpu_count() or 1)


def affordable(limit: int) -> int:
    """Return how many requests at a time we may have open files for, ``limit`` at most."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return limit if not _less(soft, _needed(limit)) else max(1, (soft - _SPARE) // _EACH)


def allow(limit: int) -> None:
    """Raise the process's soft limit on open files, as far as so many requests at a time need it.

    And as far as the system lets us. For a command, which has its process to itself; a library must
    leave its host's limits as they are.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = _needed(limit)
    if _less(soft, needed):
        soft = needed if _less(needed, hard) else hard
        with suppress(OSError, ValueError):  # macOS has a limit beyond the limit
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def _needed(limit: int) -> int:
    return limit * _EACH + _SPARE


def keepable() -> int:
    """Return how many connections to servers may stay open for later requests."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _KEPT if _less(4 * _KEPT, soft) else max(1, soft // 4)


def _less(files: int, other: int) -> bool:
    """Compare two limits, of which either may be none at all."""
    none = resource.RLIM_INFINITY
    return files != none and (other == none or files < other)
