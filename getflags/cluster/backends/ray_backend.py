"""Bundles on Ray: workers of this machine, or of a cluster that is there already."""

from __future__ import annotations

import logging
import os
import tempfile
from concurrent.futures import CancelledError, Future
from contextlib import ExitStack, suppress
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any

from getflags.cluster.backends import BundleResult
from getflags.cluster.errors import BackendLost, WorkerDied, local_disk
from getflags.cluster.scratch import scratch
from getflags.cluster.work.bundle import Bundle, ShardResult, run_bundle
from getflags.core.errors import UsageError
from getflags.core.text import printable

_LOST = 300  # seconds without a processor; a cluster may get other machines
#: Characters of a folder's path; below it, Ray makes sockets whose paths have 107 at most.
_LONGEST = 16


class RayBackend:
    """A Ray driver, with a Ray of its own if no address is given."""

    def __init__(self, address: str, workers: int) -> None:
        os.environ.setdefault("RAY_DEDUP_LOGS", "0")
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is sent to Ray's makers
        os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
        os.environ.setdefault("RAY_DISABLE_FAILURE_SIGNAL_HANDLER", "1")
        if not address:  # as on macOS; elsewhere Ray would listen on all interfaces
            os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
        try:
            import ray
            from ray._private import utils, worker
        except ImportError:
            raise UsageError("--on ray needs one more package: pip install ray") from None
        # Ray would print messages about dead workers to standard output, and handle SIGTERM itself.
        worker.print_to_stdstream = utils.set_sigterm_handler = _do_nothing
        self._ray, self._address = ray, address
        self._bundles: dict[int, Any] = {}  # the references of their results
        self._done: SimpleQueue[tuple[int, Future[list[ShardResult]]]] = SimpleQueue()
        self._count = 0
        self._seen = monotonic()  # when there was a processor
        with ExitStack() as stack:
            self._start(address, workers, stack)
            self.slots = max(int(ray.cluster_resources().get("CPU", 1)), 1)
            self._stack = stack.pop_all()
        # The driver itself decides what runs again.
        self._run = ray.remote(num_cpus=1, max_retries=0)(run_bundle)

    def _start(self, address: str, workers: int, stack: ExitStack) -> None:
        """Connect to a Ray, or start one on this machine, with a folder for its files."""
        options: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.CRITICAL}
        if address:
            options |= {"address": f"ray://{address}"}
        else:
            with local_disk():
                folder = stack.enter_context(scratch(_short_folder()))
            options |= {"num_cpus": workers, "include_dashboard": False, "_temp_dir": str(folder),
                        "_node_ip_address": "127.0.0.1"}  # fmt: skip
        if self._ray.is_initialized():
            raise UsageError("this program has started Ray already; call ray.shutdown() first")
        stack.callback(self._ray.shutdown)
        try:
            self._ray.init(**options)
        except Exception as error:  # noqa: BLE001 - Ray raises bare ones, too
            raise BackendLost(f"Ray cannot be reached: {_first_line(error)}") from None

    def submit(self, bundle: Bundle) -> int:
        """Start a bundle; return its number."""
        self._count += 1
        number = self._count
        try:
            self._bundles[number] = self._run.remote(bundle)
        except (ConnectionError, self._ray.exceptions.RaySystemError) as error:
            raise BackendLost(f"Ray cannot be reached: {_first_line(error)}") from None
        self._bundles[number].future().add_done_callback(
            lambda done: self._done.put((number, done))
        )
        return number

    def next_done(self, seconds: float) -> tuple[int, BundleResult] | None:
        """See ``Backend``."""
        try:  # not with ray.wait, which turns any exception of a signal handler into another one
            number, future = self._done.get(timeout=seconds)
        except Empty:
            self._check_processors()
            return None
        self._seen = monotonic()
        del self._bundles[number]
        return number, self._result(future)

    def _check_processors(self) -> None:
        """Raise BackendLost if the cluster has had no processor for a while."""
        try:
            found = self._ray.cluster_resources().get("CPU", 0)
        except (ConnectionError, self._ray.exceptions.RayError) as error:
            raise BackendLost(f"Ray cannot be reached: {_first_line(error)}") from None
        if found:
            self._seen = monotonic()
        elif monotonic() - self._seen > _LOST:
            raise BackendLost(f"the Ray cluster has had no processor for {_LOST} seconds")

    def close(self) -> None:
        """End the workers of this machine."""
        with self._stack:
            for reference in self._bundles.values():
                with suppress(ConnectionError, self._ray.exceptions.RayError):  # it may be gone
                    self._ray.cancel(reference, force=True)

    def _result(self, future: Future[list[ShardResult]]) -> BundleResult:
        exceptions = self._ray.exceptions
        try:
            return future.result()
        except exceptions.RayTaskError as error:
            cause = error.cause
            return cause if isinstance(cause, Exception) else error
        except (exceptions.WorkerCrashedError, exceptions.OutOfMemoryError,
                exceptions.ObjectLostError):  # fmt: skip
            return WorkerDied("the worker of a bundle has died")
        except (exceptions.NodeDiedError, exceptions.LocalRayletDiedError):
            if self._address:  # the other machines of the cluster go on
                return WorkerDied("the machine of a worker has died")
            return BackendLost("Ray has died")
        except (ConnectionError, CancelledError, exceptions.RayError) as error:
            return BackendLost(f"Ray cannot be reached: {_first_line(error)}")


def _first_line(error: Exception) -> str:
    return printable(str(error).partition("\n")[0])


def _short_folder() -> str:
    """Return the folder for Ray's files: the system's temporary one, if its path is short."""
    folder = tempfile.gettempdir()
    return folder if len(folder) <= _LONGEST else "/tmp"  # noqa: S108 - `scratch` makes one in it


def _do_nothing(*_: object, **__: object) -> None:
    """Replace functions of Ray."""
