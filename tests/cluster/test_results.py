"""The report, the index and the lists of a job whose shards are committed without workers."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Collection
from importlib import import_module
from pathlib import Path
from typing import NamedTuple, Self

import pytest

from tests.cluster import kit  # noqa: F401 - it skips the module if a package is missing

from getflags import cluster  # isort: skip
from getflags.cluster.job import lane_lists, layout, prepare
from getflags.cluster.job.job import Generation, Job, Terms
from getflags.cluster.job.prepare import JobRequest
from getflags.cluster.job.shards import Shard
from getflags.cluster.results import index, read
from getflags.cluster.results.report import JobReport
from getflags.cluster.results.status import status
from getflags.cluster.storage import Storage
from getflags.cluster.work import manifest, record
from getflags.cluster.work.manifest import Row
from getflags.cluster.work.pack import DataObject
from getflags.cluster.work.record import Record

TARGETS = 40
run_module = import_module("getflags.cluster.run")  # the package has a function of this name


class NoBackend:
    """A backend of two workers that are never asked."""

    def __init__(self, *_: object) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def slots(self) -> int:
        return 2

    def connected(self) -> None:
        pass


class ByHand:
    """A job whose shards the driver commits itself; ``failing`` are the targets that fail."""

    def __init__(self, folder: Path) -> None:
        self.list = folder / "urls.txt"
        self.list.write_text("".join(f"http://a/{number}\n" for number in range(TARGETS)))
        self.out = folder / "job"
        self.storage = Storage(str(self.out), create=True)
        self.failing: Collection[int] = ()

    def run(self) -> JobReport:
        return cluster.run(self.list, self.out, shard_targets=10)

    def retry(self) -> JobReport:
        return cluster.retry(self.out)

    def commit(self, generation: Generation, shard: Shard) -> Record:
        """Store the manifest and the record of a shard."""
        lane = generation.lanes[shard.lane]
        rows = [
            Row(number, entry.word, *(("failed", True) if number in self.failing else ("ok",)))
            for number, entry in lane_lists.read(self.storage, generation.attempt, lane, shard)
        ]
        attempt = layout.new_attempt()
        found = record.record(
            shard.number, attempt, DataObject("", ""), rows, refusals={}, seconds=1
        )
        name = layout.data(shard.number, attempt, ".jsonl.gz")
        self.storage.put(name, manifest.dump(rows))
        assert self.storage.create(layout.record(shard.number), record.dump(found))
        return found

    def delete_records(self, number: int) -> None:
        """Delete the records of a generation."""
        results = read.read(self.storage)
        shards = list(results.done(results.generations[number]))
        assert shards
        self.storage.delete(layout.record(shard.number) for shard in shards)

    def failures(self) -> int:
        """Return the number of failures of the finished job, which all objects agree on."""
        rows = gzip.decompress(self.storage.read(layout.INDEX) or b"").splitlines()
        assert len(rows) == TARGETS
        failures = sum(bool(json.loads(row)["fails"]) for row in rows)
        assert len((self.storage.read(layout.FAILED) or b"").splitlines()) == failures
        stored = json.loads(self.storage.read(layout.REPORT) or b"{}")
        shown = status(self.storage).report.values()
        for values in (stored, shown):
            assert values["counts"]["failed"] == values["failures"] == failures
            assert values["targets"] == TARGETS
        assert set(stored) - set(shown) == {"records"}
        return failures


@pytest.fixture
def by_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ByHand:
    found = ByHand(tmp_path)

    class Driver:
        given_up = ()

        def __init__(
            self, _: Terms, generation: Generation, *more: Callable[[Record], None]
        ) -> None:
            self._generation, self._committed = generation, more[-1]

        def run(self, done: set[int]) -> None:
            for shard in (each for lane in self._generation.shards() for each in lane):
                if shard.number not in done:
                    self._committed(found.commit(self._generation, shard))

    monkeypatch.setattr(run_module, "LazyBackend", NoBackend)
    monkeypatch.setattr(run_module, "Driver", Driver)
    return found


def test_a_report_is_right_after_a_repair_that_has_no_failures(by_hand: ByHand) -> None:
    by_hand.failing = range(20)
    assert by_hand.run().exit_code == 1
    by_hand.failing = ()
    assert by_hand.retry().exit_code == 0
    by_hand.delete_records(0)
    progress = status(by_hand.storage)
    assert (progress.report.counts["failed"], progress.report.counts["ok"]) == (0, 20)
    assert (progress.report.targets, progress.targets) == (20, TARGETS + 20)
    report = by_hand.run()
    assert (report.exit_code, report.failures, report.counts["failed"]) == (0, 0, 0)
    assert (report.targets, report.counts["ok"]) == (TARGETS, TARGETS)
    assert by_hand.failures() == 0


def test_failures_that_the_sums_hide_are_reported_and_requested_again(by_hand: ByHand) -> None:
    """The first generation has none any more, but the last results are those of the retry."""
    by_hand.failing = range(20)
    by_hand.run()
    by_hand.retry()
    by_hand.delete_records(0)
    by_hand.failing = ()
    report = by_hand.run()
    assert (report.exit_code, report.failures, report.targets) == (1, 20, TARGETS)
    assert read.read(by_hand.storage).report().failures == 0
    assert by_hand.failures() == 20
    by_hand.storage.delete([layout.REPORT])  # as if the driver had been killed before it
    assert status(by_hand.storage).report.failures == 20
    report = by_hand.retry()
    assert (report.exit_code, report.failures, report.shards) == (0, 0, report.done)
    assert by_hand.storage.find(layout.generation(2))
    assert by_hand.failures() == 0


def test_nothing_is_requested_again_if_there_are_no_failures(by_hand: ByHand) -> None:
    by_hand.failing = range(20)
    by_hand.run()
    by_hand.failing = ()
    by_hand.retry()
    by_hand.delete_records(0)
    by_hand.run()
    assert by_hand.retry().exit_code == 0
    assert not by_hand.storage.find(layout.generation(2))


def test_an_index_of_replaced_records_with_equal_sums_is_made_again(by_hand: ByHand) -> None:
    by_hand.failing = range(5)
    before = by_hand.run()
    by_hand.delete_records(0)
    by_hand.failing = range(5, 10)
    assert by_hand.run().values() == before.values()
    failed = (by_hand.storage.read(layout.FAILED) or b"").decode().split()
    assert sorted(failed) == [f"http://a/{number}" for number in range(5, 10)]


@pytest.mark.parametrize("name", [layout.INDEX, layout.FAILED, layout.REPORT])
def test_what_was_deleted_is_made_again(by_hand: ByHand, name: str) -> None:
    by_hand.failing = range(5)
    by_hand.run()
    content = by_hand.storage.read(name)
    by_hand.storage.delete([name])
    assert by_hand.run().failures == 5
    assert content
    assert by_hand.storage.read(name) == content


@pytest.mark.parametrize("damaged", [b"", b"{", b"[]", b"\xff", b"records only"])
def test_a_damaged_report_is_made_again(by_hand: ByHand, damaged: bytes) -> None:
    by_hand.run()
    content = by_hand.storage.read(layout.REPORT) or b""
    if damaged == b"records only":
        damaged = json.dumps({"records": json.loads(content)["records"]}).encode()
    by_hand.storage.put(layout.REPORT, damaged)
    assert by_hand.run().exit_code == 0
    assert by_hand.storage.read(layout.REPORT) == content


def test_a_run_with_nothing_to_do_reads_no_manifest(
    by_hand: ByHand, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_hand.failing = range(20)
    by_hand.run()
    report = by_hand.retry()
    monkeypatch.setattr(index, "read_manifest", None)
    again = by_hand.run()
    assert again.values() == report.values()
    assert status(by_hand.storage).report.failures == 20


class Rival(NamedTuple):
    """The description of a job or a generation, and the names of its lists."""

    description: bytes
    lists: list[str]


def lists(storage: Storage) -> list[str]:
    """Return the names of all lists."""
    return sorted(each.name for each in storage.listed(layout.LISTS))


def create_rival(by_hand: ByHand, name: str, create: Callable[[Storage], object]) -> Rival:
    """Create a job or a generation; return its description, which is deleted, and its lists."""
    before = lists(by_hand.storage)
    create(by_hand.storage)
    description = by_hand.storage.read(name)
    assert description
    by_hand.storage.delete([name])
    return Rival(description, [each for each in lists(by_hand.storage) if each not in before])


class LateStorage(Storage):
    """A storage in which another driver's description, or our own, precedes ours."""

    def __init__(self, place: str, rival: bytes | None) -> None:
        super().__init__(place)
        self._rival = rival

    def create(self, name: str, content: bytes) -> bool:
        super().create(name, self._rival or content)
        return super().create(name, content)


