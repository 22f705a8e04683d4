"""What was done to whom, written down so that it can be done again.

What may live here: the lines of a record, writing them, and looking them up. What may not:
deciding anything.

A line is a JSON object: the server's label, the path with its query, which attempt at it this was,
and the decision. A line with "reset" in place of a path says that the server was started anew:
attempts count from 1 again, and what the record has of it before no longer counts.
"""

import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from http import HTTPStatus
from typing import Any, TextIO

from ..faults.decision import Verdict
from ..faults.draws import Decision
from ..faults.kinds import FAULTS
from ..faults.kinds.base import Fault, written
from ..faults.rules import fault
from ..faults.values import LONGEST_DELAY, printable

_KEYS = {"label", "path", "attempt", "decision", "reset"}
_UNTOUCHED = Verdict()


class Record:
    """A record being written to `file`, shared by all servers of a program.

    `complain` gets a sentence if it can't be written any longer; the servers go on without.
    """

    def __init__(self, file: TextIO, complain: Callable[[str], object]) -> None:
        self._file: TextIO | None = file
        self._complain = complain

    def decided(self, label: str, path: str, attempt: int, verdict: Verdict) -> None:
        """Write down what happens to a request."""
        self._write(
            {"label": label, "path": path, "attempt": attempt, "decision": _as_dict(verdict)}
        )

    def reset(self, label: str) -> None:
        """Write down that a server starts anew."""
        self._write({"label": label, "reset": True})

    def _write(self, line: dict[str, object]) -> None:
        if self._file is None:
            return
        try:
            # Flushed each time: a record is read while the servers run, and after they crashed.
            self._file.write(json.dumps(line) + "\n")
            self._file.flush()
        except OSError as error:
            with suppress(OSError):  # closing tries to write again, and nobody should later
                self._file.close()
            self._file = None
            self._complain(f"the record ends here: {error.strerror}")


class Replay:
    """A record looked up. A line without a label is meant for every server."""

    def __init__(self) -> None:
        self._verdicts: dict[str | None, dict[tuple[str, int], Verdict]] = {}

    def tells_of(self, labels: Iterable[str]) -> bool:
        """Return whether there may be a line for one of these servers; there may, if there is none.

        A record of no request at all is as good for one server as for another.
        """
        return not self._verdicts or not self._verdicts.keys().isdisjoint([None, *labels])

    def verdict(self, label: str, path: str, attempt: int) -> Verdict:
        """Return what happened to this attempt: nothing, if the record doesn't know of it."""
        for each in (label, None):
            found = self._verdicts.get(each, {}).get((path, attempt))
            if found is not None:
                return found
        return _UNTOUCHED

    def take(self, line: object) -> None:
        """Take in a line of a record. Raises ValueError."""
        if not isinstance(line, dict) or not line.keys() <= _KEYS:
            raise ValueError("give an object with label, path, attempt and decision")
        label = _expect(line, "label", str, None)
        if line.get("reset"):
            self._verdicts.pop(label, None)
            return
        path, attempt = _expect(line, "path", str), _expect(line, "attempt", int)
        verdict = _verdict(_expect(line, "decision", dict))
        self._verdicts.setdefault(label, {})[path, attempt] = verdict


def read(lines: Iterable[str]) -> Replay:
    """Return the record written in `lines`. Raises ValueError that names the line."""
    replay = Replay()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            replay.take(json.loads(line))
        except (ValueError, RecursionError) as error:
            raise ValueError(f"line {number} is not of a record: {error}") from error
    return replay


def _as_dict(verdict: Verdict) -> dict[str, object]:
    delay, status = verdict.decision
    faults = [{"fault": name, **written(each)} for name, each in verdict.faults.items()]
    return {"delay": delay, "status": status, "faults": faults}


def _verdict(found: dict[str, Any]) -> Verdict:
    if not found.keys() <= {"delay", "status", "faults"}:
        raise ValueError("a decision has delay, status and faults")
    delay = _expect(found, "delay", (int, float), 0.0)
    status = _expect(found, "status", int, None)
    if not 0 <= delay <= LONGEST_DELAY:
        raise ValueError(f"delay: give seconds, at most {LONGEST_DELAY:.0f}")
    faults: dict[str, Fault] = {}
    for each in _expect(found, "faults", list, []):
        given = dict(each) if isinstance(each, dict) else {}
        name = str(given.pop("fault", ""))
        if name not in FAULTS:
            raise ValueError(f"{printable(repr(name))} is no fault: give {', '.join(FAULTS)}")
        faults[name] = fault(name, given)  # type: ignore[assignment]
    return Verdict(Decision(delay, None if status is None else HTTPStatus(status)), faults)


_REQUIRED = object()


def _expect(found: dict[str, Any], key: str, kind: Any, default: object = _REQUIRED) -> Any:
    value = found.get(key, default)
    if value is _REQUIRED or not (value is default or isinstance(value, kind)):
        raise ValueError(f"{key} is missing, or not what it should be")
    return value
