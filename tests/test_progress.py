"""What people see: failures once, in any view, and nothing that drives a terminal."""

from math import inf

import pytest

from getflags.core.events import Event, Finished, Progressed, Resumed, Retrying, Slowed, Started
from getflags.core.models import Outcome, Status, Target
from getflags.output.progress import HEARTBEAT, Heartbeat, Lines, Quiet, View, failure


def target(index: int = 0, name: str = "f.gif") -> Target:
    return Target(index, name, name, f"http://h/{name}", "d", name)


def ok(index: int = 0, size: int = 1234, name: str = "f.gif") -> Finished:
    return Finished(Outcome(target(index, name), Status.OK, code=200, size=size))


def failed(index: int = 0, reason: str = "reset", name: str = "f.gif") -> Finished:
    return Finished(Outcome(target(index, name), Status.FAILED, reason))


GUESS = Target(5, "BQ", "BQ", "http://h/bq/bq.gif", "d", "bq.gif", guessed=True)
NO_SUCH_CODE = Finished(Outcome(GUESS, Status.NOT_FOUND, "404 Not Found", 404))
MISSING = Finished(Outcome(target(), Status.NOT_FOUND, "404 Not Found", 404))


class Clock:
    """Time as the test says."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Return it."""
        return self.now


def run(view: View, *events: Event) -> None:
    for event in events:
        view.read(event)
    view.close()


def test_a_failure_is_a_line_with_the_target_and_the_reason() -> None:
    assert failure(failed(reason="connection refused").outcome) == (
        "getflags: f.gif: connection refused"
    )


def test_a_servers_control_characters_are_shown_not_obeyed() -> None:
    assert failure(failed(reason="\x1b]0;pwn\x07\r\nforged").outcome) == (
        "getflags: f.gif: \\x1b]0;pwn\\x07\\r\\nforged"
    )


def test_quiet_tells_of_failures_and_nothing_else() -> None:
    said: list[str] = []
    run(
        Quiet(said.append),
        Started(target()),
        Progressed(target(), 5, 10),
        ok(),
        NO_SUCH_CODE,
        MISSING,
        failed(),
    )
    assert said == ["getflags: f.gif: 404 Not Found", "getflags: f.gif: reset"]


@pytest.mark.parametrize(
    ("outcome", "line"),
    [
        (Outcome(target(), Status.OK, size=1234), "f.gif OK d/f.gif (1.2 kB)"),
        (Outcome(target(), Status.OK), "f.gif OK d/f.gif (0 B)"),
        (
            Outcome(target(), Status.OK, size=5, unsized=True),
            "f.gif OK d/f.gif (5 B, length unknown)",
        ),
        (
            Outcome(target(), Status.PRESENT, "already exists", size=5),
            "f.gif OK d/f.gif (already exists)",
        ),
        (NO_SUCH_CODE.outcome, "BQ not found"),
    ],
    ids=["arrived", "empty", "length unknown", "present", "no such code"],
)
def test_lines_say_what_became_of_each_file(outcome: Outcome, line: str) -> None:
    said: list[str] = []
    complained: list[str] = []
    run(Lines(said.append, complained.append), Started(target()), Finished(outcome))
    assert (said, complained) == ([line], [])


def test_lines_name_a_failure_once_and_on_the_other_side() -> None:
    said: list[str] = []
    complained: list[str] = []
    run(Lines(said.append, complained.append), failed(), MISSING)
    assert said == []
    assert complained == ["getflags: f.gif: reset", "getflags: f.gif: 404 Not Found"]


def test_lines_tell_of_another_try_and_why() -> None:
    said: list[str] = []
    view = Lines(said.append, said.append)
    asked = Retrying(target(), 1.24, "503 \x1b", "http://h:80", asked=True)
    run(view, asked, Retrying(target(), 0.5, "reset"))
    assert [line.partition(": ")[2] for line in said] == [
        "503 \\x1b; retrying in 1.2 s (Retry-After)",
        "reset; retrying in 0.5 s",
    ]


