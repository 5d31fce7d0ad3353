"""Paired differences with the best row."""

import numpy as np

from reports.analysis.selection import select
from reports.figures import paired_differences
from tests.reports.figures.drawn_figures import Fill, drawn, scored


def test_the_best_row_is_compared_with_each_other_row(fill: Fill) -> None:
    wobble = np.linspace(0, 0.05, 10)
    plot = drawn(
        paired_differences.draw_best,
        select(
            fill(*scored("a", *(0.5 + wobble)), *scored("b", *(0.9 - wobble)), *scored("c", 0.2))
        ),
    )
    assert plot is not None
    assert plot.title == "delayed-recall: b against the others"
    assert "a: difference 0.35" in plot.description
    assert "significant" in plot.description
    assert (
        drawn(
            paired_differences.draw_best,
            select(fill(*scored("a", 0.5), *scored("b", 0.4), name="single")),
        )
        is None
    )
