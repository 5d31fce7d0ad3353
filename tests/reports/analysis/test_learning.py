"""How fast rows learned: medians with seeds that never reached 0.9, and mean curves, by hand."""

import numpy as np

from reports.analysis.learning import Against, learning_curve, learning_summary, solved_seeds
from reports.analysis.selection import ResultRow, select
from results.records.record import Record
from results.records.record_parts import LearningPoint
from results.statistics.learning import learning
from tests.reports.conftest import cell, task_record
from tests.reports.figures.drawn_figures import Fill


def trained(seed: int, *accuracies: float, solved: bool | None, model: str = "m") -> Record:
    """Return a record validated each 25 steps of 32 examples, a CPU second per step."""
    points = [
        LearningPoint(25 * place, 800 * place, 25.0 * place, accuracy, 1.0)
        for place, accuracy in enumerate(accuracies)
    ]
    curve = learning(points, initial_accuracy=accuracies[0], solved=solved)
    return task_record(cell(model, seed), [accuracies[-1]]).model_copy(update={"learning": curve})


def row(fill: Fill, *records: Record) -> ResultRow:
    [entry] = select(fill(*records)).entries
    return entry


def test_medians_count_seeds_that_did_not_reach_it_as_slowest(fill: Fill) -> None:
    entry = row(
        fill,
        trained(0, 0.1, 0.95, 1.0, solved=True),
        trained(1, 0.3, 0.5, 0.92, solved=False),
        trained(2, 0.2, 0.5, 0.6, solved=False),
    )
    found = learning_summary(entry)
    assert found is not None
    assert (found.seeds, found.solved, found.reached) == (3, 1, 2)
    assert (found.examples_to_90, found.cpu_seconds_to_90) == (1600, 50.0)
    assert np.isclose(found.initial_accuracy or 0.0, 0.2)
    assert np.isclose(found.final_accuracy or 0.0, (1.0 + 0.92 + 0.6) / 3)
    assert [record.cell.seed for record in solved_seeds(entry).ok] == [0]


def test_a_fixed_number_of_steps_has_no_criterion(fill: Fill) -> None:
    entry = row(fill, *(trained(seed, 0.1, 0.95, solved=None) for seed in range(2)))
    found = learning_summary(entry)
    assert found is not None
    assert (found.solved, found.reached, found.examples_to_90) == (None, 2, 800.0)
    assert not solved_seeds(entry).ok


def test_there_is_no_median_if_most_seeds_did_not_reach_it(fill: Fill) -> None:
    found = learning_summary(
        row(fill, trained(0, 0.1, 0.95, solved=True), trained(1, 0.1, 0.2, solved=False))
    )
    assert found is not None
    assert (found.reached, found.examples_to_90, found.cpu_seconds_to_90) == (1, None, None)


def test_mean_curve_holds_the_last_accuracy(fill: Fill) -> None:
    entry = row(
        fill,
        trained(0, 0.0, 1.0, solved=True),
        trained(1, 0.2, 0.4, 0.6, solved=False),
    )
    steps: dict[Against, float] = {"examples": 800.0, "cpu_seconds": 25.0}
    for against, step in steps.items():
        curve = learning_curve(entry, against)
        assert curve is not None
        np.testing.assert_allclose(curve[0], [0.0, step, 2 * step])
        np.testing.assert_allclose(curve[1], [0.1, 0.7, 0.8])


def test_records_without_validations_are_left_out(fill: Fill) -> None:
    entry = row(fill, task_record(cell("m", 0), [0.5]))
    assert learning_summary(entry) is None
    assert learning_curve(entry, "examples") is None
    assert solved_seeds(entry).ok == ()
