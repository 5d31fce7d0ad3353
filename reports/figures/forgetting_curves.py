"""Accuracy on each experience during later training: a panel per row, a line per experience."""

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes

from reports.analysis.curves import matrices
from reports.analysis.selection import ResultRow
from reports.analysis.subjects import Subject
from reports.analysis.summary import finite
from reports.figures.palette import MARKERS
from reports.figures.panels import MAX_PANELS, few_ticks, panels
from reports.figures.plot import Plot, render
from reports.figures.style import Style, chance_line, legend_below, score_axis, styled
from reports.tables.number_format import score
from results.statistics.intervals import mean_interval

EXPERIENCE_COLOURS = mpl.colormaps["cividis"]
"""Experiences from first to last, dark to light: readable without colour."""

MAX_LEGEND_ENTRIES = 12
"""Maximum number of experiences that a legend names."""


def draw(subject: Subject, entries: tuple[ResultRow, ...], style: Style, name: str) -> Plot | None:
    """Draw one panel per row with a square matrix; None if there is none."""
    found = [
        (entry, stack)
        for entry in entries
        if (stack := matrices(entry)) is not None and stack.shape[1] == stack.shape[2] > 1
    ][:MAX_PANELS]
    if not found:
        return None
    with styled():
        figure, grid = panels(
            [entry for entry, _ in found],
            style,
            height=1.9,
            xlabel="experiences trained on",
            ylabel="accuracy",
        )
        for axes, (_, stack) in zip(grid, found, strict=True):
            panel(axes, stack)
            chance_line(axes, subject.chance)
            score_axis(axes, axes.get_ylabel())
        legend_below(figure, grid[-1])
    ends = [
        f"{style.name(entry)}: the first experience ends at "
        + score(finite(mean_interval(stack).mean[-1, 0]))
        for entry, stack in found
    ]
    return render(
        figure,
        name=name,
        title=f"{subject.shown}: accuracy on each experience",
        caption="A line begins after training on its experience, and falls as that is forgotten. "
        "Means over seeds.",
        description="Small line charts of the accuracy on each experience during later training. "
        f"{'; '.join(ends)}.",
    )


def panel(axes: Axes, stack: np.ndarray) -> None:
    """Draw a line per experience, from the one after whose training it begins.

    Args:
        axes: The panel.
        stack: Square accuracy matrices of a row, ``[S, K, K]``: seeds, experiences trained on,
            experiences evaluated.
    """
    mean = mean_interval(stack).mean
    count = len(mean)
    for experience in range(count):
        axes.plot(
            np.arange(experience, count) + 1,
            mean[experience:, experience],
            color=EXPERIENCE_COLOURS(0.82 * experience / max(count - 1, 1)),
            marker=MARKERS[experience % len(MARKERS)],
            markersize=4.5,
            markeredgewidth=0.4,
            linewidth=1.5,
            label=f"experience {experience + 1}" if count <= MAX_LEGEND_ENTRIES else None,
        )
    axes.set_xticks(few_ticks(count))
