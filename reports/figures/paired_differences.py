"""Paired differences with their intervals, seeds as dots, and probabilities of improvement."""

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports.analysis.best import above_chance
from reports.analysis.comparison import PairwiseReport, RowComparison, against_best
from reports.analysis.selection import ResultRow
from reports.analysis.subjects import Subject
from reports.figures.palette import looks
from reports.figures.plot import Plot, render
from reports.figures.style import INK, MUTED, Style, styled
from reports.tables.number_format import score
from reports.tables.row_titles import comparison_title
from results.statistics.bootstrap import Estimate

LEFT_COLOUR, RIGHT_COLOUR = "#0072B2", "#D55E00"
"""Colours of the two sides unless they are two models, which have their own."""

DIFFERENCES_CAPTION = (
    "Left: mean difference over common seeds with its 95% bootstrap interval; small dots: seeds. "
    "Right: probability that a run of one beats a run of the other. "
    "Filled marker: significant (paired t-test from 5 common seeds on, Holm-corrected)."
)

MAX_LABEL, MAX_SIDE = 40, 14
"""Maximum length of a row's label, and of a name on one side of zero."""

Colours = Sequence[tuple[str, str]]


def draw(found: PairwiseReport, name: str) -> Plot:
    """Draw the comparison of two models, or two stores: one line per benchmark."""
    labels = [comparison_title(comparison) for comparison in found.comparisons]
    sides = (found.right, found.left)
    return render(
        _figure(found.comparisons, labels, [_colours(found)] * len(labels), sides),
        name=name,
        title=f"{found.left} and {found.right}",
        caption=DIFFERENCES_CAPTION,
        description=f"Dot chart of paired differences. {_description(found.comparisons, labels)}.",
    )


def draw_best(
    subject: Subject, entries: tuple[ResultRow, ...], style: Style, name: str
) -> Plot | None:
    """Draw a benchmark's best row, of those that compete, against each other row.

    Returns None if no pair has two common seeds, or the row is not above chance level.
    """
    rows = sorted((entry for entry in entries if entry.ok), key=_is_apart)
    comparisons = against_best(rows) if rows else ()
    if not any(comparison.paired.count > 1 for comparison in comparisons):
        return None
    best = comparisons[0].left
    if not above_chance(best):
        return None
    labels = [style.name(comparison.right) for comparison in comparisons]
    own = style.look(best).colour
    colours = [
        (own, other if (other := style.look(comparison.right).colour) != own else RIGHT_COLOUR)
        for comparison in comparisons
    ]
    return render(
        _figure(comparisons, labels, colours, ("other", style.name(best))),
        name=name,
        title=f"{subject.shown}: {style.name(best)} against the others",
        caption=DIFFERENCES_CAPTION,
        description=f"Dot chart of the differences between {style.name(best)} and each other row. "
        f"{_description(comparisons, labels)}.",
    )


def _is_apart(entry: ResultRow) -> bool:
    return not entry.competes


def _figure(
    comparisons: Sequence[RowComparison],
    labels: Sequence[str],
    colours: Colours,
    sides: tuple[str, str],
) -> Figure:
    """Draw one line per comparison: differences left, probabilities of improvement right."""
    count = len(comparisons)
    with styled():
        figure = Figure(figsize=(7.2, 1.35 + 0.36 * count), layout="constrained")
        differences, chances = figure.subplots(1, 2, sharey=True, width_ratios=(3, 2))
        for place, (comparison, pair) in enumerate(zip(comparisons, colours, strict=True)):
            seeds = comparison.scores[0] - comparison.scores[1]
            seeds = seeds[np.isfinite(seeds)]
            differences.scatter(
                seeds, np.full(len(seeds), place + 0.27), s=5, color=MUTED, alpha=0.8, linewidths=0
            )
            _draw_estimate(
                differences, place, comparison.paired.difference, comparison, pair, neutral=0.0
            )
            _draw_estimate(
                chances, place, comparison.paired.improvement, comparison, pair, neutral=0.5
            )
        differences.set_yticks(range(count), [_shortened(label) for label in labels])
        differences.set_ylim(count - 0.5, -0.5)
        span = _span(comparisons)
        differences.set_xlim(-span, span)
        differences.set_xlabel("difference of scores")
        _name_sides(differences, *sides)
        chances.set(xlim=(-0.03, 1.03), xticks=[0.0, 0.5, 1.0])
        chances.set_xlabel("probability of improvement")
        for axes, neutral in ((differences, 0.0), (chances, 0.5)):
            axes.axvline(neutral, color=MUTED, linewidth=1.0, zorder=1)
            axes.grid(visible=False, axis="y")
            axes.tick_params(left=False)
    return figure


def _name_sides(axes: Axes, left: str, right: str) -> None:
    """Write which side is better on either side of zero."""
    texts = (
        (f"← {_shortened(left, MAX_SIDE)} better", "right", -6),
        (f"{_shortened(right, MAX_SIDE)} better →", "left", 6),
    )
    for text, alignment, offset in texts:
        axes.annotate(
            text,
            (0.0, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(offset, 4),
            textcoords="offset points",
            ha=alignment,
            va="bottom",
            fontsize=8,
        )


def _span(comparisons: Sequence[RowComparison]) -> float:
    """Return the half-width of the axis of differences, which is symmetric around zero."""
    drawn = [
        value
        for comparison in comparisons
        for value in (comparison.paired.difference.low, comparison.paired.difference.high)
    ]
    drawn += [
        float(value)
        for comparison in comparisons
        for value in comparison.scores[0] - comparison.scores[1]
    ]
    return 1.1 * max([0.05, *(abs(value) for value in drawn if math.isfinite(value))])


def _draw_estimate(
    axes: Axes,
    place: int,
    found: Estimate,
    comparison: RowComparison,
    colours: tuple[str, str],
    neutral: float,
) -> None:
    """Draw an estimate with its interval, in the colour of the better side."""
    if not math.isfinite(found.value):
        return
    colour = INK if found.value == neutral else colours[0] if found.value > neutral else colours[1]
    if math.isfinite(found.low):
        axes.plot(
            [found.low, found.high],
            [place, place],
            color=colour,
            linewidth=1.8,
            solid_capstyle="butt",
        )
    face = colour if comparison.winner else "white"
    marker = "o" if found.value >= neutral else "D"
    axes.plot(
        [found.value],
        [place],
        marker=marker,
        color=colour,
        markerfacecolor=face,
        markeredgecolor=colour,
        markeredgewidth=1.4,
    )


def _colours(found: PairwiseReport) -> tuple[str, str]:
    """Return the models' colours if each side has one model, else the sides' colours."""
    left, right = (
        {comparison.left.model for comparison in found.comparisons},
        {comparison.right.model for comparison in found.comparisons},
    )
    if len(left) == len(right) == 1 and left != right:
        given = looks(left | right)
        return given[left.pop()].colour, given[right.pop()].colour
    return LEFT_COLOUR, RIGHT_COLOUR


def _description(comparisons: Sequence[RowComparison], labels: Sequence[str]) -> str:
    found = []
    for comparison, label in zip(comparisons, labels, strict=True):
        value = comparison.paired.difference.value
        written = score(value if math.isfinite(value) else None)
        found.append(f"{label}: difference {written}{', significant' if comparison.winner else ''}")
    return "; ".join(found)


def _shortened(name: str, longest: int = MAX_LABEL) -> str:
    return name if len(name) <= longest else f"{name[: longest - 1]}…"
