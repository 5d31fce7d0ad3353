"""Accuracy against its costs: memory bytes, total bytes and compute, with Pareto fronts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from reports.analysis.selection import ResultRow
from reports.analysis.subjects import Subject
from reports.analysis.summary import Summary, summary
from reports.figures.plot import Plot, render
from reports.figures.style import MUTED, Style, chance_line, legend_below, score_axis, styled
from reports.tables import number_format

Point = tuple[ResultRow, Summary, float]


@dataclass(frozen=True, slots=True)
class CostAxis:
    """A cost on the x axis.

    Attributes:
        label: Label of the axis.
        value: Returns the cost of a row; None if it has none.
        form: Formats a value for the axis.
    """

    label: str
    value: Callable[[ResultRow, Summary], float | None]
    form: Callable[[float], str]


def draw(subject: Subject, entries: tuple[ResultRow, ...], style: Style, name: str) -> Plot | None:
    """Draw one panel per cost; None if no row has a score."""
    rows = [(entry, row) for entry in entries if (row := summary(entry)).mean is not None]
    if not rows:
        return None
    costs = (
        CostAxis("memory", _memory, lambda value: number_format.size(round(value))),
        CostAxis("memory and parameters", _total, lambda value: number_format.size(round(value))),
        CostAxis("training, CPU time", _compute, number_format.seconds),
    )
    sentences = []
    with styled():
        figure = Figure(figsize=(7.6, 3.6), layout="constrained")
        for axes, cost in zip(figure.subplots(1, 3, sharey=True), costs, strict=True):
            points = [
                (entry, row, float(value))
                for entry, row in rows
                if (value := cost.value(entry, row)) is not None
            ]
            front = _panel(axes, points, cost, style)
            chance_line(axes, subject.chance)
            sentences.append(
                f"{cost.label}: "
                + (
                    ", ".join(f"{style.name(entry)} at {cost.form(x)}" for entry, _, x in front)
                    or "none"
                )
            )
        score_axis(figure.axes[0], number_format.words(subject.primary))
        legend_below(figure, figure.axes[0])
    return render(
        figure,
        name=name,
        title=f"{subject.shown}: accuracy against cost",
        caption="Mean over seeds and its 95% interval. Memory: a stream's buffer, a task's state. "
        "Grey line: the Pareto front, rows without a better one at equal or lower cost. "
        "Costs are on log scales.",
        description="Scatter charts of accuracy against cost. "
        f"On the Pareto front by {'; by '.join(sentences)}.",
    )


def pareto(costs: Sequence[float], scores: Sequence[float]) -> list[int]:
    """Return the indices of the Pareto front, by rising cost.

    No other point has an equal score at lower cost, or a better one at the same cost.
    """
    order = sorted(range(len(costs)), key=lambda place: (costs[place], -scores[place]))
    found: list[int] = []
    for place in order:
        if not found or scores[place] > scores[found[-1]]:
            found.append(place)
    return found


def _panel(axes: Axes, points: Sequence[Point], cost: CostAxis, style: Style) -> list[Point]:
    """Draw one cost, and return its Pareto front."""
    axes.set_xlabel(cost.label)
    if not points:
        axes.set_xticks([])
        axes.annotate(
            "not measured", (0.5, 0.5), xycoords="axes fraction", ha="center", color=MUTED
        )
        return []
    positive = [x for _, _, x in points if x > 0]
    lowest, highest = min(positive, default=1.0), max(positive, default=1.0)
    zero_place = lowest / 4  # a log axis has no zero: zero cost is drawn at its left end
    front = [
        points[place]
        for place in pareto([x for _, _, x in points], [row.mean or 0.0 for _, row, _ in points])
    ]
    stairs = [(max(x, zero_place), row.mean or 0.0) for _, row, x in front]
    axes.step(
        *zip(*stairs, (2 * highest, stairs[-1][1]), strict=True),
        where="post",
        color=MUTED,
        linewidth=1.0,
        alpha=0.7,
        zorder=1.5,
    )
    for entry, row, x in points:
        _point(axes, entry, row, max(x, zero_place), style)
    zero = len(positive) < len(points)
    axes.set_xscale("log")
    axes.set_xlim(zero_place / 1.6 if zero else lowest / 1.8, 1.8 * highest)
    axes.xaxis.set_major_locator(
        FixedLocator([*([zero_place] if zero else []), *_ticks(lowest, highest)])
    )
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(
        FuncFormatter(lambda value, _: "0" if zero and value <= zero_place else cost.form(value))
    )
    axes.tick_params(axis="x", labelsize=7.5)
    return front


def _point(axes: Axes, entry: ResultRow, row: Summary, x: float, style: Style) -> None:
    look = style.look(entry)
    if row.low is not None and row.high is not None:
        axes.plot(
            [x, x],
            [max(row.low, 0.0), min(row.high, 1.0)],
            color=look.colour,
            linewidth=1.2,
            alpha=0.8,
        )
    axes.plot(
        [x],
        [row.mean or 0.0],
        linestyle="",
        marker=look.marker,
        markersize=7.5,
        color=look.colour,
        fillstyle=style.fill(entry),
        markerfacecoloralt="white",
        markeredgecolor=look.colour,
        markeredgewidth=1.3,
        label=style.name(entry),
    )


def _ticks(lowest: float, highest: float) -> list[float]:
    """Return at most three labels for a log axis: its ends, and the middle if it fits."""
    if highest / lowest < 1.6:
        return [float(np.sqrt(lowest * highest))]
    return (
        [lowest, highest]
        if highest / lowest < 30
        else [lowest, float(np.sqrt(lowest * highest)), highest]
    )


def _memory(entry: ResultRow, row: Summary) -> float | None:
    return row.buffer_bytes if entry.subject.kind == "stream" else row.state_bytes


def _total(entry: ResultRow, row: Summary) -> float | None:
    if entry.subject.kind == "stream":
        return row.total_bytes
    memory = row.state_bytes
    return None if memory is None or row.parameter_bytes is None else memory + row.parameter_bytes


def _compute(entry: ResultRow, row: Summary) -> float | None:
    spent = [
        record.cost.train_cpu_seconds for record in entry.ok if record.cost.train_cpu_seconds > 0
    ]
    return float(np.mean(spent)) if spent else None
