"""Bundles on Ray: workers of this machine, or of a cluster that is there already."""

from __future__ import annotations

import logging
import os
from typing import Any

from getflags.cluster.engines import Result
from getflags.cluster.errors import EngineLost, WorkerDied
from getflags.cluster.work.bundle import Bundle, Done, run_bundle
from getflags.core.errors import UsageError
from getflags.core.text import printable


class RayEngine:
    """A Ray driver, with a Ray of its own if no address is given."""

    def __init__(self, address: str, workers: int) -> None:
        os.environ.setdefault("RAY_DEDUP_LOGS", "0")
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is sent to Ray's makers
        os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
        try:
            import ray
        except ImportError:
            raise UsageError("--on ray needs one more package: pip install ray") from None
        self._ray = ray
        self._bundles: dict[Any, int] = {}  # by the references of their results
        self._count = 0
        options = {"log_to_driver": False, "logging_level": logging.CRITICAL}
        try:
            if address:
                ray.init(f"ray://{address}", **options)
            else:
                ray.init(num_cpus=workers, include_dashboard=False, _node_ip_address="127.0.0.1",
                         **options)  # fmt: skip
        except (ConnectionError, OSError, RuntimeError, ValueError) as error:
            raise EngineLost(f"Ray cannot be reached: {printable(str(error))}") from None
        self.workers = max(int(ray.cluster_resources().get("CPU", 1)), 1)
        # The driver itself decides what runs again.
        self._run = ray.remote(num_cpus=1, max_retries=0)(run_bundle)

    def submit(self, bundle: Bundle) -> int:
        """Start a bundle; return its number."""
        self._count += 1
        try:
            self._bundles[self._run.remote(bundle)] = self._count
        except (ConnectionError, self._ray.exceptions.RaySystemError) as error:
            raise EngineLost(f"Ray cannot be reached: {printable(str(error))}") from None
        return self._count

    def next_done(self, seconds: float) -> tuple[int, Result] | None:
        """Wait for a bundle to end."""
        try:
            ready, _ = self._ray.wait(list(self._bundles), timeout=seconds)
        except (ConnectionError, self._ray.exceptions.RaySystemError) as error:
            raise EngineLost(f"Ray cannot be reached: {printable(str(error))}") from None
        if not ready:
            return None
        return self._bundles.pop(ready[0]), self._result(ready[0])

    def close(self) -> None:
        """End the workers of this machine."""
        for reference in self._bundles:
            self._ray.cancel(reference, force=True)
        self._ray.shutdown()

    def _result(self, reference: Any) -> Result:
        exceptions = self._ray.exceptions
        try:
            done: list[Done] = self._ray.get(reference)
        except exceptions.RayTaskError as error:
            cause = error.cause
            return cause if isinstance(cause, Exception) else error
        except (exceptions.WorkerCrashedError, exceptions.NodeDiedError,
                exceptions.OutOfMemoryError, exceptions.ObjectLostError):  # fmt: skip
            return WorkerDied("the worker of a bundle has died")
        except (ConnectionError, exceptions.RaySystemError) as error:
            return EngineLost(f"Ray cannot be reached: {printable(str(error))}")
        return done
