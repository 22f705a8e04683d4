"""Many jobs, a few at a time: the same promises in two colours."""

import asyncio
import itertools
import threading
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import aclosing, closing
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from getflags.scheduling import bounded_tasks
from getflags.scheduling.bounded_concurrency import as_completed, merge
from getflags.scheduling.bounded_tasks import as_completed_async

T = TypeVar("T")
R = TypeVar("R")

PATIENCE = 20  # seconds; reached only by a test that fails
relaxed = settings(deadline=None, max_examples=50)
numbers_of_jobs = st.integers(0, 25)
limits = st.integers(1, 8)


class Bug(Exception):
    """What a worker of this file raises."""


class Pulled(Iterator[int]):
    """Numbers that count how many were taken, and on which thread; ``bug`` after the last."""

    def __init__(self, total: int | None = None, bug: Exception | None = None) -> None:
        self.count = 0
        self.ends = 0
        self.threads: set[int] = set()
        self._total = total
        self._bug = bug

    def __next__(self) -> int:
        self.threads.add(threading.get_ident())
        if self.count == self._total:
            self.ends += 1
            raise self._bug or StopIteration
        self.count += 1
        return self.count - 1


class Meter:
    """How many are inside at once, and the most there ever were."""

    def __init__(self) -> None:
        self.now = self.peak = 0
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        with self._lock:
            self.now += 1
            self.peak = max(self.peak, self.now)

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self.now -= 1


async def _all(jobs: Iterable[T], work: Callable[[T], Awaitable[R]], limit: int) -> list[R]:
    return [result async for result in as_completed_async(jobs, work, limit)]


def all_async(jobs: Iterable[T], work: Callable[[T], Awaitable[R]], limit: int) -> list[R]:
    return asyncio.run(_all(jobs, work, limit))


# On an event loop


@given(numbers_of_jobs, limits)
@relaxed
def test_async_every_result_comes_once_and_never_more_than_the_limit_is_in_flight(
    total: int, limit: int
) -> None:
    meter = Meter()

    async def work(job: int) -> int:
        with meter:
            for _ in range(job * 7 % 5):
                await asyncio.sleep(0)
            return job * 10

    assert sorted(all_async(range(total), work, limit)) == [job * 10 for job in range(total)]
    assert meter.peak <= limit


def test_async_results_come_in_the_order_in_which_they_are_ready() -> None:
    order = [3, 0, 2, 1]

    async def main() -> list[int]:
        gates = [asyncio.Event() for _ in order]
        came = []

        async def work(job: int) -> int:
            await gates[job].wait()
            return job

        gates[order[0]].set()
        async for job in as_completed_async(range(4), work, 4):
            came.append(job)
            if len(came) < len(order):
                gates[order[len(came)]].set()
        return came

    assert asyncio.run(main()) == order


