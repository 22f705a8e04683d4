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
from getflags.model import LOOPS, Outcome, Plan, Target
from getflags.throttle import as_completed_async
from getflags.wire import client


def run(plan: Plan, emit: Emit) -> None:
    """See ``getflags.engines``."""
    loop = new_loop(plan.loop)
    job = loop.create_task(arun(plan, emit))
    try:
        _run_until_signalled(loop, job)
        loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        # Not asyncio.run, which would first wait for the executor's threads: one may sit in the
        # resolver for half a minute.
        loop.close()


async def arun(plan: Plan, emit: Emit) -> None:
    """Run the engine in the current event loop."""
    wire = client(plan.client).open_async_wire(plan.network)

    async def work(target: Target) -> Outcome:
        return await afetch(target, plan.rules, wire, emit)

    try:
        async with aclosing(as_completed_async(plan.targets, work, plan.limit)) as outcomes:
            async for outcome in outcomes:
                emit(Finished(outcome))
    finally:
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
    """Run the job. A signal's handler runs at once; what it raises waits until all is tidied up.

    An exception out of nowhere in a running loop would leave tasks half done, and uvloop doesn't
    even let it through.
    """
    raised: list[BaseException] = []
    before: dict[int, Callable[[int, FrameType | None], object]] = {}

    def postpone(number: int, frame: FrameType | None) -> None:
        try:
            before[number](number, frame)
        except BaseException as effect:  # noqa: BLE001 - raised again below
            raised.append(effect)
            loop.call_soon_threadsafe(job.cancel)

    for number in (int(signal.SIGINT), int(signal.SIGTERM)):
        handler = signal.getsignal(number)
        if callable(handler) and threading.current_thread() is threading.main_thread():
            before[number] = handler
            loop.add_signal_handler(number, _nothing)  # so that a signal wakes up uvloop at once
            signal.signal(number, postpone)
    try:
        loop.run_until_complete(job)
    except asyncio.CancelledError:
        if not raised:
            raise
    finally:
        for number, handler in before.items():
            now = signal.getsignal(number)  # the handler may have put another in its place
            loop.remove_signal_handler(number)
            signal.signal(number, handler if now is postpone else now)
    if raised:
        raise raised[0]


def _nothing() -> None:
    """Do nothing."""
