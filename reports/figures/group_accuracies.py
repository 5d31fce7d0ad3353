"""Accuracy by distance of query groups, such as single hops: a panel per group."""

import numpy as np
from matplotlib.figure import Figure

from reports.analysis.curves import Array, distances
from reports.analysis.selection import ResultRow
from reports.analysis.subjects import Subject
from reports.analysis.summary import finite
from reports.figures.accuracy_by_distance import distance_axis
from reports.figures.plot import Plot, render
from reports.figures.style import Style, legend_below, line_with_band, score_axis, styled
from reports.tables.number_format import score, words
from reports.tables.tables import groups
from results.statistics.intervals import mean_interval

MAX_GROUPS = 4
"""Maximum number of groups in a figure."""


def draw(subject: Subject, entries: tuple[ResultRow, ...], style: Style, name: str) -> Plot | None:
    """Draw one line per row in the panel of each group; None without groups."""
    found = {group: _lines(entries, group) for group in groups(entries)[:MAX_GROUPS]}
    found = {group: lines for group, lines in found.items() if lines}
    if not found:
        return None
    sentences = []
    with styled():
        figure = Figure(figsize=(6.4, 0.6 + 3.0 * len(found)), layout="constrained")
        for axes, (group, lines) in zip(
            np.ravel(figure.subplots(len(found), 1, sharex=True, squeeze=False)),
            found.items(),
            strict=True,
        ):
            for entry, x, y in lines:
                interval = mean_interval(y)
                line_with_band(axes, entry, x, interval, style, style.name(entry))
                sentences.append(
                    f"{words(group)}, {style.name(entry)}: {score(finite(interval.mean[0]))} "
                    f"to {score(finite(interval.mean[-1]))}"
                )
            axes.set_title(words(group))
            distance_axis(axes, sorted({float(distance) for _, x, _ in lines for distance in x}))
            score_axis(axes)
        for axes in figure.axes[:-1]:
            axes.set_xlabel("")
        legend_below(figure, figure.axes[0])
    return render(
        figure,
        name=name,
        title=f"{subject.shown}: query groups",
        caption="Line: mean over seeds; band: its 95% interval. These queries are additional to "
        "the task's own and do not count in its score.",
        description="Line charts of accuracy against distance, by query group. "
        f"{'; '.join(sentences)}.",
    )


def _lines(entries: tuple[ResultRow, ...], group: str) -> list[tuple[ResultRow, Array, Array]]:
    found = [
        (entry, *distances(entry, f"accuracy_by_distance_{group}")) for entry in entries if entry.ok
    ]
    return [(entry, x, y) for entry, x, y in found if len(x)]
