"""The figures of a benchmark: each kind gets its rows and draws what it finds."""

from collections.abc import Sequence
from dataclasses import replace

from reports.analysis.selection import ResultRow
from reports.analysis.slugs import slug
from reports.analysis.subjects import Subject
from reports.figures import (
    accuracy_by_distance,
    accuracy_matrices,
    average_accuracy,
    costs,
    forgetting_curves,
    forgetting_dynamics,
    group_accuracies,
    learning_curves,
    memory_curve,
    paired_differences,
    profiles,
    size_curves,
    slot_statistics,
)
from reports.figures.choice import FigureRows, choose
from reports.figures.plot import Plot
from reports.figures.style import Style

FIGURES = {
    "accuracy-by-distance": accuracy_by_distance.draw,
    "learning-curves": learning_curves.draw,
    "group-accuracies": group_accuracies.draw,
    "average-accuracy": average_accuracy.draw,
    "forgetting-curves": forgetting_curves.draw,
    "accuracy-matrices": accuracy_matrices.draw,
    "memory-curve": memory_curve.draw_one,
    "size-curves": size_curves.draw,
    "costs": costs.draw,
    "comparisons": paired_differences.draw_best,
    "profiles": profiles.draw,
    "slot-statistics": slot_statistics.draw,
    "forgetting-dynamics": forgetting_dynamics.draw,
}
"""Figures in the order of the page, by the suffix of their names."""

ALL_ROWS = {"memory-curve", "size-curves"}
"""Figures that choose their own rows, from all budgets or sizes."""

FIGURES_OF_ALL_MODELS = {"forgetting-curves", "accuracy-matrices", "slot-statistics"}
"""Figures with a panel or a group per row, which may show several models of a stream."""


def plots(subject: Subject, entries: Sequence[ResultRow], style: Style) -> list[Plot]:
    """Draw all figures of a benchmark.

    Args:
        subject: The benchmark.
        entries: Its rows, the best first; the caption counts the rows that are left out.
        style: The style of the whole report.
    """
    drawn = []
    for (kind, draw), name in zip(FIGURES.items(), plot_names(subject), strict=True):
        choice = (
            FigureRows(tuple(entries), "")
            if kind in ALL_ROWS
            else choose(entries, one_model=kind not in FIGURES_OF_ALL_MODELS)
        )
        plot = draw(subject, choice.rows, style, name)
        if plot is not None:
            drawn.append(replace(plot, caption=f"{plot.caption} {choice.note}".strip()))
    return drawn


def plot_names(subject: Subject) -> list[str]:
    """Return the names of all figures that a benchmark may have, kind by kind."""
    return [f"{slug(subject.name)}-{kind}" for kind in FIGURES]
