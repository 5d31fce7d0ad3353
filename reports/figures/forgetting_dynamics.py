"""What slots keep of more items than they can hold: hits against policies, and what is replaced.

The curves ``memory_over_time`` and ``survival_…`` of a record, which `worth-remembering` has.
"""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports.analysis.curves import Array, numbers
from reports.analysis.selection import ResultRow
from reports.analysis.subjects import Subject
from reports.figures.plot import Plot, render
from reports.figures.style import MUTED, Style, legend_below, styled
from reports.tables import number_format

DRAWN_COLUMNS = (
    (1, "hit rate"),
    (2, "write rate"),
    (3, "reuse of slots"),
    (4, "read entropy (nats)"),
    (6, "retention at eviction"),
)
"""Columns of ``memory_over_time``, and the titles of their panels."""

ROW_LENGTH = 7
"""Columns of ``memory_over_time``."""

POLICY_TITLES = {
    "hit_rate_optimal": "Bélády",
    "hit_rate_lru_roles": "LRU, roles known",
    "hit_rate_lru_filtered": "LRU, filtered",
    "hit_rate_lru": "LRU",
    "hit_rate_lfu": "LFU",
}
"""Policies with a line of their own, by their metrics; FIFO and random are close to LRU."""


def draw(subject: Subject, entries: tuple[ResultRow, ...], style: Style, name: str) -> Plot | None:
    """Draw rows whose records follow slots over a stream; None without any."""
    shown = [entry for entry in entries if _over_time(entry) is not None]
    if not shown:
        return None
    with styled():
        figure = Figure(figsize=(8.4, 5.0), layout="constrained")
        panels = figure.subplots(2, 3).flat
        for axes, (column, title) in zip(panels, DRAWN_COLUMNS, strict=False):
            for entry in shown:
                _line(axes, entry, column, style)
            axes.set_title(title)
            axes.set_xlabel("tokens")
        _policies(figure.axes[0], shown)
        _survival(figure.axes[-1], shown, style)
        legend_below(figure, figure.axes[1])
    return render(
        figure,
        name=name,
        title=f"{subject.shown}: what slots keep",
        caption="Means over seeds. Hit rate: queries whose answer can be read from one slot; "
        "dotted, the mean hit rate of policies with as many slots. Reuse: writes to an occupied "
        "slot. Survival: estimate (Kaplan and Meier 1958) of the share of items that can still be "
        "read, useful ones solid, useless ones dashed.",
        description="Line charts of slots over a stream, and survival of items. "
        f"{'; '.join(_sentence(entry, style) for entry in shown)}.",
    )


def _over_time(entry: ResultRow) -> Array | None:
    """Return the mean of ``memory_over_time`` over seeds, ``[blocks, columns]``, or None."""
    curves = _curves(entry, "memory_over_time", ROW_LENGTH)
    if not curves or not np.isfinite(curves[0][:, DRAWN_COLUMNS[1][0]]).any():
        return None
    common = np.stack([curve for curve in curves if curve.shape == curves[0].shape])
    known = np.isfinite(common)
    total = np.where(known, common, 0.0).sum(0)
    return np.where(known.any(0), total / np.maximum(known.sum(0), 1), np.nan)


def _curves(entry: ResultRow, name: str, width: int) -> list[Array]:
    """Return a curve of each seed, ``[points, width]``; one that has other rows is left out."""
    found = []
    for record in entry.ok:
        rows = record.curves.get(name)
        read = [numbers(row) for row in rows] if isinstance(rows, list) else []
        points = [row for row in read if row is not None and len(row) == width]
        if points and len(points) == len(read):
            found.append(np.stack(points))
    return found


def _line(axes: Axes, entry: ResultRow, column: int, style: Style) -> None:
    curve = _over_time(entry)
    assert curve is not None
    axes.plot(
        curve[:, 0], curve[:, column], color=style.look(entry).colour, linewidth=1.4,
        linestyle=style.line(entry), label=style.name(entry),
    )  # fmt: skip


def _policies(axes: Axes, shown: Sequence[ResultRow]) -> None:
    axes.set_ylim(0, 1.05)
    for metric, title in POLICY_TITLES.items():
        rates = [
            rate
            for entry in shown
            for record in entry.ok
            if (rate := record.metrics.get(metric)) is not None
        ]
        if rates:
            mean = float(np.mean(rates))
            axes.axhline(mean, color=MUTED, linewidth=0.9, linestyle=":")
            axes.annotate(
                title, (1.0, mean), xycoords=("axes fraction", "data"), ha="right", va="bottom",
                fontsize=7, color=MUTED,
            )  # fmt: skip


def _survival(axes: Axes, shown: Sequence[ResultRow], style: Style) -> None:
    axes.set_title("survival of items")
    axes.set_xlabel("tokens since the item was shown")
    axes.set_ylim(-0.03, 1.05)
    for entry in shown:
        for group, dashes in (("useful", "-"), ("useless", "--")):
            curves = _curves(entry, f"survival_{group}", 4)
            if not curves:
                continue
            time = np.unique(np.concatenate([curve[:, 0] for curve in curves]))
            shares = [
                curve[np.searchsorted(curve[:, 0], time, side="right") - 1, 1] for curve in curves
            ]
            axes.step(
                time, np.mean(shares, axis=0), where="post", color=style.look(entry).colour,
                linestyle=dashes, linewidth=1.4,
            )  # fmt: skip


def _sentence(entry: ResultRow, style: Style) -> str:
    found = [rate for one in entry.ok if (rate := one.metrics.get("hit_rate")) is not None]
    if not found:
        return f"{style.name(entry)} has no hit rate"
    return f"{style.name(entry)} has a hit rate of {number_format.score(float(np.mean(found)))}"
