"""The limits of the machine: processors, files that may be open at the same time, and threads.

The first two are checked before a run, so that too high a concurrency causes one warning instead of
many errors. That no more threads are granted shows only when one is started.
"""

from __future__ import annotations

import os
import resource
import threading
from contextlib import suppress

from getflags.core.errors import Exhausted

_FILES_PER_REQUEST = 2  # a connection and a part file
_RESERVE = 128  # files for everything else: standard streams, lists, pipes, idle connections
# libcurl's own limit, four times the connections in use, would close too many of them.
_MAX_IDLE = 1024  # connections


def worker_count(limit: int) -> int:
    """Return how many processes to run: one for each available processor, at most ``limit``."""
    if hasattr(os, "sched_getaffinity"):
        return min(limit, len(os.sched_getaffinity(0)))
    return min(limit, os.cpu_count() or 1)


def max_concurrency(limit: int) -> int:
    """Return how many concurrent requests the limit on open files allows, at most ``limit``."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return (
        limit
        if not _less(soft, _needed(limit))
        else max(1, (soft - _RESERVE) // _FILES_PER_REQUEST)
    )


def raise_file_limit(limit: int) -> None:
    """Raise the soft limit on open files for ``limit`` concurrent requests, if allowed.

    Only a command may call this, because the limit applies to the whole process. A library must not
    change the limits of the program that uses it.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = _needed(limit)
    if _less(soft, needed):
        soft = needed if _less(needed, hard) else hard
        with suppress(OSError, ValueError):  # macOS has a second, lower limit
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def start_thread(thread: threading.Thread) -> None:
    """Start a thread. Raises Exhausted if the system can't start one now; a retry may succeed."""
    try:
        thread.start()
    except RuntimeError as error:
        raise Exhausted("cannot start a thread: the system limit is reached") from error


def _needed(limit: int) -> int:
    return limit * _FILES_PER_REQUEST + _RESERVE


def max_idle_connections() -> int:
    """Return how many idle connections may stay open for later requests."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _MAX_IDLE if _less(4 * _MAX_IDLE, soft) else max(1, soft // 4)


def _less(files: int, other: int) -> bool:
    """Return whether one limit is below another; either may be infinite."""
    none = resource.RLIM_INFINITY
    return files != none and (other == none or files < other)
