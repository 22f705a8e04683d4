"""The output of a trial: a Markdown table, or JSON. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from getflags.core.text import counted
from getflags.testing.trials.faults import NO_FAULT
from getflags.testing.trials.verdict import FaultResult, TrialResult

_NUMBERS = ("right", "wrong", "missing", "requests", "refused", "peak", "seconds")
_FAULT, _EXIT, _TRUTH = "fault", "exit code", "told the truth"


def heading(faults: Iterable[str]) -> list[str]:
    """Return the first two lines of the table, which will have a row for each fault."""
    width = _width(faults)
    dashes = [f"{'-' * (len(name) - 1)}:" for name in _NUMBERS]
    return [
        _line([_FAULT.ljust(width), *_NUMBERS, _EXIT, _TRUTH]),
        _line(["-" * width, *dashes, "-" * len(_EXIT), "-" * len(_TRUTH)]),
    ]


def row(result: FaultResult, faults: Iterable[str]) -> str:
    """Return the row of one fault."""
    numbers = (
        result.right, result.wrong, result.missing, result.requests, result.refused,
        result.peak_in_flight, f"{result.seconds:.1f}",
    )  # fmt: skip
    cells = [str(number).rjust(len(name)) for name, number in zip(_NUMBERS, numbers, strict=True)]
    truth = "yes" if result.told_the_truth else f"no: {result.reason}"
    name = result.fault.replace("|", r"\|").ljust(_width(faults))
    return _line([name, *cells, exit_codes(result.exit_codes).ljust(len(_EXIT)), truth])


def exit_codes(codes: Mapping[str, int]) -> str:
    """Return the exit codes as text, with the number of runs of each if they differ."""
    if len(codes) == 1:
        return next(iter(codes))
    return ", ".join(f"{code} ({runs}x)" for code, runs in codes.items())


def conclusion(result: TrialResult) -> str:
    """Return the sentence below the table."""
    untrue = [each.fault for each in result.faults if not each.told_the_truth]
    if not untrue:
        return f"The command told the truth about every file ({_faults(result)})."
    return f"The command did not tell the truth with {', '.join(untrue)} ({_faults(result)})."


def warning(result: TrialResult) -> str:
    """Return a sentence if the command may not have worked at all; empty otherwise."""
    plain = [each for each in result.faults if each.fault == NO_FAULT]
    if any(each.wrong or each.missing for each in plain):
        return (
            "the command did not download all files without any fault, so the trial says little: "
            "check the command; -v prints the last line of its output"
        )
    if not any(each.right for each in result.faults):
        return (
            "the command downloaded no file at all, so the trial says little: check the command; "
            "-v prints the last line of its output"
        )
    return ""


def json_line(result: FaultResult) -> str:
    """Return the result of one fault as one line of ASCII text."""
    values = {**result._asdict(), "seconds": round(result.seconds, 6)}
    return json.dumps({"event": "fault", **values})


def json_summary(result: TrialResult, seed: int, files: int, exit_code: int) -> str:
    """Return the summary of a trial as one line of ASCII text."""
    return json.dumps(
        {
            "event": "summary",
            "told_the_truth": result.told_the_truth,
            "untrue": [each.fault for each in result.faults if not each.told_the_truth],
            "faults": len(result.faults),
            "files": files,
            "seed": seed,
            "exit_code": exit_code,
        }
    )


def _faults(result: TrialResult) -> str:
    return counted(len(result.faults), "fault")


def _width(faults: Iterable[str]) -> int:
    return max(map(len, [_FAULT, *faults]))


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
