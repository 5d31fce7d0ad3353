"""Performance profiles: the share of runs that score above each threshold.

Further right and up is better.
"""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports.analysis.pairing import paired_scores
from reports.analysis.rng import generator
from reports.analysis.selection import ResultRow
from reports.analysis.subjects import Subject
from reports.figures.plot import Plot, render
from reports.figures.step_curves import corners
from reports.figures.style import MUTED, Style, legend_below, styled
from reports.tables.number_format import score, words
from results.statistics.profiles import performance_profile

THRESHOLDS = np.linspace(0.0, 1.0, 201)

MIN_RUNS = 3
"""Minimum number of runs of any row; below it, a profile adds nothing to the scores."""


def draw(subject: Subject, entries: tuple[ResultRow, ...], style: Style, name: str) -> Plot | None:
    """Draw a benchmark's profiles, one line per row; None if no row has three runs."""
    scores = paired_scores(entries, subject.primary)
    rows = [(entry, [runs[np.isfinite(runs)]]) for entry, runs in zip(entries, scores, strict=True)]
    if max((len(runs) for _, [runs] in rows), default=0) < MIN_RUNS:
        return None
    return draw_rows(
        rows,
        style,
        name,
        title=f"{subject.shown}: performance profiles",
        score=words(subject.primary),
        chance=subject.chance,
    )


def draw_rows(
    rows: Sequence[tuple[ResultRow, Sequence[np.ndarray]]],
    style: Style,
    name: str,
    *,
    title: str,
    score: str,
    chance: float | None,
) -> Plot:
    """Draw one profile per row.

    Args:
        rows: Scores of each row, by benchmark; the entry gives model and method.
        style: The style of the whole report.
        name: The figure's name.
        title: The figure's title.
        score: Name of the scores.
        chance: Chance level, if there is a single one.
    """
    sentences = []
    with styled():
        figure = Figure(figsize=(6.4, 4.2), layout="constrained")
        axes = figure.add_subplot()
        for entry, strata in rows:
            if sum(len(runs) for runs in strata):
                sentences.append(_line(axes, entry, strata, style, name))
        if chance is not None:
            axes.axvline(
                chance,
                color=MUTED,
                linewidth=1.0,
                linestyle=(0.0, (2.0, 2.0)),
                label="chance",
                zorder=1,
            )
        axes.set(xlim=(-0.02, 1.02), ylim=(-0.03, 1.03), yticks=[0.0, 0.25, 0.5, 0.75, 1.0])
        axes.set_xlabel(f"threshold of {score}")
        axes.set_ylabel("share of runs")
        legend_below(figure, axes)
    return render(
        figure,
        name=name,
        title=title,
        caption="Share of runs with a score above a threshold; band: its pointwise 95% bootstrap "
        "interval, seeds resampled within benchmarks. A line that drops late is good; one that "
        "drops slowly has runs that differ.",
        description=f"Performance profiles, as falling lines. {'; '.join(sentences)}.",
    )


def _line(
    axes: Axes, entry: ResultRow, strata: Sequence[np.ndarray], style: Style, name: str
) -> str:
    found = performance_profile(
        strata, THRESHOLDS, generator=generator("profile", name, style.name(entry))
    )
    look = style.look(entry)
    band = corners(found.low, found.high)
    axes.fill_between(
        found.thresholds[band],
        found.low[band],
        found.high[band],
        color=look.colour,
        alpha=0.13,
        linewidth=0,
        step="post",
    )
    last = int(np.flatnonzero(found.share > 0).max(initial=0)) + 2  # zero from here on
    line = corners(found.share[:last])
    axes.step(
        found.thresholds[line],
        found.share[line],
        where="post",
        color=look.colour,
        linestyle=style.line(entry),
        linewidth=1.7,
    )
    # Markers only where the line falls, for greyscale: the step's own would be at every threshold.
    falls = np.flatnonzero(np.diff(found.share, append=0.0) < 0)
    shown = falls[:: max(1, len(falls) // 4)] if len(falls) else np.array([0])
    axes.plot(
        found.thresholds[shown],
        found.share[shown],
        linestyle="",
        marker=look.marker,
        color=look.colour,
    )
    axes.plot(
        [],
        [],
        color=look.colour,
        linestyle=style.line(entry),
        marker=look.marker,
        label=style.name(entry),
    )
    half = found.thresholds[np.flatnonzero(found.share >= 0.5)]
    median = score(float(half[-1]) if len(half) else 0.0)
    return f"half of the runs of {style.name(entry)} are above {median}"
