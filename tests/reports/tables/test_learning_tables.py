"""The tables of how fast and how far, in full."""

from reports.analysis.selection import select
from reports.tables.learning_tables import learning_tables
from reports.tables.number_format import NOTHING
from tests.reports.analysis.test_learning import trained
from tests.reports.conftest import cell, task_record
from tests.reports.figures.drawn_figures import Fill


def test_both_questions_have_a_table(fill: Fill) -> None:
    selection = select(
        fill(
            trained(0, 0.125, 0.95, 1.0, solved=True, model="fast"),
            trained(1, 0.125, 0.9, 0.98, solved=False, model="fast"),
            trained(0, 0.0, 0.25, 0.5, solved=False, model="slow"),
            task_record(cell("other", 0), [0.75]),
        )
    )
    fast, far = learning_tables(selection, selection.subjects[0])
    assert [row.cells for row in fast.rows] == [
        ("fast", "0.125", "1/2", "800", "25.0 s", "0.990", "1,600"),
        ("slow", "0.000", "0/1", "0 of 1 seeds", NOTHING, "0.500", "1,600"),
    ]
    assert len(fast.columns) == 7
    assert [row.cells for row in far.rows] == [("fast", "1/2", "1.000")]
    assert [column.title for column in far.columns] == ["model", "solved", "128"]


def test_task_that_no_row_solved_has_the_first_table_alone(fill: Fill) -> None:
    selection = select(fill(trained(0, 0.0, 0.5, solved=False)))
    assert len(learning_tables(selection, selection.subjects[0])) == 1


def test_other_protocols_have_no_table(fill: Fill) -> None:
    selection = select(fill(task_record(cell("m", 0), [0.5])))
    assert learning_tables(selection, selection.subjects[0]) == []
