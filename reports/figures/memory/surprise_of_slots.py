"""Writes and evictions of a stream's memory, and the surprise by which it chooses."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports.analysis.memory_trace import TraceTable, edges, sleeps
from reports.figures.plot import Plot, render
from reports.figures.style import styled

WRITTEN, DREAMT, EVICTED, LOWERED = "#0072B2", "#009E73", "#D55E00", "#E69F00"
MAX_CLASS_TICKS = 12
"""Maximum number of experiences with a tick each."""


def draw(table: TraceTable) -> Plot | None:
    """Draw writes, evictions and surprise per experience; None without writes."""
    found = edges(table)
    if found.empty:
        return None
    place = np.arange(1, len(sleeps(table)) + 1)
    counts = {
        "written": _counts(found[found["event"] == "place"], place),
        "evicted": _counts(found[(found["event"] == "evict") & ~found["lowered"]], place),
        "evicted, easier in a sleep": _counts(
            found[(found["event"] == "evict") & found["lowered"]], place
        ),
    }
    with styled():
        figure = Figure(figsize=(6.4, 5.6), layout="constrained")
        above, below = figure.subplots(2, 1, sharex=True)
        _bars(above, place, counts)
        _medians(below, found, place)
        below.set_xlabel("experience")
        if len(place) <= MAX_CLASS_TICKS:
            below.set_xticks(place)
        totals = ", ".join(f"{int(values.sum()):,} {name}" for name, values in counts.items())
        return render(
            figure,
            name="memory-surprise",
            title="What surprise stores",
            caption="Above: samples that got a slot in each experience, and samples that lost "
            "theirs; of these, those that a sleep had found easier than at first are a part "
            "of their own. Below: surprise, 128 if a class scores as much as the best other one, "
            "more if it scores less: median and quartiles of the samples stored, of all slots "
            "after the sleep, and of the samples evicted. Look for slots that a sleep finds "
            "easier: the statistics have learned them, and they are given up first.",
            description=f"In {len(place)} experiences: {totals}.",
        )


def _counts(rows: pd.DataFrame, place: "np.ndarray") -> "np.ndarray":
    return np.bincount(rows["sleep"].to_numpy(), minlength=len(place)).astype(float)


def _bars(axes: Axes, place: "np.ndarray", counts: dict[str, "np.ndarray"]) -> None:
    written, evicted, lowered = counts.values()
    names = list(counts)
    axes.bar(place - 0.2, written, width=0.38, color=WRITTEN, alpha=0.8, label=names[0])
    axes.bar(place + 0.2, evicted, width=0.38, color=EVICTED, alpha=0.8, label=names[1])
    axes.bar(
        place + 0.2, lowered, bottom=evicted, width=0.38, color=LOWERED, alpha=0.8, label=names[2]
    )
    axes.set_ylabel("samples")
    _legend(axes)


def _medians(axes: Axes, found: pd.DataFrame, place: "np.ndarray") -> None:
    for offset, (event, colour, name) in enumerate(
        (
            ("place", WRITTEN, "written"),
            ("dream", DREAMT, "all slots, after the sleep"),
            ("evict", EVICTED, "evicted"),
        )
    ):
        rows = found[found["event"] == event].groupby("sleep")["weight"]
        if len(rows) == 0:
            continue
        low, middle, high = (rows.quantile(share) for share in (0.25, 0.5, 0.75))
        axes.errorbar(
            place[middle.index] + 0.2 * (offset - 1), middle, yerr=[middle - low, high - middle],
            color=colour, label=name, marker="o", markersize=4, linewidth=0, elinewidth=1.4,
        )  # fmt: skip
    axes.set_ylabel("surprise")
    _legend(axes)


def _legend(axes: Axes) -> None:
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3)
