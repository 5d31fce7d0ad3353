"""Accuracy against the distance between evidence and query: the main figure of a task."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from reports.analysis.curves import distances
from reports.analysis.selection import ResultRow
from reports.analysis.subjects import Subject
from reports.analysis.summary import finite
from reports.figures.plot import Plot, render
from reports.figures.style import (
    MUTED,
    Style,
    chance_line,
    legend_below,
    line_with_band,
    score_axis,
    styled,
)
from reports.tables.number_format import score
from results.statistics.intervals import mean_interval

MAX_DISTANCE_TICKS = 9
"""Maximum number of labels on the axis."""


def draw(subject: Subject, entries: tuple[ResultRow, ...], style: Style, name: str) -> Plot | None:
    """Draw one line per row; its band is the Student-t interval over seeds.

    Returns None without any accuracy by distance.
    """
    shown = [(entry, *distances(entry)) for entry in entries if entry.ok]
    shown = [(entry, x, y) for entry, x, y in shown if len(x)]
    if not shown:
        return None
    with styled():
        figure = Figure(figsize=(6.4, 4.2), layout="constrained")
        axes = figure.add_subplot()
        lines(axes, [entry for entry, _, _ in shown], style)
        chance_line(axes, subject.chance)
        distance_axis(axes, sorted({float(distance) for _, x, _ in shown for distance in x}))
        _mark_training(axes, entries)
        score_axis(axes)
        legend_below(figure, axes)
    return render(
        figure,
        name=name,
        title=f"{subject.shown}: accuracy by distance",
        caption="Line: mean over seeds; band: its 95% interval. Distance, on a log scale: tokens "
        "between evidence and query, or the length for whole-sequence evaluation.",
        description="Line chart of accuracy against distance. "
        f"{'; '.join(_sentence(*one, style) for one in shown)}.",
    )


def lines(axes: Axes, entries: Sequence[ResultRow], style: Style) -> None:
    """Draw one line per row; its band is the Student-t interval over seeds."""
    for entry in entries:
        x, y = distances(entry)
        line_with_band(axes, entry, x, mean_interval(y), style, style.name(entry))


def _sentence(entry: ResultRow, x: np.ndarray, y: np.ndarray, style: Style) -> str:
    mean = mean_interval(y).mean
    ends = [f"{score(finite(mean[place]))} at {x[place]:,.0f}" for place in (0, -1)]
    return f"{style.name(entry)} goes from {ends[0]} to {ends[1]}"


def distance_axis(axes: Axes, where: list[float], labels: int = MAX_DISTANCE_TICKS) -> None:
    """Label the evaluated distances, thinned to at most ``labels``."""
    step = -(-len(where) // labels)
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_locator(FixedLocator(where[::step]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: distance_label(value)))
    axes.set_xlabel("distance, tokens")


def distance_label(value: float) -> str:
    """Return a short label of a distance.

    Multiples of 1,024 are written in binary thousands, all others in full.
    """
    tokens = round(value)
    for unit, size in (("M", 2**20), ("k", 2**10)):
        if tokens >= size and tokens % size == 0:
            return f"{tokens // size}{unit}"
    return f"{tokens:,}"


def _mark_training(axes: Axes, entries: tuple[ResultRow, ...]) -> None:
    """Mark the length of training sequences if all records have the same."""
    configs = [record.cell.config.get("benchmark", {}) for entry in entries for record in entry.ok]
    lengths = {options.get("train_length", options.get("length")) for options in configs}
    length = lengths.pop() if len(lengths) == 1 else None
    left, right = axes.get_xlim()
    if isinstance(length, int) and not isinstance(length, bool) and left < length < right:
        axes.axvspan(left, length, color=MUTED, alpha=0.07, linewidth=0, zorder=0)
        axes.annotate(
            f"trained at {length:,}",
            xy=(length, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(0, 2),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=8,
            color=MUTED,
        )
        axes.set_xlim(left, right)
