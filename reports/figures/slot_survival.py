"""Survival of slots: Kaplan–Meier curves, averaged over seeds, with censoring marked."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullLocator

from reports.analysis.curves import Array, lifetime_band, lifetimes, mean_lifetime
from reports.analysis.selection import ResultRow
from reports.figures.step_curves import corners
from reports.figures.style import Style
from reports.tables.number_format import shortened
from results.statistics.intervals import mean_interval

MAX_AVERAGED_TIMES = 400
"""Maximum number of times at which curves of several seeds are averaged."""


def draw_survival(axes: Axes, entries: Sequence[ResultRow], style: Style, xlabel: str) -> None:
    """Draw each row's curve as steps.

    The band is the interval over seeds, or for one seed the band of its slots. A cross ends the
    curve of a row with slots that were alive when last observed (censored).
    """
    for entry in entries:
        curves = [curve for record in entry.ok if (curve := lifetimes(record)) is not None]
        if curves:
            _curve(axes, entry, curves, style)
    axes.set_title("survival of slots", fontsize=9)
    axes.set_xscale("symlog", linthresh=1.0)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: shortened(value)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlim(left=0)
    axes.set_ylim(-0.03, 1.05)
    axes.set_yticks([0.0, 0.5, 1.0])
    axes.set_xlabel(xlabel)
    axes.set_ylabel("share alive")


def _curve(
    axes: Axes, entry: ResultRow, curves: Sequence[tuple[Array, Array]], style: Style
) -> None:
    """Draw the mean curve of a row with its band; a cross ends a curve of slots that are alive."""
    look, time = style.look(entry), _grid(curves)
    interval = mean_interval(np.array([at(time, *curve) for curve in curves]))
    low, high = interval.low, interval.high
    if len(curves) == 1 and (band := lifetime_band(entry)) is not None:
        low, high = (at(time, curves[0][0], end) for end in band)
    drawn = corners(interval.mean, low, high)
    axes.fill_between(
        time[drawn],
        np.clip(low, 0, 1)[drawn],
        np.clip(high, 0, 1)[drawn],
        step="post",
        color=look.colour,
        alpha=0.15,
        linewidth=0,
    )
    axes.step(
        time[drawn],
        interval.mean[drawn],
        where="post",
        color=look.colour,
        linestyle=style.line(entry),
        linewidth=1.7,
    )
    if interval.mean[-1] > 0:
        axes.plot(
            time[-1:],
            interval.mean[-1:],
            linestyle="",
            marker="+",
            markersize=9,
            markeredgewidth=1.8,
            markeredgecolor=look.colour,
        )


def mean_lifetimes(entry: ResultRow) -> list[float]:
    """Return the restricted mean lifetime of each seed's slots.

    It is the mean time that they live while observed.
    """
    return [mean for record in entry.ok if (mean := mean_lifetime(record)) is not None]


def at(time: Array, times: Array, shares: Array) -> Array:
    """Return a step curve at given times; NaN after its end."""
    place = np.searchsorted(times, time, side="right") - 1
    return np.where((place >= 0) & (time <= times[-1]), shares[np.maximum(place, 0)], np.nan)


def _grid(curves: Sequence[tuple[Array, Array]]) -> Array:
    """Return the times at which to average.

    They are all steps of the curves up to the earliest end, thinned evenly if there are many.
    """
    until = min(float(time[-1]) for time, _ in curves)
    times = np.unique(np.concatenate([time[time <= until] for time, _ in curves]))
    return (
        times[np.unique(np.linspace(0, len(times) - 1, MAX_AVERAGED_TIMES).astype(int))]
        if len(times) > MAX_AVERAGED_TIMES
        else times
    )
