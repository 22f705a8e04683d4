"""A race on paper: who is first, what the table says and why, and bars of any width."""

from __future__ import annotations

import re

import pytest

from getflags.bench.race.bars import BarStyle, lines, ordinal, visible
from getflags.bench.race.ranking import ending, ranking
from getflags.bench.race.standings import Count, Race, RacerReport, Tally
from getflags.core.events import Event, Finished, Progressed, Retrying, Started
from getflags.core.models import ExitStatus, Outcome, Status, Target

FOUR = ("sequential", "threads", "asyncio", "processes")


def target(name: str = "BR", *, guessed: bool = False) -> Target:
    return Target(0, name, name, f"http://h/{name}", "d", name, guessed=guessed)


def ended(
    status: Status, reason: str = "", seconds: float = 0.0, *, guessed: bool = False
) -> Event:
    return Finished(Outcome(target(guessed=guessed), status, reason), seconds)


def raced(total: int, *results: tuple[str, RacerReport], noun: str = "flag") -> Race:
    """Return a race in which all have begun at 0, with the last reports of the engines."""
    race = Race([engine for engine, _ in results], total, noun)
    for engine, news in results:
        race.begin(engine, 0)
        race.take(engine, news, 9)
    return race


def done(total: int, seconds: float, took: float = 0.0) -> RacerReport:
    return RacerReport(Tally(total, took=took), seconds)


def test_a_tally_counts_what_became_of_targets_and_how_long_they_took() -> None:
    count = Count()
    for event in (
        Started(target()),
        Progressed(target(), 5, 10),
        Retrying(target(), 0.5, "reset"),
        ended(Status.OK, seconds=2),
        ended(Status.PRESENT, "already exists"),
        ended(Status.NOT_FOUND, "404 Not Found", 0.5, guessed=True),
        ended(Status.NOT_FOUND, "404 Not\x1b Found", 0.5),
        ended(Status.FAILED, "reset", 1),
    ):
        count.read(event)
    assert count.tally == Tally(2, 1, 2, 4.0, "BR: 404 Not\\x1b Found")
    assert count.tally.done == 5


def test_the_start_up_lasts_until_the_first_request() -> None:
    times = iter([100.0, 103.0, 104.0])
    count = Count(lambda: next(times))
    count.begin()
    count.read(Started(target()))
    count.read(ended(Status.OK, seconds=0.5))
    count.read(ended(Status.OK, seconds=2))
    assert count.start_up == 2.0, "the second target began earlier than the first"


def test_a_tally_that_was_given_away_does_not_change() -> None:
    count = Count()
    before = count.tally
    count.read(ended(Status.OK))
    assert before == Tally()


def test_who_was_faster_is_before_who_was_slower() -> None:
    race = raced(2, ("sequential", done(2, 4.0)), ("threads", done(2, 2.0)))
    assert [standing.engine for standing in race.ranked()] == ["threads", "sequential"]


def test_who_lost_less_is_before_who_was_faster() -> None:
    hasty = RacerReport(Tally(1, failed=1, reason="BR: reset"), 1.0)
    race = raced(2, ("threads", hasty), ("asyncio", done(2, 5.0)))
    assert [standing.engine for standing in race.ranked()] == ["asyncio", "threads"]


def test_codes_that_do_not_exist_are_no_loss() -> None:
    race = raced(3, ("threads", RacerReport(Tally(1, missing=2), 1.0)), ("asyncio", done(3, 5.0)))
    assert [standing.engine for standing in race.ranked()] == ["threads", "asyncio"]
    assert race.exit_status is ExitStatus.OK


def test_places_are_those_among_the_finished() -> None:
    race = Race(FOUR, 4, "flag")
    threads, asyncio = race.standings["threads"], race.standings["asyncio"]
    assert race.place(threads) is None
    race.take("threads", done(4, 3.0), 3)
    assert (race.place(threads), race.place(asyncio)) == (1, None)
    race.take("asyncio", done(4, 2.9), 3)
    assert (race.place(threads), race.place(asyncio)) == (2, 1)


def test_time_runs_from_the_start_to_the_end_that_the_racer_measured() -> None:
    race = Race(["threads"], 2, "flag")
    standing = race.standings["threads"]
    assert standing.elapsed(50) == 0
    race.begin("threads", 100)
    race.take("threads", RacerReport(Tally(1)), 103)
    assert standing.elapsed(104) == 4
    assert not standing.over
    race.take("threads", done(2, 5.5), 106)
    assert standing.elapsed(200) == 5.5
    assert standing.finished


