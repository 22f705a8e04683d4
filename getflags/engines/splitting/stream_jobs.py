"""The jobs of an engine that splits files: transfers, and further streams for some of them.

A further stream is a request in flight like any other. It gets a slot that no transfer needs, and
only at a server that accepts another request.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any, TypeAlias

from getflags.core.events import Event, Slowed
from getflags.core.feed import NO_JOB, NoJob
from getflags.scheduling.host import HostState
from getflags.scheduling.limits import Flight
from getflags.scheduling.scheduler import Scheduler
from getflags.transfer.actions import Refusal
from getflags.transfer.transfer import Transfer


class StreamJob:
    """A further stream for a file of the server with this origin.

    ``help`` receives parts of the file with the transport that it is given, as long as ``wanted``
    is true. ``refusal`` is set if the server refused that because it gets too many requests.
    """

    host: HostState
    flight: Flight

    def __init__(
        self, origin: str, wanted: Callable[[], bool], help_out: Callable[[Any], Any]
    ) -> None:
        self.origin = origin
        self.wanted = wanted
        self.help = help_out
        self.refusal: Refusal | None = None


Job: TypeAlias = Transfer | StreamJob


class StreamJobs:
    """A ``JobSource`` of the transfers of a scheduler and of the streams offered to it."""

    def __init__(self, scheduler: Scheduler) -> None:
        self.wake: Callable[[], object] = lambda: None
        scheduler.wake = lambda: self.wake()  # noqa: PLW0108 - the engine will set it
        self._scheduler = scheduler
        self._offers: dict[StreamJob, None] = {}  # in order

    def offer(self, job: StreamJob) -> None:
        """Let a stream begin as soon as there is a slot for it. May be called in any thread."""
        self._offers[job] = None
        self.wake()

    @property
    def exhausted(self) -> bool:
        """Whether there are no more transfers. Streams are only for those in flight."""
        return self._scheduler.exhausted

    def take(self) -> Job | NoJob:
        """Return a transfer to start now; a stream if there is none."""
        job: Job | NoJob = self._scheduler.take()
        return self._take_offer() if job is NO_JOB and self._offers else job

    def delay(self, *, full: bool) -> float | None:
        """See ``Scheduler.delay``; a stream that is offered may have to wait for its turn, too."""
        seconds = self._scheduler.delay(full=full)
        if full or not self._offers:
            return seconds
        now = monotonic()
        hosts = [self._scheduler.host(job.origin) for job in list(self._offers)]
        times = [host.accepts_at(now) for host in hosts if not host.limited]
        delays = [max(0.0, at - now) for at in times if at is not None]
        return min(delays if seconds is None else [seconds, *delays], default=None)

    def returned(self, job: Job) -> list[Event]:
        """Take back a job; return the events to emit."""
        if isinstance(job, Transfer):
            if self._offers:
                self._drop_unwanted()
            return self._scheduler.returned(job)
        now, limits = monotonic(), job.host.limits
        del job.host.in_flight[job]
        limits.ended(now)
        if job.refusal and limits.refused(job.flight, job.refusal, now):
            return [Slowed(job.origin, limits.rate.rate)]
        return []

    def _drop_unwanted(self) -> None:
        for job in list(self._offers):
            if not job.wanted():
                del self._offers[job]

    def _take_offer(self) -> StreamJob | NoJob:
        now = monotonic()
        self._drop_unwanted()
        for job in list(self._offers):
            host = self._scheduler.host(job.origin)
            if host.limited or not host.accepts(now):
                continue
            flight = host.start(job, now)
            if flight is not None:
                del self._offers[job]
                job.host, job.flight = host, flight
                return job
        return NO_JOB
