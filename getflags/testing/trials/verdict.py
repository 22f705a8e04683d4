"""The verdict on a client: whether it told the truth about every file. Pure.

A client tells the truth if each of its runs ends within the time limit, reports success if and only
if every file of the run is right, and leaves no wrong file under the name of a target.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import NamedTuple

from getflags.core.text import counted


class FileState(Enum):
    """The state of a file at the end of a run: right (byte for byte), wrong or missing."""

    RIGHT = "right"
    WRONG = "wrong"
    MISSING = "missing"


class Run(NamedTuple):
    """One run of a client: the files it was asked for, its exit code, and its last line of output.

    ``code`` is None if the run was ended at the time limit.
    """

    names: Sequence[str]
    code: int | None
    last_line: str = ""


class Judged(NamedTuple):
    """The counts of files, the exit codes of the runs, and the reason if they were not the truth.

    ``exit_codes`` counts runs by exit code, as text; ``"time limit"`` counts those that were ended.
    """

    right: int
    wrong: int
    missing: int
    exit_codes: Mapping[str, int]
    reason: str


_TIME_LIMIT = "time limit"


def judge(
    runs: Sequence[Run], states: Mapping[str, FileState], *, confirmed: bool = True
) -> Judged:
    """Judge all runs of a client on one fault. ``states`` has the state of each file.

    Unless the server has ``confirmed`` complete files, a failure may be reported for right files.
    """
    counts = Counter(states.values())
    codes = Counter(_TIME_LIMIT if run.code is None else str(run.code) for run in runs)
    return Judged(
        counts[FileState.RIGHT],
        counts[FileState.WRONG],
        counts[FileState.MISSING],
        dict(sorted(codes.items())),
        _reason(runs, states, confirmed=confirmed),
    )


def _reason(runs: Sequence[Run], states: Mapping[str, FileState], *, confirmed: bool) -> str:
    """Return why the client did not tell the truth; empty if it did."""
    if any(run.code is None for run in runs):
        return "did not end within the time limit"
    believed = [states[name] for run in runs if run.code == 0 for name in run.names]
    for state in (FileState.WRONG, FileState.MISSING):
        if number := believed.count(state):
            return f"exit code 0, {counted(number, 'file')} {state.value}"
    if wrong := list(states.values()).count(FileState.WRONG):
        return f"left {counted(wrong, 'wrong file')}"
    for run in runs:
        if confirmed and run.code and all(states[name] is FileState.RIGHT for name in run.names):
            return f"exit code {run.code}, all files right"
    return ""


class FaultResult(NamedTuple):
    """What a client did with one fault, and whether it told the truth.

    ``reason`` says why it did not. ``refused`` counts the responses 429 and 503, ``peak_in_flight``
    is the largest number of requests at the server at once. ``last_line`` is the last line of the
    client's output, or its exception.
    """

    fault: str
    right: int
    wrong: int
    missing: int
    exit_codes: Mapping[str, int]
    told_the_truth: bool
    reason: str
    requests: int
    refused: int
    peak_in_flight: int
    seconds: float
    last_line: str


class TrialResult(NamedTuple):
    """The results of a trial, one for each fault."""

    faults: tuple[FaultResult, ...]

    @property
    def told_the_truth(self) -> bool:
        """Whether the client told the truth about every file, whatever the fault."""
        return all(each.told_the_truth for each in self.faults)
