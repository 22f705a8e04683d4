"""Which curves are drawn, in which unit, on which scale."""

from __future__ import annotations

import pytest

from getflags.bench.analysis.figures import Section
from getflags.bench.report import charts, palette
from getflags.bench.report.charts import Chart, Looks
from tests.report_kit import PAIRS, book, curve, row

LOOKS: Looks = palette.looks(PAIRS)


def goodput(rows: list[dict[str, object]]) -> Chart:
    return charts.goodput(section(rows), LOOKS)


def section(rows: list[dict[str, object]]) -> Section:
    return book(rows).sections[0]


def test_goodput_has_intervals_and_knees() -> None:
    found = goodput(curve({8: 50, 16: 100, 32: 100}))
    (only,) = found.curves
    assert found.caption == "Goodput, files a second"
    assert found.levels == [8, 16, 32]
    assert (only.name, only.knee, only.look) == ("asyncio/curl", 16, LOOKS["asyncio", "curl"])
    assert all(point.low < point.middle < point.high for point in only.points)
    assert found.low == 0
    assert 100 < found.high < 115


def test_one_round_has_no_interval_and_one_level_no_knee() -> None:
    (only,) = goodput([row()]).curves
    assert only.points[0].low == only.points[0].middle == only.points[0].high == 150
    assert only.knee == 0


def test_a_wide_interval_does_not_squeeze_the_rest() -> None:
    rows = [row(round=1, level=level, steady_files=100) for level in (1, 2)]
    rows += [row(round=2, level=1, steady_files=100), row(round=2, level=2, steady_files=9_000)]
    found = goodput(rows)
    high = max(point.high for one in found.curves for point in one.points)
    assert high > found.high


def test_the_scale_is_logarithmic_only_where_some_would_lie_on_the_floor() -> None:
    slow = curve({8: 5, 16: 5}, client="httpx")
    assert goodput(curve({1: 1, 16: 45}) + slow).low == 0, "within a curve that is no reason"
    found = goodput(curve({8: 50, 16: 60}) + slow)
    assert 3 < found.low < 5
    assert found.high > 60
    assert found.caption.endswith(", logarithmic")


def test_all_percentiles_share_a_unit_and_a_scale() -> None:
    found = charts.latencies(section(curve({8: 50, 16: 100})), LOOKS)
    assert [one.title for one in found] == [
        "Latency, median",
        "Latency, 90th percentile",
        "Latency, 99th percentile",
    ]
    assert {(one.unit, one.low, round(one.high, 6)) for one in found} == {("ms", 0, 86.4)}
    assert [one.curves[0].points[0].middle for one in found] == pytest.approx([50, 60, 80])


def test_cost_is_told_where_it_is_known() -> None:
    found = charts.cost(section([row(cpu=0), row(level=32, cpu=0.0194)]), LOOKS)
    assert found.unit == "µs"
    (point,) = found.curves[0].points
    assert point.level == 32
    assert point.middle == point.low == point.high == pytest.approx(100)


def test_what_has_no_points_has_no_levels() -> None:
    found = goodput([row(steady_seconds=0)])
    assert found.levels == []
    assert found.low < found.high
    nothing = section([row(latency={}, steady_seconds=0)])
    assert all(one.levels == [] for one in charts.latencies(nothing, LOOKS))


def test_a_chart_can_be_read_aloud() -> None:
    rows = [*curve({8: 50, 16: 100, 32: 100}), row(client="httpx", steady_seconds=0)]
    assert charts.described(goodput(rows), "DELAY") == (
        "Goodput on DELAY, in files a second, against requests at a time. asyncio/curl: 50.0 at 8, "
        "99.9 at 16, 100 at 32; knee at 16. asyncio/httpx: no data."
    )
