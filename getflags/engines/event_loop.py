"""The asyncio engine: one thread, one event loop, a task for each target in flight.

``run`` owns its loop (uvloop where it runs) and its signals; ``arun`` is the same engine inside a
loop that somebody else runs. Long bodies reach the disk through ``spill``.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from contextlib import aclosing, suppress
from importlib.util import find_spec
from time import monotonic

from getflags.core.accepted import AUTO
from getflags.core.deferred_signals import signals_deferred
from getflags.core.errors import UsageError
from getflags.core.events import EventHandler
from getflags.core.models import Plan
from getflags.rates.rate_limit import Pace
from getflags.scheduling.bounded_concurrency import as_completed_async
from getflags.scheduling.scheduler import Scheduler
from getflags.transfer.run import afetch
from getflags.transfer.transfer import Transfer
from getflags.transport import client


def run(plan: Plan, emit: EventHandler) -> None:
    """See ``getflags.engines``. Raises UsageError where an event loop is running (a notebook's).

    A thread runs one loop at a time. The other engines work there, and block that loop meanwhile.
    """
    with suppress(RuntimeError):  # no loop is running here
        asyncio.get_running_loop()
        raise UsageError(
            "download() cannot run the asyncio engine inside a running event loop; "
            "await adownload() instead"
        )
    drive(plan, emit, Scheduler(plan.targets, plan.options, monotonic, plan.max_per_host))


def drive(plan: Plan, emit: EventHandler, scheduler: Scheduler) -> None:
    """Run all transfers of the scheduler, on a loop of our own."""
    loop = new_loop(plan.loop)
    job = loop.create_task(_through(plan, emit, scheduler))
    try:
        _run_until_signalled(loop, job)
    finally:
        # Not asyncio.run, which would first wait for the executor's threads: one may sit in the
        # resolver for half a minute.
        loop.close()


async def arun(plan: Plan, emit: EventHandler) -> None:
    """Run the engine in the current event loop."""
    await _through(plan, emit, Scheduler(plan.targets, plan.options, monotonic, plan.max_per_host))


async def _through(plan: Plan, emit: EventHandler, scheduler: Scheduler) -> None:
    pace = Pace(plan.network.limit_rate, monotonic)
    wire = client(plan.client).open_async_wire(plan.network)

    async def work(transfer: Transfer) -> Transfer:
        return await afetch(transfer, plan.options, wire, pace, emit)

    try:
        async with aclosing(as_completed_async(scheduler, work, plan.limit)) as tried:
            async for transfer in tried:
                for event in scheduler.returned(transfer):
                    emit(event)
    finally:
        await wire.close()


def new_loop(name: str) -> asyncio.AbstractEventLoop:
    """Make the event loop of that name. Raises UsageError."""
    if name == "asyncio" or (name == AUTO and find_spec("uvloop") is None):
        return asyncio.new_event_loop()
    try:
        import uvloop
    except ImportError:
        raise UsageError("uvloop is not installed: pip install uvloop") from None
    return uvloop.new_event_loop()


def _run_until_signalled(loop: asyncio.AbstractEventLoop, job: asyncio.Task[None]) -> None:
    """Run the job; a signal cancels it, and has its effect when all is tidied up."""
    loop_minds = threading.current_thread() is threading.main_thread()
    with signals_deferred(lambda: loop.call_soon_threadsafe(job.cancel)) as raised:
        for number in (signal.SIGINT, signal.SIGTERM) if loop_minds else ():
            _wake_up_at(loop, number)
        try:
            loop.run_until_complete(job)
            loop.run_until_complete(loop.shutdown_asyncgens())
        except asyncio.CancelledError:
            if not raised:
                raise
        finally:
            for number in (signal.SIGINT, signal.SIGTERM) if loop_minds else ():
                _wake_up_no_more(loop, number)


def _wake_up_at(loop: asyncio.AbstractEventLoop, number: int) -> None:
    """Make the loop notice a signal at once; uvloop sleeps on otherwise. The handler stays."""
    handler = signal.getsignal(number)
    if callable(handler):
        loop.add_signal_handler(number, lambda: None)
        signal.signal(number, handler)


def _wake_up_no_more(loop: asyncio.AbstractEventLoop, number: int) -> None:
    handler = signal.getsignal(number)
    loop.remove_signal_handler(number)  # which forgets what was there before
    signal.signal(number, handler)
