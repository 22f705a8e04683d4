"""The task of a worker: it downloads a few shards with one engine and commits each of them.

One engine for several shards, because a slow file at the end of a shard would otherwise leave the
connections idle. A shard is committed as soon as its last target has ended, on a thread, while the
engine continues with the next shard. A task may run more than once: shards that are done are left
out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from time import monotonic, sleep
from typing import NamedTuple

import getflags
from getflags import api
from getflags.cluster.errors import StorageError, StorageRefused
from getflags.cluster.job import lane_lists, layout
from getflags.cluster.job.job import Terms
from getflags.cluster.job.lanes import Lane
from getflags.cluster.job.shards import Shard
from getflags.cluster.scratch import scratch
from getflags.cluster.storage import Storage
from getflags.cluster.work import breaker, record
from getflags.cluster.work.commit import commit
from getflags.cluster.work.manifest import row
from getflags.cluster.work.pack import Attempt, Packed, check_format, key
from getflags.cluster.work.record import Record
from getflags.core.errors import UsageError
from getflags.core.events import Event, Finished, Retrying
from getflags.core.models import Outcome, Status
from getflags.targets.list_file import Entry

_COMMITS = 2  # shards that are packed and stored at a time


class RunOptions(NamedTuple):
    """What a run of a job may choose: the job itself has the rest.

    ``place`` is a folder or a URL, and ``max_req`` the concurrency of a bundle. With
    ``accept_failures``, a shard is committed even if no server answered.
    """

    place: str
    max_req: int
    accept_failures: bool = False


class Bundle(NamedTuple):
    """The shards of a lane that one worker downloads, and how. It has no secrets.

    ``version`` is the driver's, and ``lists`` the attempt in the names of the lanes' lists.
    """

    version: str
    options: RunOptions
    terms: Terms
    lists: str
    lane: Lane
    shards: tuple[Shard, ...]

    @property
    def rate(self) -> float | None:
        """The share of the lane in the rate limit of an origin, in requests a second."""
        whole = self.terms.rate_per_origin
        return whole and whole / self.lane.share


class ShardResult(NamedTuple):
    """What became of a shard: its record, or the reason why it was not committed."""

    shard: int
    record: Record | None
    reason: str = ""


def check_version(worker: str, driver: str) -> None:
    """Raise UsageError if a worker has another version of getflags than the driver."""
    if worker != driver:
        raise UsageError(f"a worker has getflags {worker}, but this is {driver}")


def run_bundle(bundle: Bundle) -> list[ShardResult]:
    """Download the shards of a bundle and commit them.

    Raises UsageError if the worker has another version of getflags, and StorageError.
    """
    check_version(getflags.__version__, bundle.version)
    check_format(bundle.terms.file_format)
    storage = Storage(bundle.options.place)
    done: list[ShardResult] = []
    missing: list[Shard] = []
    for shard in bundle.shards:
        data = storage.read(layout.record(shard.number))
        if data is None:
            missing.append(shard)
        else:
            done.append(ShardResult(shard.number, record.load(data, layout.record(shard.number))))
    with scratch() as folder, ThreadPoolExecutor(_COMMITS) as executor:
        run = _Run(bundle, storage, folder, executor)
        try:
            return done + run.download(missing)
        except StorageRefused as error:  # no usage error: requests have been made
            raise StorageError(str(error)) from None


class _Run:
    """One engine that downloads the shards, and the commits that it leads to."""

    def __init__(
        self, bundle: Bundle, storage: Storage, folder: Path, executor: ThreadPoolExecutor
    ) -> None:
        self._bundle, self._storage = bundle, storage
        self._folder = folder
        self._executor = executor
        self._shards: dict[str, _ShardRun] = {}  # by the folders of their files
        self._commits: list[Future[ShardResult]] = []

    def download(self, shards: list[Shard]) -> list[ShardResult]:
        """Download the shards and return what became of each of them."""
        for shard in shards:
            lane = self._bundle.lane
            targets = list(lane_lists.read(self._storage, self._bundle.lists, lane, shard))
            each = _ShardRun(shard, self._folder / str(shard.number), targets)
            self._shards[str(each.folder)] = each
            if not each.entries:
                self._commit(each)
        bundle = self._bundle
        if bundle.rate and shards:  # the bundle before may just have made a request
            sleep(1 / bundle.rate)
        api.download(
            self._entries(),
            **bundle.terms.settings,
            engine="asyncio",
            max_req=bundle.options.max_req,
            max_per_host=bundle.lane.per_origin,
            rate_per_host=bundle.rate,
            dir=self._folder,
            keep_outcomes=False,
            emit=self._read_event,
        )
        return [commit.result() for commit in self._commits]

    def _entries(self) -> Iterator[Entry]:
        """Yield the targets of all shards; the names of their files are their places.

        After a commit that failed, the shards that follow would only be requested in vain.
        """
        for shard in self._shards.values():
            for index, (_, entry) in enumerate(shard.entries):
                if any(each.done() and each.exception() for each in self._commits):
                    return
                yield entry._replace(out=str(index), folder=str(shard.folder))

    def _read_event(self, event: Event) -> None:
        if isinstance(event, Retrying) and event.origin:
            self._shards[event.target.folder].refusals[event.origin] += 1
        elif isinstance(event, Finished):
            shard = self._shards[event.outcome.target.folder]
            shard.outcomes[int(event.outcome.target.name)] = event.outcome
            if len(shard.outcomes) == len(shard.entries):
                self._commit(shard)

    def _commit(self, shard: _ShardRun) -> None:
        self._commits.append(self._executor.submit(shard.commit, self._bundle, self._storage))


class _ShardRun:
    """The progress of one shard: its targets, their outcomes, and its folder."""

    def __init__(self, shard: Shard, folder: Path, entries: list[tuple[int, Entry]]) -> None:
        self.number = shard.number
        self.folder = folder
        self.entries = entries
        self.outcomes: dict[int, Outcome] = {}
        self.refusals: Counter[str] = Counter()
        self._start = monotonic()
        folder.mkdir()

    def commit(self, bundle: Bundle, storage: Storage) -> ShardResult:
        """Pack the files and commit the shard, unless its outcomes are in doubt."""
        outcomes = [self.outcomes[index] for index in range(len(self.entries))]
        accept = bundle.options.accept_failures
        if reason := breaker.doubt(outcomes, accept_failures=accept):
            return ShardResult(self.number, None, reason)
        attempt = Attempt(storage, self.number, layout.new_attempt(), self.folder)
        files = [self._packed(index, each) for index, each in enumerate(outcomes)]
        seconds = monotonic() - self._start
        found = commit(bundle.terms.file_format, attempt, files, self.refusals, seconds)
        for _, path in files:
            if path is not None:
                path.unlink()
        return ShardResult(self.number, found)

    def _packed(self, index: int, outcome: Outcome) -> Packed:
        number, entry = self.entries[index]
        found = row(number, outcome)
        if outcome.status is not Status.OK:
            return found, None
        return found._replace(key=key(index, self.number, entry.word)), self.folder / str(index)
