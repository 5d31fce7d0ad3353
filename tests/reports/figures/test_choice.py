"""The choice of a figure's rows by role."""

import pytest

from reports.analysis.selection import ResultRow
from reports.analysis.subjects import Subject
from reports.figures.choice import MAX_ROWS, choose
from results.records.roles import Role
from tests.reports.conftest import cell, task_record

TASK, STREAM = Subject("t", "task"), Subject("s", "stream")


def row(
    model: str, role: Role = "reference", method: str = "supervised", finished: bool = False
) -> ResultRow:
    subject = TASK if method == "supervised" else STREAM
    ok = (task_record(cell(model, 0), [0.5]),) if finished else ()
    return ResultRow(subject, model, method, "", ok, (), 1, role)


def test_variants_are_left_out_and_counted() -> None:
    rows = [row("memnet[a=1]", "ablation"), row("lstm"), row("memnet[b=1]", "size")]
    found = choose(rows)
    assert [one.model for one in found.rows] == ["lstm"]
    assert found.note == "Not drawn: 2 further rows, see the tables."


def test_variants_are_drawn_if_there_is_nothing_else() -> None:
    rows = [row("memnet[a=1]", "ablation")]
    assert choose(rows).rows == tuple(rows)
    assert choose(rows).note == ""


@pytest.mark.parametrize("last", ["transformer", "lstm", "memnet"])
def test_the_worst_row_is_drawn_if_the_comparison_is_about_it(last: str) -> None:
    rows = [*(row(f"model-{place}") for place in range(20)), row(last)]
    found = choose(rows)
    assert len(found.rows) == MAX_ROWS
    assert found.rows[-1].model == last, "the order is that of the rows"
    assert found.rows[0].model == "model-0"


def test_references_are_chosen_before_bounds_and_controls() -> None:
    rows = [row(f"control-{place}", "control") for place in range(MAX_ROWS)]
    rows += [row("bound", "bound"), row("worst")]
    assert {"bound", "worst"} <= {one.model for one in choose(rows).rows}


def test_a_figure_of_lines_shows_one_model_of_a_stream() -> None:
    rows = [row("lstm", method="er"), row("mlp", method="er"), row("mlp", method="naive")]
    assert {one.model for one in choose(rows).rows} == {"mlp"}
    assert len(choose(rows, one_model=False).rows) == 3


def test_the_budget_that_most_methods_have_is_shown() -> None:
    names = ("er[budget=1]", "er[budget=2]", "si", "memnet[budget=2]", "memnet[budget=3]")
    rows = [
        row("mlp", "reference" if name == "si" else "budget", name, finished=True) for name in names
    ]
    assert [one.method for one in choose(rows).rows] == ["er[budget=2]", "si", "memnet[budget=2]"]
