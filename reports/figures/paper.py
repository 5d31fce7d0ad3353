"""Figures for papers: chosen benchmarks and rows, in a given width, as Matplotlib figures."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from textwrap import wrap
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports.analysis.curves import distances, lifetimes, matrices
from reports.analysis.heat import heat_tables
from reports.analysis.learning import learning_summary
from reports.analysis.selection import ResultRow, Selection
from reports.analysis.selection_filter import narrowed
from reports.analysis.size_sweeps import size_sweeps
from reports.analysis.subjects import Subject
from reports.analysis.summary import ranked
from reports.figures import forgetting_curves, learning_curves, memory_curve, size_curves
from reports.figures.accuracy_by_distance import distance_axis, lines
from reports.figures.choice import choose
from reports.figures.slot_survival import draw_survival
from reports.figures.style import Style, chance_line, legend_below, score_axis, style_of, styled
from results.errors import UsageError

PAPER_RC: dict[Any, object] = {
    "font.size": 8.0,
    "axes.titlesize": 8.0,
    "axes.labelsize": 7.5,
    "xtick.labelsize": 7.0,
    "ytick.labelsize": 7.0,
    "legend.fontsize": 7.0,
    "lines.linewidth": 1.3,
    "lines.markersize": 3.6,
    "lines.markeredgewidth": 0.4,
}
"""Sizes of texts and lines, in points, for a figure that is printed at its own size."""

PANEL_WIDTH = 1.9
"""Minimum width of a panel, in inches."""

TITLE_LETTER_WIDTH = 0.078
"""Width of a letter of a panel's title, with a reserve for the labels of the axis, in inches."""

ASPECT = 0.7
"""Height of a panel by its width."""

LEGEND_LINE = 0.16
"""Height of a line of the legend, in inches."""

LABEL_LETTER_WIDTH = 0.06
"""Width of a letter of an axis label, in inches."""

TEXT_HEIGHT = 0.4
"""Height of a panel's title and of its axis label, in inches."""

AXIS_SHARE = 0.8
"""Share of a panel's height that its axis has at least."""

TICK_LABEL_WIDTH = 0.5
"""Width of the labels left of a panel, in inches."""

ACCURACY = "accuracy (share correct)"
"""Label of the axis of scores."""

DISTANCE = "distance to evidence, or length (tokens)"
"""Label of the axis of distances; a task that is evaluated as a whole has lengths."""

Panel = tuple[str, Callable[[Axes], None]]
"""Name of a panel's row, if it shows one, and what draws it, with labels of both axes."""


@dataclass(frozen=True, slots=True)
class PaperFigure:
    """A kind of figure.

    Attributes:
        summary: One line on what it shows.
        kind: The kind of benchmarks that have it.
        panels: Returns the panels of a benchmark; none without data.
        every_row: Whether all rows count, with all budgets, instead of a choice.
    """

    summary: str
    kind: Literal["task", "stream", "any"]
    panels: Callable[[Subject, Sequence[ResultRow], Style], list[Panel]]
    every_row: bool = False


def figure(
    name: str,
    selection: Selection,
    *,
    benchmarks: Sequence[str] = (),
    models: Sequence[str] = (),
    methods: Sequence[str] = (),
    width: float = 6.3,
    height: float | None = None,
) -> Figure:
    """Draw a figure.

    Args:
        name: One of `PAPER_FIGURES`.
        selection: All rows, which determine the colours.
        benchmarks: Benchmarks, or patterns; empty for all that have the figure. Of a task's
            variants the one with official options is drawn, of several the one with most rows,
            unless one is named.
        models: Models, or patterns; empty for a choice by role. So for methods.
        methods: Methods, or patterns.
        width: Width in inches.
        height: Height in inches; by default that of the panels and the legend.

    Raises:
        UsageError: If a name is unknown, or no record has what the figure shows.
    """
    if name not in PAPER_FIGURES:
        raise UsageError(f"unknown figure '{name}': choose from {', '.join(PAPER_FIGURES)}")
    kind, style = PAPER_FIGURES[name], style_of(selection)
    cut = narrowed(selection, benchmarks=benchmarks, models=models, methods=methods)
    panels: list[Panel] = []
    for subject, title in _subjects(cut, benchmarks, kind.kind):
        rows = [entry for entry, _ in ranked(cut, subject)]
        if not (kind.every_row or models or methods):
            rows = list(choose(rows, one_model=False).rows)
        panels += [
            (f"{title}\n{row}".strip(), draw) for row, draw in kind.panels(subject, rows, style)
        ]
    if not panels:
        raise UsageError(f"no record of these benchmarks and models has what '{name}' shows")
    return _laid_out(panels, width, height)


def paper_style(salt: str = "") -> AbstractContextManager[None]:
    """Apply the style of figures for papers, for drawing or saving."""
    return styled(salt, PAPER_RC)


def _subjects(selection: Selection, names: Sequence[str], kind: str) -> list[tuple[Subject, str]]:
    if any("[" in name for name in names):
        found = [(subject, subject.shown) for subject in selection.subjects]
    else:
        found = [
            (subject, title)
            for heat in heat_tables(selection)
            for subject, title, _ in heat.columns
        ]
    return [(subject, title) for subject, title in found if kind in (subject.kind, "any")]


