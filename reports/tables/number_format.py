"""Numbers as text, in the same form in every table, page and terminal."""

import re

from reports.analysis.metric_ranges import UNBOUNDED, Range
from results.statistics.intervals import Interval

NOTHING = "—"
"""Shown where there is no number."""

TOLERANCE = 1e-9
"""Rounding error by which an interval may exceed its limits."""

MINUS = "\N{MINUS SIGN}"


def score(value: float | None) -> str:
    """Return a score with three decimals and a true minus sign."""
    return (
        NOTHING if value is None else f"{value:.3f}".replace("-0.000", "0.000").replace("-", MINUS)
    )


def spread(
    mean: float | None, low: float | None, high: float | None, limits: Range = UNBOUNDED
) -> str:
    """Return a mean with half its interval, ``0.973 ± 0.004``; without an interval, the mean.

    An interval that exceeds the limits is clipped and written as ``0.973 [0.941, 1.000]``.
    """
    if mean is None or low is None or high is None:
        return score(mean)
    if limits[0] - TOLERANCE <= low and high <= limits[1] + TOLERANCE:
        return f"{score(mean)} ± {(high - low) / 2:.3f}"
    return f"{score(mean)} [{score(max(low, limits[0]))}, {score(min(high, limits[1]))}]"


def interval(found: Interval, limits: Range = UNBOUNDED) -> str:
    """Return an interval of one number; see `spread`."""
    mean, low, high = (
        None if value != value else value
        for value in map(float, (found.mean, found.low, found.high))
    )
    return spread(mean, low, high, limits)


def whole(value: int | None) -> str:
    """Return a count with thousands separators: ``51,200``."""
    return NOTHING if value is None else f"{value:,}"


def size(value: int | None) -> str:
    """Return bytes in three digits; k = 1,000."""
    if value is None:
        return NOTHING
    amount = float(value)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 999.5:
            return (
                f"{amount:.0f} {unit}" if unit == "B" or amount >= 99.95 else f"{amount:.1f} {unit}"
            )
        amount /= 1000
    return f"{amount:.1f} TB"


def round_size(value: float) -> str:
    """Return round bytes for an axis, without a decimal that is zero: ``10 kB``."""
    return size(round(value)).replace(".0 ", " ")


def percent(value: float | None) -> str:
    """Return a score from 0 to 1 in percent, with one decimal."""
    return NOTHING if value is None else f"{100 * value:.1f}".replace("-", MINUS)


def budget(options: str) -> str:
    """Return a method's budget in words: ``total_budget=6000000`` is ``6.0 MB in all``."""
    key, _, value = options.partition("=")
    if key not in BUDGET_PHRASES or not value.isdecimal():
        return options
    return f"{size(int(value))} {BUDGET_PHRASES[key]}"


BUDGET_PHRASES = {"total_budget": "in all", "budget": "stored"}
"""Words for what a budget bounds, by the option of the method."""


def seconds(value: float | None) -> str:
    """Return a time in seconds, minutes or hours."""
    if value is None:
        return NOTHING
    if value < 99.95:
        return f"{value:.1f} s"
    if value < 5400:
        return f"{value / 60:.0f} min"
    return f"{value / 3600:.1f} h"


def words(metric: str) -> str:
    """Return a metric's name in words: ``accuracy at 8,192``."""
    parts = [
        f"{int(part):,}" if re.fullmatch(r"[0-9]{1,15}", part) else part
        for part in metric.split("_")
    ]
    return " ".join(parts)


def shortened(value: float) -> str:
    """Return a count for an axis: ``500``, ``20k``, ``1.5M``; k = 1,000."""
    for unit, size in (("M", 1e6), ("k", 1e3)):
        if abs(value) >= size:
            return f"{value / size:g}{unit}"
    return f"{value:g}"
