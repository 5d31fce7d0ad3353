"""Thinning of curves to a logarithmic grid, so that records stay small."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

MAX_POINTS = 200
"""Most points of a curve in a record."""

DECIMALS = 9
"""Decimals of the numbers of a survival curve."""


def log_grid(positions: Sequence[float], max_points: int = MAX_POINTS) -> list[int]:
    """Choose at most ``max_points`` positions, spaced evenly on a logarithmic scale.

    Args:
        positions: Increasing numbers, ``[n]``.
        max_points: At least three.

    Returns:
        Increasing indices. The first and the last position are always chosen.
    """
    if len(positions) <= max_points:
        return list(range(len(positions)))
    offsets = [position - positions[0] for position in positions]
    ratio = (offsets[-1] / offsets[1]) ** (1 / (max_points - 2))
    grid = (offsets[1] * ratio**step * (1 + 1e-12) for step in range(max_points - 2))
    # The last position at or before each point of the grid; neighbours can coincide.
    places = {bisect_right(offsets, point) - 1 for point in grid}
    return sorted(places | {0, len(offsets) - 1})


def restricted_mean(time: Sequence[float], share: Sequence[float]) -> float:
    """Return the mean lifetime restricted to the last observed time, ``∫ S(t) dt`` (Irwin 1949).

    The unrestricted mean is not identified with censoring.

    Args:
        time: Times in tokens, increasing from 0, ``[n]``.
        share: Share alive from each time on, ``[n]``.
    """
    steps = zip(pairwise(time), share, strict=False)
    return float(sum((end - start) * alive for (start, end), alive in steps))


def thin_survival(curve: Mapping[str, Any], max_points: int = MAX_POINTS) -> dict[str, Any]:
    """Thin a survival curve to a logarithmic grid of times.

    The step function is exact at the points that remain. ``mean`` preserves the restricted mean of
    the full curve.

    Args:
        curve: Columns ``time`` and ``survival``, and ``low`` and ``high`` if known.
        max_points: Most points that remain, at least three.

    Returns:
        The columns, rounded to nine decimals, and ``mean`` (None for an empty curve).
    """
    time = curve["time"]
    chosen = log_grid(time, max_points)
    thin: dict[str, Any] = {
        name: [round(float(column[place]), DECIMALS) for place in chosen]
        for name, column in curve.items()
        if name != "mean"
    }
    mean = curve.get("mean")
    if mean is None and len(time):
        mean = restricted_mean(time, curve["survival"])
    return thin | {"mean": mean}
