"""Engines: when and where fetches run, and nothing else.

The contract is one function, ``run(plan, emit) -> None``. ``emit`` is called on the caller's
thread; every target ends in exactly one ``Finished``; at most ``plan.limit`` requests are in
flight; the plan's targets are pulled as they are needed; a worker's bug is raised, never counted
as a failed file. What a fetch does is none of an engine's business. Here stands their table.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TypeAlias, cast

from getflags.core.accepted import AUTO
from getflags.core.errors import UsageError
from getflags.core.events import EventHandler
from getflags.core.models import Plan
from getflags.core.resource_limits import worker_count

Engine: TypeAlias = Callable[[Plan, EventHandler], None]

#: The module of each engine; it has ``run``.
ENGINES = {
    "sequential": "getflags.engines.sequential",
    "threads": "getflags.engines.threads",
    "asyncio": "getflags.engines.event_loop",
    "processes": "getflags.engines.processes",
}
#: So many targets make it worth starting processes: docs/decisions/0008-default-engine.md
MANY = 1_000


def suited(name: str, total: int | None, limit: int, *, adaptive: bool = False) -> str:
    """Return the engine to use: the one that was named, or for ``auto`` the one that suits.

    ``total`` is the number of targets, None where nobody knows. One processor carries what takes
    a fraction of a second; a longer job gains by having all of them. Where the limit is found out
    on the way, one process has to know all that comes back. Raises UsageError.
    """
    if adaptive and name == "processes":
        raise UsageError("with -m auto one process decides: take --engine asyncio or threads")
    if name != AUTO:
        return name
    if adaptive:
        return "asyncio"
    large = total is not None and total >= MANY and worker_count(limit) > 1
    return "processes" if large else "asyncio"


def engine(name: str) -> Engine:
    """Load the engine of that name. Raises UsageError."""
    if name not in ENGINES:
        raise UsageError(f"unknown engine {name!r}; there are {AUTO}, {', '.join(ENGINES)}")
    return cast("Engine", import_module(ENGINES[name]).run)
