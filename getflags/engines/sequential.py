"""The sequential engine: one target after the other, on the caller's thread.

The yardstick that the others are measured against, and the shortest way to read what an engine is.
"""

from __future__ import annotations

from contextlib import closing

from getflags.events import Emit, Finished
from getflags.fetch import fetch
from getflags.model import Plan
from getflags.wire import client


def run(plan: Plan, emit: Emit) -> None:
    """See ``getflags.engines``. The limit is 1, whatever the plan allows."""
    with closing(client(plan.client).open_wire(plan.network)) as wire:
        for target in plan.targets:
            emit(Finished(fetch(target, plan.rules, wire, emit)))
