"""From results to figures: what counts, what is compared with what."""

from __future__ import annotations

import pytest

from getflags.bench.analysis import sections
from getflags.bench.analysis.figures import Figures
from getflags.bench.measure import results
from tests.report_kit import Row, book, curve, matrix, row


def cell(*rows: Row) -> Figures:
    """Return the figures of a single cell."""
    return book(rows).sections[0].series[0].cells[0]


def test_the_warm_up_is_left_out_and_a_file_of_nothing_else_says_nothing() -> None:
    warm = row(round=0, steady_files=1, errors={"x": 1}, rss=10**12, command="other")
    found = book([warm, row(round=1)])
    assert found.facts.runs == found.facts.warmups == 1
    only = found.sections[0].series[0].cells[0]
    assert only.goodput
    assert (only.goodput.middle, only.rounds, only.errors, only.rss) == (150, 1, {}, 44_040_192)
    assert len(only.commands) == 1
    assert sections.analyse([results.result_from(warm)]) is None
    assert sections.analyse([]) is None


def test_figures_are_means_of_the_rounds_and_of_peaks_the_highest() -> None:
    found = cell(
        row(round=1, seconds=1, cpu=0.1, files=10, arrived=8, rss=5, peak=3, errors={"a": 2}),
        row(round=2, seconds=4, cpu=0.4, files=10, arrived=9, rss=7, peak=4, errors={"b": 1},
            latency={"p50": 0.2, "p90": 0.06, "p99": 0.08}, command="again"),
    )  # fmt: skip
    assert found.makespan == pytest.approx(2)
    assert found.cpu == pytest.approx(0.02)
    assert (found.rss, found.peak, found.errors) == (7, 4, {"a": 2, "b": 1})
    assert found.latency == pytest.approx({"p50": 0.1, "p90": 0.06, "p99": 0.08})
    assert (found.asked, found.arrived, found.files) == (20, 17, 10)
    assert len(found.commands) == 2


def test_what_nobody_knows_is_none() -> None:
    nothing = {"arrived": 0, "steady_files": 0, "steady_seconds": 0, "latency": {}, "cpu": 0}
    found = cell(row(**nothing, peak=None))
    assert (found.goodput, found.latency, found.cpu, found.peak) == (None, {}, None, None)
    assert (found.rounds, found.empty) == (1, 1)


def test_of_two_runs_of_a_cell_in_a_round_the_later_counts() -> None:
    found = cell(row(round=1, steady_files=10), row(round=1, steady_files=20))
    assert found.goodput
    assert (found.goodput.middle, found.rounds) == (20, 1)


def test_each_server_in_each_experiment_has_a_section_in_the_order_of_the_file() -> None:
    rows = [row(server="B"), row(server="A"), row(server="B", experiment="e" * 12)]
    found = book(rows)
    assert [(one.experiment[0], one.server) for one in found.sections] == [
        ("0", "B"),
        ("0", "A"),
        ("e", "B"),
    ]
    assert found.facts.experiments == ["0123456789ab", "e" * 12]


def test_the_lead_its_knee_and_its_neighbours_are_found() -> None:
    fast = curve({4: 25, 8: 50, 16: 100, 32: 101})
    slow = curve({4: 10, 8: 20, 16: 20, 32: 19}, engine="threads")
    rows = [one for pair in zip(fast, slow, strict=True) for one in pair]
    (section,) = book(rows).sections
    assert section.levels == [4, 8, 16, 32]
    assert section.lead
    assert (section.lead.name, section.lead.level, section.lead.marked) == ("asyncio/curl", 16, 16)
    assert section.lead.goodput
    assert section.lead.goodput.middle == pytest.approx(100, rel=0.02)
    below, above = section.lead.below, section.lead.above
    assert below
    assert above
    assert (below.level, above.level) == (8, 32)
    assert below.ratio.middle == pytest.approx(0.5, rel=0.02)
    assert above.ratio.middle == pytest.approx(1, rel=0.02)
    other = section.series[1]
    assert (other.name, other.level) == ("threads/curl", 8)
    assert other.against
    assert other.against.middle == pytest.approx(0.2, rel=0.02)


def test_a_level_alone_is_no_knee_to_mark() -> None:
    (only,) = book(curve({16: 5})).sections[0].series
    assert (only.level, only.marked, only.below, only.above) == (16, 0, None, None)


def test_who_got_nothing_has_no_knee_and_where_nobody_got_any_there_is_no_lead() -> None:
    rows = [*curve({1: 1, 2: 2}), row(engine="threads", steady_seconds=0)]
    (section,) = book(rows).sections
    assert section.lead is section.series[0]
    silent = section.series[1]
    assert (silent.knee, silent.level, silent.goodput, silent.against) == (None, 0, None, None)
    assert book([row(steady_seconds=0)]).sections[0].lead is None


def test_what_was_run_at_another_time_is_not_compared() -> None:
    rows = curve({1: 1, 2: 2}) + curve({2: 4}, engine="threads")
    lead, later = reversed(book(rows).sections[0].series)
    assert lead.name == "threads/curl"
    assert later.goodput
    assert later.against is None


def test_facts_are_told_of_the_runs_that_count() -> None:
    facts = book(
        [
            row(round=0, load=9, at="2025", getflags="0.0.1"),
            row(round=1, load=0.5, at="2027", seed=None),
            row(round=2, load=0.1, at="2026", getflags="0.2.0"),
            row(round=3, load=2, at="2028"),
        ]
    ).facts
    assert (facts.first, facts.last, facts.load) == ("2026", "2028", (0.1, 0.5, 2))
    assert (facts.versions, facts.seeds) == (["0.1.0", "0.2.0"], [7])
    assert (facts.machines, facts.software) == ([], []), "an older file has no environments"


def test_each_machine_and_each_set_of_versions_is_told_once() -> None:
    z80 = {"cpu": "Z80", "processors": "1", "python": "CPython 3.11.7", "httpx": "0.28.1"}
    new = {**z80, "httpx": "0.29"}
    facts = book(
        [row(environment=each, round=n) for n, each in enumerate([z80, z80, new], 1)]
    ).facts
    assert facts.machines == ["cpu Z80; processors 1"]
    assert facts.software == [
        "python CPython 3.11.7; httpx 0.28.1",
        "python CPython 3.11.7; httpx 0.29",
    ]


def test_a_whole_matrix_is_found_again() -> None:
    found = book(matrix(rounds=2, servers=("LOCAL", "DELAY")))
    assert [one.server for one in found.sections] == ["LOCAL", "DELAY"]
    assert [len(one.series) for one in found.sections] == [6, 6]
    assert all(one.rounds == 2 for part in found.sections
               for line in part.series for one in line.cells)  # fmt: skip
