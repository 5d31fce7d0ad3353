"""Accuracy against total bytes on streams: a panel per stream, a line per method."""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from textwrap import fill

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from reports.analysis.selection import ResultRow, usual_model
from reports.analysis.subjects import Subject
from reports.analysis.summary import Summary, summary
from reports.figures.plot import Plot, render
from reports.figures.small_multiples import Panel
from reports.figures.style import Style, chance_line, legend_below, score_axis, styled
from reports.tables import number_format

CURVE_ROLES = ("reference", "control", "bound", "budget")
"""Roles of the rows whose method has a line."""

MAX_BYTE_TICKS = 4
"""Maximum number of labels on the axis of bytes."""

MAX_CURVES = 9
"""Maximum number of methods in a panel; those with the most budgets are drawn."""

TITLE_WIDTH = 34
"""Maximum length of a line of a panel's title, in letters."""

Point = tuple[int, Summary, ResultRow]


def draw_one(
    subject: Subject, entries: tuple[ResultRow, ...], style: Style, name: str
) -> Plot | None:
    """Draw the curve of one stream; None if no method has several budgets."""
    drawn = draw([(subject, entries)], style, name, columns=1, size=(6.4, 3.6))
    if drawn is None:
        return None
    return replace(drawn, title=f"{subject.shown}: {drawn.title[0].lower()}{drawn.title[1:]}")


def draw(
    panels: Sequence[Panel],
    style: Style,
    name: str,
    *,
    columns: int,
    size: tuple[float, float] = (3.0, 2.7),
    svg_only: bool = False,
) -> Plot | None:
    """Draw one panel per stream on which a method has several budgets; None without one.

    Args:
        panels: Streams, each with all of its rows.
        style: The style of the whole report.
        name: Name of the figure's files.
        columns: Number of panels per line.
        size: Width and height of a panel, in inches.
        svg_only: Whether to save it as SVG only.
    """
    streams = [panel for panel in panels if panel[0].kind == "stream"]
    shown = [(subject, found) for subject, rows in streams if (found := curves(rows))]
    if not shown:
        return None
    columns = min(columns, len(shown))
    height = -(-len(shown) // columns)
    with styled():
        figure = Figure(figsize=(size[0] * columns, size[1] * height + 0.8), layout="constrained")
        for place, (subject, lines) in enumerate(shown):
            axes = figure.add_subplot(height, columns, place + 1)
            panel(axes, subject, lines, style, first=place % columns == 0)
            if len(shown) > 1:
                axes.set_title(fill(subject.shown, TITLE_WIDTH), fontsize=8.0)
        legend_below(figure, *figure.axes)
    return render(
        figure,
        name=name,
        svg_only=svg_only,
        title="Accuracy against total bytes",
        caption="Total bytes: stored bytes and the parameters that no seed regenerates, on a log "
        "scale. Mean over seeds and its 95% interval; higher and further left is better.",
        description="A panel per stream with a line per method over memory budgets: "
        + "; ".join(f"{subject.shown}: {', '.join(lines)}" for subject, lines in shown)
        + ".",
    )


def curves(entries: Sequence[ResultRow]) -> dict[str, list[Point]]:
    """Return the points of each method by rising bytes, with the most frequent model.

    None without a method of two budgets.
    """
    found: dict[str, list[Point]] = defaultdict(list)
    usual = _base(usual_model(entries))
    for entry in entries:
        row = summary(entry)
        if (
            _base(entry.model) == usual
            and entry.role in CURVE_ROLES
            and row.mean is not None
            and entry.ok
        ):
            size = max(record.cost.total_bytes for record in entry.ok)
            found[entry.method.partition("[")[0]].append((size, row, entry))
    if all(len(points) < 2 for points in found.values()):
        return {}
    names = sorted(found, key=lambda name: (-len(found[name]), name))[:MAX_CURVES]
    return {name: sorted(found[name], key=lambda point: point[0]) for name in names}


def panel(
    axes: Axes, subject: Subject, lines: dict[str, list[Point]], style: Style, *, first: bool
) -> None:
    """Draw one line per method with its interval, against total bytes."""
    for name, points in lines.items():
        look = style.methods.get(name) or style.look(points[0][2])
        x = [size for size, _, _ in points]
        mean = np.array([row.mean for _, row, _ in points], dtype=float)
        low = np.array([row.low for _, row, _ in points], dtype=float)  # NaN without an interval
        high = np.array([row.high for _, row, _ in points], dtype=float)
        axes.fill_between(
            x,
            *np.clip((low, high), *points[0][1].limits),
            color=look.colour,
            alpha=0.16,
            linewidth=0,
        )
        axes.plot(x, mean, color=look.colour, marker=look.marker, label=_label(points))
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: number_format.round_size(value)))
    axes.xaxis.set_major_locator(FixedLocator(round_sizes(*axes.get_xlim())))
    axes.xaxis.set_minor_locator(NullLocator())
    chance_line(axes, subject.chance)
    axes.set_xlabel("total bytes")
    score_axis(axes, number_format.words(subject.primary) if first else "")
    axes.tick_params(axis="x", labelsize=7.5)


def round_sizes(low: float, high: float) -> list[float]:
    """Return at most `MAX_BYTE_TICKS` round numbers of bytes in a range, with the fewest digits."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    found: list[float] = []
    for digits in ((1,), (1, 3), (1, 2, 5), (1, 2, 3, 4, 6, 8)):
        series = [float(digit * 10**power) for power in powers for digit in digits]
        inside = [one for one in series if low <= one <= high]
        if len(inside) > MAX_BYTE_TICKS:
            return found or inside[:: -(-len(inside) // MAX_BYTE_TICKS)]
        found = inside
    return found


def _base(model: str) -> str:
    """Return a model without its options: a total budget may fit the network's size."""
    return model.partition("[")[0]


def _label(points: Sequence[Point]) -> str:
    """Return the title of a method without its budget."""
    entry = points[0][2]
    options = entry.method.partition("[")[2].removesuffix("]")
    return entry.method_title.removesuffix(f", {options.replace(',', ', ')}") or entry.method
