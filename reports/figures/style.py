"""The visual style of all figures.

On tasks a model has the same colour and marker everywhere. On streams a method has, and the model
has the same dashes (`reports.figures.palette`).
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports.analysis.selection import ResultRow, Selection, usual_model
from reports.figures.palette import (
    METHODS,
    SOLID,
    Dashes,
    Fill,
    Look,
    dashes,
    fills,
    looks,
)
from reports.tables.row_titles import row_title
from results.records.roles import split_budget
from results.statistics.intervals import Interval
from results.statistics.metrics import Array

INK = "#1d2329"
MUTED = "#6b747d"
GRID_COLOUR = "#e3e6e8"

HANDLE_WIDTH, LETTER_WIDTH = 0.6, 0.064
"""Widths of a legend's handle and of a letter in it at the usual size, in inches."""

RC: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9.5,
    "text.color": INK,
    "text.parse_math": False,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10.0,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID_COLOUR,
    "grid.linewidth": 0.8,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "lines.linewidth": 2.0,
    "lines.markersize": 5.5,
    "lines.markeredgecolor": "white",
    "lines.markeredgewidth": 0.8,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "figure.dpi": 100,
    "savefig.dpi": 128,
    "svg.fonttype": "path",
}


@contextmanager
def styled(salt: str = "", changed: Mapping[Any, object] | None = None) -> Iterator[None]:
    """Apply the style while a figure is drawn or saved.

    Args:
        salt: Seeds the ids of an SVG, so that they are reproducible.
        changed: Settings that differ from those of the site.
    """
    with mpl.rc_context({**RC, **(changed or {}), "svg.hashsalt": salt or "memnet"}):
        yield


@dataclass(frozen=True, slots=True)
class Style:
    """The style and names of a selection's rows.

    Attributes:
        models: Look of each model, on tasks.
        methods: Look of each method, on streams.
        dashes: Of each model, on streams.
        fills: Of each model, on streams.
        usual: The most frequent model of each stream; names of rows leave it out.
        settings: Whether names include the setting.
    """

    models: Mapping[str, Look]
    methods: Mapping[str, Look]
    dashes: Mapping[str, Dashes]
    fills: Mapping[str, Fill]
    usual: Mapping[str, str]
    settings: bool = False

    def name(self, entry: ResultRow) -> str:
        """Return a row's title in a legend: model, or method on a stream, and setting if needed.

        A stream's name has the model too if it is not the usual one of the stream.
        """
        parts = [row_title(entry, self.usual.get(entry.subject.name, ""))]
        if self.settings and entry.setting:
            parts.append(entry.setting)
        return " · ".join(parts)

    def look(self, entry: ResultRow) -> Look:
        """Look of a row: that of its method on a stream, of its model on a task."""
        if entry.subject.kind == "stream":
            return self.methods[_method(entry)]
        return self.models[entry.model]

    def line(self, entry: ResultRow) -> Dashes:
        """Dashes of a row: those of its model on a stream."""
        return self.dashes[entry.model] if entry.subject.kind == "stream" else SOLID

    def fill(self, entry: ResultRow) -> Fill:
        """Marker fill of a row: that of its model on a stream."""
        return self.fills[entry.model] if entry.subject.kind == "stream" else "full"


def style_of(selection: Selection) -> Style:
    """Return the style of all rows of a report."""
    on_streams = [entry for entry in selection.entries if entry.subject.kind == "stream"]
    usual = {
        subject.name: usual_model(selection.compared(subject))
        for subject in selection.subjects
        if subject.kind == "stream"
    }
    return Style(
        models=looks(entry.model for entry in selection.entries),
        methods=looks((_method(entry) for entry in on_streams), METHODS),
        dashes=dashes(entry.model for entry in on_streams),
        fills=fills({entry.model for entry in on_streams}),
        usual=usual,
        settings=selection.ambiguous,
    )


def _method(entry: ResultRow) -> str:
    """Return the name that has a look: a method has the same one at every budget."""
    return split_budget(entry.method)[0]


def line_with_band(
    axes: Axes, entry: ResultRow, x: Array, interval: Interval, style: Style, label: str
) -> None:
    """Draw a row's mean scores with their interval, which is clipped to scores from 0 to 1."""
    look = style.look(entry)
    axes.fill_between(
        x,
        np.clip(interval.low, 0.0, 1.0),
        np.clip(interval.high, 0.0, 1.0),
        color=look.colour,
        alpha=0.16,
        linewidth=0,
    )
    axes.plot(
        x,
        interval.mean,
        color=look.colour,
        marker=look.marker,
        linestyle=style.line(entry),
        label=label,
    )


def score_axis(axes: Axes, label: str = "accuracy") -> None:
    """Set the y axis to scores from 0 to 1, with margins for markers at both ends."""
    axes.set_ylim(-0.03, 1.03)
    axes.set_yticks([0.0, 0.25, 0.5, 0.75, 1.0])
    axes.set_ylabel(label)


def chance_line(axes: Axes, chance: float | None) -> None:
    """Draw the chance level."""
    if chance is not None:
        axes.axhline(
            chance,
            color=MUTED,
            linewidth=1.0,
            linestyle=(0.0, (2.0, 2.0)),
            label="chance",
            zorder=1,
        )


def legend_below(figure: Figure, *panels: Axes) -> int:
    """Put the legend of all panels below the figure, in as many columns as fit.

    Returns:
        Number of lines of the legend.
    """
    handles: dict[str, Any] = {}
    for axes in panels:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            handles.setdefault(label, handle)
    columns = 1
    if handles:
        letter = LETTER_WIDTH * mpl.rcParams["legend.fontsize"] / RC["legend.fontsize"]
        widest = HANDLE_WIDTH + letter * max(map(len, handles))
        columns = max(1, min(len(handles), int(figure.get_figwidth() / widest)))
        figure.legend(
            list(handles.values()),
            list(handles),
            loc="outside lower center",
            ncols=columns,
            handlelength=3.2,
        )
    return -(-len(handles) // columns)
