"""Accuracy against the size of models on a task: a line per model, on log axes of costs."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from reports.analysis.selection import ResultRow
from reports.analysis.size_sweeps import SIZE_COSTS, SizeSweep, size_sweeps
from reports.analysis.subjects import Subject
from reports.analysis.summary import Summary, summary
from reports.figures.choice import MAX_ROWS, choose, priority
from reports.figures.memory_curve import round_sizes
from reports.figures.plot import Plot, render
from reports.figures.style import Style, chance_line, legend_below, score_axis, styled
from reports.tables import number_format
from reports.tables.row_titles import model_title

LABELS = {"state": "state per sequence, bytes", "parameters": "parameters"}
"""Labels of the axes, by cost."""

FIGURE_SIZES = {1: (6.4, 4.2), 2: (7.6, 3.9)}
"""Sizes of the figure in inches, by the number of panels."""

COST_FORMATS: Mapping[str, Callable[[float], str]] = {
    "state": number_format.round_size,
    "parameters": number_format.shortened,
}
"""Formats of the numbers on the axes, by cost."""


def draw(subject: Subject, entries: tuple[ResultRow, ...], style: Style, name: str) -> Plot | None:
    """Draw one panel per cost that sizes change; None without a model of several sizes."""
    sweeps = size_sweeps(entries)[:MAX_ROWS]
    costs = varying(sweeps)
    if not costs:
        return None
    others = single_rows(entries, sweeps)
    with styled():
        figure = Figure(figsize=FIGURE_SIZES[len(costs)], layout="constrained")
        panels = figure.subplots(1, len(costs), sharey=True, squeeze=False)[0]
        for axes, cost in zip(panels, costs, strict=True):
            panel(axes, sweeps, others, cost, style)
            chance_line(axes, subject.chance)
        score_axis(panels[0], number_format.words(subject.primary))
        legend_below(figure, *panels)
    return render(
        figure,
        name=name,
        title=f"{subject.shown}: accuracy by size",
        caption="Line: one model at several sizes, all other options equal; mean over seeds and "
        "its 95% interval. Single points: models of one size. Costs are on log scales; higher and "
        "further left is better.",
        description="Charts of accuracy against the size of models. "
        f"{'; '.join(_sentence(one, costs[0]) for one in sweeps if one.points(costs[0]))}.",
    )


def varying(sweeps: Sequence[SizeSweep]) -> list[str]:
    """Return the costs that differ within a sweep."""
    return [cost for cost in SIZE_COSTS if any(one.points(cost) for one in sweeps)]


def single_rows(entries: Sequence[ResultRow], sweeps: Sequence[SizeSweep]) -> list[ResultRow]:
    """Choose rows that are in no sweep, for single points, up to the limit of a figure."""
    swept = {id(entry) for one in sweeps for entry, _ in one.rows}
    rows = [entry for entry in choose(entries).rows if entry.ok and id(entry) not in swept]
    return sorted(rows, key=priority)[: max(MAX_ROWS - len(sweeps), 0)]


def panel(
    axes: Axes,
    sweeps: Sequence[SizeSweep],
    others: Sequence[ResultRow],
    cost: str,
    style: Style,
) -> None:
    """Draw the score of every sweep and of single rows against one cost."""
    for one in sweeps:
        look, points = style.look(one.named), one.points(cost)
        if points:
            x = [value for value, _ in points]
            means = np.array([row.mean for _, row in points], dtype=float)
            axes.fill_between(x, *_band(points), color=look.colour, alpha=0.16, linewidth=0)
            axes.plot(x, means, color=look.colour, marker=look.marker, label=title(one))
    for entry in others:
        row = summary(entry)
        value = SIZE_COSTS[cost](row)
        if value and row.mean is not None:
            look = style.look(entry)
            ends = np.clip([row.low or row.mean, row.high or row.mean], *row.limits)
            axes.plot([value, value], ends, color=look.colour, linewidth=1.2, alpha=0.8)
            axes.plot(
                [value],
                [row.mean],
                linestyle="",
                color=look.colour,
                marker=look.marker,
                markersize=7.5,
                label=style.name(entry),
            )
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: COST_FORMATS[cost](value)))
    axes.xaxis.set_major_locator(FixedLocator(round_sizes(*axes.get_xlim())))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel(LABELS[cost])
    axes.tick_params(axis="x", labelsize=7.5)


def title(sweep: SizeSweep) -> str:
    """Return the model's title, with the options that all of its sizes share."""
    return model_title(sweep.named, sweep.shared)


def _band(points: Sequence[tuple[int, Summary]]) -> np.ndarray:
    """Return the ends of the intervals, clipped to the metric; NaN without an interval."""
    ends = np.array([(row.low, row.high) for _, row in points], dtype=float).T
    return np.asarray(np.clip(ends, *points[0][1].limits))


def _sentence(sweep: SizeSweep, cost: str) -> str:
    points = sweep.points(cost)
    ends = [
        f"{number_format.score(row.mean)} at {COST_FORMATS[cost](value)}"
        for value, row in (points[0], points[-1])
    ]
    return f"{title(sweep)} goes from {ends[0]} to {ends[1]}"
