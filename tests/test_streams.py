"""The jobs of an engine that splits files, and the record that several streams write."""

from __future__ import annotations

import asyncio
from functools import partial
from time import monotonic
from typing import Any

from getflags.core.events import Slowed
from getflags.core.feed import NO_JOB
from getflags.core.models import NO_LIMIT, Allowance, DownloadOptions, Target
from getflags.core.urls import origin
from getflags.engines.splitting.async_streams import AsyncStreams
from getflags.engines.splitting.stream_jobs import StreamJob, StreamJobs
from getflags.engines.splitting.streams import Streams
from getflags.rates.rate_limit import RateLimiter
from getflags.scheduling.limits import Limits
from getflags.scheduling.scheduler import Scheduler
from getflags.transfer.actions import Refusal
from getflags.transfer.transfer import Transfer

HOST = origin("http://h/")
TARGETS = [
    Target(number, "", f"{number}", f"http://h/{number}", "d", f"{number}") for number in (1, 2)
]


def jobs_of(targets: list[Target], allowance: Allowance = NO_LIMIT) -> tuple[StreamJobs, Scheduler]:
    new_limits = partial(Limits, allowance)
    scheduler = Scheduler(targets, DownloadOptions(), monotonic, new_limits=lambda _: new_limits())
    return StreamJobs(scheduler), scheduler


def stream(*, wanted: bool = True) -> StreamJob:
    return StreamJob(HOST, lambda: wanted, lambda _: None)


def test_a_stream_begins_when_no_target_waits() -> None:
    jobs, scheduler = jobs_of(TARGETS)
    woken: list[int] = []
    jobs.wake = lambda: woken.append(1)
    first, offer = jobs.take(), stream()
    jobs.offer(offer)
    assert woken == [1]
    second = jobs.take()
    assert isinstance(first, Transfer)
    assert isinstance(second, Transfer)
    assert jobs.take() is offer
    assert jobs.take() is NO_JOB
    host = scheduler.host(HOST)
    assert len(host.in_flight) == host.limits.in_flight == 3
    assert jobs.returned(offer) == []
    assert len(host.in_flight) == host.limits.in_flight == 2


def test_a_stream_waits_for_its_turn_at_a_server_with_a_rate() -> None:
    jobs, _ = jobs_of(TARGETS[:1], Allowance(rate=0.1))
    assert isinstance(jobs.take(), Transfer)
    assert jobs.delay(full=False) is None
    jobs.offer(stream())
    assert jobs.take() is NO_JOB
    delay = jobs.delay(full=False)
    assert delay is not None
    assert 0 < delay <= 10
    assert jobs.delay(full=True) is None


def test_a_stream_that_is_not_wanted_any_more_does_not_begin() -> None:
    jobs, _ = jobs_of(TARGETS)
    transfer = jobs.take()
    assert isinstance(transfer, Transfer)
    jobs.take()
    unwanted, wanted = stream(wanted=False), stream()
    jobs.offer(unwanted)
    jobs.offer(wanted)
    transfer.begin(None, None, monotonic())
    transfer.failed(OSError("x"), monotonic())  # type: ignore[arg-type]
    jobs.returned(transfer)
    assert jobs.take() is wanted
    assert jobs.take() is NO_JOB


def test_a_server_that_refuses_a_stream_gets_no_other() -> None:
    jobs, scheduler = jobs_of([])
    jobs.offer(job := stream())
    assert jobs.take() is job
    job.refusal = Refusal(HOST, pause=None, policy=5.0)
    assert jobs.returned(job) == [Slowed(HOST, 5.0)]
    assert scheduler.host(HOST).limited
    jobs.offer(stream())
    assert jobs.take() is NO_JOB


class Part:
    """A part file that counts its checkpoints."""

    def __init__(self) -> None:
        self.checkpoints = 0

    def checkpoint(self, record: object) -> Any:
        self.checkpoints += 1
        return asyncio.sleep(0, record) if record else None

    def allow_gaps(self) -> None:
        """Do nothing."""


def test_one_stream_at_a_time_writes_the_record() -> None:
    rest: Any = None, RateLimiter(None, monotonic), print, jobs_of([])[0]
    transfer, part = Transfer(TARGETS[0], DownloadOptions()), Part()
    streams = Streams(transfer, *rest)
    streams.attach(part)  # type: ignore[arg-type]
    with streams._saving:
        streams._checkpoint(None)
    assert part.checkpoints == 0
    streams._checkpoint(None)
    assert part.checkpoints == 1
    others = AsyncStreams(transfer, *rest)
    others.attach(part)  # type: ignore[arg-type]
    record: Any = "record"
    with others._saving:
        asyncio.run(others._checkpoint(record))
    assert part.checkpoints == 1
    asyncio.run(others._checkpoint(record))
    assert part.checkpoints == 2
