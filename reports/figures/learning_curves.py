"""Learning curves: validation accuracy against training examples and against CPU time."""

import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from reports.analysis.learning import Against, learning_curve, learning_summary
from reports.analysis.selection import ResultRow
from reports.analysis.subjects import Subject
from reports.figures.plot import Plot, render
from reports.figures.style import MUTED, Style, legend_below, score_axis, styled
from reports.tables import number_format
from results.statistics.learning import THRESHOLD

PANELS: tuple[tuple[Against, str], ...] = (
    ("examples", "training examples"),
    ("cpu_seconds", "training, CPU seconds"),
)
"""Quantity and label of each panel."""

MAX_EXAMPLE_TICKS = 5
"""Largest number of labels on an axis, without that of the untrained model."""


def draw(subject: Subject, entries: tuple[ResultRow, ...], style: Style, name: str) -> Plot | None:
    """Draw one line per row in each panel; None without validations during training."""
    shown = [entry for entry in entries if learning_summary(entry) is not None]
    if not shown:
        return None
    with styled():
        figure = Figure(figsize=(7.6, 3.8), layout="constrained")
        for axes, (against, label) in zip(figure.subplots(1, 2, sharey=True), PANELS, strict=True):
            panel(axes, shown, against, style)
            axes.set_xlabel(label)
            axes.axhline(THRESHOLD, color=MUTED, linewidth=0.8, linestyle=":")
        score_axis(figure.axes[0], "validation accuracy")
        legend_below(figure, figure.axes[0])
    return render(
        figure,
        name=name,
        title=f"{subject.shown}: learning curves",
        caption="Accuracy on fresh sequences of the training length, mean over seeds; a seed whose "
        "training has ended counts with its last accuracy. Dotted: 0.9. Both axes begin with the "
        "untrained model, and are logarithmic from the first validation on.",
        description="Line charts of validation accuracy against training examples and CPU seconds. "
        f"{'; '.join(_sentence(entry, style) for entry in shown)}.",
    )


def panel(axes: Axes, entries: Sequence[ResultRow], against: Against, style: Style) -> None:
    """Draw one line per row against examples or CPU seconds."""
    curves = [(entry, *curve) for entry in entries if (curve := learning_curve(entry, against))]
    smallest = min((float(x[x > 0][0]) for _, x, _ in curves if (x > 0).any()), default=1.0)
    for entry, x, y in curves:
        look = style.look(entry)
        axes.plot(
            x,
            y,
            color=look.colour,
            marker=look.marker,
            markevery=0.12,
            linestyle=style.line(entry),
            label=style.name(entry),
        )
    largest = max(float(x[-1]) for _, x, _ in curves)
    axes.set_xscale("symlog", linthresh=smallest, linscale=0.3)
    axes.set_xlim(left=0.0)
    axes.xaxis.set_major_locator(FixedLocator([0.0, *_ticks(smallest, largest)]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: number_format.shortened(value)))


def _ticks(smallest: float, largest: float) -> list[float]:
    """Return the numbers of the series 1, 3, 10 in a range, thinned to what fits."""
    powers = range(
        math.floor(math.log10(smallest)), math.ceil(math.log10(max(largest, smallest))) + 1
    )
    series = [float(f"{digit}e{power}") for power in powers for digit in (1, 3)]
    inside = [one for one in series if smallest <= one <= largest]
    return inside[:: -(-len(inside) // MAX_EXAMPLE_TICKS) or 1]


def _sentence(entry: ResultRow, style: Style) -> str:
    measured = learning_summary(entry)
    assert measured is not None
    ends = f"{style.name(entry)} goes from {number_format.score(measured.initial_accuracy)} to "
    return ends + number_format.score(measured.final_accuracy)
