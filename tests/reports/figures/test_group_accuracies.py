"""Panels of query groups."""

from reports.analysis.selection import select
from reports.figures import group_accuracies
from tests.reports.conftest import cell, task_record
from tests.reports.figures.drawn_figures import Fill, drawn


def test_query_groups_have_panels(fill: Fill) -> None:
    record = task_record(cell("a", 0), [0.5])
    curves = {
        **record.curves,
        "accuracy_by_distance_one_hop": [[128, 0.75, 9], [256, 0.25, 9]],
        "accuracy_by_distance_<b>": [[1, 1, 1]],
    }
    plot = drawn(group_accuracies.draw, select(fill(record.model_copy(update={"curves": curves}))))
    assert plot is not None
    assert plot.description.endswith("one hop, a: 0.750 to 0.250.")
    assert drawn(group_accuracies.draw, select(fill(record, name="plain"))) is None
