"""The sequential engine: one target after another, on the caller's thread.

It is the baseline of benchmarks, and the simplest engine to read.
"""

from __future__ import annotations

from contextlib import closing
from time import monotonic, sleep

from getflags.core.events import EventHandler
from getflags.core.models import Plan
from getflags.rates.rate_limit import RateLimiter
from getflags.scheduling.bounded_concurrency import Nothing
from getflags.scheduling.scheduler import Agenda
from getflags.transfer.run import fetch
from getflags.transport import client


def run(plan: Plan, emit: EventHandler) -> None:
    """See ``getflags.engines``. The limit is 1, whatever the plan allows."""
    with closing(client(plan.client).open_transport(plan.network)) as transport:
        limiter = RateLimiter(plan.network.limit_rate, monotonic)
        agenda = Agenda(plan.targets, plan.rules, monotonic, plan.most)
        while True:
            transfer = agenda.take()
            if not isinstance(transfer, Nothing):
                tried = fetch(transfer, plan.rules, transport, limiter, emit)
                for event in agenda.returned(tried):
                    emit(event)
            elif agenda.over:
                return
            else:
                sleep(agenda.wait() or 0)
