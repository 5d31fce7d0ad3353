"""Accuracy against total bytes, on the published records."""

from pathlib import Path

from reports.analysis.selection import select
from reports.figures import memory_curve, small_multiples
from reports.figures.style import style_of
from results.store.store import Store

PUBLISHED = Path(__file__).parents[3] / "results" / "published"


def test_a_method_with_several_budgets_has_one_line() -> None:
    selection = select(Store(PUBLISHED))
    panels = [
        (subject, selection.of(subject))
        for subject in selection.subjects
        if subject.name == "split-fashion-mnist"
    ]
    plot = memory_curve.draw(panels, style_of(selection), "curve", columns=2)
    assert plot is not None
    methods = plot.description.partition(": ")[2].removesuffix(".").split(", ")
    assert len(methods) == len(set(methods))
    assert {"memnet", "er", "der-plus-plus"} <= set(methods)
    assert not any("[" in method for method in methods)


def test_no_budgets_and_no_distances_give_no_figure() -> None:
    selection = select(Store(PUBLISHED))
    style = style_of(selection)
    tasks = [(one, selection.of(one)) for one in selection.subjects if one.name == "adding"]
    streams = [(one, selection.of(one)) for one in selection.subjects if one.kind == "stream"]
    assert memory_curve.draw(tasks, style, "curve", columns=2) is None
    assert small_multiples.draw(streams, style, "lines", columns=2) is None
