import pytest

from benchmarks.execution.time_left import Running, TimeLeft
from results.records.cell import Cell


def cell(benchmark: str = "b", model: str = "m", seed: int = 0) -> Cell:
    return Cell(
        benchmark=benchmark, model=model, method="supervised", seed=seed, config={}, version={}
    )


def test_without_durations_there_is_no_estimate() -> None:
    assert (
        TimeLeft(2).left([cell()], [Running(cell=cell(seed=1), elapsed=3.0, fraction=0.01)]) is None
    )


def test_waiting_cells_take_the_mean_of_similar_cells() -> None:
    time_left = TimeLeft(2)
    time_left.learn(cell(model="slow"), 10.0)
    time_left.learn(cell(model="quick"), 2.0)
    assert time_left.left(
        [cell(model="slow", seed=1), cell(model="slow", seed=2)], []
    ) == pytest.approx(10.0)
    assert time_left.left(
        [cell(model="quick", seed=1), cell(model="quick", seed=2)], []
    ) == pytest.approx(2.0)
    assert time_left.left([cell(model="unknown"), cell(benchmark="other")], []) == pytest.approx(
        6.0
    )


def test_a_running_cell_is_extrapolated_from_its_fraction() -> None:
    running = [Running(cell=cell(), elapsed=3.0, fraction=0.25)]
    assert TimeLeft(4).left([], running) == pytest.approx(9.0)
    assert TimeLeft(1).left([cell(seed=1)], running) == pytest.approx(9.0 + 12.0)


def test_the_slowest_running_cell_is_a_lower_bound() -> None:
    time_left = TimeLeft(8)
    running = [
        Running(cell=cell(seed=n), elapsed=1.0, fraction=fraction)
        for n, fraction in enumerate((0.5, 0.1))
    ]
    assert time_left.left([], running) == pytest.approx(9.0)
