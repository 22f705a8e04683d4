"""Doubts are raised where there is reason, and only there; each says what can be done."""

from __future__ import annotations

from typing import Any

import pytest

from getflags.bench.analysis.caveats import Caveat, caveats
from getflags.bench.analysis.comparison import compare
from getflags.bench.measure.cells import Cell
from getflags.bench.measure.results import Result
from tests.bench_rows import measured, result

LEVELS = {Cell("asyncio", "curl", level, "DELAY"): 10.0 * level for level in (1, 4, 16)}


def found(results: list[Result], processors: int = 4) -> list[Caveat]:
    cells = list(dict.fromkeys(each.run.cell for each in results))
    return caveats([each.figures for each in compare(cells, results)], processors)


def bench(rates: dict[Cell, float] = LEVELS, rounds: int = 6, **values: Any) -> list[Result]:
    return list(measured(rates, rounds, 0.02, **values))


def only(results: list[Result], processors: int = 4) -> Caveat:
    (caveat,) = found(results, processors)
    assert all(sentence.endswith(".") for sentence in caveat)
    return caveat


def test_where_all_is_well_there_is_no_caveat() -> None:
    assert found(bench()) == []


def test_a_machine_that_has_other_things_to_do() -> None:
    caveat = only(bench(load=2.0), processors=2)
    assert caveat.seen == ("Before 18 of 18 runs the load average was 2 or more (up to 2.0), and "
                          "there are 2 processors.")  # fmt: skip
    assert found(bench(load=1.9), processors=2) == []


def test_too_few_rounds() -> None:
    caveat = only(bench(rounds=4))
    assert caveat.seen == (
        "There are fewer than 5 rounds of asyncio/curl -m 1 on DELAY, asyncio/curl -m 4 on DELAY, "
        "asyncio/curl -m 16 on DELAY."
    )
    assert "--rounds 5" in caveat.to_do


def test_many_cells_are_not_all_named() -> None:
    rates = {Cell("asyncio", "curl", level, "DELAY"): 10.0 * level for level in range(1, 6)}
    assert only(bench(rates, rounds=1)).seen.endswith("-m 3 on DELAY and 2 others.")
    rates.popitem()
    assert only(bench(rates, rounds=1)).seen.endswith("-m 3 on DELAY and 1 other.")


@pytest.mark.parametrize("outlier", [40, 640])
def test_wide_intervals(outlier: int) -> None:
    files = [outlier, outlier, 160, 160, 160, 160]
    caveat = only([result(round=n, steady_files=each) for n, each in enumerate(files, start=1)])
    assert caveat.seen == ("The interval of goodput extends more than 20% from its mean for "
                           "asyncio/curl -m 16 on DELAY.")  # fmt: skip


def test_goodput_that_is_not_known_at_all_is_not_wide() -> None:
    nothing = {"steady_files": 0, "steady_seconds": 0.0}
    (caveat,) = found([result(round=number, **nothing) for number in range(1, 6)])
    assert caveat.seen.startswith("The steady state of a run was shorter")


@pytest.mark.parametrize(
    "short", [{"steady_files": 31}, {"steady_seconds": 0.09}, {"steady_files": 0}]
)
def test_a_run_without_a_middle(short: dict[str, Any]) -> None:
    caveat = only([result(round=number, **short) for number in range(1, 6)])
    assert caveat.seen.startswith("The steady state of a run was shorter than 0.1 s or")
    assert caveat.to_do.startswith("Use more --files: at least 96")


def test_a_level_that_a_server_refuses() -> None:
    refused = {"arrived": 99, "steady_files": 1, "errors": {"429 Too Many Requests": 101}}
    caveat = only([result(round=number, **refused) for number in range(1, 6)])
    assert caveat.seen == ("At least half of the files failed (429 Too Many Requests) in "
                          "asyncio/curl -m 16 on DELAY.")  # fmt: skip


def test_cells_that_were_measured_at_another_time() -> None:
    later = Cell("asyncio", "curl", 8, "DELAY")
    caveat = only([*bench(), *bench({later: 80.0})])
    assert "not measured side by side" in caveat.seen


def test_a_client_that_has_its_hands_full() -> None:
    caveat = only(bench(cpu=1.2, seconds=1.3))
    assert caveat.seen.startswith("The client was busy for 90% of the time or more in asyncio/curl")


