"""The sequential engine: one target after the other, on the caller's thread.

The yardstick that the others are measured against, and the shortest way to read what an engine is.
"""

from __future__ import annotations

from contextlib import closing
from time import monotonic, sleep

from getflags.core.events import EventHandler
from getflags.core.models import Plan
from getflags.rates.rate_limit import Pace
from getflags.scheduling.bounded_concurrency import NoJob
from getflags.scheduling.scheduler import Scheduler
from getflags.transfer.run import fetch
from getflags.transport import client


def run(plan: Plan, emit: EventHandler) -> None:
    """See ``getflags.engines``. The limit is 1, whatever the plan allows."""
    with closing(client(plan.client).open_wire(plan.network)) as wire:
        pace = Pace(plan.network.limit_rate, monotonic)
        scheduler = Scheduler(plan.targets, plan.options, monotonic, plan.max_per_host)
        while True:
            transfer = scheduler.take()
            if not isinstance(transfer, NoJob):
                tried = fetch(transfer, plan.options, wire, pace, emit)
                for event in scheduler.returned(tried):
                    emit(event)
            elif scheduler.exhausted:
                return
            else:
                sleep(scheduler.delay() or 0)
