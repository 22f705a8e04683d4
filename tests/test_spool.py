"""A growing sequence of entries, of which a long one lies in a temporary file."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from contextlib import closing

import pytest

from getflags.core.models import Checksum
from getflags.targets.list_file import Entry
from getflags.targets.spool import Spool
from tests.kit import descriptors


@pytest.fixture
def spool() -> Iterator[Spool]:
    with closing(Spool()) as made:
        yield made


@pytest.mark.parametrize("total", [0, 1, 999, 1000, 1001, 2000, 3456])
def test_entries_come_back_as_often_as_wanted(spool: Spool, total: int) -> None:
    entries = [Entry(f"http://h/{number}", out=str(number % 3)) for number in range(total)]
    for entry in entries:
        spool.append(entry)
    assert len(spool) == total
    assert list(spool) == list(spool) == entries
    assert [spool[index] for index in range(0, total, 111)] == entries[::111]


def test_every_part_of_an_entry_comes_back(spool: Spool) -> None:
    odd = Entry("\udcff\x00\n", "o", "f", Checksum("md5", "0" * 32), guessed=True)
    for _ in range(1500):
        spool.append(odd)
    assert set(spool) == {odd}
    assert type(spool[0]) is Entry
    assert type(spool[0].checksum) is Checksum


def test_entries_may_be_read_twice_at_a_time(spool: Spool) -> None:
    for number in range(2500):
        spool.append(Entry(str(number)))
    assert all(one == other for one, other in zip(spool, spool, strict=True))


def test_a_short_list_needs_no_file_and_a_long_one_leaves_none() -> None:
    before = descriptors()
    with closing(Spool()) as spool:
        for number in range(999):
            spool.append(Entry(str(number)))
        assert descriptors() == before
        spool.append(Entry("last"))
        assert descriptors() == before + 1
    assert descriptors() == before


def test_memory_does_not_grow_with_the_number_of_entries() -> None:
    def peak(total: int) -> int:
        tracemalloc.start()
        with closing(Spool()) as spool:
            for number in range(total):
                spool.append(Entry(f"http://h/{number}"))
            assert sum(1 for _ in spool) == total
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(2_000)  # whatever is loaded once
    assert peak(20_000) < 1.5 * peak(2_000)
