"""The backends that run bundles on workers: Dask, and Ray.

A bundle may run more than once: if its worker dies, a backend may start it again by itself.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Protocol, Self

from getflags.cluster.scratch import swept
from getflags.cluster.work.bundle import Bundle, ShardResult
from getflags.core.errors import UsageError
from getflags.core.text import quoted
from getflags.core.urls import redact

if TYPE_CHECKING:
    from distributed import Client

#: The result of a bundle, or the exception that it ended with: WorkerDied, BackendLost, or one that
#: the bundle raised itself.
BundleResult = list[ShardResult] | Exception


class Backend(Protocol):
    """Workers that run bundles."""

    #: The number of bundles that run at a time: one in each thread of a worker.
    slots: int

    def submit(self, bundle: Bundle) -> int:
        """Start a bundle; return a number that identifies it. Raises BackendLost."""
        ...

    def next_done(self, seconds: float) -> tuple[int, BundleResult] | None:
        """Wait up to ``seconds`` for a bundle to end; return its number and its result, or None.

        Raises BackendLost.
        """
        ...

    def close(self) -> None:
        """End the workers that were started here, and what they run."""
        ...


class LazyBackend:
    """A backend that is connected to when it is first needed, and closed at the end of the block.

    ``on`` and ``workers`` are as in ``connect``; 0 means one worker for each processor.
    """

    def __init__(self, on: str | Client, workers: int) -> None:
        self._on, self._workers = on, workers or os.cpu_count() or 1
        self._backend: Backend | None = None
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Connect to nothing yet."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close the backend."""
        self._stack.close()

    def connected(self) -> Backend:
        """Return the backend; raise what ``connect`` raises."""
        if self._backend is None:
            self._stack.enter_context(swept())
            self._backend = connect(self._on, self._workers)
            self._stack.enter_context(closing(self._backend))
        return self._backend

    def slots(self) -> int:
        """Return ``Backend.slots``; a cluster that is there already must be asked."""
        started_here = isinstance(self._on, str) and self._on in _BACKENDS
        return self._workers if started_here else self.connected().slots


def connect(on: str | Client, workers: int) -> Backend:
    """Return a backend. Raises UsageError, and BackendLost if it cannot be reached.

    ``on`` is a Dask client, or ``dask://host:port`` or ``ray://host:port``, or ``dask`` or ``ray``
    for ``workers`` workers that are started on this machine.
    """
    if not isinstance(on, str):
        return _dask(on, workers)
    kind, _, address = on.partition("://")
    if kind not in _BACKENDS or (address == "" and "://" in on):
        known = "dask, ray, dask://HOST:PORT or ray://HOST:PORT"
        raise UsageError(f"--on is {quoted(redact(on))}; it must be {known}")
    return _BACKENDS[kind](address, workers)


def _dask(on: str | Client, workers: int) -> Backend:
    from getflags.cluster.backends.dask_backend import DaskBackend

    return DaskBackend(on, workers)


def _ray(address: str, workers: int) -> Backend:
    from getflags.cluster.backends.ray_backend import RayBackend

    return RayBackend(address, workers)


_BACKENDS: dict[str, Callable[[str, int], Backend]] = {"dask": _dask, "ray": _ray}
