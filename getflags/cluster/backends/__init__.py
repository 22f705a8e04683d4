"""The backends that run bundles on workers: Dask, and Ray.

A bundle may run more than once: if its worker dies, a backend may start it again by itself.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Protocol, Self

import getflags
from getflags.cluster.scratch import swept
from getflags.cluster.work.bundle import Bundle, ShardResult
from getflags.core.errors import UsageError
from getflags.core.text import quoted
from getflags.core.urls import redact

if TYPE_CHECKING:
    from distributed import Client

#: The result of a bundle, or the exception that it ended with: WorkerDied, BackendLost, or one that
#: the bundle raised itself.
Result = list[ShardResult] | Exception


class Backend(Protocol):
    """Workers that run bundles."""

    #: The number of bundles that run at a time.
    workers: int

    def submit(self, bundle: Bundle) -> int:
        """Start a bundle; return a number that identifies it. Raises BackendLost."""
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


class Workers:
    """A backend that is connected to when it is first needed, and closed at the end of the block.

    ``on`` and ``number`` are as in ``connect``; 0 workers are one for each processor.
    """

    def __init__(self, on: str | Client, number: int) -> None:
        self._on, self._number = on, number or os.cpu_count() or 1
        self._backend: Backend | None = None
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Connect to nothing yet."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close the backend."""
        self._stack.close()

    def backend(self) -> Backend:
        """Return the backend; raise what ``connect`` raises."""
        if self._backend is None:
            self._stack.enter_context(swept())
            self._backend = connect(self._on, self._number)
            self._stack.enter_context(closing(self._backend))
        return self._backend

    def count(self) -> int:
        """Return the number of workers; a cluster that is there already must be asked."""
        return self._number if self._on in _BACKENDS else self.backend().workers


def connect(on: str | Client, workers: int) -> Backend:
    """Return a backend. Raises UsageError, and BackendLost if it cannot be reached.

    ``on`` is a Dask client, or ``dask://host:port`` or ``ray://host:port``, or ``dask`` or ``ray``
    for ``workers`` workers that are started on this machine.
    """
    if not isinstance(on, str):
        return _with_client(on)
    kind, _, address = on.partition("://")
    if kind not in _BACKENDS or (address == "" and "://" in on):
        known = "dask, ray, dask://HOST:PORT or ray://HOST:PORT"
        raise UsageError(f"--on is {quoted(redact(on))}; it must be {known}")
    return _BACKENDS[kind](address, workers)


def _with_client(client: Client) -> Backend:
    from getflags.cluster.backends.dask_backend import DaskBackend

    return DaskBackend(client=client)


def _dask(address: str, workers: int) -> Backend:
    from getflags.cluster.backends.dask_backend import DaskBackend

    return DaskBackend(address, workers)


def _ray(address: str, workers: int) -> Backend:
    from getflags.cluster.backends.ray_backend import RayBackend

    return RayBackend(address, workers)


_BACKENDS: dict[str, Callable[[str, int], Backend]] = {"dask": _dask, "ray": _ray}
