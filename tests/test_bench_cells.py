"""The matrix, its order, and what is left of it."""

from __future__ import annotations

from getflags.bench.measure.cells import Cell, Run, experiment, left, matrix, remaining


def test_every_combination_is_a_cell_but_sequential_knows_one_level() -> None:
    cells = matrix(["asyncio", "sequential"], ["curl", "httpx"], [4, 16], ["LOCAL", "DELAY"])
    assert len(set(cells)) == len(cells) == 2 * (2 * 2 + 2)
    assert Cell("asyncio", "httpx", 16, "DELAY") in cells
    assert {cell.level for cell in cells if cell.engine == "sequential"} == {1}


def test_a_round_runs_each_cell_once_and_rounds_differ_in_their_order() -> None:
    cells = matrix(["asyncio", "threads"], ["curl"], [1, 2, 4], ["LOCAL"])
    runs = left(cells, 3, set(), seed=7)
    orders = [[run.cell for run in runs if run.round == number] for number in range(4)]
    assert [run.round for run in runs] == [number for number in range(4) for _ in cells]
    assert all(sorted(order) == sorted(cells) for order in orders)
    assert len({tuple(order) for order in orders}) == 4
    assert runs == left(cells, 3, set(), seed=7) != left(cells, 3, set(), seed=8)


def test_what_is_left_keeps_its_order_whatever_was_done() -> None:
    cells = matrix(["asyncio"], ["curl"], [1, 2, 4, 8], ["LOCAL"])
    runs = left(cells, 2, set(), seed=1)
    assert left(cells, 2, set(runs[:5]), seed=1) == runs[5:]
    assert left(cells, 2, {runs[3]}, seed=1) == runs[:3] + runs[4:]
    assert left(cells, 2, set(runs), seed=1) == []
    assert left(cells, 3, set(runs), seed=1) == [run for run in left(cells, 3, (), 1) if
                                                 run.round == 3]  # fmt: skip


def test_an_experiment_is_named_by_all_its_settings_in_any_order() -> None:
    name = experiment({"files": 5, "seed": 1})
    assert len(name) == 12
    assert name == experiment({"seed": 1, "files": 5})
    assert name != experiment({"files": 6, "seed": 1})


def test_the_time_left_is_known_once_every_cell_has_run() -> None:
    slow, fast = Cell("asyncio", "curl", 1, "LOCAL"), Cell("asyncio", "curl", 4, "LOCAL")
    runs = [Run(slow, 1), Run(fast, 1), Run(slow, 2)]
    assert remaining(runs, {slow: 2.0}) is None
    assert remaining(runs, {slow: 2.0, fast: 0.5}) == 4.5
    assert remaining(runs[1:2], {fast: 0.5}) == 0.5


def test_a_cell_in_words_is_what_one_would_type() -> None:
    assert str(Cell("asyncio", "curl", 16, "DELAY")) == "asyncio/curl -m 16 on DELAY"
    rated = Cell("asyncio", "curl", 16, "DELAY", 0.5)
    assert str(rated) == "asyncio/curl -m 16 --rate 0.5 on DELAY"


def test_each_rate_of_an_open_loop_is_a_cell() -> None:
    found = matrix(["asyncio"], ["curl"], [4, 16], ["DELAY"], [50.0, 200.0])
    assert [(cell.rate, cell.level) for cell in found] == [
        (50.0, 4),
        (50.0, 16),
        (200.0, 4),
        (200.0, 16),
    ]
