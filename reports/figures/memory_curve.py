"""Accuracy against total bytes on streams: a panel per stream, a line per method."""

from collections import defaultdict
from collections.abc import Sequence
from textwrap import fill

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from reports.analysis.selection import ResultRow
from reports.analysis.subjects import Subject
from reports.analysis.summary import Summary, summary
from reports.figures.plot import Plot, render
from reports.figures.small_multiples import Panel
from reports.figures.style import Style, chance_line, legend_below, score_axis, styled
from reports.tables import number_format

CURVE_ROLES = ("reference", "control", "bound", "budget")
"""Roles of the rows whose method has a line."""

MAX_LINES = 9
"""Maximum number of methods in a panel; those with the most budgets are drawn."""

TITLE_WIDTH = 34
"""Maximum length of a line of a panel's title, in letters."""

Point = tuple[int, Summary, ResultRow]


def draw(panels: Sequence[Panel], style: Style, name: str, *, columns: int) -> Plot | None:
    """Draw one panel per stream on which a method has several budgets; None without one.

    Args:
        panels: Streams, each with all of its rows.
        style: The style of the whole report.
        name: Name of the figure's files.
        columns: Number of panels per line.
    """
    streams = [panel for panel in panels if panel[0].kind == "stream"]
    curves = [(subject, found) for subject, rows in streams if (found := _curves(rows))]
    if not curves:
        return None
    columns = min(columns, len(curves))
    height = -(-len(curves) // columns)
    with styled():
        figure = Figure(figsize=(3.0 * columns, 2.7 * height + 0.8), layout="constrained")
        for place, (subject, lines) in enumerate(curves):
            axes = figure.add_subplot(height, columns, place + 1)
            _panel(axes, subject, lines, style, first=place % columns == 0)
        legend_below(figure, *figure.axes)
    return render(
        figure,
        name=name,
        title="Accuracy against total bytes",
        caption="Total bytes: stored bytes and the parameters that no seed regenerates, on a log "
        "scale. Mean over seeds and its 95% interval; higher and further left is better.",
        description="A panel per stream with a line per method over memory budgets: "
        + "; ".join(f"{subject.shown}: {', '.join(lines)}" for subject, lines in curves)
        + ".",
    )


def _curves(entries: Sequence[ResultRow]) -> dict[str, list[Point]]:
    """Return the points of each method by rising bytes; none without a method of two budgets."""
    found: dict[str, list[Point]] = defaultdict(list)
    for entry in entries:
        row = summary(entry)
        if entry.role in CURVE_ROLES and row.mean is not None and entry.ok:
            size = max(record.cost.total_bytes for record in entry.ok)
            found[entry.method.partition("[")[0]].append((size, row, entry))
    if all(len(points) < 2 for points in found.values()):
        return {}
    names = sorted(found, key=lambda name: (-len(found[name]), name))[:MAX_LINES]
    return {name: sorted(found[name], key=lambda point: point[0]) for name in names}


def _panel(
    axes: Axes, subject: Subject, lines: dict[str, list[Point]], style: Style, *, first: bool
) -> None:
    for name, points in lines.items():
        look = style.methods.get(name) or style.look(points[0][2])
        x = [size for size, _, _ in points]
        mean = np.array([row.mean for _, row, _ in points], dtype=float)
        low = np.array([row.low for _, row, _ in points], dtype=float)  # NaN without an interval
        high = np.array([row.high for _, row, _ in points], dtype=float)
        axes.fill_between(x, low, high, color=look.colour, alpha=0.16, linewidth=0)
        axes.plot(x, mean, color=look.colour, marker=look.marker, label=name)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: number_format.size(round(value))))
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 3.0)))
    axes.xaxis.set_minor_formatter(NullFormatter())
    chance_line(axes, subject.chance)
    axes.set_xlabel("total bytes")
    score_axis(axes, number_format.words(subject.primary) if first else "")
    axes.tick_params(axis="x", labelsize=7.5)
    axes.set_title(fill(subject.shown, TITLE_WIDTH), fontsize=8.0)
