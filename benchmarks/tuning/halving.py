"""Successive halving over a grid (Jamieson & Talwalkar, AISTATS 2016).

All points are tried at a share of the steps, and the better half at all steps. While the best rate
is at the edge of the rates that were tried, the next rate is tried at all steps too.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.planning.learning_rates import DEFAULT
from benchmarks.tuning.grid import Point, beyond

TRIAL_SHARE = 0.25
"""Share of the steps of the first trials."""

MARGIN = 0.005
"""Points whose scores are within this distance of the best are considered equal."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A point that was tried.

    Attributes:
        point: The point.
        share: Share of the steps, in (0, 1].
        score: Its score; None if training diverged.
    """

    point: Point
    share: float
    score: float | None


def next_points(
    grid: Sequence[Point], trials: Sequence[Trial], share: float = TRIAL_SHARE
) -> tuple[tuple[Point, ...], float]:
    """Return the points to try next, and at which share of the steps.

    Args:
        grid: All points.
        trials: The trials until now, in any order.
        share: Share of the steps of the first trials; 1 to try all points at all steps.

    Returns:
        The points and the share; no points at the end of the search.
    """
    short = {trial.point: trial.score for trial in trials if trial.share < 1}
    whole = {trial.point: trial.score for trial in trials if trial.share == 1}
    if share < 1 and (missing := tuple(point for point in grid if point not in short)):
        return missing, share
    chosen = better_half(short) if share < 1 else tuple(grid)
    if missing := tuple(point for point in chosen if point not in whole):
        return missing, 1.0
    point = best(whole)
    if point is not None:
        tried = [one.learning_rate for one in (*grid, *whole) if one.options == point.options]
        rate = beyond(tried, point.learning_rate)
        if rate is not None:
            return (Point(rate, point.options),), 1.0
    return (), 1.0


def better_half(scores: Mapping[Point, float | None]) -> tuple[Point, ...]:
    """Return the better half of the points, rounded up; points that diverged come last."""
    left = dict(scores)
    chosen: list[Point] = []
    while len(chosen) < math.ceil(len(scores) / 2):
        chosen.append(best(left) or min(left))
        del left[chosen[-1]]
    return tuple(sorted(chosen))


def best(scores: Mapping[Point, float | None]) -> Point | None:
    """Return the best point, or None if all diverged.

    Among the points within `MARGIN` of the best score it is the one whose rate is nearest to the
    default; the smaller one if two are equally near.
    """
    finished = {point: score for point, score in scores.items() if score is not None}
    if not finished:
        return None
    top = max(finished.values())
    return min(
        (point for point, score in finished.items() if score >= top - MARGIN),
        key=lambda point: (abs(point.learning_rate - DEFAULT), point),
    )
