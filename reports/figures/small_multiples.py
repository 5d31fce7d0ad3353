"""Accuracy by distance on all tasks: a panel per task, a line per model, one legend."""

from collections.abc import Sequence
from textwrap import fill

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports.analysis.curves import distances
from reports.analysis.selection import ResultRow
from reports.analysis.subjects import Subject
from reports.figures.accuracy_by_distance import distance_axis
from reports.figures.plot import Plot, render
from reports.figures.style import Style, chance_line, legend_below, score_axis, styled
from results.statistics.intervals import mean_interval

SMALL_TITLE = 30
"""Maximum length of a line of a panel's title, in letters."""

Panel = tuple[Subject, Sequence[ResultRow]]


def draw(
    panels: Sequence[Panel], style: Style, name: str, *, columns: int, svg_only: bool = False
) -> Plot | None:
    """Draw one panel per task; None without any accuracy by distance.

    Args:
        panels: Tasks, each with the rows to draw.
        style: The style of the whole report.
        name: Name of the figure's files.
        columns: Number of panels per line: four for a wide page, two for a phone.
        svg_only: Whether to save it as SVG only.
    """
    shown = [
        (subject, lines)
        for subject, entries in panels
        if (lines := [(entry, *distances(entry)) for entry in entries if entry.ok])
        and any(len(x) for _, x, _ in lines)
    ]
    if not shown:
        return None
    columns = min(columns, len(shown))
    height = -(-len(shown) // columns)
    with styled():
        figure = Figure(figsize=(2.9 * columns, 2.2 * height + 0.9), layout="constrained")
        labelled: dict[str, Axes] = {}
        for place, (subject, lines) in enumerate(shown):
            axes = figure.add_subplot(height, columns, place + 1)
            for entry, x, y in lines:
                if len(x):
                    _line(axes, entry, x, mean_interval(y).mean, style)
                    labelled.setdefault(style.name(entry), axes)
            chance_line(axes, subject.chance)
            distance_axis(axes, sorted({float(one) for _, x, _ in lines for one in x}), labels=4)
            score_axis(axes, "accuracy" if place % columns == 0 else "")
            if place < len(shown) - columns:
                axes.set_xlabel("")
            axes.set_title(fill(subject.shown, SMALL_TITLE), fontsize=8.5)
        legend_below(figure, *figure.axes)
    return render(
        figure,
        name=name,
        svg_only=svg_only,
        title="Accuracy by distance, all tasks",
        caption="Means over seeds; higher is better. Distance in tokens between evidence and "
        "query, or length, on a log scale. Each task's page has the intervals.",
        description=f"A panel per task with a line per model: {', '.join(labelled)}.",
    )


def _line(axes: Axes, entry: ResultRow, x: np.ndarray, y: np.ndarray, style: Style) -> None:
    look = style.look(entry)
    axes.plot(
        x,
        y,
        color=look.colour,
        marker=look.marker,
        markersize=4.0,
        markeredgewidth=0.4,
        linewidth=1.6,
        label=style.name(entry),
    )
