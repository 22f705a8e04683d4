"""Dry run: print the URL and the path of each target."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable

from getflags.cli.console import print_line
from getflags.core.models import ExitStatus, Outcome, Status, Target
from getflags.core.text import printable
from getflags.core.urls import redact
from getflags.output.progress import failure

_BLOCK = 1_000  # lines that are written at a time


def print_targets(
    targets: Iterable[Target], warn: Callable[[str], None], *, as_json: bool = False
) -> int:
    """Print a line for each target on standard output and return the exit code.

    A target that cannot be requested is named by ``warn``, with the reason.
    """
    code = ExitStatus.OK
    shown = _as_json() if as_json else _as_text
    lines: list[str] = []
    for target in targets:
        if as_json or not target.flaw:
            lines.append(shown(target))
        if target.flaw or len(lines) == _BLOCK:
            _flush(lines)
        if target.flaw:
            code = ExitStatus.SOME_FAILED
            warn(failure(Outcome(target, Status.FAILED, target.flaw)))
    _flush(lines)
    return code


def _flush(lines: list[str]) -> None:
    if lines:
        print_line("\n".join(lines), sys.stdout)
        lines.clear()


def _as_text(target: Target) -> str:
    return f"{printable(redact(target.url))}\t{printable(target.path)}"


def _as_json() -> Callable[[Target], str]:
    from getflags.output import json_lines  # the import takes 4 ms

    return json_lines.planned
