"""Results and their lines: what is written is read, and nothing else is taken for a result."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from getflags.bench.measure.cells import Cell, Run
from getflags.bench.measure.results import line, read, result_from
from getflags.core.errors import UsageError
from tests.bench_rows import result, row
from tests.messages import NO_RESULTS


def test_what_was_written_is_read(tmp_path: Path) -> None:
    results = [
        result(),
        result(round=0, seed=None, peak=None, latency={}, errors={"503 Service Unavailable": 4}),
        result(server="http://bücher.example:80", arrived=0, steady_files=0, steady_seconds=0.0),
    ]
    file = tmp_path / "r.jsonl"
    file.write_bytes(b"".join(map(line, results)))
    assert read(file) == results
    assert json.loads(file.read_text().splitlines()[0])["version"] == 1


def test_a_result_of_an_open_loop_is_of_another_cell(tmp_path: Path) -> None:
    opened = result(**_OPEN)
    file = tmp_path / "r.jsonl"
    file.write_bytes(line(opened) + line(result()))
    assert read(file) == [opened, result()]
    assert opened.run.cell == Cell("asyncio", "curl", 16, "DELAY", 50.0)
    assert result().run.cell.rate is None


def test_goodput_is_of_the_steady_part() -> None:
    assert result(steady_files=30, steady_seconds=1.5).goodput == 20
    assert result(steady_files=0, steady_seconds=0).goodput == 0


def test_a_result_knows_which_run_it_was() -> None:
    assert result(round=3).run == Run(Cell("asyncio", "curl", 16, "DELAY"), 3)


@pytest.mark.parametrize("end", [1, 10, 40, 200, -2])
def test_a_torn_last_line_does_not_count(tmp_path: Path, end: int) -> None:
    file = tmp_path / "r.jsonl"
    file.write_bytes(line(result()) + b"\n" + line(result(round=2))[:end])
    assert [each.round for each in read(file)] == [1]


WRONG: dict[str, Any] = {
    "text": b"Dear diary,\n",
    "text without an end": b"Dear diary",
    "a number": b"1\n",
    "a list": b"[]\n",
    "nested": b"[" * 100_000 + b"\n",
    "no version": b"{}\n",
    "no number for a version": b'{"version": "one"}\n',
    "endless version": b'{"version": 1e999}\n',
    "a field too few": json.dumps({"version": 1, **row()}).replace("level", "l").encode() + b"\n",
    "torn in the middle": line(result())[:99] + b"\n" + line(result()),
}
VALUES: dict[str, tuple[Any, ...]] = {
    "level": (0, -1, 1.5, True, "4", None),
    "files": (0,),
    "engine": (1, None),
    "seconds": (-1, math.inf, math.nan, "1"),
    "errors": ([], {"x": "y"}),
    "latency": (None, {"p50": None}),
    "peak": ("many", 1.5),
    "environment": (None, "Z80", {"processors": 2}),
}
_OPEN = {"rate": 50.0, "reached": 49.5, "late": 3, "waited": 2}
WRONG |= {
    f"open loop: {values}": json.dumps({"version": 1, **row(), **values}).encode() + b"\n"
    for values in (
        {"rate": 50.0}, {"late": 3}, {**_OPEN, "rate": 0}, {**_OPEN, "reached": 0},
        {**_OPEN, "late": 1.5}, {**_OPEN, "waited": None}, {**_OPEN, "rate": "50"},
    )
}  # fmt: skip
WRONG |= {
    f"{name}={value}": json.dumps({"version": 1, **row(), name: value}).encode() + b"\n"
    for name, values in VALUES.items()
    for value in values
}


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG)
def test_what_is_no_file_of_results_is_refused_in_a_sentence(tmp_path: Path, text: bytes) -> None:
    file = tmp_path / "r.jsonl"
    file.write_bytes(text)
    with pytest.raises(UsageError, match=rf"r.jsonl' {NO_RESULTS}$"):
        read(file)


def test_another_version_is_recognised(tmp_path: Path) -> None:
    file = tmp_path / "r.jsonl"
    file.write_text('{"version": 2, "who": "knows"}\n')
    with pytest.raises(UsageError, match=r"r.jsonl' was written by another version of getflags "
                       r"\(2\); this one reads 1$"):  # fmt: skip
        read(file)


def test_a_file_that_cannot_be_read_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot read '.*/none': No such file or directory"):
        read(tmp_path / "none")


def test_a_file_from_before_environments_is_read(tmp_path: Path) -> None:
    values = row()
    del values["environment"]
    file = tmp_path / "r.jsonl"
    file.write_text(json.dumps({"version": 1, **values}) + "\n")
    assert read(file) == [result(environment={})]


def test_a_missing_value_is_an_error() -> None:
    values = row()
    del values["rss"]
    with pytest.raises(KeyError):
        result_from(values)
