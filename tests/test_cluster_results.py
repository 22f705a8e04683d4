"""Manifests, records, the breaker and the report of a job on several machines: pure functions."""

from __future__ import annotations

import errno
import os

import pytest

from getflags.cluster.errors import StorageError
from getflags.cluster.results.report import TRY_AGAIN, GivenUp, JobReport
from getflags.cluster.work import manifest, record
from getflags.cluster.work.breaker import doubt
from getflags.cluster.work.manifest import Row
from getflags.cluster.work.pack import DataObject, key
from getflags.core.models import Outcome, Status, Target


def outcome(
    status: Status, reason: str = "", code: int | None = None, requests: int = 1
) -> Outcome:
    target = Target(0, "http://a/b", "http://a/b", "http://a/b", "folder", "0")
    return Outcome(target, status, reason, code, 5, requests)


DATA = DataObject(".tar", "00")
ROWS = [
    Row(0, "http://a/b", "ok", key="1.bin", code=200, size=5, sha256="00", requests=1),
    Row(1, "http://a/c", "failed", fails=True, code=500, requests=4, reason="HTTP 500"),
    Row(2, "http://a/d", "not found", fails=True, code=404, requests=1),
]


def test_manifests_are_read_back_also_one_after_another() -> None:
    assert list(manifest.load(manifest.dump(ROWS), 0)) == ROWS
    assert manifest.dump(ROWS) == manifest.dump(ROWS)
    assert list(manifest.load(manifest.dump(ROWS[:1]) + manifest.dump(ROWS[1:]), 0)) == ROWS


@pytest.mark.parametrize("data", [b"junk", manifest.dump(ROWS)[:20], manifest.dump([]) + b"x"])
def test_a_damaged_manifest_is_one_sentence(data: bytes) -> None:
    with pytest.raises(StorageError, match="the manifest of shard 00000007 is damaged"):
        list(manifest.load(data, 7))


def test_a_row_is_that_of_an_outcome() -> None:
    found = manifest.row(7, outcome(Status.FAILED, "reset", None, 4))
    assert found == Row(7, "http://a/b", "failed", fails=True, size=5, requests=4, reason="reset")


def test_a_record_sums_up_the_manifest() -> None:
    found = record.record(3, "ab", DATA, ROWS, refusals={"http://a:80": 2}, seconds=1.23456)
    assert found.counts == {"ok": 1, "failed": 1, "not found": 1}
    assert (found.targets, found.failures, found.bytes, found.requests) == (3, 2, 5, 6)
    assert found.seconds == 1.235
    assert record.load(record.dump(found), "name") == found


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"\xff"])
def test_a_damaged_record_is_one_sentence(data: bytes) -> None:
    with pytest.raises(StorageError, match="the record name is damaged"):
        record.load(data, "name")


OK = outcome(Status.OK, code=200)
DOWN = outcome(Status.FAILED, "connection refused")
NO_NETWORK = outcome(Status.FAILED, "network is unreachable")
FULL = outcome(Status.FAILED, os.strerror(errno.ENOSPC), 200)


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ([], ""),
        ([OK, OK], ""),
        ([OK, DOWN], ""),
        ([DOWN, DOWN], "no server answered; http://a/b: connection refused"),
        ([outcome(Status.FAILED, "not a URL", requests=0)], ""),
        ([DOWN, outcome(Status.NOT_FOUND, code=404)], ""),
        ([OK, FULL], f"http://a/b: {os.strerror(errno.ENOSPC)}"),
        ([OK, FULL._replace(code=500)], ""),
        ([OK, NO_NETWORK, NO_NETWORK], "most servers cannot be reached; http://a/b: network is"),
        ([OK, OK, NO_NETWORK], ""),
    ],
)
def test_a_shard_whose_failures_may_be_this_machine_s_is_in_doubt(
    outcomes: list[Outcome], expected: str
) -> None:
    found = doubt(outcomes)
    assert found.startswith(expected)
    assert bool(found) == bool(expected)


def test_failures_without_an_answer_count_if_the_user_accepts_them() -> None:
    assert not doubt([DOWN], accept_failures=True)
    assert not doubt([OK, NO_NETWORK, NO_NETWORK], accept_failures=True)
    assert doubt([FULL], accept_failures=True)


@pytest.mark.parametrize(
    ("url", "ending"),
    [
        ("http://a/b.JPG?x=1.png", "jpg"),
        ("http://a/b", "bin"),
        ("http://a/b.tar.gz", "gz"),
        ("http://a.com", "bin"),
        ("http://a/b.%2F", "bin"),
        ("http://a/x.toolongtobeone", "bin"),
    ],
)
def test_the_name_of_a_file_has_one_dot(url: str, ending: str) -> None:
    assert key(17, 42, url) == f"00000042000017.{ending}"


def report(*rows: Row, shards: int = 1) -> JobReport:
    found = JobReport(shards)
    found.add(record.record(0, "ab", DATA, rows, refusals={}, seconds=1))
    return found


def test_the_exit_code_is_that_of_one_machine_or_try_again() -> None:
    assert report(ROWS[0]).exit_code == 0
    assert report(*ROWS).exit_code == 1
    assert report(*ROWS[1:]).exit_code == 3
    assert report(*ROWS, shards=2).exit_code == TRY_AGAIN


def test_failures_that_were_requested_again_are_left_out() -> None:
    found = report(*ROWS, shards=2)
    again = [ROWS[0]._replace(n=1), ROWS[2]]
    found.add(record.record(1, "cd", DATA, again, refusals={"http://a:80": 1}, seconds=1))
    found.leave_out({"failed": 1, "not found": 1})
    found.given_up.append(GivenUp(1, "reason"))
    assert found.values() == {
        "targets": 3,
        "counts": {"ok": 2, "present": 0, "not found": 1, "failed": 0},
        "failures": 1,
        "bytes": 10,
        "requests": 8,
        "refusals": {"http://a:80": 1},
        "shards": 2,
        "done": 2,
        "given_up": [{"shard": 1, "reason": "reason"}],
        "exit_code": 1,
    }