def test_what_comes_after_the_end_counts_no_more() -> None:
    race = raced(2, ("threads", done(2, 1.0)))
    race.take("threads", RacerReport(Tally(), trouble="late"), 2)
    race.exited("threads", "its process has ended", 2)
    assert race.standings["threads"].tally.arrived == 2
    assert race.standings["threads"].finished
    assert race.exit_status is ExitStatus.OK


def test_who_goes_before_the_end_is_out_and_has_no_place() -> None:
    race = raced(4, ("threads", RacerReport(Tally(1))), ("asyncio", done(4, 1.0)))
    race.exited("threads", "its process was ended by signal 9", 7)
    standing = race.standings["threads"]
    assert (standing.over, standing.finished, standing.elapsed(99)) == (True, False, 7)
    assert race.place(standing) is None
    assert [standing.engine for standing in race.ranked()] == ["asyncio"]
    assert race.exit_status is ExitStatus.SOME_FAILED
    assert ending(race, standing) == "threads is out: its process was ended by signal 9"


@pytest.mark.parametrize(
    ("news", "code"),
    [
        (done(4, 1), ExitStatus.OK),
        (RacerReport(Tally(1, missing=3), 1.0), ExitStatus.OK),
        (RacerReport(Tally(3, failed=1), 1.0), ExitStatus.SOME_FAILED),
        (RacerReport(Tally(0, failed=4), 1.0), ExitStatus.SOME_FAILED),
        (RacerReport(Tally(3), 1.0), ExitStatus.SOME_FAILED),
        (RacerReport(Tally(4)), ExitStatus.SOME_FAILED),
        (RacerReport(Tally(4), trouble="no"), ExitStatus.SOME_FAILED),
    ],
    ids=["all", "guessed", "an error", "all errors", "one is missing", "not over", "out"],
)
def test_the_exit_code_is_0_only_if_everybody_has_all(news: RacerReport, code: ExitStatus) -> None:
    assert raced(4, ("threads", done(4, 1)), ("asyncio", news)).exit_status is code


def test_a_finish_is_told_with_what_came_of_it() -> None:
    race = raced(
        1400, ("threads", RacerReport(Tally(1, 1_200, 199), 1.239)), ("asyncio", done(1400, 61.5))
    )
    threads, asyncio = race.standings.values()
    assert ending(race, threads) == (
        "threads finished after 1.24 s: 1 flag, 1,200 not found, 199 errors"
    )
    assert ending(race, asyncio) == "asyncio finished after 61.50 s: 1,400 flags"


def test_the_table_and_the_reason() -> None:
    race = raced(
        194,
        ("sequential", done(194, 533.2, 533.0)),
        ("threads", done(194, 29.0, 533.3)),
        ("asyncio", done(194, 28.7, 533.2)),
    )
    assert ranking(race) == [
        "place  engine      seconds  ratio  flags  errors",
        "    1  asyncio       28.70   1.00    194       0",
        "    2  threads       29.00   1.01    194       0",
        "    3  sequential   533.20  18.58    194       0",
        "On average, a flag took 2.75 s with sequential, which downloaded one after",
        "another, 533.00 s in all; and 2.75 s with asyncio, which had 18.6 in flight.",
    ]


def test_codes_that_do_not_exist_have_a_column_where_there_are_any() -> None:
    race = raced(676, ("threads", RacerReport(Tally(194, 482), 1.0)))
    assert ranking(race) == [
        "place  engine   seconds  ratio  flags  not found  errors",
        "    1  threads     1.00   1.00    194        482       0",
    ]


def test_errors_are_named_once_an_engine_and_who_is_out_comes_last() -> None:
    race = raced(
        3,
        ("sequential", RacerReport(Tally(1), trouble="MemoryError: \x1b[2J")),
        ("threads", RacerReport(Tally(1, failed=2, reason="BR: 418\x07"), 1.0)),
        ("asyncio", RacerReport(Tally(2, failed=1, reason="BR: reset"), 2.0)),
        noun="file",
    )
    assert ranking(race) == [
        "place  engine      seconds  ratio  files  errors",
        "    1  asyncio        2.00   1.00      2       1",
        "    2  threads        1.00   0.50      1       2",
        "    -  sequential        -      -      1       0",
        "sequential is out: MemoryError: \\x1b[2J",
        "asyncio: 1 error, the first: BR: reset",
        "threads: 2 errors, the first: BR: 418\\x07",
    ]


def why(*results: tuple[str, RacerReport], total: int = 10) -> str:
    lines = ranking(raced(total, *results))
    return " ".join(line for line in lines[1 + len(results) :])


def test_short_times_are_told_in_milliseconds() -> None:
    assert why(("threads", done(10, 0.1, 0.5))) == (
        "On average, a flag took 50.0 ms with threads, which had 5.0 in flight."
    )


