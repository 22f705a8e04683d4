"""The engines that run bundles on workers: Dask, and Ray.

A bundle may run more than once: if its worker dies, an engine may start it again by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

import getflags
from getflags.cluster.work.bundle import Bundle, Done
from getflags.core.errors import UsageError
from getflags.core.text import quoted
from getflags.core.urls import redact

#: The result of a bundle, or the exception that it ended with: WorkerDied, EngineLost, or one that
#: the bundle raised itself.
Result = list[Done] | Exception


class Engine(Protocol):
    """Workers that run bundles."""

    #: The number of bundles that run at a time.
    workers: int

    def submit(self, bundle: Bundle) -> int:
        """Start a bundle; return a number that identifies it. Raises EngineLost."""
        ...

    def next_done(self, seconds: float) -> tuple[int, Result] | None:
        """Wait for a bundle to end; return None if none has ended within the time."""
        ...

    def close(self) -> None:
        """End the workers that were started here, and what they run."""
        ...


def getflags_version() -> str:
    """Return the version of getflags where this is called: on a worker."""
    return getflags.__version__


def check_versions(found: Iterable[str]) -> None:
    """Raise UsageError if a worker has another version of getflags."""
    for version in found:
        if version != getflags.__version__:
            raise UsageError(f"a worker has getflags {version}, and this is {getflags.__version__}")


def connect(on: str, workers: int) -> Engine:
    """Return an engine. Raises UsageError, and EngineLost if it cannot be reached.

    ``on`` is ``dask://host:port`` or ``ray://host:port``, or ``dask`` or ``ray`` for workers of
    this machine.
    """
    kind, _, address = on.partition("://")
    if kind not in _ENGINES or (address == "" and "://" in on):
        known = "dask, ray, dask://HOST:PORT or ray://HOST:PORT"
        raise UsageError(f"the engine is {quoted(redact(on))}; it must be {known}")
    return _ENGINES[kind](address, workers)


def _dask(address: str, workers: int) -> Engine:
    from getflags.cluster.engines.dask_engine import DaskEngine

    return DaskEngine(address, workers)


def _ray(address: str, workers: int) -> Engine:
    from getflags.cluster.engines.ray_engine import RayEngine

    return RayEngine(address, workers)


_ENGINES: dict[str, Callable[[str, int], Engine]] = {"dask": _dask, "ray": _ray}