def _laid_out(panels: Sequence[Panel], width: float, height: float | None) -> Figure:
    columns = max(1, min(len(panels), int(width / PANEL_WIDTH)))
    down = -(-len(panels) // columns)
    with paper_style():
        tall = (ASPECT * width / columns + TEXT_HEIGHT) * down
        made = Figure(figsize=(width, tall), layout="constrained")
        for place, (title, draw) in enumerate(panels):
            axes = made.add_subplot(down, columns, place + 1)
            draw(axes)
            axes.set_title(_wrapped(title, width / columns / TITLE_LETTER_WIDTH))
        _outer_labels(made, columns)
        tall += LEGEND_LINE * legend_below(made, *made.axes)
        made.set_figheight(height or tall)
    return made


def _outer_labels(made: Figure, columns: int) -> None:
    """Keep labels of outer axes only, broken into lines that fit a panel."""
    width = made.get_figwidth() / columns
    for place, axes in enumerate(made.axes):
        outer = place + columns >= len(made.axes)
        x, y = (width - TICK_LABEL_WIDTH, AXIS_SHARE * ASPECT * width)
        axes.set_xlabel(_wrapped(axes.get_xlabel(), x / LABEL_LETTER_WIDTH) if outer else "")
        first = place % columns == 0
        axes.set_ylabel(_wrapped(axes.get_ylabel(), y / LABEL_LETTER_WIDTH) if first else "")


def _wrapped(title: str, letters: float) -> str:
    """Break each line of a text into lines of at most so many letters."""
    return "\n".join(line for part in title.split("\n") for line in wrap(part, int(letters)))


def _score_axis(axes: Axes, label: str = ACCURACY) -> None:
    """Set the y axis to scores from 0 to 1, with ticks of one decimal."""
    score_axis(axes, label)
    axes.set_yticks([0.0, 0.2, 0.4, 0.6, 0.8, 1.0])


def _by_distance(subject: Subject, rows: Sequence[ResultRow], style: Style) -> list[Panel]:
    shown = [entry for entry in rows if entry.ok and len(distances(entry)[0])]

    def draw(axes: Axes) -> None:
        lines(axes, shown, style)
        chance_line(axes, subject.chance)
        where = sorted({float(x) for entry in shown for x in distances(entry)[0]})
        distance_axis(axes, where, labels=4)
        axes.set_xlabel(DISTANCE)
        _score_axis(axes)

    return [("", draw)] if shown else []


def _memory(subject: Subject, rows: Sequence[ResultRow], style: Style) -> list[Panel]:
    found = memory_curve.curves(rows)

    def draw(axes: Axes) -> None:
        memory_curve.panel(axes, subject, found, style, first=True)
        axes.set_xlabel("stored samples and parameters (bytes)")
        _score_axis(axes)

    return [("", draw)] if found else []


def _size(subject: Subject, rows: Sequence[ResultRow], style: Style) -> list[Panel]:
    sweeps = size_sweeps(rows)
    costs = size_curves.varying(sweeps)

    def draw(axes: Axes) -> None:
        size_curves.panel(axes, sweeps, size_curves.single_rows(rows, sweeps), costs[0], style)
        chance_line(axes, subject.chance)
        _score_axis(axes)

    return [("", draw)] if costs else []


def _forgetting(subject: Subject, rows: Sequence[ResultRow], style: Style) -> list[Panel]:
    found: list[Panel] = []
    for entry in rows:
        stack = matrices(entry)
        if stack is not None and stack.shape[1] == stack.shape[2] > 1:

            def draw(axes: Axes, stack: np.ndarray = stack) -> None:
                forgetting_curves.panel(axes, stack)
                chance_line(axes, subject.chance)
                _score_axis(axes)
                axes.set_xlabel("experiences trained on")

            found.append((style.name(entry), draw))
    return found


def _learning(subject: Subject, rows: Sequence[ResultRow], style: Style) -> list[Panel]:
    shown = [entry for entry in rows if learning_summary(entry) is not None]

    def draw(axes: Axes) -> None:
        learning_curves.panel(axes, shown, "examples", style)
        axes.set_xlabel("training examples (sequences)")
        _score_axis(axes, f"validation {ACCURACY}")

    return [("", draw)] if shown else []


def _survival(subject: Subject, rows: Sequence[ResultRow], style: Style) -> list[Panel]:
    shown = [entry for entry in rows if any(lifetimes(record) is not None for record in entry.ok)]

    def draw(axes: Axes) -> None:
        age = "age of a slot (tokens)" if subject.kind == "task" else "age of a slot (samples)"
        draw_survival(axes, shown, style, age)
        for entry in shown:
            axes.plot([], [], color=style.look(entry).colour, label=style.name(entry))
        axes.set_ylabel("share of slots alive")

    return [("", draw)] if shown else []


PAPER_FIGURES: Mapping[str, PaperFigure] = {
    "accuracy-by-distance": PaperFigure(
        "Accuracy against the distance between evidence and query: a panel per task.",
        "task",
        _by_distance,
    ),
    "learning-curves": PaperFigure(
        "Validation accuracy against training examples: a panel per task.", "task", _learning
    ),
    "memory-curve": PaperFigure(
        "Accuracy against total bytes, a line per method: a panel per stream.",
        "stream",
        _memory,
        every_row=True,
    ),
    "size-curves": PaperFigure(
        "Accuracy against bytes of state, a line per model of several sizes: a panel per task.",
        "task",
        _size,
        every_row=True,
    ),
    "forgetting-curves": PaperFigure(
        "Accuracy on each experience during later training: a panel per method.",
        "stream",
        _forgetting,
    ),
    "survival": PaperFigure(
        "Share of memory slots alive at an age (Kaplan and Meier): a panel per benchmark.",
        "any",
        _survival,
    ),
}
"""Figures by name."""
