"""Recordings: the fault decisions of a run, written to a file and replayed from it.

This module writes, parses and looks up the lines of a recording. It does not decide about faults.

Each line is a JSON object: the label of the server, the path with its query, the number of the
attempt at that path, and the decision. A line with "reset" in place of a path records a reset of
the server: attempts count from 1 again, and earlier lines of that server are void.
"""

import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from http import HTTPStatus
from typing import Any, TextIO

from ..faults.draws import Decision
from ..faults.fault_plan import FaultPlan
from ..faults.kinds.interface import Fault, parameter_values
from ..faults.kinds.registry import FAULTS
from ..faults.rules import fault
from ..faults.values import LONGEST_DELAY, printable

_KEYS = {"label", "path", "attempt", "decision", "reset"}
_UNTOUCHED = FaultPlan()


class RecordWriter:
    """A recording that is being written to `file`, shared by all servers of a program.

    If writing fails, `warn` is called with a sentence, and the servers continue without a
    recording.
    """

    def __init__(self, file: TextIO, warn: Callable[[str], object]) -> None:
        self._file: TextIO | None = file
        self._warn = warn

    def decided(self, label: str, path: str, attempt: int, plan: FaultPlan) -> None:
        """Write the decision about one request."""
        self._write({"label": label, "path": path, "attempt": attempt, "decision": _as_dict(plan)})

    def reset(self, label: str) -> None:
        """Write that a server was reset."""
        self._write({"label": label, "reset": True})

    def _write(self, line: dict[str, object]) -> None:
        if self._file is None:
            return
        try:
            # Each line is flushed, because a recording is read while the servers run and after a
            # crash.
            self._file.write(json.dumps(line) + "\n")
            self._file.flush()
        except OSError as error:
            with suppress(OSError):  # closing flushes, which fails again
                self._file.close()
            self._file = None
            self._warn(f"recording stopped: {error.strerror}")


class Replay:
    """A recording loaded for lookup. A line without a label applies to every server."""

    def __init__(self) -> None:
        self._plans: dict[str | None, dict[tuple[str, int], FaultPlan]] = {}

    def covers(self, labels: Iterable[str]) -> bool:
        """Return whether the recording can apply to one of these servers.

        A recording without any request applies to every server.
        """
        return not self._plans or not self._plans.keys().isdisjoint([None, *labels])

    def plan(self, label: str, path: str, attempt: int) -> FaultPlan:
        """Return the recorded decision for this attempt, or no faults if there is none."""
        for each in (label, None):
            found = self._plans.get(each, {}).get((path, attempt))
            if found is not None:
                return found
        return _UNTOUCHED

    def add_line(self, line: object) -> None:
        """Add one line of a recording. Raises ValueError."""
        if not isinstance(line, dict) or not line.keys() <= _KEYS:
            raise ValueError("it must be an object with label, path, attempt and decision")
        label = _expect(line, "label", str, None)
        if line.get("reset"):
            self._plans.pop(label, None)
            return
        path, attempt = _expect(line, "path", str), _expect(line, "attempt", int)
        plan = _parse_plan(_expect(line, "decision", dict))
        self._plans.setdefault(label, {})[path, attempt] = plan


def read(lines: Iterable[str]) -> Replay:
    """Parse a recording. Raises ValueError, with the line number in its message."""
    replay = Replay()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            replay.add_line(json.loads(line))
        except (ValueError, RecursionError) as error:
            raise ValueError(f"line {number} is not part of a recording: {error}") from error
    return replay


def _as_dict(plan: FaultPlan) -> dict[str, object]:
    delay, status = plan.decision
    faults = [{"fault": name, **parameter_values(each)} for name, each in plan.faults.items()]
    return {"delay": delay, "status": status, "faults": faults}


def _parse_plan(found: dict[str, Any]) -> FaultPlan:
    if not found.keys() <= {"delay", "status", "faults"}:
        raise ValueError("a decision has only delay, status and faults")
    delay = _expect(found, "delay", (int, float), 0.0)
    status = _expect(found, "status", int, None)
    if not 0 <= delay <= LONGEST_DELAY:
        raise ValueError(f"delay: use seconds; the maximum is {LONGEST_DELAY:.0f}")
    faults: dict[str, Fault] = {}
    for each in _expect(found, "faults", list, []):
        given = dict(each) if isinstance(each, dict) else {}
        name = str(given.pop("fault", ""))
        if name not in FAULTS:
            raise ValueError(f"{printable(repr(name))} is not a fault: use {', '.join(FAULTS)}")
        faults[name] = fault(name, given)  # type: ignore[assignment]
    return FaultPlan(Decision(delay, None if status is None else HTTPStatus(status)), faults)


_REQUIRED = object()


def _expect(found: dict[str, Any], key: str, kind: Any, default: object = _REQUIRED) -> Any:
    value = found.get(key, default)
    if value is _REQUIRED or not (value is default or isinstance(value, kind)):
        raise ValueError(f"{key} is missing or has the wrong type")
    return value
