"""Two models side by side: the difference on every benchmark with its interval, each seed a dot, and who is likely to win."""

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports.comparison import Contest, SideBySide
from reports.figures.plot import Plot, render
from reports.figures.style import INK, MUTED, looks, styled
from reports.quantities import score
from results.bootstrap import Estimate

LEFT, RIGHT = "#0072B2", "#D55E00"
"""Colours of the two sides where they are not two models, which bear their own."""


def draw(found: SideBySide, name: str) -> Plot:
    """Draw a line per contest: differences left, probabilities of improvement right."""
    count = len(found.contests)
    colours = _colours(found)
    with styled():
        figure = Figure(figsize=(7.2, 1.35 + 0.36 * count), layout="constrained")
        differences, chances = figure.subplots(1, 2, sharey=True, width_ratios=(3, 2))
        for place, contest in enumerate(found.contests):
            _difference(differences, place, contest, colours)
            _marked(chances, place, contest.paired.improvement, contest, colours, neutral=0.5)
        differences.set_yticks(range(count), [_shortened(contest.name) for contest in found.contests])
        differences.set_ylim(count - 0.5, -0.5)
        reach = 1.05 * max(0.05, *(float(np.max(np.abs(line.get_xdata()))) for line in differences.lines if len(line.get_xdata())))
        differences.set_xlim(-reach, reach)
        differences.axvline(0.0, color=MUTED, linewidth=1.0, zorder=1)
        differences.set_xlabel("difference of scores")
        chances.axvline(0.5, color=MUTED, linewidth=1.0, zorder=1)
        chances.set_xlim(-0.03, 1.03)
        chances.set_xticks([0.0, 0.5, 1.0])
        chances.set_xlabel("probability of improvement")
        for axes in (differences, chances):
            axes.grid(visible=False, axis="y")
            axes.tick_params(left=False)
        sides = f"← {_shortened(found.right)} better    {_shortened(found.left)} better →"
        differences.set_title(sides, loc="center", fontsize=8.5, fontweight="normal")
    return render(
        figure,
        name=name,
        title=f"{found.left} and {found.right}",
        caption="Left: mean difference over common seeds with its 95% bootstrap interval, each seed a small dot. Right: how likely a run "
        "of one beats a run of the other. A full marker: significant (Wilcoxon, Holm-corrected).",
        description=f"Dot chart of paired differences. {'; '.join(_words(contest) for contest in found.contests)}.",
    )


def _difference(axes: Axes, place: int, contest: Contest, colours: tuple[str, str]) -> None:
    seeds = contest.scores[0] - contest.scores[1]
    seeds = seeds[np.isfinite(seeds)]
    axes.plot(seeds, np.full(len(seeds), place + 0.25), linestyle="", marker=".", markersize=4, color=MUTED, markeredgewidth=0, alpha=0.8)
    _marked(axes, place, contest.paired.difference, contest, colours, neutral=0.0)


def _marked(axes: Axes, place: int, found: Estimate, contest: Contest, colours: tuple[str, str], neutral: float) -> None:
    """Draw an interval and its middle, in the colour of whom it speaks for."""
    if not math.isfinite(found.value):
        return
    colour = INK if found.value == neutral else colours[0] if found.value > neutral else colours[1]
    if math.isfinite(found.low):
        axes.plot([found.low, found.high], [place, place], color=colour, linewidth=1.8, solid_capstyle="butt")
    face = colour if contest.winner else "white"
    marker = "o" if found.value >= neutral else "D"
    axes.plot([found.value], [place], marker=marker, color=colour, markerfacecolor=face, markeredgecolor=colour, markeredgewidth=1.4)


def _colours(found: SideBySide) -> tuple[str, str]:
    """Give each side the colour of its model, where there is one on each side and they differ."""
    left, right = ({getattr(contest, side).model for contest in found.contests} for side in ("left", "right"))
    if len(left) == len(right) == 1 and left != right:
        given = looks(left | right)
        return given[left.pop()].colour, given[right.pop()].colour
    return LEFT, RIGHT


def _words(contest: Contest) -> str:
    estimate = contest.paired.difference
    difference = None if not math.isfinite(estimate.value) else estimate.value
    return f"{contest.name}: difference {score(difference)}{', significant' if contest.winner else ''}"


def _shortened(name: str) -> str:
    return name if len(name) <= 40 else f"{name[:39]}…"
