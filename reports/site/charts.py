"""Small line charts as SVG in a page.

This module computes the points; the macro ``draw`` of ``templates/macros.html`` draws them
without a style attribute, and the style sheet sets fonts and colours.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from reports.tables.number_format import score, shortened

WIDTH, HEIGHT = 360.0, 180.0
LEFT, RIGHT, TOP, BOTTOM = 40.0, 12.0, 10.0, 26.0
"""Margins, in the units of the view box."""

TICKS = 5
"""Approximate number of labels on the x axis."""

FRACTIONS = (0.0, 0.5, 1.0)
"""Positions of the labels on the y axis, from its minimum to its maximum."""


@dataclass(frozen=True, slots=True)
class Tick:
    """A label on an axis, and its position."""

    place: float
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A line chart.

    Attributes:
        title: What it shows.
        description: Text alternative for readers who can't see it.
        line: Points of the line, as SVG expects them.
        dots: Points with a marker; empty if there are many.
        x_ticks: Labels of the x axis.
        y_ticks: Labels of the y axis.
        chance: Height of the chance level; None if unknown.
    """

    title: str
    description: str
    line: str
    dots: tuple[tuple[float, float], ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    chance: float | None = None


def _label(value: float) -> str:
    """Return a count in three digits."""
    return shortened(float(f"{value:.3g}"))


def chart(
    points: Sequence[tuple[float, float]],
    *,
    title: str,
    log: bool = False,
    top: float | None = 1.0,
    chance: float | None = None,
    steps: bool = False,
    label: Callable[[float], str] = _label,
) -> Chart | None:
    """Lay out a line.

    Args:
        points: Finite ``(x, y)`` by rising ``x``; ``x`` is positive if ``log``.
        title: What it shows.
        log: Whether the x axis is logarithmic.
        top: Maximum of the y axis, which begins at 0; None takes the largest ``y``.
        chance: The chance level, drawn as a line.
        steps: Whether a value holds until the next point.
        label: Formats an ``x`` for its axis.

    Returns:
        The chart; None without points.
    """
    if not points:
        return None
    highest = top or max(max(y for _, y in points), 1e-12)
    scaled = [math.log2(x) if log else x for x, _ in points]
    low, span = scaled[0], (scaled[-1] - scaled[0]) or 1.0
    x_ticks = [LEFT + (WIDTH - LEFT - RIGHT) * (x - low) / span for x in scaled]
    placed = [
        (round(x, 1), _height(y / highest)) for x, (_, y) in zip(x_ticks, points, strict=True)
    ]
    return Chart(
        title=title,
        description=f"{title}: from {score(points[0][1])} at {label(points[0][0])} "
        f"to {score(points[-1][1])} at {label(points[-1][0])}",
        line=" ".join(f"{x:g},{y:g}" for x, y in (_step_points(placed) if steps else placed)),
        dots=tuple(placed) if len(placed) <= 20 else (),
        x_ticks=tuple(
            Tick(place, label(x))
            for place, x in (_point_labels(points, placed) if log else _even_labels(low, span))
        ),
        y_ticks=tuple(Tick(_height(share), f"{share * highest:.3g}") for share in FRACTIONS),
        chance=None if chance is None else _height(chance / highest),
    )


def _point_labels(
    points: Sequence[tuple[float, float]], placed: Sequence[tuple[float, float]]
) -> list[tuple[float, float]]:
    """Choose the points to label, each far enough from the previous label."""
    found: list[tuple[float, float]] = []
    for (x, _), (place, _) in zip(points, placed, strict=True):
        if not found or place - found[-1][0] >= (WIDTH - LEFT - RIGHT) / TICKS / 1.5:
            found.append((place, x))
    return found


def _even_labels(low: float, span: float) -> list[tuple[float, float]]:
    """Return evenly spaced labels."""
    return [
        (round(LEFT + (WIDTH - LEFT - RIGHT) * n / (TICKS - 1), 1), low + span * n / (TICKS - 1))
        for n in range(TICKS)
    ]


def _height(share: float) -> float:
    return round(TOP + (HEIGHT - TOP - BOTTOM) * (1 - min(max(share, 0.0), 1.0)), 1)


def _step_points(placed: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    corners = [(x, before) for (_, before), (x, _) in pairwise(placed)]
    return [point for pair in zip(placed, [*corners, placed[-1]], strict=True) for point in pair]
