"""Slot statistics of a memory: occupancy, writes, reuse, reads and lifetimes."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from reports.analysis.curves import slot_numbers
from reports.analysis.selection import ResultRow
from reports.analysis.subjects import Subject
from reports.analysis.summary import finite
from reports.figures.palette import SOLID
from reports.figures.panels import PANEL_COLUMNS
from reports.figures.plot import Plot, render
from reports.figures.slot_survival import draw_survival, mean_lifetimes
from reports.figures.style import INK, Style, legend_below, styled
from reports.tables.number_format import score, shortened
from results.statistics.intervals import mean_interval

STATISTIC_NAMES = {
    "occupancy": "occupancy",
    "write_rate": "write rate",
    "reuse": "slot reuse",
    "read_entropy": "read entropy, nats",
    "read_sparsity": "read sparsity",
    "lifetime": "mean lifetime",
}
"""Slot statistics in the figure, each with its title.

The lifetime is computed from the survival curve; records contain the others.
"""

SHARES = frozenset({"occupancy", "write_rate", "reuse", "read_sparsity"})
"""Statistics between 0 and 1."""


def draw(subject: Subject, entries: tuple[ResultRow, ...], style: Style, name: str) -> Plot | None:
    """Draw one panel of bars per available statistic, and below them the survival of slots.

    Returns None if no model has slots.
    """
    shown = [entry for entry in entries if any(record.slots for record in entry.ok)]
    values = {key: [_values(entry, key) for entry in shown] for key in STATISTIC_NAMES}
    values = {key: rows for key, rows in values.items() if any(rows)}
    if not values:
        return None
    surviving = "lifetime" in values
    down = -(-len(values) // PANEL_COLUMNS)
    sentences = []
    with styled():
        figure = Figure(figsize=(6.4, 1.75 * down + 2.3 * surviving + 0.6), layout="constrained")
        grid = figure.add_gridspec(
            down + surviving,
            min(PANEL_COLUMNS, len(values)),
            height_ratios=[1.75] * down + [2.3] * surviving,
        )
        for place, (key, rows) in enumerate(values.items()):
            means = _bars(
                figure.add_subplot(grid[divmod(place, PANEL_COLUMNS)]), shown, key, rows, style
            )
            sentences.append(
                f"{STATISTIC_NAMES[key]}: "
                + ", ".join(f"{name} {_written(key, mean)}" for name, mean in means)
            )
        if surviving:
            draw_survival(
                figure.add_subplot(grid[down, :]),
                shown,
                style,
                "age, tokens" if subject.kind == "task" else "age",
            )
        legend_below(figure, figure.axes[0])
    return render(
        figure,
        name=name,
        title=f"{subject.shown}: slot statistics",
        caption="Bars: means over seeds, 95% intervals; a lifetime counts up to the end of the "
        "evaluation. Survival: share of slots alive at an age (Kaplan and Meier), mean and "
        "interval over seeds; cross: the remaining slots were alive when last observed (censored).",
        description="Bar charts of slot statistics"
        f"{' and survival curves of slots' if surviving else ''}. {'; '.join(sentences)}.",
    )


def _values(entry: ResultRow, key: str) -> list[float]:
    return mean_lifetimes(entry) if key == "lifetime" else slot_numbers(entry, key)


def _written(key: str, value: float | None) -> str:
    if key != "lifetime" or value is None:
        return score(value)
    return shortened(float(f"{value:.3g}"))


def _bars(
    axes: Axes, entries: list[ResultRow], key: str, rows: list[list[float]], style: Style
) -> list[tuple[str, float | None]]:
    """Draw one statistic, one bar per row, and return the means."""
    means = [
        (style.name(entry), _bar(axes, place, entry, key, values, style))
        for place, (entry, values) in enumerate(zip(entries, rows, strict=True))
    ]
    axes.set_title(STATISTIC_NAMES[key], fontsize=9)
    axes.set_xticks([])
    middle, reach = (len(entries) - 1) / 2, max(len(entries), 2) / 2
    axes.set_xlim(middle - reach, middle + reach)
    axes.margins(y=0.18)
    axes.set_ylim(bottom=0.0)
    if key in SHARES:
        axes.set_ylim(0.0, 1.22)
        axes.set_yticks([0.0, 0.5, 1.0])
    elif key == "lifetime":
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: shortened(value)))
    return means


def _bar(
    axes: Axes, place: int, entry: ResultRow, key: str, values: list[float], style: Style
) -> float | None:
    """Draw one row's bar with its interval and its value, and return the mean."""
    interval = mean_interval(values)
    mean, low, high = (finite(value) for value in (interval.mean, interval.low, interval.high))
    axes.bar(
        place,
        mean or 0.0,
        width=0.72,
        color=style.look(entry).colour,
        hatch=None if style.line(entry) == SOLID else "////",
        edgecolor="white",
        linewidth=0,
        label=style.name(entry),
    )
    high = None if high is None else min(high, 1.0 if key in SHARES else np.inf)
    if mean is not None and low is not None and high is not None:
        axes.plot(
            [place, place],
            [max(low, 0.0), high],
            color=INK,
            linewidth=1.2,
            marker="_",
            markersize=6,
            markeredgecolor=INK,
        )
    axes.annotate(
        _written(key, mean),
        (place, max(mean or 0.0, high or 0.0)),
        xytext=(0, 3),
        textcoords="offset points",
        ha="center",
        va="bottom",
        fontsize=7.5,
    )
    return mean
