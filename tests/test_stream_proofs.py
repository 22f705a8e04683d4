"""A part file that several streams write: what is proved of it, and what a later run takes up."""

from __future__ import annotations

import errno
import os
import random
from hashlib import sha256
from pathlib import Path

import pytest

from getflags.core.errors import NotSaved
from getflags.core.models import Checksum, Gap, PartialFile, ResumeRecord, Target
from getflags.storage.part_file import PartFile
from getflags.storage.proof import ProvedRange, StreamProofs

SIZE = 1_000_000
BODY = random.Random(5).randbytes(SIZE)
RECORD = ResumeRecord('"one"', SIZE)


def target(folder: Path, checksum: Checksum | None = None) -> Target:
    return Target(1, "f", "f", "http://h/f", str(folder), "f", checksum)


def where(ranges: list[ProvedRange]) -> list[tuple[int, int]]:
    return [(each.start, each.end) for each in ranges]


def test_the_ranges_of_all_streams_are_proved_in_order() -> None:
    proofs = StreamProofs([])
    second, first = proofs.begin(500), proofs.begin(100)
    for stream in (first, second, first):
        proofs.add_to(stream, BODY[:50])
    assert (proofs.size, proofs.end) == (150, 550)
    due = [proofs.due]
    proofs.checkpoint(force=False)
    assert proofs.ranges == []
    proofs.finish(second)
    due.append(proofs.due)
    proofs.checkpoint(force=False)
    due.append(proofs.due)
    assert where(proofs.ranges) == [(500, 550)]
    proofs.checkpoint()
    assert where(proofs.ranges) == [(100, 200), (500, 550)]
    proofs.add_to(first, bytes(4 * 1024 * 1024))
    assert [*due, proofs.due] == [False, True, False, True]


def leave_gaps(folder: Path, *ranges: tuple[int, int]) -> Path:
    """Write some ranges of the file, as an interrupted run would do; return the part file."""
    with PartFile(target(folder), lambda: RECORD) as part:
        for first, end in ranges:
            stream = part.begin_stream(first)
            part.write_stream([BODY[first : first + 9], BODY[first + 9 : end]], stream)
            part.end_stream(stream)
        assert part.size == sum(end - first for first, end in ranges)
    (path,) = folder.glob(".getflags-*.part")
    return path


RANGES = ((0, 100_000), (300_000, 500_000), (600_000, 700_000))


def taken_up(folder: Path, *, gaps: bool = True) -> PartialFile | None:
    with PartFile(target(folder), lambda: RECORD) as part:
        if gaps:
            part.allow_gaps()
        return part.reopen()


def test_a_later_run_takes_up_all_ranges(tmp_path: Path) -> None:
    leave_gaps(tmp_path, *RANGES)
    gaps = (Gap(100_000, 300_000), Gap(500_000, 600_000), Gap(700_000, SIZE))
    for _ in range(2):
        partial = taken_up(tmp_path)
        assert partial == PartialFile(100_000, RECORD, gaps)
        assert partial.kept == 400_000


def test_a_later_run_takes_up_a_file_without_its_beginning(tmp_path: Path) -> None:
    leave_gaps(tmp_path, (600_000, SIZE))
    assert taken_up(tmp_path) == PartialFile(0, RECORD, (Gap(0, 600_000),))


def test_a_run_with_one_connection_takes_up_the_beginning(tmp_path: Path) -> None:
    path = leave_gaps(tmp_path, *RANGES)
    assert taken_up(tmp_path, gaps=False) == PartialFile(100_000, RECORD)
    assert path.stat().st_size == 100_000


def test_a_file_without_gaps_is_taken_up_but_for_its_last_byte(tmp_path: Path) -> None:
    leave_gaps(tmp_path, (500_000, SIZE), (0, 500_000))
    assert taken_up(tmp_path) == PartialFile(SIZE - 1, RECORD)


@pytest.mark.parametrize(
    ("at", "gaps"),
    [
        (50_000, (Gap(0, 300_000), Gap(500_000, 600_000), Gap(700_000, SIZE))),
        (400_000, (Gap(100_000, 600_000), Gap(700_000, SIZE))),
        (650_000, (Gap(100_000, 300_000), Gap(500_000, SIZE))),
    ],
)
def test_a_range_that_was_changed_is_a_gap(tmp_path: Path, at: int, gaps: tuple[Gap, ...]) -> None:
    path = leave_gaps(tmp_path, *RANGES)
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)
    assert taken_up(tmp_path) == PartialFile(gaps[0].first, RECORD, gaps)


def test_the_rest_is_written_into_the_gaps(tmp_path: Path) -> None:
    leave_gaps(tmp_path, *RANGES)
    checksum = Checksum("sha256", sha256(BODY).hexdigest())
    with PartFile(target(tmp_path, checksum), lambda: RECORD) as part:
        part.allow_gaps()
        partial = part.reopen()
        assert partial
        for gap in reversed(partial.gaps):
            stream = part.begin_stream(gap.first)
            part.write_stream([BODY[gap.first : gap.end]], stream)
            part.checkpoint(RECORD)
            part.end_stream(stream)
        part.hash_file()
        assert part.digest == checksum.hexdigest
        part.install()
    assert [path.name for path in tmp_path.iterdir()] == ["f"]
    assert (tmp_path / "f").read_bytes() == BODY


def test_streams_follow_the_bytes_of_one_connection(tmp_path: Path) -> None:
    with PartFile(target(tmp_path), lambda: RECORD) as part:
        part.write(BODY[:200_000], 0)
        stream = part.begin_stream(500_000)
        part.write_stream([BODY[500_000:600_000]], stream)
    assert taken_up(tmp_path) == PartialFile(
        200_000, RECORD, (Gap(200_000, 500_000), Gap(600_000, SIZE))
    )


def test_a_file_that_starts_over_proves_nothing_of_the_other_one(tmp_path: Path) -> None:
    leave_gaps(tmp_path, *RANGES)
    with PartFile(target(tmp_path), lambda: RECORD) as part:
        part.start_over()  # there is nothing yet
        part.allow_gaps()
        assert part.reopen()
        part.start_over()
        assert part.size == 0
        part.write(BODY[:150_000], 0)
    assert taken_up(tmp_path) == PartialFile(150_000, RECORD)


def test_bytes_that_could_not_be_written_prove_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.pwrite

    def short(descriptor: int, data: bytes, at: int) -> int:
        if at >= 250_000:
            raise OSError(errno.ENOSPC, "full")
        return write(descriptor, data[:70_000], at)

    monkeypatch.setattr(os, "pwrite", short)
    with PartFile(target(tmp_path), lambda: RECORD) as part:
        stream = part.begin_stream(0)
        part.write_stream([BODY[:200_000]], stream)
        with pytest.raises(NotSaved, match="full"):
            part.write_stream([BODY[200_000:300_000]], stream)
    assert taken_up(tmp_path) == PartialFile(200_000, RECORD)
