"""The driver: it gives bundles of shards to the workers of a backend until all shards are done.

It holds no targets and no results, only the byte ranges of the shards that are missing. A lane has
one bundle under way at a time (see ``job.lanes``), and only a window of bundles is submitted.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence

import getflags
from getflags.cluster.backends import Backend, BundleResult
from getflags.cluster.errors import StorageError, WorkerDied
from getflags.cluster.job.job import Generation, Terms
from getflags.cluster.job.shards import Shard
from getflags.cluster.results.report import GivenUp
from getflags.cluster.work.breaker import NO_ANSWER, UNREACHABLE
from getflags.cluster.work.bundle import Bundle, RunOptions, ShardResult
from getflags.cluster.work.record import Record
from getflags.core.errors import GetflagsError, UsageError

# Shards at most. The larger it is, the less a slow file at the end of one costs, and the more is
# lost with a worker.
BUNDLE = 5
_TRIES = 3  # of a shard whose outcomes are in doubt, or whose storage failed
_DEATHS = 8  # of workers that run one shard alone, until the shard is taken for the cause
_WAIT = 1.0  # seconds between two looks at the clock


class Driver:
    """The run of one generation of a job."""

    def __init__(
        self,
        terms: Terms,
        generation: Generation,
        options: RunOptions,
        backend: Backend,
        committed: Callable[[Record], None],
    ) -> None:
        self._terms, self._generation, self._options = terms, generation, options
        self._backend = backend
        self._committed = committed
        self._tries: Counter[int] = Counter()  # by shard
        self._deaths: Counter[int] = Counter()  # by shard
        self._suspects: set[int] = set()  # shards of bundles that failed: each is tried alone
        self._running: dict[int, tuple[int, tuple[Shard, ...]]] = {}  # bundle → lane, shards
        self._size = BUNDLE  # shards of a bundle; fewer if there are few, as one ends as a whole
        self._heard = False  # whether a bundle has ended, so that requests may have been made
        # Bundles that failed since the last commit because of the storage or a disk.
        self._in_vain = 0
        self.given_up: list[GivenUp] = []

    def run(self, done: set[int]) -> None:
        """Run all shards but those that are done. Raises BackendLost, StorageError, UsageError."""
        waiting = [
            deque(shard for shard in lane if shard.number not in done)
            for lane in self._generation.shards()
        ]
        number = sum(map(len, waiting))
        self._size = max(min(number // (4 * self._backend.slots), BUNDLE), 1)
        ready = deque(lane for lane, shards in enumerate(waiting) if shards)
        while ready or self._running:
            while ready and len(self._running) < 2 * self._backend.slots:
                lane = ready.popleft()
                shards = self._next_bundle(waiting[lane])
                self._running[self._backend.submit(self._bundle(lane, shards))] = lane, shards
            found = self._backend.next_done(_WAIT)
            if found is None:
                continue
            lane, shards = self._running.pop(found[0])
            waiting[lane].extend(self._handle(shards, found[1]))
            if waiting[lane]:
                ready.append(lane)

    def _next_bundle(self, waiting: deque[Shard]) -> tuple[Shard, ...]:
        """Take the next shards of a lane; a suspect is alone."""
        taken = [waiting.popleft()]
        while (
            waiting
            and len(taken) < self._size
            and not {taken[-1].number, waiting[0].number} & self._suspects
        ):
            taken.append(waiting.popleft())
        return tuple(taken)

    def _bundle(self, lane: int, shards: tuple[Shard, ...]) -> Bundle:
        generation = self._generation
        return Bundle(
            getflags.__version__, self._options, self._terms, generation.attempt,
            generation.lanes[lane], shards,
        )  # fmt: skip

    def _handle(self, shards: Sequence[Shard], result: BundleResult) -> list[Shard]:
        """Take the result of a bundle; return the shards that are to be tried again."""
        if isinstance(result, UsageError) and self._heard:
            raise StorageError(str(result))  # no usage error: requests have been made
        self._heard = True
        if isinstance(result, WorkerDied):
            return self._after_death(shards, str(result))
        if isinstance(result, Exception):
            if isinstance(result, GetflagsError) and not isinstance(result, StorageError):
                raise result
            self._suspects.update(shard.number for shard in shards)  # one may be the cause
            self._stop_if_in_vain(_reason(result))
            return [shard for shard in shards if self._again(shard, _reason(result))]
        return self._after_end(shards, result)

    def _after_end(self, shards: Sequence[Shard], results: Iterable[ShardResult]) -> list[Shard]:
        """Take the results of a bundle's shards; return those that are to be tried again."""
        by_number = {shard.number: shard for shard in shards}
        again: list[Shard] = []
        local = ""  # a reason that lies with this worker, and not with the servers of one shard
        for each in results:
            if each.record is not None:
                self._in_vain = 0
                self._committed(each.record)
                continue
            if not each.reason.startswith((NO_ANSWER, UNREACHABLE)):
                local = each.reason
            if self._again(by_number[each.shard], each.reason):
                again.append(by_number[each.shard])
        if local:
            self._stop_if_in_vain(local)
        return again

    def _stop_if_in_vain(self, reason: str) -> None:
        """Count a bundle that failed. Raises StorageError after several without a commit between.

        Otherwise, with a full disk or a storage that accepts nothing, each target would be
        requested three times.
        """
        self._in_vain += 1
        if self._in_vain > _TRIES * self._backend.slots:
            raise StorageError(reason)

    def _after_death(self, shards: Sequence[Shard], reason: str) -> list[Shard]:
        """Return the shards of a worker that died, each of which is then tried alone."""
        if len(shards) > 1:
            self._suspects.update(shard.number for shard in shards)
            return list(shards)
        self._deaths[shards[0].number] += 1
        if self._deaths[shards[0].number] < _DEATHS:
            return list(shards)
        self.given_up.append(GivenUp(shards[0].number, reason))
        return []

    def _again(self, shard: Shard, reason: str) -> bool:
        """Count a try of a shard; return whether it has another one."""
        self._tries[shard.number] += 1
        if self._tries[shard.number] < _TRIES:
            return True
        self.given_up.append(GivenUp(shard.number, reason))
        return False


def _reason(error: Exception) -> str:
    """Return a text for an error of the storage or a disk, or an unexpected one."""
    if isinstance(error, StorageError):
        return str(error)
    return getattr(error, "strerror", None) or f"{type(error).__name__}: {error}"
