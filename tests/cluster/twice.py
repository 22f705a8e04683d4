"""The command line with one more backend: it submits each bundle twice, and answers once."""

from __future__ import annotations

import sys

from getflags.cli import main
from getflags.cluster import backends
from getflags.cluster.backends import BundleResult
from getflags.cluster.backends.dask_backend import DaskBackend
from getflags.cluster.work.bundle import Bundle


class TwiceBackend(DaskBackend):
    """Dask with two workers; both get each bundle."""

    def __init__(self, address: str, workers: int) -> None:
        super().__init__(address, workers)
        self._twins: dict[int, int] = {}
        self._answered: set[int] = set()

    def submit(self, bundle: Bundle) -> int:
        """Start a bundle twice; return its number."""
        number = super().submit(bundle)
        self._twins[super().submit(bundle)] = number
        return number

    def next_done(self, seconds: float) -> tuple[int, BundleResult] | None:
        """Wait for the first of two to end."""
        found = super().next_done(seconds)
        if found is None:
            return None
        number = self._twins.get(found[0], found[0])
        if number in self._answered:
            return None
        self._answered.add(number)
        return number, found[1]


if __name__ == "__main__":
    backends._BACKENDS["twice"] = TwiceBackend
    sys.exit(main())
