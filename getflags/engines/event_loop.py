"""The asyncio engine: one thread, one event loop, a task for each target in flight.

``run`` owns its loop (uvloop where it runs) and its signals; ``arun`` is the same engine inside a
loop that somebody else runs. Long bodies reach the disk through ``spill``.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable
from contextlib import aclosing
from importlib.util import find_spec
from types import FrameType

from getflags.errors import UsageError
from getflags.events import Emit, Finished
from getflags.fetch import afetch
from getflags.model import Outcome, Plan, Target
from getflags.throttle import as_completed_async
from getflags.wire import AsyncWire, client

LOOPS = ("auto", "uvloop", "asyncio")


def run(plan: Plan, emit: Emit) -> None:
    """See ``getflags.engines``."""
    loop = new_loop(plan.loop)
    job = loop.create_task(arun(plan, emit))
    try:
        _run_until_signalled(loop, job)
        loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        # Not asyncio.run: it waits for the executor's threads, and one of them may sit in the
        # resolver for half a minute.
        loop.close()


async def arun(plan: Plan, emit: Emit) -> None:
    """Run the engine in the current event loop."""
    library = client(plan.client)
    idle: list[AsyncWire] = []  # a stack: the last connection used is the likeliest to be alive

    async def work(target: Target) -> Outcome:
        wire = idle.pop() if idle else library.open_async_wire(plan.network)
        try:
            return await afetch(target, plan.rules, wire, emit)
        finally:
            idle.append(wire)

    try:
        async with aclosing(as_completed_async(plan.targets, work, plan.limit)) as outcomes:
            async for outcome in outcomes:
                emit(Finished(outcome))
    finally:
        for wire in idle:
            await wire.close()


def new_loop(name: str) -> asyncio.AbstractEventLoop:
    """Make the event loop of that name. Raises UsageError."""
    if name not in LOOPS:
        raise UsageError(f"unknown loop {name!r}; there are {', '.join(LOOPS)}")
    if name == "asyncio" or (name == "auto" and find_spec("uvloop") is None):
        return asyncio.new_event_loop()
    try:
        import uvloop
    except ImportError:
        raise UsageError("uvloop is not installed: pip install uvloop") from None
    return uvloop.new_event_loop()


def _run_until_signalled(loop: asyncio.AbstractEventLoop, job: asyncio.Task[None]) -> None:
    """Run the job; a signal cancels it first, and then has the effect that it always had.

    A handler that raises in the midst of a running loop leaves tasks half done, and uvloop
    doesn't even let it through. So the handlers that are there are only put off.
    """
    came: list[int] = []
    handlers: dict[int, Callable[[int, FrameType | None], object]] = {}

    def cancel(number: int) -> None:
        came.append(number)
        job.cancel()

    for number in (int(signal.SIGINT), int(signal.SIGTERM)):
        handler = signal.getsignal(number)
        if callable(handler) and threading.current_thread() is threading.main_thread():
            handlers[number] = handler
            loop.add_signal_handler(number, cancel, number)
    try:
        loop.run_until_complete(job)
    except asyncio.CancelledError:
        if not came:
            raise
    finally:
        for number, handler in handlers.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)
    if came:
        handlers[came[0]](came[0], None)
