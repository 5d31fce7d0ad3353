"""The range of each metric, to which intervals are clipped when they are shown."""

import math
import re

Range = tuple[float, float]

UNBOUNDED: Range = (-math.inf, math.inf)

DIFFERENCES: Range = (-1.0, 1.0)
"""Range of a difference of two accuracies."""

SIGNED_METRICS = frozenset({"bwt", "fwt", "forgetting", "probe_forgetting", "stability_gap"})
"""Metrics that are differences of accuracies."""


def metric_range(metric: str) -> Range:
    """Return the smallest and the largest value of a metric; infinite if they are not known."""
    if metric in SIGNED_METRICS:
        return DIFFERENCES
    if metric == "aaa" or re.search(r"(^|_)accuracy(_at_[0-9]+)?$", metric):
        return (0.0, 1.0)
    return UNBOUNDED


def difference_range(metric: str) -> Range:
    """Return the range of differences of a metric."""
    low, high = metric_range(metric)
    return (low - high, high - low)
