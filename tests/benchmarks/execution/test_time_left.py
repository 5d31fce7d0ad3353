import pytest

from benchmarks.execution.time_left import Running, TimeLeft
from results.records.cell import Cell


def cell(benchmark: str = "b", model: str = "m", seed: int = 0) -> Cell:
    return Cell(
        benchmark=benchmark, model=model, method="supervised", seed=seed, config={}, version={}
    )


def test_nothing_is_foretold_from_nothing() -> None:
    assert (
        TimeLeft(2).left([cell()], [Running(cell=cell(seed=1), elapsed=3.0, fraction=0.01)]) is None
    )


def test_waiting_cells_take_as_long_as_their_like() -> None:
    forecast = TimeLeft(2)
    forecast.learn(cell(model="slow"), 10.0)
    forecast.learn(cell(model="quick"), 2.0)
    assert forecast.left(
        [cell(model="slow", seed=1), cell(model="slow", seed=2)], []
    ) == pytest.approx(10.0)
    assert forecast.left(
        [cell(model="quick", seed=1), cell(model="quick", seed=2)], []
    ) == pytest.approx(2.0)
    assert forecast.left([cell(model="unknown"), cell(benchmark="other")], []) == pytest.approx(6.0)


def test_a_running_cell_tells_by_its_fraction() -> None:
    running = [Running(cell=cell(), elapsed=3.0, fraction=0.25)]
    assert TimeLeft(4).left([], running) == pytest.approx(9.0)
    assert TimeLeft(1).left([cell(seed=1)], running) == pytest.approx(9.0 + 12.0)


def test_the_longest_running_cell_bounds_the_end() -> None:
    forecast = TimeLeft(8)
    running = [
        Running(cell=cell(seed=n), elapsed=1.0, fraction=fraction)
        for n, fraction in enumerate((0.5, 0.1))
    ]
    assert forecast.left([], running) == pytest.approx(9.0)
