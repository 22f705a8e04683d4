"""Bundles on Dask: workers of this machine, or of a cluster that is there already.

The workers of this machine listen on 127.0.0.1 only, and there is no dashboard.
"""

from __future__ import annotations

import logging
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from getflags.cluster.engines import Result, check_versions, getflags_version
from getflags.cluster.errors import MISSING_EXTRA, EngineLost, WorkerDied
from getflags.cluster.work.bundle import Bundle, Done, run_bundle
from getflags.core.errors import UsageError
from getflags.core.text import printable

if TYPE_CHECKING:
    from distributed import Client, Future

_CONNECT = 10  # seconds
_RESULT = 60  # seconds in which the result of a bundle, a few kilobytes, must arrive
_CONFIG = {
    # With the variables that Dask sets by default, buffers of a megabyte are six times slower.
    "distributed.nanny.pre-spawn-environ": {
        "OMP_NUM_THREADS": 1, "MKL_NUM_THREADS": 1, "OPENBLAS_NUM_THREADS": 1,
    },
    # A worker that was stopped is given up after this time, and not after five minutes.
    "distributed.scheduler.worker-ttl": "60s",
    # A worker that dies is blamed on all of its bundles; the driver tells the guilty one.
    "distributed.scheduler.allowed-failures": 1,
    "distributed.scheduler.work-stealing": False,
    "distributed.worker.profile.enabled": False,
}  # fmt: skip


class DaskEngine:
    """A Dask client, with a cluster of its own if no address is given."""

    def __init__(self, address: str, workers: int) -> None:
        try:
            import dask
            from distributed import Client, LocalCluster
        except ImportError:
            raise UsageError(MISSING_EXTRA) from None
        for name in ("distributed", "distributed.scheduler", "distributed.nanny", "tornado"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self._done: SimpleQueue[tuple[int, Future[list[Done]]]] = SimpleQueue()
        self._futures: dict[int, Future[list[Done]]] = {}
        self._count = 0
        self._cluster: Any = None
        self._config = dask.config.set(_CONFIG)
        if address:
            self._client = _connect(Client, f"tcp://{address}")
        else:
            self._cluster = LocalCluster(
                n_workers=workers, threads_per_worker=1, processes=True, host="127.0.0.1",
                dashboard_address=None, memory_limit=0, silence_logs=logging.CRITICAL,
            )  # fmt: skip
            self._client = Client(self._cluster)
        check_versions(self._client.run(getflags_version).values())
        self.workers = max(sum(self._client.nthreads().values()), 1)

    def submit(self, bundle: Bundle) -> int:
        """Start a bundle; return its number."""
        self._count += 1
        number = self._count
        try:
            # Not pure: the same bundle may have to run again.
            future = self._client.submit(run_bundle, bundle, pure=False)
        except Exception as error:
            raise EngineLost(f"Dask cannot be reached: {printable(str(error))}") from error
        self._futures[number] = future
        future.add_done_callback(lambda done: self._done.put((number, done)))
        return number

    def next_done(self, seconds: float) -> tuple[int, Result] | None:
        """Wait for a bundle to end."""
        try:
            number, future = self._done.get(timeout=seconds)
        except Empty:
            return None
        del self._futures[number]
        return number, _result(future)

    def close(self) -> None:
        """End the workers of this machine."""
        for future in self._futures.values():
            future.cancel()
        self._client.close(timeout=5)
        if self._cluster is not None:
            self._cluster.close(timeout=5)


def _connect(client: type[Client], address: str) -> Client:
    try:
        return client(address, timeout=_CONNECT)
    except OSError as error:
        raise EngineLost(
            f"no Dask scheduler at {printable(address)}: {printable(str(error))}"
        ) from None


def _result(future: Future[list[Done]]) -> Result:
    from concurrent.futures import CancelledError

    from distributed.scheduler import KilledWorker

    try:
        done: list[Done] = future.result(timeout=_RESULT)
    except (KilledWorker, TimeoutError):  # or it died before it had sent the result
        return WorkerDied("the worker of a bundle has died")
    except CancelledError as error:  # also FutureCancelledError: the scheduler is gone
        return EngineLost(f"Dask has lost its scheduler: {printable(str(error))}")
    except Exception as error:  # noqa: BLE001 - the bundle's own, which the driver handles
        return error
    return done
