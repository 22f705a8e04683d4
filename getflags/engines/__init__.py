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

from getflags.errors import UsageError
from getflags.events import Emit
from getflags.model import Plan

Engine: TypeAlias = Callable[[Plan, Emit], None]

#: The module of each engine; it has ``run``.
ENGINES = {
    "sequential": "getflags.engines.sequential",
    "threads": "getflags.engines.threads",
    "asyncio": "getflags.engines.event_loop",
}
DEFAULT = "asyncio"


def engine(name: str) -> Engine:
    """Load the engine of that name. Raises UsageError."""
    if name not in ENGINES:
        raise UsageError(f"unknown engine {name!r}; there are {', '.join(ENGINES)}")
    return cast("Engine", import_module(ENGINES[name]).run)
