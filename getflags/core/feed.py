"""Items that arrive over time, such as the targets of a list that is still being written.

A thread reads them from their source. The consumer never waits for an item: it gets ``NO_JOB``
instead, and is woken when there is one.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from enum import Enum
from typing import Final, Generic, Protocol, TypeVar, runtime_checkable

T = TypeVar("T")

ROOM = 1_000  # items that may wait for the consumer


class NoJob(Enum):
    """The type of ``NO_JOB``. It is a separate type because any other value may be a job."""

    NO_JOB = "no job at the moment"


NO_JOB: Final = NoJob.NO_JOB


@runtime_checkable
class Arriving(Protocol):
    """An iterator that may yield NO_JOB: its next item has not arrived yet."""

    #: Set by the consumer; called, in any thread, when there is an item again, or the end.
    wake: Callable[[], object]


class Feed(Generic[T]):
    """An iterator over the items that ``read`` gives to the function that it is called with.

    ``read`` runs in a thread of its own. If ``ROOM`` items wait for the consumer, giving another
    one blocks. An exception ends the feed, and is kept in ``error``.
    """

    def __init__(self, read: Callable[[Callable[[T], None]], None]) -> None:
        self.wake: Callable[[], object] = lambda: None
        self.error: Exception | None = None
        self.ended = False  # no further items will arrive
        self._read = read
        self._items: deque[T] = deque()
        self._hungry = False  # the consumer has found no item
        self._full = False  # the thread waits for room
        self._change = threading.Condition()
        # A daemon thread, because reading from a terminal or a pipe cannot be interrupted.
        threading.Thread(target=self._run, name="getflags list", daemon=True).start()

    def __iter__(self) -> Feed[T]:
        return self

    def __next__(self) -> T | NoJob:
        if not self._items:
            self._hungry = True
            ended = self.ended  # before looking for items again: the last one may have come
            if not self._items:  # pragma: no branch - one may have come just now
                if ended:
                    raise StopIteration
                return NO_JOB
        item = self._items.popleft()
        if self._full and len(self._items) <= ROOM // 2:
            with self._change:
                self._full = False
                self._change.notify_all()
        return item

    def __len__(self) -> int:
        return len(self._items)

    def wait(self, seconds: float) -> None:
        """Wait until there is an item, or the end, at most for some seconds."""
        with self._change:
            self._change.wait_for(lambda: self._items or self.ended, seconds)

    def _run(self) -> None:
        try:
            self._read(self._give)
        except Exception as error:  # noqa: BLE001 - the consumer decides what it means
            self.error = error
        self.ended = True
        self._notify()

    def _give(self, item: T) -> None:
        self._items.append(item)
        if self._hungry:
            self._hungry = False
            self._notify()
        if len(self._items) >= ROOM:
            with self._change:
                self._full = True
                self._change.wait_for(lambda: len(self._items) <= ROOM // 2)

    def _notify(self) -> None:
        with self._change:
            self._change.notify_all()
        self.wake()
