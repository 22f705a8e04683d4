"""The sequential engine: one target after another, on the caller's thread.

It is the baseline for benchmarks, and the simplest engine to read.
"""

from __future__ import annotations

from contextlib import closing
from threading import Event
from time import monotonic

from getflags.core.deferred_signals import signals_deferred
from getflags.core.events import EventHandler
from getflags.core.feed import NO_JOB
from getflags.core.models import Plan
from getflags.engines.fetch import fetch
from getflags.rates.rate_limit import RateLimiter
from getflags.scheduling.scheduler import Scheduler
from getflags.transport import client


def run(plan: Plan, emit: EventHandler) -> None:
    """See ``getflags.engines``. The limit is 1, whatever the plan allows."""
    library = client(plan.client, decoding=plan.options.compressed)
    with closing(library.open_transport(plan.network)) as transport:
        limiter = RateLimiter(plan.network.limit_rate, monotonic)
        scheduler = Scheduler.of(plan, monotonic, in_order=True)

        def abort() -> None:
            limiter.stop()
            transport.abort()

        woken = Event()
        scheduler.wake = woken.set
        while True:
            woken.clear()
            transfer = scheduler.take()
            if transfer is not NO_JOB:
                # A signal interrupts the request, as in a thread, but never the handling of a file.
                with signals_deferred(abort):
                    tried = fetch(transfer, plan.options, transport, limiter, emit)
                for event in scheduler.returned(tried):
                    emit(event)
            elif scheduler.exhausted:
                return
            else:
                woken.wait(scheduler.delay())
