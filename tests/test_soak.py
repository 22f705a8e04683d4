"""The soak in small, and that its accounts find what is off."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from benchmarks.account import Evidence, complaints
from benchmarks.misery import Plan, Target
from benchmarks.soak import Soak, fetch
from tests.siteserver import serve


@pytest.mark.slow
def test_every_file_is_accounted_for(tmp_path: Path) -> None:
    lines: list[str] = []
    off = Soak(Plan(60, seed=7), tmp_path, lines.append).run([("asyncio", "httpx")])
    assert (off, len(lines)) == (0, 4), lines
    everything, once, rest = (line.split() for line in lines[1:])
    assert everything[2:5] == ["all", "60", "0"]
    assert once[2:4] == ["once", "60"]
    assert 20 < int(once[4]) < 45, "about half"
    assert rest[2:5] == ["rest", once[4], "0"]


@pytest.fixture
def evidence(tmp_path: Path) -> tuple[Evidence, list[Target]]:
    plan = Plan(3, seed=7)
    with serve("LOCAL") as server:
        seen = fetch(server, ["--retries", "0"], plan.targets, tmp_path / "to")
    return seen, plan.targets


def test_what_is_off_is_found(evidence: tuple[Evidence, list[Target]]) -> None:
    seen, targets = evidence
    assert off(seen, targets) == []
    twice = dataclasses.replace(seen, finished=[*seen.finished, seen.finished[0]])
    assert off(twice, targets) == ["outcomes"]
    silent = dataclasses.replace(seen, finished=seen.finished[1:])
    assert off(silent, targets) == ["outcomes", "whether it failed", "requests"]
    more = dataclasses.replace(seen, attempts=dict.fromkeys(seen.attempts, 2))
    assert off(more, targets) == ["requests"]
    listed = dataclasses.replace(seen, listed=[f"{seen.root}{targets[0].path}"])
    assert off(listed, targets) == ["lines of --failed-out"]
    assert off(dataclasses.replace(seen, exit_code=1), targets) == ["exit code"]
    assert off(seen, targets, {targets[0]}) == [
        "whether it failed", "lines of --failed-out", "exit code", "right files",
    ]  # fmt: skip
    (seen.folder / targets[1].name).write_bytes(b"wrong")
    (seen.folder / ".getflags-left").touch()
    assert off(seen, targets) == ["left over", "right files"]


def off(seen: Evidence, targets: list[Target], failing: set[Target] | None = None) -> list[str]:
    """Return the subjects of the complaints."""
    found = complaints(seen, targets, failing or set(), set())
    return [each.partition(":")[0] for each in found]
