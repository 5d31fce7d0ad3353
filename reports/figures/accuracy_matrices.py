"""The accuracy matrix as a heatmap: row, last experience trained on; column, one evaluated."""

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh

from reports.analysis.curves import Array, matrices
from reports.analysis.selection import ResultRow
from reports.analysis.subjects import Subject
from reports.analysis.summary import finite
from reports.figures.panels import MAX_PANELS, few_ticks, panels
from reports.figures.plot import Plot, render
from reports.figures.style import Style, styled
from reports.tables.number_format import score
from results.statistics.intervals import mean_interval

MATRIX_COLOURS = mpl.colormaps["cividis"].resampled(40)
"""A colour map with few steps, so that matplotlib draws the scale as shapes, not as an image."""

MAX_LABELLED_WIDTH = 5
"""Maximum width of a matrix with numbers in its cells; wider ones are unreadable."""


def draw(subject: Subject, entries: tuple[ResultRow, ...], style: Style, name: str) -> Plot | None:
    """Draw one heatmap per row, the mean over seeds; None without a matrix."""
    found = [
        (entry, mean_interval(stack).mean)
        for entry in entries
        if (stack := matrices(entry)) is not None
    ][:MAX_PANELS]
    if not found:
        return None
    with styled():
        figure, grid = panels(
            [entry for entry, _ in found],
            style,
            height=2.0,
            xlabel="evaluated on",
            ylabel="after training on",
        )
        for axes, (_, mean) in zip(grid, found, strict=True):
            mesh = _heatmap(axes, mean)
        bar = figure.colorbar(mesh, ax=grid, location="bottom", shrink=0.5, aspect=30, pad=0.02)
        bar.set_label(
            "accuracy (in the cells: percent)"
            if any(mean.shape[1] <= MAX_LABELLED_WIDTH for _, mean in found)
            else "accuracy"
        )
        bar.outline.set_visible(False)
    ends = "; ".join(_description(style.name(entry), mean) for entry, mean in found)
    return render(
        figure,
        name=name,
        title=f"{subject.shown}: accuracy matrices",
        caption="Row: last experience trained on. Column: experience evaluated. Entries below the "
        "diagonal are accuracies on past experiences.",
        description=f"Heatmaps of accuracy on each experience after each experience. {ends}.",
    )


def _heatmap(axes: Axes, mean: Array) -> QuadMesh:
    """Draw a matrix, with its values in percent if they are readable."""
    rows, columns = mean.shape
    edges = np.arange(columns + 1) + 0.5, np.arange(rows + 1) + 0.5
    mesh = axes.pcolormesh(
        *edges,
        np.ma.masked_invalid(mean),
        cmap=MATRIX_COLOURS,
        vmin=0,
        vmax=1,
        linewidth=0.6,
        edgecolors="white",
    )
    axes.set(
        xlim=(0.5, columns + 0.5),
        ylim=(rows + 0.5, 0.5),
        xticks=few_ticks(columns),
        yticks=few_ticks(rows),
    )
    if rows == 1 < columns:  # joint training: the only row is not the first experience
        axes.set_yticks([1], ["all"])
    axes.grid(False)
    axes.set_aspect("equal" if rows == columns else "auto")
    if columns <= MAX_LABELLED_WIDTH:
        for (row, column), value in np.ndenumerate(mean):
            if np.isfinite(value):
                colour = "white" if value < 0.6 else "black"
                axes.text(
                    column + 1,
                    row + 1,
                    f"{100 * value:.0f}",
                    ha="center",
                    va="center",
                    fontsize=7,
                    color=colour,
                )
    return mesh


def _description(name: str, mean: Array) -> str:
    """Describe a matrix by its last row."""
    return f"{name} ends with {', '.join(score(finite(value)) for value in mean[-1])}"