def test_bytes_of_a_target_that_failed_are_taken_back() -> None:
    said: list[str] = []
    now = iter([0.0, *[99.0 * n for n in range(1, 9)]])
    view = Heartbeat(2, said.append, lambda: next(now))
    run(view, Progressed(target(), 500_000, None), Retrying(target(), 0.5, "reset"))
    assert "done, 500.0 kB (" in said[-1], "the next try may resume"
    view.read(failed())
    assert "done, 0 B (" in said[-1]


def test_a_list_that_has_not_ended_has_no_total() -> None:
    said: list[str] = []
    clock = Clock()
    total: list[int | None] = [None]
    view = Heartbeat(lambda: total[0], said.append, clock)
    for number in (0, 1):
        clock.now += 11
        total[0] = 2 if number else None
        view.read(ok(number))
    assert said[0].startswith("getflags: 1 done, ")
    assert said[0].endswith("; the list has not ended")
    assert said[1].startswith("getflags: 2 of 2 done, ")


def test_lines_show_a_folders_control_characters() -> None:
    said: list[str] = []
    evil = Target(0, "BR", "BR", "http://h/br/br.gif", "\x1b[2J", "br.gif")
    run(Lines(said.append, said.append), Finished(Outcome(evil, Status.OK)))
    assert said == ["BR OK \\x1b[2J/br.gif (0 B)"]


def test_a_heart_beats_now_and_then() -> None:
    said: list[str] = []
    clock = Clock()
    view = Heartbeat(1200, said.append, clock)
    view.read(ok(0, size=500))
    clock.now += HEARTBEAT - 0.001
    view.read(ok(1, size=500))
    assert said == []
    clock.now += 0.001
    view.read(Progressed(target(2), 200_000, None))
    assert said == ["getflags: 2 of 1,200 done, 201.0/~600.0 kB (20.1 kB/s, 20 s left)"]
    clock.now += HEARTBEAT / 2
    view.read(ok(2, size=300_000))
    assert len(said) == 1, "not before its time"
    clock.now += HEARTBEAT / 2
    view.read(Started(target(3)))
    view.close()
    assert said[1:] == ["getflags: 3 of 1,200 done, 301.0 kB/~120.4 MB (10.0 kB/s, 200 min left)"]


def test_a_heart_names_failures_at_once_and_once() -> None:
    said: list[str] = []
    run(Heartbeat(2, said.append, Clock()), failed(), ok(1))
    assert said == ["getflags: f.gif: reset"]


def test_a_heart_beats_by_the_clock_on_the_wall_unless_told_otherwise() -> None:
    said: list[str] = []
    run(Heartbeat(1, said.append), ok())
    assert said == [], "no ten seconds have gone by"


def test_bytes_that_came_for_nothing_are_taken_back() -> None:
    said: list[str] = []
    clock = Clock()
    view = Heartbeat(3, said.append, clock)
    view.read(Progressed(target(0), 600, 1000))
    view.read(Progressed(target(0), 800, 1000))
    view.read(Progressed(target(1), 50, None))
    view.read(failed(0))
    clock.now += HEARTBEAT
    view.read(Progressed(target(1), 70, None))
    assert said[-1] == "getflags: 1 of 3 done, 70 B (87 B/s, unknown time left)"


def test_a_file_that_was_there_already_brought_no_bytes() -> None:
    said: list[str] = []
    clock = Clock()
    view = Heartbeat(1, said.append, clock)
    clock.now += HEARTBEAT
    view.read(Finished(Outcome(target(), Status.PRESENT, "already exists", size=999)))
    assert said == ["getflags: 1 of 1 done, 0/0 B (0 B/s, 0 s left)"]


@pytest.mark.parametrize(
    ("expected", "line"), [(10_000_000, "2.5 MB of 10.0 MB"), (None, "2.5 MB")]
)
def test_lines_say_where_a_resume_goes_on(expected: int | None, line: str) -> None:
    said: list[str] = []
    run(Lines(said.append, said.append), Resumed(target(), 2_500_000, expected))
    assert said == [f"f.gif: resumed after {line}"]


def test_lines_tell_of_a_learnt_rate() -> None:
    said: list[str] = []
    view = Lines(said.append, said.append)
    run(view, Slowed("http://h:80", 19.987), Slowed("http://h:80", inf))
    assert said == [
        "http://h:80: 20 requests a second at most",
        "http://h:80: no rate limit any more",
    ]
