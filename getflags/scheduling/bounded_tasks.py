"""Bounded concurrency for asyncio: a lazy ``as_completed_async``, like that for threads.

It is a module of its own because a run on threads should not import asyncio, which takes 30 ms.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from functools import partial
from types import CoroutineType
from typing import TypeVar

from getflags.core.feed import NO_JOB
from getflags.scheduling.bounded_concurrency import JobSource, source_of

T = TypeVar("T")
R = TypeVar("R")


async def as_completed_async(
    jobs: Iterable[T] | JobSource[T], work: Callable[[T], Awaitable[R]], limit: int
) -> AsyncGenerator[R, None]:
    """Await ``work(job)`` for each job, at most ``limit`` at a time; yield results as jobs end.

    Close the iterator (``contextlib.aclosing``) to cancel the jobs in flight.
    """
    if limit < 1:
        raise ValueError("the limit must be at least 1")
    source = source_of(jobs)
    alarm = _Alarm()
    done: deque[asyncio.Future[R]] = deque()
    in_flight: set[asyncio.Future[R]] = set()

    def ended(future: asyncio.Future[R]) -> None:
        done.append(future)
        alarm.ring()

    loop = asyncio.get_running_loop()
    source.wake = partial(loop.call_soon_threadsafe, alarm.ring)
    try:
        while True:
            # Results that have come in are passed on first: they may tell what to start next.
            while not done and len(in_flight) < limit and (job := source.take()) is not NO_JOB:
                started = _start(loop, work(job))
                in_flight.add(started)
                started.add_done_callback(ended)
            if not in_flight and source.exhausted:
                return
            if not done:
                await alarm.wait(source.delay(full=len(in_flight) >= limit))
            else:
                future = done.popleft()
                in_flight.discard(future)
                yield future.result()
    finally:
        source.wake = lambda: None
        for future in in_flight:
            future.cancel()
        await asyncio.gather(*in_flight, return_exceptions=True)


def _start(loop: asyncio.AbstractEventLoop, work: Awaitable[R]) -> asyncio.Future[R]:
    if isinstance(work, CoroutineType):  # ``ensure_future`` takes longer to find that out
        return loop.create_task(work)
    return asyncio.ensure_future(work)


class _Alarm:
    """Wakes the task that waits for it, after some seconds or when it is rung.

    An ``asyncio.Queue`` of results with a timeout would cost several times as much for each job.
    """

    def __init__(self) -> None:
        self._rung = False
        self._waiter: asyncio.Future[None] | None = None

    def ring(self) -> None:
        """Wake the waiting task, or let the next wait end at once."""
        self._rung = True
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def wait(self, seconds: float | None) -> None:
        """Wait until the alarm rings, at most for some seconds."""
        if not self._rung:
            loop = asyncio.get_running_loop()
            self._waiter = loop.create_future()
            timer = None if seconds is None else loop.call_later(seconds, self.ring)
            try:
                await self._waiter
            finally:
                self._waiter = None
                if timer is not None:
                    timer.cancel()
        self._rung = False
