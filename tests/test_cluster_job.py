"""The lists of a job on several machines: shards, lanes and lines, without any storage."""

from __future__ import annotations

import re
import tracemalloc
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from getflags import cluster
from getflags.cluster.job import distinct_lines, job, layout, target_lines
from getflags.cluster.job.job import Generation, Job, Terms
from getflags.cluster.job.lanes import HeavyHitters, Lane, hot_origins, lane_count, shares
from getflags.cluster.job.partition import Partitioning, partition
from getflags.cluster.job.shards import Shard, lines, shards
from getflags.core.errors import UsageError
from getflags.core.models import Checksum
from getflags.targets.list_file import Entry


def read_shard(data: bytes, shard: Shard) -> list[bytes]:
    return list(lines(lambda start, end: data[start:end], shard, len(data)))


@settings(deadline=None)
@given(
    texts=st.lists(st.binary(max_size=12).map(lambda text: text.replace(b"\n", b"")), max_size=30),
    shard_bytes=st.integers(1, 40),
    last_newline=st.booleans(),
)
def test_each_line_is_in_exactly_one_shard(
    texts: list[bytes], shard_bytes: int, *, last_newline: bool
) -> None:
    data = b"\n".join(texts) + b"\n" * last_newline
    (found,) = shards([Lane(0, len(data), len(texts), 1)], shard_bytes, first=7)
    expected = re.findall(rb"[^\n]*\n|[^\n]+$", data)
    assert [line for shard in found for line in read_shard(data, shard)] == expected
    assert [shard.number for shard in found] == list(range(7, 7 + len(found)))
    assert all(one.end == other.start for one, other in pairwise(found))


def test_a_line_that_is_longer_than_what_is_read_at_once() -> None:
    long = b"x" * 200_000 + b"\n"
    data = b"short\n" + long + b"last\n"
    first, second = Shard(0, 0, 0, 100_000), Shard(1, 0, 100_000, len(data))
    assert read_shard(data, first) == [b"short\n", long]
    assert read_shard(data, second) == [b"last\n"]
    assert read_shard(data, Shard(2, 0, 100_000, 150_000)) == []


@pytest.mark.parametrize(
    "entry",
    [
        Entry("http://a/b"),
        Entry("http://a/b", out="ü\udcff"),
        Entry(
            "http://a/b",
            "name",
            "folder",
            Checksum("sha256", "00"),
            guessed=True,
            headers=(("A", "1"), ("B", "2")),
            mirrors=("http://c/d",),
        ),
        Entry("http://a/b", mirrors=("http://c/d",)),
    ],
)
def test_a_target_is_one_line_and_is_read_back(entry: Entry) -> None:
    line = target_lines.dump(5, entry)
    assert line.count(b"\n") == 1
    assert target_lines.load(line) == (5, entry)


def test_heavy_hitters_has_all_keys_above_the_share() -> None:
    hitters = HeavyHitters(10)
    for number in range(10_000):
        hitters.add("hot" if number % 5 == 0 else f"cold-{number}")
    assert "hot" in hitters.at_least
    assert len(hitters.at_least) <= 10
    assert 1000 <= hitters.at_least["hot"] <= 2000


@settings(deadline=None)
@given(limit=st.integers(1, 1000), lanes=st.integers(1, 64))
def test_the_limits_of_the_lanes_of_an_origin_add_up(limit: int, lanes: int) -> None:
    found = shares(limit, min(lanes, limit))
    assert sum(found) == limit
    assert min(found) >= 1


def test_an_origin_gets_no_more_lanes_than_workers_or_requests() -> None:
    counts = {"a": 900, "b": 20, "": 80}.items()
    assert hot_origins(counts, 1000, lanes=8, workers=4, per_origin=16) == [("a", 4)]
    assert hot_origins(counts, 1000, lanes=8, workers=4, per_origin=2) == [("a", 2)]
    assert hot_origins(counts, 1000, lanes=8, workers=1, per_origin=16) == []


def test_there_are_lanes_for_all_workers() -> None:
    assert lane_count(10, workers=4, shard_targets=1000) == 8
    assert lane_count(10**7, workers=4, shard_targets=1000) == 64


def read_back(lanes: list[tuple[Path, Lane]]) -> dict[int, list[tuple[int, Entry]]]:
    return {
        lane.number: [target_lines.load(line) for line in path.read_bytes().splitlines()]
        for path, lane in lanes
    }


def test_targets_are_partitioned_into_lanes_by_origin(tmp_path: Path) -> None:
    entries = [Entry(f"http://h{number % 50}/{number}") for number in range(1000)]
    entries += [Entry(f"http://hot/{number}") for number in range(1000)]
    lanes = partition(enumerate(entries), Partitioning(4, 10, 100), tmp_path)
    found = read_back(lanes)
    assert sorted(each for lane in found.values() for each in lane) == list(enumerate(entries))
    lanes_of: dict[str, set[int]] = {}
    for lane, targets in found.items():
        for _, entry in targets:
            lanes_of.setdefault(entry.word.split("/")[2], set()).add(lane)
    hot = lanes_of.pop("hot")
    assert all(len(lanes) == 1 for lanes in lanes_of.values())
    by_number = {lane.number: lane for _, lane in lanes}
    assert sum(by_number[number].per_origin for number in hot) == 10
    assert {by_number[number].share for number in hot} == {4}
    assert all(
        (len(found[lane.number]), path.stat().st_size) == (lane.targets, lane.size)
        for path, lane in lanes
    )


