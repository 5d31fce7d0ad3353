"""Small line charts as SVG in a page.

Points reckoned here, drawn by ``draw`` of ``templates/macros.html`` without a style attribute.

Its style sheet sets font and colours, dark or light.
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
"""About as many labels as fit below the axis."""

FRACTIONS = (0.0, 0.5, 1.0)
"""Where the upright axis is labelled, from its lowest to its highest value."""


@dataclass(frozen=True, slots=True)
class Tick:
    """A label on an axis, and where it stands."""

    place: float
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A line chart.

    Attributes:
        title: What it shows.
        words: What it says, for readers who can't see it.
        line: The points of the line, as SVG takes them.
        dots: Each point, marked where there are few.
        across: Labels below.
        up: Labels at the left.
        chance: Height of the line of guessing; None where there is none.
    """

    title: str
    description: str
    line: str
    dots: tuple[tuple[float, float], ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    chance: float | None = None


def _label(value: float) -> str:
    """Write a count in three digits."""
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
        points: Finite ``(x, y)``, by rising ``x``, at least one; positive ``x`` where ``log``.
        title: What it shows.
        log: Whether the axis below is logarithmic.
        top: Highest value of the upright axis, which begins at 0; None takes the highest point.
        chance: The score of guessing, to be drawn across.
        steps: Whether a value holds until the next point.
        label: Writes an ``x`` below its axis.

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
        description=f"{title}: from {score(points[0][1])} at {label(points[0][0])} to {score(points[-1][1])} at {label(points[-1][0])}",
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
    """Choose which of the points to label: each that stands clear of the one before."""
    found: list[tuple[float, float]] = []
    for (x, _), (place, _) in zip(points, placed, strict=True):
        if not found or place - found[-1][0] >= (WIDTH - LEFT - RIGHT) / TICKS / 1.5:
            found.append((place, x))
    return found


def _even_labels(low: float, span: float) -> list[tuple[float, float]]:
    """Label an even axis at even places."""
    return [
        (round(LEFT + (WIDTH - LEFT - RIGHT) * n / (TICKS - 1), 1), low + span * n / (TICKS - 1))
        for n in range(TICKS)
    ]


def _height(share: float) -> float:
    return round(TOP + (HEIGHT - TOP - BOTTOM) * (1 - min(max(share, 0.0), 1.0)), 1)


def _step_points(placed: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    corners = [(x, before) for (_, before), (x, _) in pairwise(placed)]
    return [point for pair in zip(placed, [*corners, placed[-1]], strict=True) for point in pair]
