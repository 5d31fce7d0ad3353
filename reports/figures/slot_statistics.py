"""What a memory does with its slots: how full, how often written and reused, how widely read, and how long a slot lives."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator

from reports.figures.curves import lifetimes, slot_numbers
from reports.figures.plot import Plot, render
from reports.figures.style import INK, SOLID, Style, legend_below, styled
from reports.quantities import score, shortened
from reports.selection import Entry, Subject
from reports.summary import finite
from results.intervals import mean_interval

STATISTICS = {
    "occupancy": "occupancy",
    "write_rate": "write rate",
    "reuse": "slot reuse",
    "read_entropy": "read entropy, nats",
    "read_sparsity": "read sparsity",
}
"""Statistics of a record's slots that are drawn, each with its title; all but the entropy are shares."""

SHARES = frozenset(STATISTICS) - {"read_entropy"}


def draw(subject: Subject, entries: tuple[Entry, ...], style: Style, name: str) -> Plot | None:
    """Draw a panel of bars per statistic that any row has, and the survival of slots; None where no model has slots."""
    shown = [entry for entry in entries if any(record.slots for record in entry.ok)]
    statistics = [key for key in STATISTICS if any(slot_numbers(entry, key) for entry in shown)]
    surviving = any(lifetimes(record) is not None for entry in shown for record in entry.ok)
    count = len(statistics) + surviving
    if count == 0:
        return None
    across = min(count, 3)
    down = -(-count // across)
    sentences = []
    with styled():
        figure = Figure(figsize=(6.4, 1.9 * down + 0.6), layout="constrained")
        grid = [figure.add_subplot(down, across, place + 1) for place in range(count)]
        for axes, key in zip(grid, statistics, strict=False):
            means = _bars(axes, shown, key, style)
            sentences.append(f"{STATISTICS[key]}: {', '.join(f'{name} {score(mean)}' for name, mean in means)}")
        if surviving:
            _survival(grid[-1], shown, style, "age, tokens" if subject.kind == "task" else "age")
        legend_below(figure, grid[0])
    return render(
        figure,
        name=name,
        title=f"{subject.name}: what the memory does with its slots",
        caption="Bars: means over seeds, 95% intervals. Survival: share of slots alive at an age (Kaplan and Meier), a line per seed.",
        description=f"Bar charts of slot statistics{' and a survival curve of slots' if surviving else ''}. {'; '.join(sentences)}.",
    )


def _bars(axes: Axes, entries: list[Entry], key: str, style: Style) -> list[tuple[str, float | None]]:
    """Draw one statistic, a bar per row, and return what was drawn."""
    said: list[tuple[str, float | None]] = []
    for place, entry in enumerate(entries):
        interval = mean_interval(slot_numbers(entry, key))
        mean, low, high = (finite(value) for value in (interval.mean, interval.low, interval.high))
        hatch = None if style.line(entry) == SOLID else "////"
        colour = style.look(entry).colour
        axes.bar(place, mean or 0.0, width=0.72, color=colour, hatch=hatch, edgecolor="white", linewidth=0, label=style.name(entry))
        if mean is not None and low is not None and high is not None:
            axes.plot([place, place], [max(low, 0.0), high], color=INK, linewidth=1.2, marker="_", markersize=6, markeredgecolor=INK)
        above = max(mean or 0.0, high or 0.0)
        axes.annotate(score(mean), (place, above), xytext=(0, 3), textcoords="offset points", ha="center", va="bottom", fontsize=7.5)
        said.append((style.name(entry), mean))
    axes.set_title(STATISTICS[key], fontsize=9)
    axes.set_xticks([])
    middle, reach = (len(entries) - 1) / 2, max(len(entries), 2) / 2
    axes.set_xlim(middle - reach, middle + reach)
    axes.margins(y=0.18)
    axes.set_ylim(bottom=0.0)
    if key in SHARES:
        axes.set_ylim(0.0, 1.18)
        axes.set_yticks([0.0, 0.5, 1.0])
    return said


def _survival(axes: Axes, entries: list[Entry], style: Style, xlabel: str) -> None:
    """Draw each seed's survival curve as steps."""
    for entry in entries:
        for record in entry.ok:
            curve = lifetimes(record)
            if curve is not None:
                colour, line = style.look(entry).colour, style.line(entry)
                axes.step(*curve, where="post", color=colour, linestyle=line, linewidth=1.3, alpha=0.75)
    axes.set_title("survival of slots", fontsize=9)
    axes.set_xscale("symlog", linthresh=1.0)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: shortened(value)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlim(left=0)
    axes.set_ylim(-0.03, 1.18)
    axes.set_yticks(np.array([0.0, 0.5, 1.0]))
    axes.set_xlabel(xlabel)
