"""Bundles on Dask: workers of this machine, or of a cluster that is there already.

The workers of this machine listen on 127.0.0.1 only, and there is no dashboard.
"""

from __future__ import annotations

import atexit
import logging
import os
from contextlib import ExitStack, suppress
from multiprocessing import resource_tracker
from queue import Empty, SimpleQueue
from signal import SIG_BLOCK, SIG_SETMASK, SIGINT, SIGKILL, pthread_sigmask
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

import getflags
from getflags.cluster.backends import BundleResult
from getflags.cluster.errors import MISSING_EXTRA, BackendLost, WorkerDied, local_disk
from getflags.cluster.scratch import scratch
from getflags.cluster.work.bundle import Bundle, ShardResult, check_version, run_bundle
from getflags.core.errors import UsageError
from getflags.core.text import brief, printable

if TYPE_CHECKING:
    from distributed import Client, Future, LocalCluster

_CONNECT = 10  # seconds
_CLOSE = 5  # seconds
_INTERRUPTED = 1.0  # seconds in which workers may still be starting
_LOST = 60  # seconds without a worker of this machine
_LOST_ELSEWHERE = 300  # the same of a cluster that is there already, which may get others
_RESULT = 60  # seconds in which the result of a bundle, a few kilobytes, must arrive
_CONFIG = {
    # With the variables that Dask sets by default, buffers of a megabyte are six times slower.
    "distributed.nanny.pre-spawn-environ": {
        "OMP_NUM_THREADS": 1, "MKL_NUM_THREADS": 1, "OPENBLAS_NUM_THREADS": 1,
    },
    # A worker that was stopped is given up after this time, and not after five minutes.
    "distributed.scheduler.worker-ttl": "60s",
    # A worker that dies is blamed on all of its bundles; the driver finds out which is the cause.
    "distributed.scheduler.allowed-failures": 0,
    "distributed.scheduler.work-stealing": False,
    "distributed.worker.profile.enabled": False,
    # The HTTP servers cannot be turned off, but they answer nothing.
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
}  # fmt: skip


class DaskBackend:
    """A Dask client.

    ``on`` is the user's client, or the address of a scheduler, or empty for ``workers`` workers
    that are started here.
    """

    def __init__(self, on: str | Client, workers: int) -> None:
        try:
            import dask
            from distributed import Client, LocalCluster
        except ImportError:
            raise UsageError(MISSING_EXTRA) from None
        self._done: SimpleQueue[tuple[int, Future[list[ShardResult]]]] = SimpleQueue()
        self._futures: dict[int, Future[list[ShardResult]]] = {}
        self._count = 0
        self._seen = monotonic()  # when there was a worker
        self._cluster: Any = None
        with ExitStack() as stack:
            if isinstance(on, str):
                _silence()
                stack.enter_context(dask.config.set(_CONFIG))
                if not on:
                    with local_disk():
                        folder = str(stack.enter_context(scratch()))
                    stack.enter_context(dask.config.set({"temporary-directory": folder}))
                    self._start(LocalCluster, workers, stack)
                self._client = _connect(Client, f"tcp://{on}" if on else self._cluster)
                stack.callback(self._end, self._client)
            else:
                self._client = _usable(on, Client)
                stack.callback(self._cancel)
            self.slots = self._ask_workers()
            self._stack = stack.pop_all()

    def _start(self, cluster: type[LocalCluster], workers: int, stack: ExitStack) -> None:
        """Start workers on this machine."""
        from distributed.deploy.spec import close_clusters
        from distributed.utils import LoopRunner
        from psutil import Process

        runner = LoopRunner()
        # It would unblock SIGINT where it is started: in the thread below, with the first worker.
        resource_tracker.ensure_running()
        # What this thread starts inherits the mask: Ctrl-C in a terminal is for this process alone.
        mask = pthread_sigmask(SIG_BLOCK, {SIGINT})
        try:
            runner.start()
        finally:
            pthread_sigmask(SIG_SETMASK, mask)
        stack.callback(runner.stop)
        before = {each.pid for each in Process().children()}
        try:
            self._cluster = cluster(
                n_workers=workers, threads_per_worker=1, processes=True, host="127.0.0.1",
                dashboard_address="127.0.0.1:0", scheduler_kwargs={"dashboard": False},
                memory_limit=0, silence_logs=logging.CRITICAL, loop=runner.loop,
            )  # fmt: skip
        except BaseException:  # it was interrupted; Dask cannot close what has not started
            atexit.unregister(close_clusters)
            logging.getLogger("asyncio").setLevel(logging.CRITICAL)
            _kill_starting(before)
            raise
        stack.callback(self._end, self._cluster)

    def _ask_workers(self) -> int:
        """Check the versions of the workers that answer; return the number of their threads.

        ``run_bundle`` checks the others. Raises UsageError if a worker has another getflags or
        none, and BackendLost.
        """
        try:
            self._client.wait_for_workers(1, timeout=_CONNECT)
            found = self._client.run(getflags_version, on_error="return").values()
            threads: dict[str, int] = self._client.nthreads()
        except TimeoutError:
            raise BackendLost("the Dask cluster has no workers") from None
        except (OSError, RuntimeError) as error:  # the second one of a client that was closed
            raise BackendLost(f"Dask cannot be reached: {printable(str(error))}") from None
        if any(isinstance(each, ImportError) for each in found):
            raise UsageError("the workers of Dask have no getflags; install it there")
        for version in found:
            if isinstance(version, str):
                check_version(version, getflags.__version__)
        return max(sum(threads.values()), 1)

    def submit(self, bundle: Bundle) -> int:
        """Start a bundle; return its number."""
        self._count += 1
        number = self._count
        try:
            # Not pure: the same bundle may have to run again.
            future = self._client.submit(run_bundle, bundle, pure=False)
        except Exception as error:
            raise BackendLost(f"Dask cannot be reached: {printable(str(error))}") from error
        self._futures[number] = future
        future.add_done_callback(lambda done: self._done.put((number, done)))
        return number

    def next_done(self, seconds: float) -> tuple[int, BundleResult] | None:
        """See ``Backend``."""
        try:
            number, future = self._done.get(timeout=seconds)
        except Empty:
            self._check_workers()
            return None
        self._seen = monotonic()  # a worker has just answered
        del self._futures[number]
        return number, _result(future)

    def _check_workers(self) -> None:
        """Raise BackendLost if there has been no worker for a while.

        Dask gives up a worker of this machine that dies while it starts. If the scheduler is gone,
        the results of the bundles say so.
        """
        if self._has_workers():
            self._seen = monotonic()
        elif self._cluster is not None and monotonic() - self._seen > _LOST:
            raise BackendLost("the workers have died, and Dask starts no others")
        elif monotonic() - self._seen > _LOST_ELSEWHERE:
            raise BackendLost(f"the Dask cluster has had no worker for {_LOST_ELSEWHERE} seconds")

    def _has_workers(self) -> bool:
        if self._cluster is not None:
            return bool(self._cluster.scheduler.workers)
        try:
            return bool(self._client.nthreads())
        except Exception:  # noqa: BLE001 - Dask raises bare ones if the scheduler is gone
            return True

    def close(self) -> None:
        """End the workers of this machine; those with bundles under way are killed.

        The user's own workers finish the bundles that they have, and begin no more.
        """
        with self._stack:
            if self._futures:
                self._kill()

    def _cancel(self) -> None:
        """Withdraw the bundles that no worker has begun."""
        # The scheduler may be gone, or the client closed; Dask raises a bare Exception then.
        with suppress(Exception):
            self._client.cancel(list(self._futures.values()))

    def _end(self, closed: Client | LocalCluster) -> None:
        """Close the client or the cluster; if that fails, kill the workers."""
        try:
            closed.close(timeout=_CLOSE)
        except Exception:  # noqa: BLE001 - any of Dask's, such as a timeout
            self._kill()

    def _kill(self) -> None:
        """Kill the workers of this machine."""
        for nanny in self._cluster.workers.values() if self._cluster is not None else ():
            nanny.close_gracefully()  # else it would start another worker
            if nanny.pid is not None:
                with suppress(ProcessLookupError):
                    os.kill(nanny.pid, SIGKILL)