@pytest.mark.parametrize("retry", [False, True])
@pytest.mark.parametrize("lost_answer", [False, True])
def test_the_lists_of_a_driver_that_comes_second_are_deleted(
    by_hand: ByHand, *, retry: bool, lost_answer: bool
) -> None:
    """If only the answer was lost, the description is our own, and the lists are kept."""

    def create(storage: Storage) -> Job | None:
        if retry:
            run_module._create_generation(storage, read.read(storage), 2)
            return None
        terms = Terms("tar", 16, None, dedupe=False, settings={})
        return prepare.open_or_create(storage, JobRequest(by_hand.list, terms, 10, lambda: 2))

    if retry:
        by_hand.failing = range(20)
        by_hand.run()
    name = layout.generation(1) if retry else layout.JOB
    rival = create_rival(by_hand, name, create)
    before = lists(by_hand.storage)
    late = LateStorage(str(by_hand.out), None if lost_answer else rival.description)
    created = create(late)
    counts = prepare.generations(late, prepare.existing(late))[-1]
    assert created is None or created.first == counts
    own = [layout.lane_list(counts.attempt, lane.number) for lane in counts.lanes]
    assert own
    assert set(own) <= set(lists(late))
    assert (own == rival.lists) is not lost_answer
    assert set(lists(late)) == {*before, *own}
