"""The soak's accounts: what the client says, held against folder, exit code and ledger.

What may live here: one run's evidence and what is off in it. What may not: running anything.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.misery import LARGE, Target
from getflags.targets.filenames import PART_PREFIX

FEW = 5  # complaints of a kind that are shown


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a run has said and left, and what the server has seen of it."""

    exit_code: int
    finished: list[dict[str, Any]]  # the outcomes, as --json tells them
    listed: list[str]  # URLs, as --failed-out has them
    attempts: dict[str, int]  # requests by path, from the ledger
    root: str  # of the server
    folder: Path
    seconds: float


def complaints(
    seen: Evidence, targets: Sequence[Target], failing: set[Target], before: set[str]
) -> Iterator[str]:
    """Yield what is off; ``before`` are names of files that stood there already."""
    urls = {f"{seen.root}{target.path}": target for target in targets}
    failed = {url for url, target in urls.items() if target in failing}
    outcomes = {each["url"]: each for each in seen.finished}
    yield from told(
        "outcomes", Counter(each["url"] for each in seen.finished), dict.fromkeys(urls, 1)
    )
    yield from told(
        "whether it failed",
        {url: each["failed"] for url, each in outcomes.items()},
        {url: url in failed for url in urls},
    )
    yield from told(
        "requests",
        {url: each["requests"] for url, each in outcomes.items()},
        {f"{seen.root}{path}": count for path, count in seen.attempts.items()},
    )
    yield from told("lines of --failed-out", Counter(seen.listed), dict.fromkeys(failed, 1))
    expected = 0 if not failed else 3 if len(failed) == len(urls) else 1
    yield from told("exit code", {"": seen.exit_code}, {"": expected})
    there = {path.name for path in seen.folder.iterdir()} - before
    hidden = {name for name in there if name.startswith(PART_PREFIX)}
    # What a later run could go on with may wait beside a large file that failed: a part, a note.
    if len(hidden) > 2 * sum(target.path.startswith(f"/bytes/{LARGE}/") for target in failing):
        yield f"left over: {sorted(hidden)[:FEW]}"
    whole = {target.name: True for target in targets if target not in failing}
    right = {
        target.name: (seen.folder / target.name).read_bytes() == target.content()
        for target in targets
        if target.name in there
    }
    yield from told("right files", {**dict.fromkeys(there - hidden, None), **right}, whole)


def told(what: str, found: Mapping[str, object], right: Mapping[str, object]) -> Iterator[str]:
    """Yield where two accounts of something differ."""
    differing = [key for key in {**found, **right} if found.get(key) != right.get(key)]
    if differing:
        few = ", ".join(
            f"{key} {found.get(key)} and not {right.get(key)}" for key in differing[:FEW]
        )
        yield f"{what}: {len(differing)} differ: {few}"
