"""Mean accuracy over the experiences seen so far, along the stream."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports.analysis.curves import matrices
from reports.analysis.selection import ResultRow
from reports.analysis.subjects import Subject
from reports.analysis.summary import finite
from reports.figures.panels import few_ticks
from reports.figures.plot import Plot, render
from reports.figures.style import (
    Style,
    chance_line,
    legend_below,
    line_with_band,
    score_axis,
    styled,
)
from reports.tables.number_format import score
from results.statistics.intervals import mean_interval
from results.statistics.metrics import Array, accuracy_over_seen


def draw(subject: Subject, entries: tuple[ResultRow, ...], style: Style, name: str) -> Plot | None:
    """Draw one line per row.

    The joint bound, trained once on everything, is a single point at the end. Returns None without
    rows.
    """
    shown = [(entry, stack) for entry in entries if (stack := matrices(entry)) is not None]
    if not shown:
        return None
    with styled():
        figure = Figure(figsize=(6.4, 4.2), layout="constrained")
        axes = figure.add_subplot()
        sentences = [_line(axes, entry, stack, style) for entry, stack in shown]
        chance_line(axes, subject.chance)
        axes.set_xticks(few_ticks(max(stack.shape[2] for _, stack in shown)))
        axes.set_xlabel("experiences trained on")
        score_axis(axes, "accuracy over experiences seen")
        legend_below(figure, axes)
    return render(
        figure,
        name=name,
        title=f"{subject.shown}: accuracy over seen experiences",
        caption="Line: mean over the experiences seen so far and over seeds; band: its 95% "
        "interval. AAA: the line's mean, the average anytime accuracy.",
        description="Line chart of mean accuracy over the experiences seen so far. "
        f"{'; '.join(sentences)}.",
    )


def _line(axes: Axes, entry: ResultRow, stack: Array, style: Style) -> str:
    """Draw one row, and describe where it ends."""
    square = stack.shape[1] == stack.shape[2]
    seen = (
        np.stack([accuracy_over_seen(matrix) for matrix in stack])
        if square
        else stack[:, -1].mean(axis=1, keepdims=True)
    )
    x = np.arange(1, stack.shape[2] + 1) if square else np.array([stack.shape[2]])
    interval, label = mean_interval(seen), style.name(entry)
    if square:
        # The mean of the line over experiences, and over seeds, is the average anytime accuracy
        # (Caccia et al. 2020).
        label = f"{label} (AAA {score(finite(mean_interval(seen.mean(axis=1)).mean))})"
    line_with_band(axes, entry, x, interval, style, label)
    return f"{label} ends at {score(finite(interval.mean[-1]))}"
