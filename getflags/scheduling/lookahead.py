"""Looking ahead in a list of targets, so that a slow server at its beginning holds up no others.

Targets are pulled from the list as they are needed. If the server whose turn it is has some
requests in flight already, a few more are pulled to find targets of other servers.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Generic, TypeVar

from getflags.core.feed import NO_JOB, NoJob
from getflags.scheduling.fair_queue import FairQueue

#: The largest number of waiting items; beyond it, no new ones are pulled.
MAX_WAITING = 1_000
#: The same while none of their owners is ready: in a list that is sorted by host, others are far.
MAX_BLOCKED = 10_000
#: An owner with so many requests in flight waits for its next turn if there are others.
BUSY = 4
AT_ONCE = 50  #: items pulled to find others, each time
MAX_PULL_TIME = 0.001  #: seconds

K = TypeVar("K", bound=Hashable)
S = TypeVar("S")
T = TypeVar("T")


class Lookahead(Generic[K, S, T]):
    """The next owner in a queue that is filled from a source.

    ``source`` may yield NO_JOB if it has nothing at the moment. ``add`` puts an item of it into the
    queue. ``exhausted`` is true once the source has ended.
    """

    def __init__(
        self,
        source: Iterable[S | NoJob],
        queue: FairQueue[K, T],
        add: Callable[[S], None],
        clock: Callable[[], float],
    ) -> None:
        self.exhausted = False
        self._source = iter(source)
        self._queue = queue
        self._add = add
        self._clock = clock

    def next_owner(
        self,
        load: Callable[[K], int],
        ready: Callable[[K], bool] = lambda _: True,
        *,
        elsewhere: int = 0,
    ) -> K | None:
        """Return the owner with the smallest load among those that are ready.

        ``elsewhere`` is the number of items that wait, but not in the queue.
        """
        queue = self._queue
        owner = queue.next_owner(load, ready)
        room = MAX_WAITING - elsewhere
        while owner is None and len(queue) < room and self._pull(1):
            owner = queue.next_owner(load, ready)
        # A few at each call, so that requests in flight are not held up meanwhile.
        if owner is None and 0 < len(queue) < MAX_BLOCKED - elsewhere and self._pull(AT_ONCE):
            return queue.next_owner(load, ready)
        if (
            owner is not None
            and load(owner) >= BUSY
            and len(queue) + AT_ONCE <= room
            and self._pull(AT_ONCE)
        ):
            owner = queue.next_owner(load, ready)
        return owner

    def _pull(self, count: int) -> bool:
        """Pull items, at most ``count``; return whether there was another one.

        A source that is slow is not asked again at once: it would hold up those that are there.
        """
        if self.exhausted:
            return False
        start, pulled = self._clock(), 0
        while pulled < count:
            item = next(self._source, None)
            self.exhausted = item is None
            if item is None or item is NO_JOB:
                break
            self._add(item)
            pulled += 1
            if self._clock() - start > MAX_PULL_TIME:
                break
        return pulled > 0
