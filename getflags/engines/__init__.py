"""The engines, which run the transfers of a plan concurrently, and the table of their names.

An engine is one function, ``run(plan, emit) -> None``. It calls ``emit`` on the caller's thread;
every target ends in exactly one ``Finished``; at most ``plan.limit`` requests are in flight; the
targets are read from the plan lazily; a bug in a worker is raised, never counted as a failed file.
Engines decide when and where transfers run; ``getflags.transfer`` decides what they do. ``fetch``
and its twin ``async_fetch`` do the I/O of one transfer.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from math import inf
from typing import TypeAlias, cast

from getflags.core.accepted import AUTO
from getflags.core.errors import UsageError
from getflags.core.events import EventHandler
from getflags.core.models import Plan
from getflags.core.resource_limits import worker_count

Engine: TypeAlias = Callable[[Plan, EventHandler], None]

#: The module of each engine, which contains the function ``run``.
ENGINES = {
    "sequential": "getflags.engines.sequential",
    "threads": "getflags.engines.threads",
    "asyncio": "getflags.engines.event_loop",
    "processes": "getflags.engines.processes",
}
#: From this number of targets on, ``auto`` uses processes, if there are three processors or more:
#: docs/decisions/0008-default-engine.md
PROCESSES_FROM = 1_000
#: The same with two processors, which they may share with the server.
PROCESSES_FROM_WITH_TWO = 10_000
#: Up to this number, it uses threads, which start sooner than asyncio.
THREADS_UP_TO = 100


def select(
    name: str,
    total: int | None,
    limit: int,
    *,
    adaptive: bool = False,
    paced: bool = False,
    cookie_jar: bool = False,
) -> str:
    """Return the engine to use: the named one, or for ``auto`` the best one for the job.

    ``total`` is the number of targets, or None if it is unknown. A short job is faster without
    asyncio, whose import takes 30 ms. For a job of a fraction of a second one processor is enough;
    a longer one is faster on all processors. With ``adaptive``, one process must see all responses
    to adjust the concurrency; with ``cookie_jar``, to collect the cookies. With ``paced``, each
    server belongs to one process, and has no more than its share of the limit. Raises UsageError.
    """
    if cookie_jar and name == "processes":
        raise UsageError(
            "--cookie-jar cannot be used with --engine processes, because each process has cookies "
            "of its own; use --engine asyncio or threads"
        )
    if adaptive and name == "processes":
        raise UsageError(
            "-m auto cannot be used with --engine processes; use --engine asyncio or threads"
        )
    if name == "processes" and _is_daemonic():
        raise UsageError(
            "the processes engine cannot run in a daemonic process, such as a worker of "
            "multiprocessing.Pool; use the asyncio or threads engine"
        )
    if name != AUTO:
        return name
    if adaptive or total is None:
        return "asyncio"
    if total <= THREADS_UP_TO:
        return "threads"
    if paced or cookie_jar or _is_daemonic():
        return "asyncio"
    return "processes" if total >= _processes_from(worker_count(limit)) else "asyncio"


def _processes_from(workers: int) -> float:
    """Return the number of targets from which on several processes are faster than asyncio."""
    return {1: inf, 2: PROCESSES_FROM_WITH_TWO}.get(workers, PROCESSES_FROM)


def _is_daemonic() -> bool:
    """Return whether multiprocessing started this process and forbids it to start others."""
    process = sys.modules.get("multiprocessing.process")  # if it is not imported, it did not
    return process is not None and process.current_process().daemon


def engine(name: str) -> Engine:
    """Return the ``run`` function of the engine called ``name``. Raises UsageError."""
    if name not in ENGINES:
        raise UsageError(f"unknown engine {name!r}; choose from {AUTO}, {', '.join(ENGINES)}")
    return cast("Engine", import_module(ENGINES[name]).run)
