"""The figures of a benchmark: each kind gets its rows and draws what it finds."""

from collections.abc import Sequence

from reports.analysis.selection import ResultRow, Subject
from reports.analysis.slugs import slug
from reports.figures import (
    accuracy_by_distance,
    accuracy_matrices,
    average_accuracy,
    costs,
    forgetting_curves,
    group_accuracies,
    paired_differences,
    profiles,
    slot_statistics,
)
from reports.figures.plot import Plot
from reports.figures.style import Style

FIGURES = {
    "accuracy-by-distance": accuracy_by_distance.draw,
    "group-accuracies": group_accuracies.draw,
    "average-accuracy": average_accuracy.draw,
    "forgetting-curves": forgetting_curves.draw,
    "accuracy-matrices": accuracy_matrices.draw,
    "costs": costs.draw,
    "comparisons": paired_differences.draw_best,
    "profiles": profiles.draw,
    "slot-statistics": slot_statistics.draw,
}
"""Figures in the order of the page, by the suffix of their names."""

MAX_ROWS = 12
"""Maximum number of rows in a figure; more are indistinguishable."""


def plots(subject: Subject, entries: Sequence[ResultRow], style: Style) -> list[Plot]:
    """Draw all figures of a benchmark.

    Args:
        subject: The benchmark.
        entries: Its rows, the best first; the last ones are omitted if there are too many.
        style: The style of the whole report.
    """
    drawn_rows = tuple(entries[:MAX_ROWS])
    drawn = [
        draw(subject, drawn_rows, style, name)
        for name, draw in zip(plot_names(subject), FIGURES.values(), strict=True)
    ]
    return [plot for plot in drawn if plot is not None]


def plot_names(subject: Subject) -> list[str]:
    """Return the names of all figures that a benchmark may have, kind by kind."""
    return [f"{slug(subject.name)}-{kind}" for kind in FIGURES]
