"""The processes engine: several processes, each with the asyncio engine and a share of the limit.

The parent hands out targets in batches and takes in what became of them; a worker is one function,
*targets in, asyncio engine, events out*, over any connection. Who dies loses nothing: what it had
not told of is given to another one once more, and reported as failed if that one dies too. (If it
had put a file in place and not told of it, the other one meets that file, as ``--exists`` says.)
"""

from __future__ import annotations

import multiprocessing
import os
import platform
import signal
import socket
import threading
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from multiprocessing.context import ForkContext
from queue import SimpleQueue
from time import monotonic, sleep
from typing import cast

from getflags.core.deferred_signals import exit_on_sigterm, signals_blocked, unblock_signals
from getflags.core.events import EventHandler, Finished, Progressed, Retrying, Started
from getflags.core.models import Outcome, Plan, Status, Target
from getflags.core.resource_limits import worker_count
from getflags.engines.worker import Connection, News, serve

_BATCH = 512  # targets that a worker may have in hand beyond what it does at a time
_TRAVEL = 0.1  # seconds; ten times what a message and its answer take
_PATIENCE = 1.0  # seconds for interrupted workers to take away their part files
_LIVES = 2  # how many workers a target may have seen die before it is given up


def run(plan: Plan, emit: EventHandler) -> None:
    """See ``getflags.engines``."""
    office = _Office(plan, emit)
    try:
        office.work()
    finally:
        office.close()


@dataclass(slots=True)
class _Worker:
    """A process at work, and the targets that it has not told of."""

    process: multiprocessing.process.BaseProcess
    connection: Connection
    share: int  # of the limit
    pending: dict[int, Target] = field(default_factory=dict)
    waiting: set[int] = field(default_factory=set)  # those of them that will be tried again
    done: int = 0
    since: float = field(default_factory=monotonic)
    told_to_end: bool = False
    listener: threading.Thread | None = None  # it reads from the connection

    def room(self) -> int:
        """Return how many more targets it should have.

        As many as it can do at a time, and what it does while a message travels: on a fast server
        many, on a slow one none, for they would wait here while another worker is idle.
        """
        ahead = self.done / (monotonic() - self.since + _TRAVEL) * _TRAVEL
        in_hand = len(self.pending) - len(self.waiting)
        return self.share + min(int(ahead), _BATCH) - in_hand