def test_processes_have_several_processors_to_be_busy_on() -> None:
    cells = {Cell("processes", "curl", level, "DELAY"): 10.0 * level for level in (4, 16)}
    assert found(bench(cells, cpu=3.5, seconds=1.0), processors=4) == []
    assert "busy" in only(bench(cells, cpu=3.7, seconds=1.0), processors=4).seen
    one = {Cell("processes", "curl", 1, "DELAY"): 10.0}
    assert "busy" in only(bench(one, cpu=0.95, seconds=1.0), processors=4).seen


FLAT = {Cell("asyncio", "curl", level, "DELAY"): 10.0 * min(level, 4) for level in (16, 1, 4, 64)}


def test_a_server_that_gives_no_more() -> None:
    caveat = only(bench(FLAT))
    assert "asyncio/curl gets no more from DELAY beyond 4 at a time (with 64, " in caveat.seen
    assert caveat.seen.endswith("and is busy for 8% of the time.")
    assert caveat.to_do.startswith("-m 4 is enough")
    assert found(bench(FLAT, peak=None)) == [caveat]  # where nobody could look


def test_a_gain_that_is_not_proven_is_no_reason_to_blame_the_server() -> None:
    assert ["fewer than 5 rounds" in each.seen for each in found(bench(FLAT, rounds=4))] == [True]


def test_it_is_not_the_servers_fault_where_the_client_did_not_ask_or_had_no_time() -> None:
    assert found(bench(FLAT, peak=3)) == []
    assert found(bench(FLAT, cpu=0.7)) == []


def test_nothing_is_said_of_the_server_where_nothing_is_known() -> None:
    nothing = {"steady_files": 0, "steady_seconds": 0.0, "arrived": 0, "errors": {"no": 200}}
    results = [result(round=n, level=level, **nothing) for n in range(1, 6) for level in (1, 4)]
    assert [caveat.seen[:13] for caveat in found(results)] == ["At least half"]


OPEN = Cell("asyncio", "curl", 16, "DELAY", 50.0)
KEPT = {"reached": 50.0, "late": 0, "waited": 0}


def opened(cells: tuple[Cell, ...] = (OPEN,), **values: Any) -> list[Result]:
    return bench(dict.fromkeys(cells, 50.0), **{**KEPT, **values})


def test_a_schedule_that_was_kept() -> None:
    assert found(opened(reached=49.6, late=1)) == []


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"late": 8, "waited": 5}, "All -m slots were in use"),
        ({"late": 8, "waited": 4}, "A slot was free and the client was not busy"),
        ({"reached": 40.0}, "A slot was free and the client was not busy"),
        ({"late": 8, "waited": 8, "cpu": 1.2, "seconds": 1.3}, "The client was busy for 90% of"),
    ],
)
def test_a_schedule_that_was_not_kept(values: dict[str, Any], reason: str) -> None:
    caveat = only(opened(**values))
    reached = values.get("reached", 50)
    assert caveat.seen == (
        f"The schedule was not kept: asyncio/curl -m 16 --rate 50 on DELAY (reached {reached:.0f} "
        f"of 50 requests a second, {values.get('late', 0) / 200:.1%} began late)."
    )
    assert caveat.may_mean.startswith(reason)


def test_of_many_schedules_a_few_are_named() -> None:
    cells = tuple(OPEN._replace(level=level) for level in range(1, 7))
    caveat = only(opened(cells, late=8, waited=8))
    assert caveat.seen.count("reached") == 3
    assert caveat.seen.endswith("began late) and 3 others.")


def test_an_open_loop_has_a_steady_state_without_a_ramp_up() -> None:
    assert (
        found([result(**OPEN._asdict(), **KEPT, round=n, steady_files=18) for n in range(1, 6)])
        == []
    )
    short = [result(**OPEN._asdict(), **KEPT, round=n, steady_files=1) for n in range(1, 6)]
    assert only(short).to_do.startswith("Use more --files: at least 20")


def test_more_slots_bring_no_more_where_the_rate_is_the_limit() -> None:
    cells = tuple(OPEN._replace(level=level) for level in (1, 4, 16, 64))
    assert found(opened(cells)) == []
