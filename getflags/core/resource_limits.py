"""The limits of the machine: processors, files that may be open at the same time, and threads.

The first two are checked before a run, so that too high a concurrency causes one warning instead of
many errors. That no more threads are granted shows only when one is started.
"""

from __future__ import annotations

import os
import resource
import threading
from contextlib import suppress

from getflags.core.errors import Exhausted, UsageError

# Open files of an engine itself, counted in /proc/PID/fd while all requests were in flight: the
# event loop's pipes and polls, and libcurl's wake-up descriptors. A worker process has the files
# that its parent had open when it was forked, shared memory, and those of its pipe.
_FILES_PER_ENGINE = {"sequential": 0, "threads": 0, "asyncio": 11, "processes": 14}
_FILES_PER_WORKER = 3
_FILES_PER_REQUEST = 2  # a connection and a part file
_FILES_PER_HANDLE = 2  # libcurl's wake-up descriptors; each thread has a handle
# For short moments, each of up to 64 requests has another file open: a second address that is tried
# at the same time, a record of a part, a folder that is flushed. Lists and logs need a few more.
_MOMENTARY = 64
_SPARE = 4
_STANDARD_STREAMS = 3
# libcurl's own limit, four times the connections in use, would close too many of them.
_MAX_IDLE = 1024  # connections


def worker_count(limit: int) -> int:
    """Return how many processes to run: one for each available processor, at most ``limit``."""
    if hasattr(os, "sched_getaffinity"):
        return min(limit, len(os.sched_getaffinity(0)))
    return min(limit, os.cpu_count() or 1)


def max_concurrency(limit: int, engine: str, client: str) -> int:
    """Return how many concurrent requests the limit on open files allows, at most ``limit``.

    The sequential engine makes one at a time, whatever the limit. Raises UsageError if not even one
    is allowed.
    """
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if not _less(soft, _needed(limit, engine, client)):
        return limit
    workers = _processes(limit, engine)
    cost = _cost(engine, client)
    free = soft - _fixed(engine, workers)
    share = max(free // (cost + 1), (free - _MOMENTARY) // cost)
    if share >= 1:
        return min(limit, share * workers)
    least = _needed(1, engine, client)
    if _less(soft, least):
        raise UsageError(
            f"the {engine} engine needs at least {least} open files, but the system allows only "
            f"{soft} (ulimit -n raises the limit)"
        )
    return 1


def raise_file_limit(limit: int, engine: str, client: str) -> None:
    """Raise the soft limit on open files for ``limit`` concurrent requests, if allowed.

    Only a command may call this, because the limit applies to the whole process. A library must not
    change the limits of the program that uses it.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = _needed(limit, engine, client)
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


def _needed(limit: int, engine: str, client: str) -> int:
    """Return how many files one process needs for its share of ``limit`` concurrent requests."""
    workers = _processes(limit, engine)
    share = 1 if engine == "sequential" else -(-limit // workers)
    return _fixed(engine, workers) + share * _cost(engine, client) + min(share, _MOMENTARY)


def _processes(limit: int, engine: str) -> int:
    return worker_count(limit) if engine == "processes" else 1


def _fixed(engine: str, workers: int) -> int:
    pipes = workers * _FILES_PER_WORKER if engine == "processes" else 0
    return _open_files() + _FILES_PER_ENGINE[engine] + pipes + _SPARE


def _cost(engine: str, client: str) -> int:
    own_handle = client == "curl" and engine in {"sequential", "threads"}
    return _FILES_PER_REQUEST + (_FILES_PER_HANDLE if own_handle else 0)


def _open_files() -> int:
    """Return how many files this process has open, or the least number if it can't be found out."""
    try:
        return len(os.listdir("/dev/fd")) - 1  # noqa: PTH208 - fast; 1 is the folder itself
    except OSError:  # no such folder
        return _STANDARD_STREAMS


def max_idle_connections() -> int:
    """Return how many idle connections may stay open for later requests."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _MAX_IDLE if _less(4 * _MAX_IDLE, soft) else max(1, soft // 4 - _SPARE)


def _less(files: int, other: int) -> bool:
    """Return whether one limit is below another; either may be infinite."""
    none = resource.RLIM_INFINITY
    return files != none and (other == none or files < other)