def test_start_up_is_told_where_it_counts() -> None:
    quick = ("threads", RacerReport(Tally(10, took=0.9), 0.1, start_up=0.009))
    slow = ("processes", RacerReport(Tally(10, took=0.9), 0.2, start_up=0.1))
    assert why(quick, slow).endswith(
        " Start-up counts: 100.0 ms passed before the first request of processes."
    )
    assert "Start-up" not in why(quick)
    failed = RacerReport(Tally(failed=1, reason="x"), 3.0, start_up=2.0)
    assert why(("processes", failed)).endswith(
        "the first: x Start-up counts: 2.00 s passed before the first request of processes."
    )


def test_a_sequential_engine_whose_retries_overlap_is_not_said_to_do_one_at_a_time() -> None:
    assert why(("sequential", done(10, 10.0, 30.0))) == (
        "On average, a flag took 3.00 s with sequential, which had 3.0 in flight."
    )


@pytest.mark.parametrize(
    ("took", "levels"), [(10.04, "10.0"), (10.2, "10.0 to 10.2")], ids=["equal", "nearly so"]
)
def test_nobody_is_called_much_faster_who_is_not(took: float, levels: str) -> None:
    assert why(("threads", done(10, 1.0, 10.0)), ("asyncio", done(10, 1.0, took))) == (
        f"No engine was much faster: each had {levels} flags in flight on average."
    )


def test_nothing_is_explained_by_what_was_not_measured() -> None:
    assert why(("threads", done(10, 1.0)), ("asyncio", RacerReport(Tally(), trouble="x"))) == (
        "asyncio is out: x"
    )


def under_way() -> Race:
    race = raced(
        194,
        ("sequential", RacerReport(Tally(11))),
        ("threads", RacerReport(Tally(100, failed=3))),
        ("asyncio", done(194, 8.25)),
        ("processes", RacerReport(Tally(70), trouble="x")),
    )
    race.standings["sequential"].began = None
    return race


def test_each_engine_has_a_line_with_all_that_is_known() -> None:
    assert lines(under_way(), 10, BarStyle(80)) == [
        "sequential  █▍░░░░░░░░░░░░░░░░░░░░░░░   11/194             waits",
        "threads     █████████████▎░░░░░░░░░░░  103/194   10.3/s   10.0 s  3 errors",
        "asyncio     █████████████████████████  194/194   23.5/s    8.2 s            1st",
        "processes   █████████░░░░░░░░░░░░░░░░   70/194    7.8/s    9.0 s            out",
    ]


@pytest.mark.parametrize(
    ("width", "line"),
    [
        (70, "threads     ███████▉░░░░░░░  103/194   10.3/s   10.0 s  3 errors"),
        (60, "threads     ███████▍░░░░░░  103/194   10.0 s  3 errors"),
        (50, "threads     ███████▍░░░░░░  103/194   10.0 s"),
        (40, "threads     ██████▉░░░░░░   10.0 s"),
        (30, "threads     ██████▎░░░░░"),
        (15, "threads     █░"),
        (13, "threads"),
        (5, "thre"),
        (1, ""),
    ],
)
def test_where_there_is_little_room_less_is_said(width: int, line: str) -> None:
    assert lines(under_way(), 10, BarStyle(width))[1] == line


def test_no_line_reaches_the_last_column() -> None:
    for colours in (False, True):
        for width in range(1, 200):
            for line in lines(under_way(), 10, BarStyle(width, colours=colours)):
                assert visible(line) < width


def test_a_bar_is_full_exactly_when_all_is_done_and_never_shrinks() -> None:
    before = 0
    for arrived in range(195):
        race = raced(194, ("threads", RacerReport(Tally(arrived))))
        bar = lines(race, 10, BarStyle(67))[0].split()[1]
        assert len(bar) == 25
        assert (bar == "█" * 25) == (arrived == 194)
        full = sum(8 if each == "█" else "░▏▎▍▌▋▊▉".index(each) for each in bar)
        assert before <= full <= 200 * arrived / 194
        before = full


def test_a_terminal_without_blocks_gets_plain_characters() -> None:
    assert lines(under_way(), 10, BarStyle(60, blocks=False))[1] == (
        "threads     #######.......  103/194   10.0 s  3 errors"
    )


def test_colours_tell_what_has_become_of_an_engine() -> None:
    shown = lines(under_way(), 10, BarStyle(80, colours=True))
    assert [re.findall(r"\x1b\[(\d+)m[█-▏]+\x1b\[m", line) for line in shown] == [
        ["36"], ["33"], ["32"], ["31"]
    ]  # fmt: skip


def test_places_are_ordinal_numbers() -> None:
    assert [ordinal(place) for place in (1, 2, 3, 4)] == ["1st", "2nd", "3rd", "4th"]
