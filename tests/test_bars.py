"""Bars for flags and for files: what they count, and what a stalled run shows."""

from __future__ import annotations

import io
import re

import pytest

from getflags.core.events import Event, Finished, Progressed, Resumed, Started
from getflags.core.models import Outcome, Status, Target
from getflags.output.bars import ByteBar, FlagBar
from tests.screen import resize, shown, sizeless
from tests.test_progress import Clock, failed, ok, run, target


class Screen(io.StringIO):
    """What a view has drawn."""

    @property
    def lines(self) -> list[str]:
        """The lines that a terminal shows now."""
        return shown(self.getvalue())


def played(view: ByteBar, clock: Clock, *events: Event, seconds: float = 1.0) -> None:
    """Let a view read events, and draw itself after some seconds."""
    for event in events:
        view.read(event)
    clock.now += seconds
    view.redraw()


def started(*numbers: int) -> list[Event]:
    return [Started(target(number, f"f{number}")) for number in numbers]


def came(number: int, received: int, expected: int | None = 1_000_000) -> Progressed:
    return Progressed(target(number, f"f{number}"), received, expected)


def test_the_bar_of_flags_has_the_form_of_the_seed() -> None:
    screen = Screen()
    run(FlagBar(2, screen), Started(target(0)), ok(0), ok(1))
    last = screen.getvalue().rpartition("\r")[2]
    assert last.startswith("100%|###")
    assert last.rstrip("\n").endswith("it/s]")
    assert "| 2/2 [00:00<00:00, " in last
    assert last.endswith("\n"), "it stays on the screen"


def test_the_bar_of_flags_shows_that_time_passes() -> None:
    screen = Screen()
    view = FlagBar(2, screen)
    drawn = screen.getvalue()
    view.redraw()
    assert screen.getvalue() != drawn
    view.close()


@pytest.mark.parametrize("flags", [True, False])
def test_a_bar_names_a_failure_once_on_a_line_of_its_own(*, flags: bool) -> None:
    screen = Screen()
    view = FlagBar(2, screen) if flags else ByteBar(2, screen, 1)
    run(view, failed(reason="\x1b]0;pwn\x07", name="g.gif"))
    lines = [line for line in screen.lines if "g.gif" in line]
    assert lines == ["getflags: g.gif: \\x1b]0;pwn\\x07"]
    assert "\x1b]" not in screen.getvalue()
    assert "\x07" not in screen.getvalue()


def test_files_bytes_rate_and_remaining_time() -> None:
    screen, clock = Screen(), Clock()
    view = ByteBar(2, screen, clock=clock)
    assert screen.lines[0].startswith("  0%|")
    assert "| 0/2 files, 0 B [00:00<?, 0 B/s]" in screen.lines[0]
    played(view, clock, *started(0, 1), came(0, 250_000), came(1, 250_000))
    assert "| 0/2 files, 0.5/2.0 MB" in screen.lines[0].replace("500.0 kB/", "0.5/")
    assert screen.lines[0].startswith(" 25%|")
    assert screen.lines[0].endswith("<00:03, 500.0 kB/s]")
    view.close()


def test_a_stalled_run_shows_a_falling_rate() -> None:
    screen, clock = Screen(), Clock()
    view = ByteBar(1, screen, clock=clock)
    played(view, clock, *started(0), came(0, 500_000))
    rates = []
    for _ in range(4):
        played(view, clock, seconds=3)
        rates.append(screen.lines[0].rpartition("<")[2])
    assert rates == ["00:04, 125.0 kB/s]", "00:07, 71.4 kB/s]", "00:10, 50.0 kB/s]", "?, 0 B/s]"]
    view.close()


def test_an_event_draws_the_bar_unless_it_is_recent() -> None:
    screen, clock = Screen(), Clock()
    view = ByteBar(1, screen, clock=clock)
    drawn = screen.getvalue()
    view.read(came(0, 300_000))
    assert screen.getvalue() == drawn
    clock.now += 0.2
    view.read(came(0, 600_000))
    assert screen.lines[0].startswith(" 60%|")
    view.close()


def test_a_single_file_has_no_count_of_files() -> None:
    screen = Screen()
    run(ByteBar(1, screen), ok(0, size=4_000_000))
    assert screen.lines[0].startswith("100%|")
    assert "| 4.0/4.0 MB [00:00<00:00, " in screen.lines[0]


def test_the_slowest_files_have_bars_which_vanish_at_the_end() -> None:
    screen, clock = Screen(), Clock()
    view = ByteBar(9, screen, 2, clock)
    played(view, clock, *started(0, 1, 2), came(0, 250_000), came(1, 900, None))
    assert screen.lines[1].startswith("f0 ")
    assert " 25%|" in screen.lines[1]
    assert screen.lines[1].endswith("| 250.0 kB/1.0 MB")
    assert screen.lines[2:] == ["f1                   900 B"]
    done = Finished(Outcome(target(0, "f0"), Status.OK, size=1_000_000))
    played(view, clock, done)
    assert [line.split()[0] for line in screen.lines[1:]] == ["f1", "f2"]
    played(view, clock, *[Finished(Outcome(target(n, ""), Status.FAILED, "x")) for n in (1, 2)])
    assert [line for line in screen.lines if line.startswith("f")] == []
    view.close()
    assert len([line for line in screen.lines if "files" in line]) == 1


def test_a_files_name_is_cut_and_cannot_be_a_format() -> None:
    screen, clock = Screen(), Clock()
    view = ByteBar(1, screen, 1, clock)
    named = Target(0, "w", "w", "http://h/f", "d", "sub/{x}\x1b" + "y" * 99)
    played(view, clock, Started(named), Progressed(named, 1, 0))
    assert screen.lines[1].startswith("{x}\\x1byyyyyyyyyyyy…   0%|")
    view.close()


def test_what_was_there_before_the_run_does_not_count_as_speed() -> None:
    screen, clock = Screen(), Clock()
    view = ByteBar(1, screen, clock=clock)
    resumed = Resumed(target(0), 900_000, 1_000_000)
    played(view, clock, Started(target(0)), resumed, Progressed(target(0), 950_000, 1_000_000))
    assert screen.lines[0].startswith(" 95%|")
    assert screen.lines[0].endswith("<00:01, 50.0 kB/s]")
    view.close()


def test_a_narrow_terminal_gets_the_essentials() -> None:
    clock = Clock()
    with sizeless() as (stream, read_until):
        resize(stream.fileno(), 40, 20)
        view = ByteBar(2, stream, 1, clock)
        played(view, clock, *started(0, 1), came(0, 500_000))
        view.close()
        written = read_until(f"{' ' * 39}\x1b")  # close() clears the bar of the file
    assert "| 0/2 [00:00<00:03, 500.0 kB/s]" in written
    assert "files" not in written
    assert re.search(r"f0 +50%\|\S+ *\|\x1b", written), "no size"
