"""The processes engine: several processes, each with the asyncio engine and a share of the limit.

The parent sends targets to the workers in batches and receives their events. If a worker dies, the
targets that it had not reported are given to another worker, and fail if that worker dies, too. (If
a worker dies after it has installed a file and before it has reported that, the next worker finds
the file and handles it according to ``--exists``.)
"""

from __future__ import annotations

import multiprocessing
import os
import platform
import signal
import socket
import threading
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache, partial
from multiprocessing.context import ForkContext
from queue import Empty, SimpleQueue
from time import monotonic, sleep
from typing import Any, cast

from getflags.core import urls
from getflags.core.deferred_signals import exit_on_sigterm, signals_blocked, unblock_signals
from getflags.core.errors import Stopped
from getflags.core.events import EventHandler, Finished, Retrying, Started
from getflags.core.feed import Arriving
from getflags.core.models import Outcome, Plan, Status, Target
from getflags.core.resource_limits import worker_count
from getflags.engines.spawn import has_other_threads, without_main_module
from getflags.engines.worker import Connection, Message, serve
from getflags.scheduling.fair_queue import FairQueue
from getflags.scheduling.lookahead import Lookahead
from getflags.scheduling.scheduler import GRACE_PERIOD
from getflags.scheduling.shared_limits import LimitsTable, SharedLimits, share_of
from getflags.transfer.retry import DEADLINE_PASSED

_BATCH = 512  # targets that a worker may have queued beyond its share of the limit
_SECONDS_AHEAD = 0.1  # seconds of work that is sent ahead; ten times the round trip of a message
_MAX_DELAY = 0.25  # seconds for the last message of a worker to arrive
_CLEANUP_TIME = 1.0  # seconds for terminated workers to delete their part files
_RECENT = 5.0  # seconds after which what a worker has done counts half
_MAX_DEATHS = 2  # a target fails if this many workers died while they had it


def run(plan: Plan, emit: EventHandler) -> None:
    """See ``getflags.engines``."""
    coordinator = _Coordinator(plan, emit)
    try:
        coordinator.work()
    finally:
        coordinator.close()


@dataclass(slots=True)
class _Worker:
    """A worker process and the targets that it has not reported."""

    process: multiprocessing.process.BaseProcess
    connection: Connection
    index: int  # of the worker in the table of limits
    share: int  # this worker's part of the limit
    pending: dict[int, Target] = field(default_factory=dict)
    waiting: dict[int, float] = field(default_factory=dict)  # when targets will be retried
    load: Counter[str] = field(default_factory=Counter)  # pending and not waiting, by origin
    done: float = 0.0  # targets completed after ``since``, older ones in part
    since: float = field(default_factory=monotonic)
    sent_last: bool = False
    listener: threading.Thread | None = None  # reads from the connection

    def capacity(self) -> int:
        """Return how many more targets to send to this worker.

        A worker should have its share of the limit, plus the targets that it completes during a
        message's round trip. With a fast server, these are many. With a slow one, there should be
        none, because they would be queued in this worker while another one is idle.

        Targets whose retry is due count as in progress from now on, and old work counts less.
        """
        now = monotonic()
        for number in [each for each, at in self.waiting.items() if at <= now]:
            self.resume(number)
        seconds = now - self.since
        if seconds > _RECENT:  # the server, or the list, may have been slower or faster before
            self.done, seconds = self.done / 2, seconds / 2
            self.since = now - seconds
        ahead = self.done / (seconds + _SECONDS_AHEAD) * _SECONDS_AHEAD
        in_progress = len(self.pending) - len(self.waiting)
        return self.share + min(int(ahead), _BATCH) - in_progress

    def wait(self, number: int, until: float) -> None:
        """Record that a target waits for a retry."""
        if number not in self.waiting:
            _decrease(self.load, _origin(self.pending[number]))
        self.waiting[number] = until

    def resume(self, number: int) -> None:
        """Record that a target is in progress again, if it was waiting for a retry."""
        if self.waiting.pop(number, None) is not None:
            self.load[_origin(self.pending[number])] += 1


