"""What is said of a server is what the figures bear out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from getflags.bench.analysis.figures import Section
from getflags.bench.report.sentences import details, headline, title, verdict
from tests.report_kit import Row, book, curve, row


def section(*curves: Sequence[Row]) -> Section:
    """Return the section of such curves, measured side by side, round by round."""
    rows = sorted((one for rows in curves for one in rows), key=lambda one: one["round"])
    return book(rows).sections[0]


LEFT_OUT = "nothing arrived, or there was no steady state"
KNEE = {4: 25.0, 8: 50.0, 16: 100.0, 32: 100.0}


def test_enough_is_said_with_what_more_and_less_would_bring() -> None:
    found = section(curve(KNEE))
    assert headline(found) == (
        "On DELAY, 16 at a time is enough: asyncio/curl gets 99.9 files a second. "
        "32 brings no more, 8 brings half."
    )
    assert verdict(found) == "16 at a time is enough."
    assert details(found) == []


def test_a_gain_too_small_to_matter_is_told_as_what_it_is() -> None:
    found = section(curve({8: 50, 16: 100, 32: 104.5, 64: 104}))
    assert "16 at a time is enough" in headline(found)
    assert "32 brings 5 % more, 8 brings half." in headline(found)


def test_more_may_bring_less() -> None:
    assert "32 brings two thirds." in headline(section(curve({16: 100, 32: 66})))


def test_what_cannot_be_told_from_nothing_is_no_more_and_no_less() -> None:
    noisy = [
        row(level=32, round=number, steady_files=rate, steady_seconds=1)
        for number, rate in enumerate((60, 130, 70, 65, 125), 1)
    ]
    assert "32 brings no more." in headline(section(curve({16: 100}, rounds=5), noisy))


def test_differences_that_are_not_proven_are_marked() -> None:
    wild = [
        row(level=level, round=number, steady_files=rate, steady_seconds=1)
        for level, rates in {
            8: (20, 140, 20, 120, 20),
            16: (100, 130, 90, 110, 120),
            32: (90, 160, 110, 125, 110),
        }.items()
        for number, rate in enumerate(rates, 1)
    ]
    found = headline(section(wild))
    assert "16 at a time is enough" in found
    assert "32 brings no proven gain, 8 brings 39 % of it (may be chance)." in found
    assert "16 at a time did best (which may be chance)" in headline(section(wild[:10]))


def test_the_highest_level_is_no_end() -> None:
    found = section(curve({8: 50, 16: 100}))
    assert headline(found) == (
        "On DELAY, 16 at a time does best: asyncio/curl gets 99.9 files a second. That is the "
        "highest level that was measured, so more might bring more. 8 brings half."
    )
    assert verdict(found) == "16 at a time, or more."


def test_a_single_level_is_no_advice() -> None:
    assert headline(section(curve({16: 5}))) == (
        "On DELAY, asyncio/curl gets 5.00 files a second at 16 at a time, the only level that was "
        "measured."
    )


def test_too_few_rounds_are_said_to_be() -> None:
    found = section(curve(KNEE, rounds=1))
    assert headline(found).endswith(
        "32 brings no more, 8 brings half (may be chance). Some of these figures come from 1 "
        "round; to prove them, 5 are needed."
    )
    more = headline(section(curve({16: 100, 32: 104}, rounds=4)))
    assert "32 brings no more." in more
    assert "32 brings three quarters" in headline(section(curve({16: 100, 32: 75}, rounds=2)))
    assert "needed" not in headline(section(curve(KNEE, rounds=5)))


def test_where_nothing_arrived_nothing_is_recommended() -> None:
    nothing = {"arrived": 0, "steady_files": 0, "errors": {"timed out": 194}}
    found = section([row(**nothing)])
    assert headline(found) == "On DELAY no level can be recommended: nothing arrived."
    assert verdict(found) == "no level can be recommended."
    assert details(found) == [
        "194 of 194 targets failed, most often with 'timed out'.",
        f"1 run has no goodput and is left out: {LEFT_OUT}.",
    ]
    short = section([row(steady_seconds=0), row(round=2, steady_seconds=0)])
    assert "no run was long enough" in headline(short)
    assert details(short)[0].startswith("2 runs have no goodput")


def test_failures_without_a_reason_are_failures() -> None:
    assert details(section([row(arrived=193)])) == ["1 of 194 targets failed."]


def test_others_that_want_the_same_or_another_level_are_named() -> None:
    same = curve({level: rate / 2 for level, rate in KNEE.items()}, engine="threads")
    other = curve({4: 90, 8: 99.5, 16: 99.5, 32: 99.5}, client="httpx")
    single = curve({1: 1}, engine="sequential")
    assert details(section(curve(KNEE), same)) == [
        "The same level is enough for threads/curl.",
        "Each at its own level, compared with asyncio/curl: threads/curl gets half.",
    ]
    found = details(section(curve(KNEE), same, other, single))
    assert found[0] == "It is 8 for asyncio/httpx, 16 for threads/curl."
    assert found[1] == (
        "Each at its own level, compared with asyncio/curl: sequential/curl gets 1 % of it; "
        "threads/curl gets half; no difference can be claimed for asyncio/httpx."
    )
    assert details(section(curve(KNEE), single))[0].startswith("Each at its own level")


def test_many_others_are_summed_up() -> None:
    def others(factor: float, knee: dict[int, float]) -> list[list[Row]]:
        return [
            curve({level: rate * factor for level, rate in knee.items()}, engine=name)
            for name in "cdefg"
        ]

    assert details(section(curve(KNEE), *others(0.5, KNEE))) == [
        "The same level is enough for the others.",
        "Each at its own level, compared with asyncio/curl: 5 others get half.",
    ]
    assert details(section(curve(KNEE), *others(1, {4: 99, 8: 100, 16: 100, 32: 99})))[1] == (
        "Each at its own level, compared with asyncio/curl: no difference can be claimed for 5 "
        "others."
    )
    mixed = [*others(0.5, KNEE)[:3], *others(0.5, {4: 99, 8: 100})[3:]]
    assert details(section(curve(KNEE), *mixed)) == [
        "For the others it is between 4 and 16.",
        "Each at its own level, compared with asyncio/curl: 5 others get half.",
    ]
    uneven = [*others(0.5, KNEE)[:4], *others(0.1, KNEE)[4:]]
    assert details(section(curve(KNEE), *uneven))[1].endswith(" 5 others get a tenth to half.")


def test_who_got_nothing_is_named_beside_those_who_did() -> None:
    silent = [row(engine=name, arrived=194, steady_seconds=0) for name in "cdefg"]
    assert "No level can be recommended for c/curl." in details(section(curve(KNEE), silent[:1]))
    assert "No level can be recommended for 5 others." in details(section(curve(KNEE), silent))


def test_what_never_met_in_a_round_is_not_compared() -> None:
    rows = curve(KNEE) + curve(KNEE, engine="threads")
    assert details(book(rows).sections[0]) == ["The same level is enough for threads/curl."]


def test_an_experiment_is_named_only_where_there_are_several() -> None:
    one, other = book([row(), row(experiment="e" * 12)]).sections
    assert title(one, [one]) == "DELAY"
    assert title(one, [one, other]) == "DELAY, experiment 0123456789ab"


def test_foreign_names_are_made_printable() -> None:
    found = section(curve(KNEE, server="\x1b[31m", engine="\u202ee"))
    assert headline(found).startswith(r"On \x1b[31m, 16 at a time is enough: \u202ee/curl gets")


def test_an_open_loop_is_told_by_its_latency() -> None:
    kept: dict[str, Any] = {"rate": 50.0, "reached": 50.0, "late": 0, "waited": 0}
    slow = {"p50": 0.05, "p90": 0.06, "p99": 0.7}
    found = section(curve({16: 50}, **kept), curve({64: 50}, **kept, latency=slow))
    assert headline(found) == (
        "On DELAY at 50 requests a second, the p99 from the due time is 80.0 ms (asyncio/curl -m "
        "16) to 700 ms (asyncio/curl -m 64)."
    )
    assert verdict(found) == headline(found).partition(", ")[2]
    assert title(found, [found]) == "DELAY at 50 requests a second"
    assert details(found) == []
    alone = section(curve({16: 50}, **kept))
    assert verdict(alone) == "the p99 from the due time is 80.0 ms (asyncio/curl -m 16)."
    nothing = section(curve({16: 50}, **kept, latency={}))
    assert headline(nothing) == "On DELAY at 50 requests a second, nothing arrived."
