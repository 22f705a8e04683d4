"""A queue that serves several owners in turn, here the servers of a list of targets.

The next item is one of the owner with the smallest load. So a slow server at the beginning of a
list does not take all slots from the others. Items of one owner stay in order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterator
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


class FairQueue(Generic[K, T]):
    """Items by owner; its length is the number of items."""

    def __init__(self) -> None:
        self._queues: dict[K, deque[T]] = {}  # in the order of their turns
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[K]:
        """Iterate over the owners that have items."""
        return iter(self._queues)

    def __contains__(self, owner: K) -> bool:
        return owner in self._queues

    def add(self, owner: K, item: T, *, first: bool = False) -> None:
        """Add an item behind, or before, those of the same owner."""
        queue = self._queues.setdefault(owner, deque())
        (queue.appendleft if first else queue.append)(item)
        self._size += 1

    def next_owner(
        self, load: Callable[[K], int], ready: Callable[[K], bool] = lambda _: True
    ) -> K | None:
        """Return the owner with the smallest load among those that are ready."""
        if len(self._queues) == 1:  # most runs have one server, whose load makes no difference
            (owner,) = self._queues
            return owner if ready(owner) else None
        best, least = None, 0
        for owner in self._queues:
            its = load(owner)
            if (best is None or its < least) and ready(owner):
                best, least = owner, its
                if not least:
                    break
        return best

    def take(self, owner: K) -> T:
        """Remove and return the first item of an owner; the others have their turns first."""
        queue = self._queues.pop(owner)
        item = queue.popleft()
        if queue:
            self._queues[owner] = queue
        self._size -= 1
        return item