class _Coordinator:
    """The parent's side, which sends targets, handles events, and replaces workers that died."""

    def __init__(self, plan: Plan, emit: EventHandler) -> None:
        self._plan = plan
        self._emit = emit
        self._queue: FairQueue[str, Target] = FairQueue()  # by origin; pulled, but not sent
        self._targets = Lookahead(plan.targets, self._queue, self._add, monotonic)
        self._load: Counter[str] = Counter()  # targets sent and not finished, by origin
        self._deaths: dict[int, int] = {}  # target number → workers that died while they had it
        # None: targets have arrived.
        self._inbox: SimpleQueue[tuple[_Worker, Message | None] | None] = SimpleQueue()
        self._workers: list[_Worker] = []
        self._context = _context()
        self._has_more = False  # a target had not ended when the deadline had passed
        self._limits = LimitsTable(self._context, worker_count(plan.limit))
        self._share_of = lru_cache(4096)(self._max_in_flight)

    def work(self) -> None:
        """Start the workers, and run until every target has ended."""
        count = self._limits.workers
        shares = [self._plan.limit // count + (n < self._plan.limit % count) for n in range(count)]
        started = [self._start(index, share) for index, share in enumerate(shares)]
        for worker in started:
            self._start_listening(worker)
        if isinstance(self._plan.targets, Arriving):
            self._plan.targets.wake = lambda: self._inbox.put(None)
        while self._workers:
            received = self._next_message()
            if received is None:
                for worker in self._workers:
                    self._send_targets(worker)
                continue
            worker, message = received
            if message is None:
                self._replace(worker)
            else:
                self._handle_events(worker, message)
            self._send_to_idle()
        if self._is_late and self._has_more:
            raise Stopped(DEADLINE_PASSED)

    def _next_message(self) -> tuple[_Worker, Message | None] | None:
        """Wait for a message. Raises Stopped if workers still run long after the deadline."""
        deadline = self._plan.options.deadline
        if deadline is None:
            return self._inbox.get()
        try:
            left = deadline + GRACE_PERIOD + _MAX_DELAY - monotonic()
            return self._inbox.get(timeout=max(0.0, left))
        except Empty:
            raise Stopped(DEADLINE_PASSED) from None

    @property
    def _is_late(self) -> bool:
        """Whether the deadline of the run has passed: all workers end by themselves."""
        deadline = self._plan.options.deadline
        return deadline is not None and monotonic() >= deadline

    def close(self) -> None:
        """Terminate the remaining workers, and kill those that do not exit in time."""
        for worker in self._workers:
            worker.process.terminate()
        deadline = monotonic() + _CLEANUP_TIME
        for worker in self._workers:
            worker.process.join(max(0.0, deadline - monotonic()))
            worker.process.kill()
            _close_worker(worker)
        # After a normal end, nothing is left. Otherwise, an exception is being raised already, and
        # one of the event handler must not replace it.
        with suppress(Exception):
            self._emit_rest()

    def _start(self, index: int, share: int) -> _Worker:
        parent_end, child_end = self._context.Pipe()
        rate = self._plan.network.limit_rate
        rate = rate and rate * share / self._plan.limit
        network = self._plan.network._replace(limit_rate=rate)
        plan = self._plan._replace(targets=(), limit=share, network=network)
        # A forked worker inherits the parent's ends of all pipes, and must close them: otherwise
        # the pipes would stay open when the parent dies.
        forked = self._context.get_start_method() == "fork"
        inherited = [parent_end, *(each.connection for each in self._workers)] if forked else []
        process = self._context.Process(
            target=_worker_main, args=(child_end, inherited, plan, self._limits, index), daemon=True
        )
        with signals_blocked(), without_main_module(process):
            process.start()
            worker = _Worker(process, parent_end, index, share)
            self._workers.append(worker)
        child_end.close()
        return worker

    def _start_listening(self, worker: _Worker) -> None:
        listener = threading.Thread(
            target=self._listen, args=(worker,), name="getflags listener", daemon=True
        )
        listener.start()
        worker.listener = listener  # set only after the start, because ``_close_worker`` joins it
        self._send_targets(worker)

    def _listen(self, worker: _Worker) -> None:
        """Put a worker's messages into the inbox; runs in a thread, because ``recv`` blocks."""
        try:
            while True:
                self._inbox.put((worker, worker.connection.recv()))
        except (EOFError, OSError):
            pass  # the worker has exited
        finally:
            self._inbox.put((worker, None))

    def _send_targets(self, worker: _Worker) -> None:
        """Send a worker as many targets as it has capacity for, with a flag if they are the last.

        The last targets and that flag must be in the same message: a worker that has no targets
        sends no events, and the parent sends messages only in response to events, or when targets
        arrive.
        """
        capacity = worker.capacity()
        if capacity > 0 and not worker.sent_last:
            batch = self._batch(worker, capacity)
            last = len(batch) < capacity and self._targets.exhausted and not self._queue
            if not batch and not last:
                return  # more targets will arrive, or others must end first
            for target in batch:
                worker.pending[target.number] = target
                if target.number not in self._deaths:
                    self._emit(Started(target))
            worker.sent_last = last
            with suppress(OSError):  # the worker has died, which its listener will report
                worker.connection.send((list(map(tuple, batch)), worker.sent_last))

    def _send_to_idle(self) -> None:
        """Send targets to workers that have nothing to do, and so will not ask for any.

        There are some if a limit of ``--max-per-host`` has kept all targets from them.
        """
        for worker in self._workers:
            if len(worker.pending) == len(worker.waiting):
                self._send_targets(worker)

    def _batch(self, worker: _Worker, size: int) -> list[Target]:
        """Return the next targets, in turn those of different origins, as the scheduler does."""
        batch: list[Target] = []
        load, ready = self._load.__getitem__, partial(self._has_room, worker)
        while len(batch) < size:
            origin = self._targets.next_owner(load, ready)
            if origin is None:
                break
            self._load[origin] += 1
            worker.load[origin] += 1
            batch.append(self._queue.take(origin))
        return batch

    def _has_room(self, worker: _Worker, origin: str) -> bool:
        """Return whether a worker may have another target of an origin.

        More than its share would only wait in the worker, and take the place of other targets.
        """
        return worker.load[origin] < self._share_of(origin, worker.index)

    def _max_in_flight(self, origin: str, index: int) -> float:
        allowance = self._plan.host_limits.at(origin)
        return share_of(allowance, origin, index, self._limits.workers).max_in_flight

    def _add(self, target: Target) -> None:
        self._queue.add(_origin(target), target)

    def _handle_events(self, worker: _Worker, message: Message) -> None:
        if isinstance(message, BaseException):
            raise message
        events = iter(message)
        try:
            for kind, number, *values in events:
                if number is None:
                    self._emit(kind(*values))
                elif kind is Finished:
                    self._emit(self._finished(worker, number, *values))
                else:
                    event = kind(worker.pending[number], *values)
                    if isinstance(event, Retrying):
                        worker.wait(number, monotonic() + event.seconds)
                    self._emit(event)
        except BaseException:
            self._inbox.put((worker, list(events)))  # for ``_emit_rest``
            raise
        self._send_targets(worker)

    def _finished(
        self, worker: _Worker, number: int, seconds: float, status: str, *rest: Any
    ) -> Finished:
        """Record that a target has ended, and return the event."""
        worker.done += 1
        worker.resume(number)
        target = worker.pending.pop(number)
        origin = _origin(target)
        _decrease(self._load, origin)
        _decrease(worker.load, origin)
        return Finished(Outcome(target, Status(status), *rest), seconds)

    def _emit_rest(self) -> None:
        """Emit Finished for the targets whose end was reported, but not handled, until now."""
        while not self._inbox.empty():
            worker, message = self._inbox.get() or (None, None)
            if worker is None or not isinstance(message, list):
                continue
            for kind, number, *values in message:
                if kind is Finished:
                    self._emit(self._finished(worker, number, *values))

    def _replace(self, worker: _Worker) -> None:
        """Reassign the targets of a worker that died, or fail them, and start a new worker."""
        self._workers.remove(worker)
        _close_worker(worker)
        self._limits.forget(worker.index)
        for number, target in worker.pending.items():
            if self._is_late:
                self._has_more = True
                continue
            _decrease(self._load, _origin(target))
            self._deaths[number] = self._deaths.get(number, 0) + 1
            if self._deaths[number] < _MAX_DEATHS:
                self._queue.add(_origin(target), target, first=True)
            else:
                reason = "the worker process died twice"
                self._emit(Finished(Outcome(target, Status.FAILED, reason)))
        if not self._queue and self._targets.exhausted:
            return
        if self._is_late:
            self._has_more = True
        else:
            successor = self._start(worker.index, worker.share)
            self._start_listening(successor)


def _decrease(counter: Counter[str], key: str) -> None:
    """Count one less, and keep no zero: a list may have a million servers."""
    counter[key] -= 1
    if not counter[key]:
        del counter[key]


def _origin(target: Target) -> str:
    return urls.origin(target.url) if target.url else ""


def _close_worker(worker: _Worker) -> None:
    """Wait until a worker has exited, then close all descriptors of the parent for it.

    The pipe is closed only after its listener has ended, which might otherwise read from another
    file that got the same descriptor. If another process inherited the worker's end (the
    application forked at that moment), the listener would not notice the worker's exit; so the pipe
    is shut down first.
    """
    worker.process.join()
    if worker.listener:
        duplicate = socket.socket(fileno=os.dup(worker.connection.fileno()))
        with duplicate, suppress(OSError):  # the other end is closed already
            duplicate.shutdown(socket.SHUT_RDWR)
        worker.listener.join()
    worker.connection.close()
    worker.process.close()


def _worker_main(
    connection: Connection,
    inherited: list[Connection],
    plan: Plan,
    table: LimitsTable,
    index: int,
) -> None:
    """Run a worker process, which exits when its parent does."""
    signal.set_wakeup_fd(-1)  # a forked process inherits the parent's descriptor
    # A terminal sends these to the parent as well, which handles them.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with exit_on_sigterm():
        unblock_signals()
        for each in inherited:
            each.close()
        threading.Thread(
            target=_exit_with_parent, args=(multiprocessing.parent_process(),), daemon=True
        ).start()

        def new_limits(origin: str) -> SharedLimits:
            return SharedLimits(origin, table, index, plan.host_limits.at(origin))

        serve(connection, plan, new_limits)


def _exit_with_parent(parent: multiprocessing.process.BaseProcess) -> None:
    """Exit when the parent exits; a blocked worker would not notice that the parent was killed."""
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)
    sleep(_CLEANUP_TIME)
    os._exit(128 + signal.SIGTERM)  # even if SIGTERM did not end the worker


def _context() -> ForkContext:
    """Return the multiprocessing context: fork on Linux, spawn elsewhere and in threaded programs.

    Fork is fast. But a lock that another thread holds at that moment stays locked in the worker for
    ever; getflags' own threads are prepared for that. On macOS, system libraries may crash after a
    fork.
    """
    safe = platform.system() == "Linux" and not has_other_threads()
    return cast("ForkContext", multiprocessing.get_context("fork" if safe else "spawn"))
