"""The threads engine: a thread for each target in flight, each with its own transport.

The threads put their events into one queue; the caller's thread emits them. When the caller is
interrupted, the sockets are shut down, so that blocked threads wake up at once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from time import monotonic
from typing import Any

from getflags.core.events import Event, EventHandler
from getflags.core.models import Plan
from getflags.engines.fetch import fetch
from getflags.rates.rate_limit import RateLimiter
from getflags.scheduling.bounded_concurrency import JobSource, merge
from getflags.scheduling.scheduler import Scheduler
from getflags.transfer.transfer import Transfer
from getflags.transport import Transport, client

_CLEANUP_TIME = 1.8  # seconds for interrupted threads to delete their part files


def run(plan: Plan, emit: EventHandler) -> None:
    """See ``getflags.engines``."""
    pool = _Pool(plan)

    limiter = RateLimiter(plan.network.limit_rate, monotonic)
    scheduler = Scheduler.of(plan, monotonic)

    def work(transfer: Transfer, put: Callable[[Event | Transfer], None]) -> None:
        with pool.borrow() as transport:
            put(fetch(transfer, plan.options, transport, limiter, put))

    try:
        if plan.options.split > 1:
            _run_with_streams(plan, emit, scheduler, pool, limiter)
        else:
            _emit_all(merge(scheduler, work, plan.limit), scheduler.returned, emit)
    except BaseException:
        limiter.stop()
        pool.abort()
        raise
    pool.close()


def _emit_all(
    results: Generator[Any, None, None], returned: Callable[[Any], list[Event]], emit: EventHandler
) -> None:
    """Emit the events among the results, and those that follow from a job that has ended."""
    with closing(results):
        for item in results:
            is_event = isinstance(item, tuple)  # unlike a job
            for event in (item,) if is_event else returned(item):
                emit(event)


def _run_with_streams(
    plan: Plan, emit: EventHandler, scheduler: Scheduler, pool: _Pool, limiter: RateLimiter
) -> None:
    """Run all transfers of the scheduler, with several connections for a large file."""
    # Most runs do not need these.
    from getflags.engines.splitting.stream_jobs import Job, StreamJobs
    from getflags.engines.splitting.streams import run_job

    jobs = StreamJobs(scheduler)

    def work(job: Job, put: Callable[[Event | Job], None]) -> None:
        with pool.borrow() as transport:
            put(run_job(job, transport, limiter, put, jobs))

    source: JobSource[Job] = jobs
    _emit_all(merge(source, work, plan.limit), jobs.returned, emit)


class _Pool:
    """A pool of transports, each used by one thread at a time, and reused in LIFO order."""

    def __init__(self, plan: Plan) -> None:
        self._client = client(plan.client, decoding=plan.options.compressed)
        self._network = plan.network
        self._idle: list[Transport] = []
        self._borrowed: set[Transport] = set()
        self._aborted = False
        self._change = threading.Condition()

    @contextmanager
    def borrow(self) -> Iterator[Transport]:
        """Borrow a transport for a ``with`` block."""
        with self._change:
            transport = (
                self._idle.pop() if self._idle else self._client.open_transport(self._network)
            )
            self._borrowed.add(transport)
            if self._aborted:
                transport.abort()
        try:
            yield transport
        finally:
            with self._change:
                self._borrowed.discard(transport)
                if self._aborted:
                    transport.close()
                else:
                    self._idle.append(transport)
                self._change.notify_all()

    def abort(self) -> None:
        """Abort all requests and wait ``_CLEANUP_TIME`` for their threads to clean up.

        A thread that is blocked in a DNS lookup can't be woken. It is a daemon thread, and its part
        file is hidden and never renamed to a final name.
        """
        with self._change:
            self._aborted = True
            self.close()
            for transport in self._borrowed:
                transport.abort()
            self._change.wait_for(lambda: not self._borrowed, timeout=_CLEANUP_TIME)

    def close(self) -> None:
        """Close the idle transports."""
        for transport in self._idle:
            transport.close()
