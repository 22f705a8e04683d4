"""Many jobs, a few at a time, results as they come: a lazy ``as_completed`` in two colours.

The standard ones take all jobs up front; a million of them are gigabytes. These pull a job from
the iterable only when a slot of the semaphore is free, yield results in order of completion, and
cancel what is left when the consumer stops. General on purpose: nothing here knows of downloads.
An exception in a job is the program's failure and is raised to the consumer as it is. Where jobs
come back, or wait for something else than a slot, a ``Feed`` takes the iterable's place.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterable
from functools import partial
from queue import Empty, SimpleQueue
from typing import Generic, NamedTuple, Protocol, TypeVar, runtime_checkable

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
R = TypeVar("R")


class Nothing:
    """The type of ``NOTHING``, which stands for no job: any other value may be one."""


NOTHING = Nothing()


@runtime_checkable
class Feed(Protocol[T_co]):
    """Jobs that may have to wait. All is called on one thread, but for ``wake``."""

    #: Set for the time of a run; to be called, from any thread, when ``take`` has news.
    wake: Callable[[], object]

    @property
    def over(self) -> bool:
        """Whether no job will come any more, unless one that is under way comes back."""
        ...

    def take(self) -> T_co | Nothing:
        """Return a job to begin now."""
        ...

    def wait(self) -> float | None:
        """Return after how many seconds to ask again; None: not before a result."""
        ...


class _Plain(Generic[T]):
    """An iterable as a feed: there is always a job until there is none any more."""

    def __init__(self, jobs: Iterable[T]) -> None:
        self.wake: Callable[[], object] = lambda: None
        self.over = False
        self._jobs = iter(jobs)

    def take(self) -> T | Nothing:
        """Return the next."""
        if not self.over:
            for job in self._jobs:
                return job
            self.over = True
        return NOTHING

    def wait(self) -> None:
        """Never wait for anything but a slot."""


def _feed(jobs: Iterable[T] | Feed[T]) -> Feed[T]:
    return jobs if isinstance(jobs, Feed) else _Plain(jobs)


async def as_completed_async(
    jobs: Iterable[T] | Feed[T], work: Callable[[T], Awaitable[R]], limit: int
) -> AsyncGenerator[R, None]:
    """Await ``work(job)`` for each job, at most ``limit`` at a time; yield results as they come.

    Close the iterator (``contextlib.aclosing``) to cancel what is in flight.
    """
    if limit < 1:
        raise ValueError("the limit is at least 1")
    feed = _feed(jobs)
    slots = asyncio.Semaphore(limit)
    done: asyncio.Queue[asyncio.Future[R] | None] = asyncio.Queue()
    flying: set[asyncio.Future[R]] = set()
    feed.wake = partial(asyncio.get_running_loop().call_soon_threadsafe, done.put_nowait, None)
    try:
        while True:
            while not slots.locked() and not isinstance(job := feed.take(), Nothing):
                await slots.acquire()  # at once: it isn't locked
                begun = asyncio.ensure_future(work(job))
                flying.add(begun)
                begun.add_done_callback(done.put_nowait)
            if not flying and feed.over:
                return
            seconds = None if slots.locked() else feed.wait()
            future = await (done.get() if seconds is None else _get(done, seconds))
            if future is not None:  # else it is time to look at the feed again
                flying.discard(future)
                slots.release()
                yield future.result()
    finally:
        feed.wake = lambda: None
        for future in flying:
            future.cancel()
        await asyncio.gather(*flying, return_exceptions=True)


async def _get(queue: asyncio.Queue[R | None], seconds: float) -> R | None:
    try:
        async with asyncio.timeout(seconds):
            return await queue.get()
    except TimeoutError:
        return None


def as_completed(
    jobs: Iterable[T] | Feed[T], work: Callable[[T], R], limit: int
) -> Generator[R, None, None]:
    """Run ``work(job)`` on threads, at most ``limit`` at a time; yield results as they come."""
    return merge(jobs, lambda job, put: put(work(job)), limit)


def merge(
    jobs: Iterable[T] | Feed[T], work: Callable[[T, Callable[[R], None]], None], limit: int
) -> Generator[R, None, None]:
    """Run ``work(job, put)`` on threads, at most ``limit`` at a time; yield all that they put.

    The iterable is pulled and the results are yielded on the caller's thread. Threads cannot be
    cancelled: when the consumer stops, no further job is handed out, and whoever can end the
    running ones (by shutting their sockets) should. They are daemons, so none holds up the exit.
    """
    crew: _Crew[T, R] = _Crew(work)
    if limit < 1:
        raise ValueError("the limit is at least 1")
    feed = _feed(jobs)
    slots = threading.Semaphore(limit)
    flying = 0
    try:
        while True:
            while slots.acquire(blocking=False):
                if isinstance(job := feed.take(), Nothing):
                    slots.release()
                    break
                crew.begin(job, flying)
                flying += 1
            if not flying and feed.over:
                return
            try:
                news = crew.news.get(timeout=feed.wait() if flying < limit else None)
            except Empty:
                continue  # it is time to look at the feed again
            if isinstance(news, _End):
                flying -= 1
                slots.release()
                if news.bug is not None:
                    raise news.bug
            else:
                yield news.item
    finally:
        crew.dismiss()


class _Item(NamedTuple, Generic[R]):
    item: R


class _End(NamedTuple):
    bug: BaseException | None


class _Crew(Generic[T, R]):
    """Daemon threads, hired when a job finds nobody idle.

    Not a ThreadPoolExecutor: the interpreter waits for its threads at exit, and a thread that
    reads from a silent server would hold up Ctrl-C for as long as the server likes.
    """

    def __init__(self, work: Callable[[T, Callable[[R], None]], None]) -> None:
        self.news: SimpleQueue[_Item[R] | _End] = SimpleQueue()
        self._work = work
        self._jobs: SimpleQueue[T | _End] = SimpleQueue()
        self._size = 0
        self._over = False

    def begin(self, job: T, flying: int) -> None:
        """Give a job to somebody; ``flying`` is how many are at work already."""
        if flying == self._size:
            try:
                threading.Thread(target=self._worker, name="getflags", daemon=True).start()
                self._size += 1
            except RuntimeError:  # the system grants no more
                if not self._size:
                    raise
        self._jobs.put(job)  # who finds nobody idle waits for the first who is

    def dismiss(self) -> None:
        """Let each go home after the job at hand; those that wait in the queue are not begun."""
        self._over = True
        for _ in range(self._size):
            self._jobs.put(_End(None))

    def _put(self, item: R) -> None:
        self.news.put(_Item(item))

    def _worker(self) -> None:
        while not (isinstance(job := self._jobs.get(), _End) or self._over):
            try:
                self._work(job, self._put)
            except BaseException as bug:  # noqa: BLE001 - raised again, on the consumer's thread
                self.news.put(_End(bug))
            else:
                self.news.put(_End(None))
