"""Paired differences with the best row."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Annotation

from reports.analysis.comparison import compare_models
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


def test_the_better_side_is_named_on_its_side_of_zero(
    fill: Fill, monkeypatch: pytest.MonkeyPatch
) -> None:
    gains = np.linspace(0.1, 0.3, 6)
    selection = select(fill(*scored("a", *(0.4 + gains)), *scored("b", *[0.4] * 6)))
    figures: list[Figure] = []
    monkeypatch.setattr(paired_differences, "render", lambda figure, **_: figures.append(figure))
    paired_differences.draw(compare_models(selection, "a", "b"), "x")
    axes = figures[0].axes[0]
    low, high = axes.get_xlim()
    assert low == -high
    assert high > 0.3
    sides = {
        text.get_text(): (text.xy[0], text.get_ha())
        for text in axes.texts
        if isinstance(text, Annotation)
    }
    assert sides == {"← b better": (0.0, "right"), "a better →": (0.0, "left")}