def test_async_a_job_is_pulled_only_when_a_slot_is_free() -> None:
    jobs = Pulled(20)

    async def work(job: int) -> int:
        return job

    async def main() -> list[int]:
        results = as_completed_async(jobs, work, 3)
        assert jobs.count == 0, "nothing is pulled before somebody wants a result"
        return [jobs.count async for _ in results]

    assert asyncio.run(main()) == [min(20, 3 + taken // 3 * 3) for taken in range(20)], (
        "results that are there are passed on before another job starts"
    )
    assert jobs.ends == 1, "who has said that there are no more is not asked again"


def test_async_one_at_a_time_is_in_order() -> None:
    async def work(job: int) -> int:
        await asyncio.sleep(0)
        return job

    assert all_async(range(10), work, 1) == list(range(10))


def test_async_no_jobs_no_results() -> None:
    async def work(job: int) -> int:
        raise AssertionError(job)

    assert all_async([], work, 5) == []


def test_async_a_limit_above_the_number_of_jobs_runs_them_all_at_once() -> None:
    async def main() -> list[int]:
        everybody = asyncio.Barrier(3)

        async def work(job: int) -> int:
            async with asyncio.timeout(PATIENCE), everybody:
                return job

        return await _all(range(3), work, 100)

    assert sorted(asyncio.run(main())) == [0, 1, 2]


def test_async_work_may_return_any_awaitable() -> None:
    async def main() -> list[str]:
        loop = asyncio.get_running_loop()

        def work(job: str) -> asyncio.Future[str]:
            future = loop.create_future()
            loop.call_soon(future.set_result, job.upper())
            return future

        return await _all("abc", work, 2)

    assert asyncio.run(main()) == ["A", "B", "C"]


class Sleepers:
    """Jobs that end only by being cancelled, and that tidy up when they are."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.tidied: list[int] = []
        self.both_begun = asyncio.Event()

    async def work(self, job: int) -> int:
        """Wait for what never comes."""
        self.begun.append(job)
        if len(self.begun) == 2:
            self.both_begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)  # to be awaited to its end, cancelling is not enough
            self.tidied.append(job)
        raise AssertionError(job)


def test_async_a_bug_is_raised_as_itself_and_the_others_are_cancelled_and_awaited() -> None:
    bug = Bug("mine")

    async def main() -> None:
        sleepers = Sleepers()

        async def work(job: int) -> int:
            if job == 2:
                await sleepers.both_begun.wait()
                raise bug
            return await sleepers.work(job)

        with pytest.raises(Bug) as caught:
            await _all(itertools.count(), work, 3)
        assert caught.value is bug
        assert sorted(sleepers.tidied) == sleepers.begun == [0, 1]

    asyncio.run(main())


def test_async_a_call_that_raises_at_once_is_a_bug_too() -> None:
    def work(job: int) -> Awaitable[int]:
        raise Bug(job)

    with pytest.raises(Bug):
        all_async([1], work, 1)


def test_async_a_consumer_that_stops_cancels_what_is_left() -> None:
    jobs = Pulled()

    async def main() -> None:
        sleepers = Sleepers()

        async def work(job: int) -> int:
            if job == 0:
                await sleepers.both_begun.wait()
                return job
            return await sleepers.work(job)

        async with aclosing(as_completed_async(jobs, work, 3)) as results:
            async for result in results:
                assert result == 0
                break
        assert sorted(sleepers.tidied) == sleepers.begun == [1, 2]
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())
    assert jobs.count == 3


def test_async_a_consumer_that_is_cancelled_cancels_what_is_left() -> None:
    async def main() -> None:
        sleepers = Sleepers()
        consumer = asyncio.create_task(_all(itertools.count(), sleepers.work, 2))
        await sleepers.both_begun.wait()
        consumer.cancel()
        with pytest.raises(asyncio.CancelledError):
            await consumer
        assert sorted(sleepers.tidied) == sleepers.begun == [0, 1]

    asyncio.run(main())


def test_async_jobs_that_cannot_be_pulled_any_further_raise_and_cancel_what_is_left() -> None:
    bug = Bug("in the list")
    jobs = Pulled(3, bug)

    async def main() -> None:
        sleepers = Sleepers()

        async def work(job: int) -> int:
            if job == 0:
                await sleepers.both_begun.wait()
                return job
            return await sleepers.work(job)

        results = as_completed_async(jobs, work, 3)
        assert await anext(results) == 0
        with pytest.raises(Bug) as caught:
            await anext(results)
        assert caught.value is bug
        assert sorted(sleepers.tidied) == [1, 2]

    asyncio.run(main())


# On threads


@given(numbers_of_jobs, limits)
@relaxed
def test_every_result_comes_once_and_never_more_than_the_limit_is_in_flight(
    total: int, limit: int
) -> None:
    meter = Meter()

    def work(job: int) -> int:
        with meter:
            return job * 10

    assert sorted(as_completed(range(total), work, limit)) == [job * 10 for job in range(total)]
    assert meter.peak <= limit


def test_as_many_as_the_limit_allows_run_at_once() -> None:
    everybody = threading.Barrier(4)
    meter = Meter()

    def work(job: int) -> int:
        with meter:
            everybody.wait(PATIENCE)  # broken, and so a bug, unless four are here
            return job

    assert sorted(as_completed(range(12), work, 4)) == list(range(12))
    assert meter.peak == 4


def test_results_come_in_the_order_in_which_they_are_ready() -> None:
    order = [3, 0, 2, 1]
    gates = [threading.Event() for _ in order]
    came = []

    def work(job: int) -> int:
        assert gates[job].wait(PATIENCE)
        return job

    gates[order[0]].set()
    for job in as_completed(range(4), work, 4):
        came.append(job)
        if len(came) < len(order):
            gates[order[len(came)]].set()
    assert came == order


def test_a_job_is_pulled_only_when_a_slot_is_free_and_on_the_callers_thread() -> None:
    jobs = Pulled(20)
    results = as_completed(jobs, str, 3)
    assert jobs.count == 0, "nothing is pulled before somebody wants a result"
    pulled = [jobs.count for _ in results]
    assert 1 <= pulled[0] <= 3
    assert all(count <= 3 + taken for taken, count in enumerate(pulled))
    assert len(pulled) == 20
    assert jobs.ends == 1, "who has said that there are no more is not asked again"
    assert jobs.threads == {threading.get_ident()}


def test_one_at_a_time_is_in_order_on_one_thread_that_is_not_the_callers() -> None:
    threads = set()

    def work(job: int) -> int:
        threads.add(threading.get_ident())
        return job

    assert list(as_completed(range(50), work, 1)) == list(range(50))
    assert len(threads) == 1
    assert threading.get_ident() not in threads


def grant(monkeypatch: pytest.MonkeyPatch, threads: int) -> None:
    """Let the system start so many threads and no more."""
    start = threading.Thread.start
    started = itertools.count()

    def stingy(thread: threading.Thread) -> None:
        if next(started) >= threads:
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", stingy)


def test_where_the_system_grants_few_threads_they_do_all_the_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    grant(monkeypatch, 2)
    meter = Meter()

    def work(job: int) -> int:
        with meter:
            return job

    assert sorted(as_completed(range(20), work, 5)) == list(range(20))
    assert meter.peak <= 2


def test_where_the_system_grants_no_thread_at_all_it_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    grant(monkeypatch, 0)
    with pytest.raises(RuntimeError, match="can't start new thread"):
        list(as_completed(range(5), str, 2))


def test_no_jobs_no_results() -> None:
    def work(job: int) -> int:
        raise AssertionError(job)

    assert list(as_completed([], work, 5)) == []


def test_a_limit_above_the_number_of_jobs_runs_them_all_at_once() -> None:
    everybody = threading.Barrier(3)

    def work(job: int) -> int:
        everybody.wait(PATIENCE)
        return job

    assert sorted(as_completed(range(3), work, 100)) == [0, 1, 2]


@pytest.mark.parametrize("kind", [Bug, KeyboardInterrupt, SystemExit])
def test_a_bug_is_raised_as_itself_on_the_callers_thread(kind: type[BaseException]) -> None:
    bug = kind("mine")

    def work(job: int) -> int:
        if job == 1:
            raise bug
        return job

    results = as_completed(range(5), work, 1)
    assert next(results) == 0
    with pytest.raises(kind) as caught:
        next(results)
    assert caught.value is bug


def test_a_bug_does_not_wait_for_the_others() -> None:
    gate = threading.Event()
    jobs = Pulled()

    def work(job: int) -> int:
        if job == 0:
            assert gate.wait(PATIENCE)
            return job
        raise Bug

    with pytest.raises(Bug):
        list(as_completed(jobs, work, 2))
    assert jobs.count == 2
    gate.set()


def test_when_the_consumer_stops_no_further_job_is_begun_and_the_threads_go_home() -> None:
    before = set(threading.enumerate())
    gate = threading.Event()
    begun = []

    def work(job: int) -> int:
        begun.append(job)
        if job > 1:
            assert gate.wait(PATIENCE)
        return job

    jobs = Pulled()
    with closing(as_completed(jobs, work, 3)) as results:
        assert {next(results), next(results)} == {0, 1}
    pulled = jobs.count
    hired = set(threading.enumerate()) - before
    assert hired
    assert all(thread.daemon for thread in hired), "none may hold up the exit"
    gate.set()
    for thread in hired:
        thread.join(PATIENCE)
    assert not any(thread.is_alive() for thread in hired)
    assert set(begun) <= set(range(pulled)), "what waits in the queue need not be begun"
    assert pulled <= 3 + 1, "one more after the first result, and none after the second"


def test_jobs_that_cannot_be_pulled_any_further_raise_on_the_callers_thread() -> None:
    bug = Bug("in the list")
    results = as_completed(Pulled(2, bug), str, 1)
    assert [next(results), next(results)] == ["0", "1"]
    with pytest.raises(Bug) as caught:
        next(results)
    assert caught.value is bug


def test_merging_yields_all_that_every_job_puts() -> None:
    def work(job: int, put: Callable[[tuple[int, int]], None]) -> None:
        for number in range(job):
            put((job, number))

    came = list(merge(range(5), work, 2))
    assert sorted(came) == [(job, number) for job in range(5) for number in range(job)]
    for job in range(5):
        assert [number for each, number in came if each == job] == list(range(job))


def test_merging_passes_on_what_a_job_put_before_its_bug() -> None:
    def work(job: str, put: Callable[[str], None]) -> None:
        put(job)
        raise Bug

    results = merge(["a"], work, 1)
    assert next(results) == "a"
    with pytest.raises(Bug):
        next(results)


def test_merging_yields_while_the_job_still_runs() -> None:
    gate = threading.Event()

    def work(job: str, put: Callable[[str], None]) -> None:
        put(job)
        assert gate.wait(PATIENCE)
        put(job.upper())

    results = merge(["a"], work, 1)
    assert next(results) == "a"
    gate.set()
    assert list(results) == ["A"]


def test_a_limit_of_nothing_is_refused_in_both_colours() -> None:
    async def scenario() -> None:
        async def work(job: int) -> int:
            return job

        async for _ in as_completed_async([1], work, 0):
            pytest.fail("nothing can come")

    with pytest.raises(ValueError, match="at least 1"):
        asyncio.run(scenario())
    with pytest.raises(ValueError, match="at least 1"):
        list(as_completed([1], str, 0))


def test_an_alarm_that_rings_before_the_wait_ends_it_at_once() -> None:
    async def scenario() -> None:
        alarm = bounded_tasks._Alarm()
        alarm.ring()
        await asyncio.wait_for(alarm.wait(None), 9)

    asyncio.run(scenario())
