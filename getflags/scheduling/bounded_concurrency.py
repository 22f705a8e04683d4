"""Bounded concurrency: a lazy ``as_completed`` for asyncio and for threads.

The versions in the standard library take all jobs up front, and a million jobs need gigabytes. The
versions here pull a job from the iterable only when a slot of the semaphore is free, yield results
in the order of completion, and cancel the remaining jobs when the consumer stops. They know nothing
about downloads. An exception in a job is a bug in the program and is raised unchanged in the
consumer. A ``JobSource`` replaces the iterable if jobs return to it or wait for something other
than a slot.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable
from contextlib import suppress
from functools import partial
from queue import Empty, SimpleQueue
from typing import Generic, NamedTuple, Protocol, TypeVar, runtime_checkable

from getflags.core.feed import NO_JOB, NoJob

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
R = TypeVar("R")


@runtime_checkable
class JobSource(Protocol[T_co]):
    """A source of jobs that may have to wait. Only ``wake`` may be called from other threads."""

    #: Set during a run; call it, from any thread, when ``take`` can return a new job.
    wake: Callable[[], object]

    @property
    def exhausted(self) -> bool:
        """Whether there are no more jobs, except those in flight that may return."""
        ...

    def take(self) -> T_co | NoJob:
        """Return a job to start now."""
        ...

    def delay(self, *, full: bool) -> float | None:
        """Return the seconds until ``take`` should be called; None to wait until a job ends.

        If ``full``, no slot is free.
        """
        ...


class _IterableSource(Generic[T]):
    """An iterable as a ``JobSource``: its jobs never have to wait."""

    def __init__(self, jobs: Iterable[T]) -> None:
        self.wake: Callable[[], object] = lambda: None
        self.exhausted = False
        self._jobs = iter(jobs)

    def take(self) -> T | NoJob:
        """Return the next job."""
        if not self.exhausted:
            for job in self._jobs:
                return job
            self.exhausted = True
        return NO_JOB

    def delay(self, *, full: bool) -> None:
        """Return None: a job waits only for a slot."""


def source_of(jobs: Iterable[T] | JobSource[T]) -> JobSource[T]:
    """Return the jobs as a source of jobs."""
    return jobs if isinstance(jobs, JobSource) else _IterableSource(jobs)


def as_completed(
    jobs: Iterable[T] | JobSource[T], work: Callable[[T], R], limit: int
) -> Generator[R, None, None]:
    """Run ``work(job)`` on threads, at most ``limit`` at a time; yield results as jobs end."""
    return merge(jobs, lambda job, put: put(work(job)), limit)


def merge(
    jobs: Iterable[T] | JobSource[T], work: Callable[[T, Callable[[R], None]], None], limit: int
) -> Generator[R, None, None]:
    """Run ``work(job, put)`` on threads, at most ``limit`` at a time; yield what they ``put``.

    The iterable is pulled, and the values are yielded, on the caller's thread. Threads cannot be
    cancelled: when the consumer stops, no further job starts, and the consumer should end the
    running ones if it can (by shutting down their sockets). The threads are daemons, so they do not
    delay the exit of the program.
    """
    if limit < 1:
        raise ValueError("the limit must be at least 1")
    threads: _DaemonThreads[T, R] = _DaemonThreads(work)
    source, slots, in_flight = source_of(jobs), threading.Semaphore(limit), 0
    source.wake = partial(threads.results.put, None)
    try:
        while True:
            full = False
            # Results that have come in are passed on first: they may tell what to start next.
            while threads.results.empty() and not (full := not slots.acquire(blocking=False)):
                if (job := source.take()) is NO_JOB:
                    slots.release()
                    break
                threads.submit(job, in_flight)
                in_flight += 1
            if not in_flight and source.exhausted:
                return
            full = full or not threads.results.empty()
            result = threads.next_result(source.delay(full=full))
            if isinstance(result, _End):
                in_flight -= 1
                slots.release()
                if result.bug is not None:
                    raise result.bug
            elif result is not None:  # None: ask the source again
                yield result.item
    finally:
        source.wake = lambda: None
        threads.shut_down()


class _Item(NamedTuple, Generic[R]):
    item: R


class _End(NamedTuple):
    bug: BaseException | None


class _DaemonThreads(Generic[T, R]):
    """Daemon threads that run jobs; one is started when a job finds no idle thread.

    A ThreadPoolExecutor would not do: the interpreter waits for its threads at exit, and a thread
    that reads from a silent server would delay Ctrl-C indefinitely.
    """

    def __init__(self, work: Callable[[T, Callable[[R], None]], None]) -> None:
        self.results: SimpleQueue[_Item[R] | _End | None] = SimpleQueue()  # None: ask the source
        self._work = work
        self._jobs: SimpleQueue[T | _End] = SimpleQueue()
        self._size = 0
        self._closed = False

    def submit(self, job: T, in_flight: int) -> None:
        """Queue a job; ``in_flight`` is the number of jobs that have not ended.

        Raises RuntimeError if not even one thread can be started.
        """
        if in_flight == self._size:
            try:
                threading.Thread(target=self._worker, name="getflags", daemon=True).start()
                self._size += 1
            except RuntimeError:  # the system allows no more threads
                if not self._size:
                    raise
        self._jobs.put(job)  # the first idle thread takes it

    def next_result(self, seconds: float | None) -> _Item[R] | _End | None:
        """Wait for a result, at most for some seconds; return None if there is none."""
        with suppress(Empty):
            return self.results.get(timeout=seconds)
        return None

    def shut_down(self) -> None:
        """End each thread after its present job. Queued jobs are not started."""
        self._closed = True
        for _ in range(self._size):
            self._jobs.put(_End(None))

    def _put(self, item: R) -> None:
        self.results.put(_Item(item))

    def _worker(self) -> None:
        while not (isinstance(job := self._jobs.get(), _End) or self._closed):
            try:
                self._work(job, self._put)
            except BaseException as bug:  # noqa: BLE001 - raised again on the consumer's thread
                self.results.put(_End(bug))
            else:
                self.results.put(_End(None))