def test_repeated_targets_are_left_out_where_that_is_wanted(tmp_path: Path) -> None:
    entries = [Entry("http://a/1"), Entry("http://a/2"), Entry("http://a/1")]
    entries.append(Entry("http://a/1", out="other"))
    for dedupe, left in ((True, [0, 1, 3]), (False, [0, 1, 2, 3])):
        folder = tmp_path / str(dedupe)
        folder.mkdir()
        lanes = partition(enumerate(entries), Partitioning(2, 16, 1000, dedupe), folder)
        assert sorted(n for lane in read_back(lanes).values() for n, _ in lane) == left


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    words=st.lists(st.sampled_from([f"http://a/{number}" for number in range(20)]), max_size=60),
    keys=st.integers(1, 30),
)
def test_the_first_of_equal_targets_is_kept_in_its_place(
    tmp_path: Path, words: list[str], keys: int
) -> None:
    """The keys are in one file, or in several."""
    listed = [target_lines.dump(number, Entry(word)) for number, word in enumerate(words)]
    path = tmp_path / "targets"
    path.write_bytes(b"".join(listed))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(distinct_lines, "_KEYS", keys)
        patch.setattr(distinct_lines, "_MOST_FILES", 7)
        found = list(distinct_lines.distinct_lines(path, len(listed)))
    first = {word: number for number, word in reversed(list(enumerate(words)))}
    assert found == [listed[number] for number in sorted(first.values())]
    assert list(tmp_path.iterdir()) == [path]


def test_repeated_targets_are_left_out_in_bounded_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(distinct_lines, "_KEYS", 2000)
    entries = ((number, Entry(f"http://a/{number % 50_000}")) for number in range(60_000))
    tracemalloc.start()
    try:
        lanes = partition(entries, Partitioning(1, 16, 1000, dedupe=True), tmp_path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert sum(lane.targets for _, lane in lanes) == 50_000
    assert [n for lane in read_back(lanes).values() for n, _ in lane] == list(range(50_000))
    assert peak < 3_000_000  # the keys of all targets take 6 MB


def test_what_is_no_url_has_a_lane_and_no_lane_of_its_own(tmp_path: Path) -> None:
    entries = [Entry("not a url") for _ in range(100)]
    lanes = partition(enumerate(entries), Partitioning(4, 16, 10), tmp_path)
    assert [lane.targets for _, lane in lanes] == [100]


GENERATION = Generation(0, "ab", (Lane(0, 1000, 10, 16), Lane(1, 50, 1, 8, 2)), 100)
TERMS = Terms("tar", 16, None, dedupe=False, settings={"retries": 5})
JOB = Job("1", "f", "list", TERMS, GENERATION)


def test_a_job_and_a_generation_are_read_back() -> None:
    assert job.load(job.dump(JOB), "place") == JOB
    repeated = GENERATION._replace(number=1, repeats={"failed": 3})
    assert job.load_generation(job.dump_generation(repeated), "place") == repeated
    assert (GENERATION.targets, GENERATION.shard_count) == (11, 11)
    assert Counter(len(lane) for lane in GENERATION.shards()) == {10: 1, 1: 1}


NEGATIVE = job.dump(JOB).replace(b'"shard_bytes": 100', b'"shard_bytes": 0')
TEXT = job.dump(JOB).replace(b'"targets": 10', b'"targets": "ten"')


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"format": 1}', b"\xff", NEGATIVE, TEXT])
def test_a_damaged_description_is_one_sentence(data: bytes) -> None:
    with pytest.raises(UsageError, match="place is damaged"):
        job.load(data, "place")
    with pytest.raises(UsageError, match="place is damaged"):
        job.load_generation(data, "place")


def test_the_description_of_another_version() -> None:
    with pytest.raises(UsageError, match="another version"):
        job.load(job.dump(JOB).replace(b'"format": 1', b'"format": 2'), "place")


@pytest.mark.parametrize(
    ("other", "difference"),
    [
        (JOB, ""),
        (JOB._replace(fingerprint="g"), "list"),
        (JOB._replace(terms=TERMS._replace(per_origin=3)), "another --per-origin"),
        (JOB._replace(terms=TERMS._replace(settings={})), "--retries"),
        (JOB._replace(version="2", list_name="other"), ""),
    ],
)
def test_another_job_is_told_from_this_one(other: Job, difference: str) -> None:
    found = JOB.difference(other)
    assert difference in found
    assert bool(difference) == bool(found)


@pytest.mark.parametrize(
    "keywords",
    [
        {"shard_targets": 0},
        {"per_origin": 0},
        {"max_req": "many"},
        {"workers": -1},
        {"rate_per_origin": 0},
    ],
)
def test_a_number_that_no_job_can_have(keywords: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"{next(iter(keywords))} is .*; it must be"):
        cluster.run("list", tmp_path / "job", **keywords)
    assert list(tmp_path.iterdir()) == []


def test_names_of_objects_are_read_back() -> None:
    assert layout.shard_of_record(layout.record(42)) == 42
    assert layout.shard_of_record(layout.record(123_456_789)) == 123_456_789
    assert layout.shard_of_record("_getflags/done/x.json") is None
    for ending in (".tar", ".jsonl.gz", "/000017.bin", ""):
        assert layout.attempt_of(layout.data(42, "ab12", ending)) == (42, "ab12")
    assert layout.attempt_of("data/other") is None
    assert layout.new_attempt() != layout.new_attempt()
