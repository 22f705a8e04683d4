"""Temporary folders of workers that run at the same time, and die."""

from __future__ import annotations

import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.cluster import kit  # noqa: F401 - it skips the module if a package is missing

from getflags.cluster.scratch import scratch, swept  # isort: skip


@pytest.fixture(autouse=True)
def parent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_folders_are_made_and_swept_at_the_same_time(parent: Path) -> None:
    def use(number: int) -> bool:
        with scratch() as folder:
            (folder / "shard").mkdir()
            (folder / "shard" / "file").write_bytes(bytes([number]))
            return (folder / "shard" / "file").read_bytes() == bytes([number])

    with ThreadPoolExecutor(8) as executor:
        assert all(executor.map(use, range(250)))
    assert list(parent.iterdir()) == []


def test_folders_of_the_dead_are_swept(parent: Path) -> None:
    dead, unborn, foreign = (parent / f"getflags-shards-{name}" for name in "abc")
    for each in (dead, unborn, foreign):
        each.mkdir()
    (dead / "lock").touch()
    (dead / "file").touch()
    (foreign / "no lock").touch()
    with swept():
        pass
    assert list(parent.iterdir()) == [foreign]
    with scratch() as alive, swept():
        pass
    assert not alive.exists()
