"""Files of results are read as they were written, and others are refused in one sentence."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from getflags.bench import results
from getflags.errors import UsageError
from tests.report_kit import row, write


def test_what_was_written_is_read(tmp_path: Path) -> None:
    rows = [row(round=1), row(round=2, peak=None, seed=None, steady_seconds=0)]
    first, second = results.read(write(tmp_path / "r", rows))
    assert (first.engine, first.level, first.errors, first.peak) == ("asyncio", 16, {}, 16)
    assert (second.peak, second.seed) == (None, None)
    assert (first.goodput, second.goodput) == (150, 0)


def test_a_torn_last_line_does_not_count(tmp_path: Path) -> None:
    path = write(tmp_path / "r", [row()])
    path.write_bytes(path.read_bytes() + json.dumps(row()).encode()[:-20])
    assert len(results.read(path)) == 1


STRANGE: list[tuple[str, Any]] = [
    ("level", 0), ("level", 1.5), ("level", True), ("engine", 3), ("errors", []), ("cpu", -1),
    ("latency", {"p50": "x"}), ("peak", "x"), ("version", None), ("files", 0),
    ("load", 10**400), ("seconds", math.nan),
]  # fmt: skip


def test_a_last_line_that_never_was_a_result_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "r"
    path.write_bytes(b"hello")
    with pytest.raises(UsageError, match="is not a file of results"):
        results.read(path)


@pytest.mark.parametrize(
    "line",
    [
        b"hello", b"[]", b"3", b'{"a": 1}', b"\xff", b"[" * 100_000,
        *(json.dumps(row(**{name: value})).encode() for name, value in STRANGE),
    ],
)  # fmt: skip
def test_what_is_no_result_is_refused(line: bytes, tmp_path: Path) -> None:
    path = tmp_path / "r"
    path.write_bytes(line + b"\n")
    with pytest.raises(UsageError, match=r"^'.*/r' is not a file of results$"):
        results.read(path)


def test_another_version_says_which(tmp_path: Path) -> None:
    path = write(tmp_path / "r", [row(version=2)])
    with pytest.raises(UsageError, match=r"another version of getflags \(2\); this one reads 1$"):
        results.read(path)


def test_no_file_no_results(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"^cannot read '.*none': No such file"):
        results.read(tmp_path / "none")