def _kill_starting(before: set[int]) -> None:
    """Kill the workers that are being started: all child processes but those of before.

    Each of them would print a traceback when this process ends.
    """
    from psutil import Error, Process

    end = monotonic() + _INTERRUPTED
    while monotonic() < end:
        for process in Process().children():
            with suppress(Error):
                if process.pid not in before and "spawn_main" in str(process.cmdline()):
                    process.kill()
        sleep(_INTERRUPTED / 20)


def getflags_version() -> str:
    """Return the version of getflags where this is called: on a worker."""
    return getflags.__version__


def _usable(client: Client, kind: type[Client]) -> Client:
    """Return the user's client. Raises UsageError if a job cannot run on it."""
    if not isinstance(client, kind):
        shown = brief(repr(client))
        raise UsageError(f"on is {shown}; it must be a Dask client, or a string such as 'dask'")
    if client.asynchronous:
        raise UsageError("the Dask client is asynchronous, and a job needs a synchronous one")
    return client


def _silence() -> None:
    """Let Dask log nothing; each of its loggers may have a level of its own."""
    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] in {"distributed", "tornado"}:
            logging.getLogger(name).setLevel(logging.CRITICAL)


def _connect(client: type[Client], address: str | LocalCluster) -> Client:
    try:
        return client(address, timeout=_CONNECT)
    except ValueError:
        raise UsageError("the address of the Dask scheduler is not HOST:PORT") from None
    except OSError as error:
        raise BackendLost(
            f"no Dask scheduler at {printable(str(address))}: {printable(str(error))}"
        ) from None


def _result(future: Future[list[ShardResult]]) -> BundleResult:
    from concurrent.futures import CancelledError

    from distributed.scheduler import KilledWorker

    try:
        error: Exception | None = future.exception(timeout=_RESULT)
        if error is None:
            done: list[ShardResult] = future.result(timeout=_RESULT)
            return done
    except TimeoutError:  # the worker died before it had sent the result
        return WorkerDied("the worker of a bundle has died")
    except CancelledError:  # also FutureCancelledError
        return BackendLost("Dask has lost its scheduler")
    if isinstance(error, KilledWorker):
        return WorkerDied("the worker of a bundle has died")
    if isinstance(error, CancelledError):
        return BackendLost("Dask has lost its scheduler")
    return error
