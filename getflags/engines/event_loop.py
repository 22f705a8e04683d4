"""The asyncio engine: one thread, one event loop, a task for each target in flight.

``run`` creates its own event loop (uvloop if installed) and handles signals; ``arun`` runs the same
engine inside the caller's event loop.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing, suppress
from importlib.util import find_spec
from time import monotonic
from typing import Any

from getflags.core.accepted import AUTO
from getflags.core.deferred_signals import signals_deferred
from getflags.core.errors import UsageError
from getflags.core.events import Event, EventHandler
from getflags.core.models import Plan
from getflags.engines.async_fetch import afetch
from getflags.rates.rate_limit import RateLimiter
from getflags.scheduling.bounded_concurrency import JobSource
from getflags.scheduling.bounded_tasks import as_completed_async
from getflags.scheduling.scheduler import Scheduler
from getflags.transfer.transfer import Transfer
from getflags.transport import AsyncTransport, client

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run(plan: Plan, emit: EventHandler) -> None:
    """See ``getflags.engines``. Raises UsageError inside a running event loop, as in a notebook.

    A thread can run only one loop at a time. The other engines work there, but block that loop.
    """
    with suppress(RuntimeError):  # raised if no loop is running
        asyncio.get_running_loop()
        raise UsageError(
            "download() cannot run the asyncio engine inside a running event loop; "
            "await adownload() instead"
        )
    drive(plan, emit, Scheduler.of(plan, monotonic))


def drive(plan: Plan, emit: EventHandler, scheduler: Scheduler) -> None:
    """Run all transfers of the scheduler in a new event loop."""
    loop = new_loop(plan.loop)
    job = loop.create_task(_download_all(plan, emit, scheduler))
    try:
        _run_until_signalled(loop, job)
    finally:
        # asyncio.run is not used because it would wait for the executor's threads, and one of them
        # may be blocked in a DNS lookup for half a minute.
        loop.close()


async def arun(plan: Plan, emit: EventHandler) -> None:
    """Run the engine in the caller's event loop."""
    await _download_all(plan, emit, Scheduler.of(plan, monotonic))


async def _download_all(plan: Plan, emit: EventHandler, scheduler: Scheduler) -> None:
    limiter = RateLimiter(plan.network.limit_rate, monotonic)
    library = client(plan.client, decoding=plan.options.compressed)
    transport = library.open_async_transport(plan.network)

    def work(transfer: Transfer) -> Coroutine[None, None, Transfer]:
        return afetch(transfer, plan.options, transport, limiter, emit)

    try:
        if plan.options.split > 1:
            await _run_with_streams(plan, emit, scheduler, transport, limiter)
        else:
            tried = as_completed_async(scheduler, work, plan.limit)
            await _emit_all(tried, scheduler.returned, emit)
    finally:
        await transport.close()


async def _emit_all(
    ended: AsyncGenerator[Any, None], returned: Callable[[Any], list[Event]], emit: EventHandler
) -> None:
    """Emit the events that follow from each job that has ended."""
    async with aclosing(ended):
        async for job in ended:
            for event in returned(job):
                emit(event)


async def _run_with_streams(
    plan: Plan, emit: EventHandler, scheduler: Scheduler, transport: AsyncTransport,
    limiter: RateLimiter,
) -> None:  # fmt: skip
    """Run all transfers of the scheduler, with several connections for a large file."""
    from getflags.engines.splitting.async_streams import arun_job  # most runs do not need it
    from getflags.engines.splitting.stream_jobs import Job, StreamJobs

    jobs = StreamJobs(scheduler)

    def work(job: Job) -> Coroutine[None, None, Job]:
        return arun_job(job, transport, limiter, emit, jobs)

    source: JobSource[Job] = jobs
    await _emit_all(as_completed_async(source, work, plan.limit), jobs.returned, emit)


def new_loop(name: str) -> asyncio.AbstractEventLoop:
    """Create the event loop called ``name``. Raises UsageError."""
    if name == "asyncio" or (name == AUTO and find_spec("uvloop") is None):
        return asyncio.new_event_loop()
    try:
        import uvloop
    except ImportError:
        raise UsageError("uvloop is not installed; run: pip install uvloop") from None
    return uvloop.new_event_loop()


def _run_until_signalled(loop: asyncio.AbstractEventLoop, job: asyncio.Task[None]) -> None:
    """Run the job. A signal cancels it; its handler's exception is raised after the cleanup."""
    in_main_thread = threading.current_thread() is threading.main_thread()
    with signals_deferred(lambda: loop.call_soon_threadsafe(job.cancel)) as raised:
        for number in _SIGNALS if in_main_thread else ():
            _wake_on_signal(loop, number)
        try:
            loop.run_until_complete(job)
            loop.run_until_complete(loop.shutdown_asyncgens())
        except asyncio.CancelledError:
            if not raised:
                raise
        finally:
            for number in _SIGNALS if in_main_thread else ():
                _stop_waking(loop, number)


def _wake_on_signal(loop: asyncio.AbstractEventLoop, number: int) -> None:
    """Wake the loop on a signal, which uvloop would ignore, and keep the signal's handler."""
    handler = signal.getsignal(number)
    if callable(handler):
        loop.add_signal_handler(number, lambda: None)
        signal.signal(number, handler)


def _stop_waking(loop: asyncio.AbstractEventLoop, number: int) -> None:
    handler = signal.getsignal(number)
    loop.remove_signal_handler(number)  # resets the handler to the default
    signal.signal(number, handler)
