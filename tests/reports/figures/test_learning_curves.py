"""Learning curves against both costs."""

from reports.analysis.selection import select
from reports.figures import learning_curves
from tests.reports.analysis.test_learning import trained
from tests.reports.conftest import cell, task_record
from tests.reports.figures.drawn_figures import Fill, drawn


def test_rows_with_validations_are_drawn_against_both_costs(fill: Fill) -> None:
    records = (
        trained(0, 0.125, 0.95, 1.0, solved=True, model="a"),
        trained(0, 0.0, 0.25, solved=False, model="b"),
        task_record(cell("c", 0), [0.5]),
    )
    plot = drawn(learning_curves.draw, select(fill(*records)))
    assert plot is not None
    assert "a goes from 0.125 to 1.000; b goes from 0.000 to 0.250." in plot.description
    assert "against training examples and CPU seconds" in plot.description  # text is paths


def test_without_validations_there_is_no_figure(fill: Fill) -> None:
    assert drawn(learning_curves.draw, select(fill(task_record(cell("c", 0), [0.5])))) is None


def test_axis_without_a_second_validation_is_drawn(fill: Fill) -> None:
    assert drawn(learning_curves.draw, select(fill(trained(0, 0.5, solved=False)))) is not None
