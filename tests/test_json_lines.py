"""Events for programs: one object a line, ASCII, without secrets."""

import json
from math import inf
from typing import Any

import pytest

from getflags.core.events import (
    Adjusted,
    Event,
    Finished,
    Progressed,
    Resumed,
    Retrying,
    Slowed,
    Started,
)
from getflags.core.models import Outcome, Status, Target
from getflags.output.json_lines import line, summary
from getflags.output.summary import Report

TARGET = Target(7, "http://u:secret@h/f", "http://***@h/f", "http://u:secret@h/f", "d", "f")
FLAWED = Target(3, "http://", "http://", "", "d", "../x", flaw="it names no host")
COMMON = {"index": 7, "target": "http://***@h/f", "url": "http://***@h/f", "path": "d/f"}


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (Started(TARGET), {"event": "started", **COMMON}),
        (
            Progressed(TARGET, 5, 10),
            {"event": "progressed", **COMMON, "received": 5, "expected": 10},
        ),
        (
            Progressed(TARGET, 5, None),
            {"event": "progressed", **COMMON, "received": 5, "expected": None},
        ),
        (
            Resumed(TARGET, 5, 10),
            {"event": "resumed", **COMMON, "offset": 5, "expected": 10},
        ),
        (
            Retrying(TARGET, 1.5, "503", "http://h:80", asked=True),
            {
                "event": "retrying",
                **COMMON,
                "seconds": 1.5,
                "reason": "503",
                "pause": "http://h:80",
                "asked": True,
                "mirror": None,
            },
        ),
        (
            Retrying(TARGET, 1.5, "reset"),
            {
                "event": "retrying",
                **COMMON,
                "seconds": 1.5,
                "reason": "reset",
                "pause": None,
                "asked": False,
                "mirror": None,
            },
        ),
        (
            Retrying(TARGET, 0.0, "reset", mirror="http://***@g/f"),
            {
                "event": "retrying",
                **COMMON,
                "seconds": 0.0,
                "reason": "reset",
                "pause": None,
                "asked": False,
                "mirror": "http://***@g/f",
            },
        ),
        (
            Adjusted("http://h:80", 32, "why"),
            {"event": "adjusted", "origin": "http://h:80", "level": 32, "reason": "why"},
        ),
        (
            Slowed("http://h:80", 19.98765),
            {"event": "slowed", "origin": "http://h:80", "rate": 19.988},
        ),
        (Slowed("http://h:80", inf), {"event": "slowed", "origin": "http://h:80", "rate": None}),
        (
            Finished(
                Outcome(TARGET, Status.OK, "", 200, 10, 2, unsized=True, resumed=4), 0.12345678
            ),
            {
                "event": "finished",
                **COMMON,
                "status": "ok",
                "failed": False,
                "reason": "",
                "code": 200,
                "size": 10,
                "requests": 2,
                "unsized": True,
                "note": "",
                "resumed": 4,
                "mirror": None,
                "seconds": 0.123457,
            },
        ),
        (
            Finished(Outcome(FLAWED, Status.FAILED, "it names no host")),
            {
                "event": "finished",
                "index": 3,
                "target": "http://",
                "url": "",
                "path": None,
                "status": "failed",
                "failed": True,
                "reason": "it names no host",
                "code": None,
                "size": 0,
                "requests": 0,
                "unsized": False,
                "note": "",
                "resumed": 0,
                "mirror": None,
                "seconds": 0.0,
            },
        ),
    ],
    ids=[
        "started",
        "progressed",
        "length unknown",
        "resumed",
        "pause",
        "retry",
        "another mirror",
        "adjusted",
        "slowed",
        "no longer slowed",
        "arrived",
        "flawed",
    ],
)
def test_an_event_is_an_object(event: Event, expected: dict[str, Any]) -> None:
    assert json.loads(line(event)) == expected


@pytest.mark.parametrize("status", list(Status))
def test_every_status_has_a_word(status: Status) -> None:
    assert json.loads(line(Finished(Outcome(TARGET, status))))["status"] == status.value


def test_a_code_that_was_only_guessed_is_not_found_but_has_not_failed() -> None:
    guess = Target(0, "BQ", "BQ", "http://h/bq/bq.gif", "d", "bq.gif", guessed=True)
    values = json.loads(line(Finished(Outcome(guess, Status.NOT_FOUND, "404 Not Found", 404))))
    assert (values["status"], values["failed"]) == ("not found", False)


def test_a_line_is_one_line_of_printable_ascii_without_the_password() -> None:
    reason = "\x1b]0;pwn\x07\r\n\u2028 \u00e4 \ud800"
    text = line(Finished(Outcome(TARGET, Status.FAILED, reason)))
    assert text.isascii()
    assert text.isprintable()
    assert "secret" not in text
    assert json.loads(text)["reason"] == reason


def test_the_summary_counts_targets_by_status() -> None:
    report = Report()
    report.read(Finished(Outcome(TARGET, Status.OK, size=10, resumed=4)))
    report.read(Finished(Outcome(TARGET, Status.PRESENT, "already exists", size=5)))
    report.elapsed = 1.23456789
    assert json.loads(summary(report, 130, "d")) == {
        "event": "summary",
        "counts": {"ok": 1, "present": 1, "not found": 0, "failed": 0},
        "unchecked": 1,
        "duplicates": 0,
        "bytes": 10,
        "resumed": 4,
        "seconds": 1.234568,
        "stopped": None,
        "exit_code": 130,
        "dir": "d",
    }