class _Office:
    """Hands out targets, takes in news, mourns the dead."""

    def __init__(self, plan: Plan, emit: EventHandler) -> None:
        self._plan = plan
        self._emit = emit
        self._targets = iter(plan.targets)
        self._exhausted = False
        self._again: deque[Target] = deque()  # what a dead worker left behind
        self._deaths: dict[int, int] = {}  # target → how many workers died with it in hand
        self._inbox: SimpleQueue[tuple[_Worker, News | None]] = SimpleQueue()
        self._workers: list[_Worker] = []
        self._context = _context()

    def work(self) -> None:
        """Run until every target has ended."""
        count = worker_count(self._plan.limit)
        shares = [self._plan.limit // count + (n < self._plan.limit % count) for n in range(count)]
        started = [self._start(share) for share in shares]
        for worker in started:
            self._engage(worker)
        while self._workers:
            worker, news = self._inbox.get()
            if news is None:
                self._bury(worker)
            else:
                self._take_in(worker, news)

    def close(self) -> None:
        """End whoever is still there."""
        for worker in self._workers:
            worker.process.terminate()
        end = monotonic() + _PATIENCE
        for worker in self._workers:
            worker.process.join(max(0.0, end - monotonic()))
            worker.process.kill()
            _hang_up(worker)

    def _start(self, share: int) -> _Worker:
        ours, theirs = self._context.Pipe()
        rate = self._plan.network.limit_rate
        rate = rate and rate * share / self._plan.limit
        network = self._plan.network._replace(limit_rate=rate)
        plan = self._plan._replace(targets=(), limit=share, network=network)
        # A fork has our ends of all pipes, and would keep them open after our death.
        forked = self._context.get_start_method() == "fork"
        not_its = [ours, *(each.connection for each in self._workers)] if forked else []
        process = self._context.Process(target=_work, args=(theirs, not_its, plan), daemon=True)
        with signals_blocked():
            process.start()
            worker = _Worker(process, ours, share)
            self._workers.append(worker)
        theirs.close()
        return worker

    def _engage(self, worker: _Worker) -> None:
        listener = threading.Thread(target=self._listen, args=(worker,), daemon=True)
        listener.start()
        worker.listener = listener  # not before it runs, for it will be joined
        self._hand_out(worker)

    def _listen(self, worker: _Worker) -> None:
        """Put a worker's news into the inbox; on a thread, so that nobody waits for anybody."""
        try:
            while True:
                self._inbox.put((worker, worker.connection.recv()))
        except (EOFError, OSError):
            pass  # it has ended, in whichever way
        finally:
            self._inbox.put((worker, None))

    def _hand_out(self, worker: _Worker) -> None:
        """Give a worker what it has room for, and tell it when there is no more.

        At once, with the last batch: a worker that waits for targets has nothing to tell that
        would bring it another answer.
        """
        room = worker.room()
        if room > 0 and not worker.told_to_end:
            batch = self._batch(room)
            for target in batch:
                worker.pending[target.number] = target
                if target.number not in self._deaths:
                    self._emit(Started(target))
            self._exhausted = worker.told_to_end = len(batch) < room
            with suppress(OSError):  # it has died: the news is on its way
                worker.connection.send((batch, worker.told_to_end))

    def _batch(self, most: int) -> list[Target]:
        """Return the next targets; those that a dead worker left behind come first."""
        batch = [self._again.popleft() for _ in range(min(most, len(self._again)))]
        return batch + list(islice(self._targets, most - len(batch)))

    def _take_in(self, worker: _Worker, news: News) -> None:
        if isinstance(news, BaseException):
            raise news
        for item in news:
            if len(item) == 3:  # noqa: PLR2004 - progress: number, received, expected
                number, received, expected = item
                self._emit(Progressed(worker.pending[number], received, expected))
            elif len(item) == 4:  # noqa: PLR2004 - a retry: number, seconds, reason, origin
                worker.waiting.add(item[0])
                self._emit(Retrying(worker.pending[item[0]], *item[1:]))
            else:
                number, status, seconds, *rest = item
                worker.waiting.discard(number)
                worker.done += 1
                outcome = Outcome(worker.pending.pop(number), Status(status), *rest)
                self._emit(Finished(outcome, seconds))
        self._hand_out(worker)

    def _bury(self, worker: _Worker) -> None:
        """Give a dead worker's targets to another one, or give them up."""
        self._workers.remove(worker)
        _hang_up(worker)
        for number, target in worker.pending.items():
            self._deaths[number] = self._deaths.get(number, 0) + 1
            if self._deaths[number] < _LIVES:
                self._again.append(target)
            else:
                reason = "the worker process died, twice"
                self._emit(Finished(Outcome(target, Status.FAILED, reason)))
        if self._again or not self._exhausted:
            successor = self._start(max(1, self._plan.limit // worker_count(self._plan.limit)))
            self._engage(successor)


def _hang_up(worker: _Worker) -> None:
    """Wait for a worker's end, then close our end of its pipe.

    Not while its listener reads there: the descriptor would be gone under it, or be another file's.
    Where somebody else has the other end, too (a host that forks at the wrong moment), the
    listener would not hear of the worker's end, so the pipe is shut down first.
    """
    worker.process.join()
    if worker.listener:
        double = socket.socket(fileno=os.dup(worker.connection.fileno()))
        with double, suppress(OSError):  # the other end is gone already
            double.shutdown(socket.SHUT_RDWR)
        worker.listener.join()
    worker.connection.close()


def _work(connection: Connection, not_its: list[Connection], plan: Plan) -> None:
    """Be a worker process: a shard, and a process that ends when its parent does."""
    signal.set_wakeup_fd(-1)  # a fork's is still its parent's
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C: the parent sees to it
    with exit_on_sigterm():
        unblock_signals()
        for each in not_its:
            each.close()
        threading.Thread(
            target=_end_with, args=(multiprocessing.parent_process(),), daemon=True
        ).start()
        serve(connection, plan)


def _end_with(parent: multiprocessing.process.BaseProcess) -> None:
    """Wait for the parent's end, which a kill -9 makes silent; a stalled worker wouldn't notice."""
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)
    sleep(_PATIENCE)
    os._exit(128 + signal.SIGTERM)  # whatever it is that holds it


def _context() -> ForkContext:
    """Return how to start processes.

    Fork is quick, and safe here: nothing but the signals' guard runs beside us. On macOS system
    libraries don't survive it.
    """
    method = "fork" if platform.system() == "Linux" else "spawn"
    return cast("ForkContext", multiprocessing.get_context(method))
