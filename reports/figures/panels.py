"""A grid of small panels, one per leaderboard row, on one scale."""

from collections.abc import Sequence
from textwrap import fill

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports.analysis.selection import ResultRow
from reports.figures.style import Style

PANEL_COLUMNS = 3
"""Number of panels per line: three are readable on a phone."""

MAX_PANELS = 9
"""Maximum number of panels in a figure."""

PANEL_TITLE = 25
"""Maximum length of a line of a panel's title; a longer one would overlap the next panel."""


def panels(
    entries: Sequence[ResultRow], style: Style, *, height: float, xlabel: str, ylabel: str
) -> tuple[Figure, list[Axes]]:
    """Lay out one panel per row, titled with its name; only outer edges have labels.

    Args:
        entries: The rows.
        style: Names of the rows.
        height: Height of a panel, in inches.
        xlabel: Label below the lowest panel of each column.
        ylabel: Label left of each line of panels.
    """
    columns_used = min(PANEL_COLUMNS, len(entries))
    rows_used = -(-len(entries) // columns_used)
    figure = Figure(
        figsize=(6.4 if columns_used > 1 else 4.0, height * rows_used + 0.7), layout="constrained"
    )
    found = []
    for place, entry in enumerate(entries):
        axes = figure.add_subplot(rows_used, columns_used, place + 1)
        title = style.name(entry)
        axes.set_title(fill(title, PANEL_TITLE), fontsize=7.5)
        if place % columns_used == 0:
            axes.set_ylabel(ylabel)
        else:
            axes.tick_params(labelleft=False)
        if place + columns_used >= len(entries):
            axes.set_xlabel(xlabel)
        else:
            axes.tick_params(labelbottom=False)
        found.append(axes)
    return figure, found


def few_ticks(count: int) -> list[int]:
    """Return which of the experiences 1 … ``count`` an axis labels."""
    step = 1 if count <= 6 else -(-count // 5)
    return list(range(1, count + 1, step))
