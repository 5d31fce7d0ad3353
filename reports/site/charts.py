"""Small line charts as SVG in a page.

This module computes the points; the macro ``draw`` of ``templates/macros.html`` draws them
without a style attribute, and the style sheet sets fonts and colours.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from reports.tables.number_format import score, shortened

CHART_WIDTH, CHART_HEIGHT = 360.0, 180.0
LEFT_MARGIN, RIGHT_MARGIN, TOP_MARGIN, BOTTOM_MARGIN = 40.0, 12.0, 10.0, 26.0
"""Margins, in the units of the view box."""

TICKS = 5
"""Approximate number of labels on the x axis."""

MAX_DOTS = 20
"""Maximum number of points of a line with markers."""

FRACTIONS = (0.0, 0.5, 1.0)
"""Positions of the labels on the y axis, from its minimum to its maximum."""


@dataclass(frozen=True, slots=True)
class Tick:
    """A label on an axis, and its position."""

    place: float
    label: str


@dataclass(frozen=True, slots=True)
class DrawnLine:
    """A line of a chart.

    Attributes:
        name: Its name.
        points: Its points, as SVG expects them.
        dots: Points with a marker; empty if there are many.
    """

    name: str
    points: str
    dots: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """A line chart.

    Attributes:
        title: What it shows.
        description: Text alternative for readers who can't see it.
        lines: Its lines.
        x_ticks: Labels of the x axis.
        y_ticks: Labels of the y axis.
        chance: Height of the chance level; None if unknown.
    """

    title: str
    description: str
    lines: tuple[DrawnLine, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    chance: float | None = None


Line = tuple[str, Sequence[tuple[float, float]]]
"""Name of a line, and its finite ``(x, y)`` by rising ``x``."""


def _label(value: float) -> str:
    """Return a count in three digits."""
    return shortened(float(f"{value:.3g}"))


def chart(
    lines: Sequence[Line],
    *,
    title: str,
    log: bool = False,
    top: float | None = 1.0,
    chance: float | None = None,
    steps: bool = False,
    label: Callable[[float], str] = _label,
) -> Chart | None:
    """Lay out lines on common axes.

    Args:
        lines: The lines; those without points are left out. ``x`` is positive if ``log``.
        title: What they show.
        log: Whether the x axis is logarithmic.
        top: Maximum of the y axis, which begins at 0; None takes the largest ``y``.
        chance: The chance level, drawn as a line.
        steps: Whether a value holds until the next point.
        label: Formats an ``x`` for its axis.

    Returns:
        The chart; None without points.
    """
    lines = [(name, points) for name, points in lines if points]
    if not lines:
        return None
    highest = top or max(max(y for _, points in lines for _, y in points), 1e-12)
    where = sorted({x for _, points in lines for x, _ in points})
    scale: Callable[[float], float] = math.log2 if log else float
    low, span = scale(where[0]), (scale(where[-1]) - scale(where[0])) or 1.0
    width = CHART_WIDTH - LEFT_MARGIN - RIGHT_MARGIN
    places = {x: round(LEFT_MARGIN + width * (scale(x) - low) / span, 1) for x in where}
    placed = [
        (name, [(places[x], _height(y / highest)) for x, y in points]) for name, points in lines
    ]
    return Chart(
        title=title,
        description=f"{title}: {_ends([points[0] for _, points in lines], label)}, "
        f"{_ends([points[-1] for _, points in lines], label)}",
        lines=tuple(_drawn(name, points, steps=steps) for name, points in placed),
        x_ticks=tuple(
            Tick(place, label(x))
            for place, x in (_point_labels(places) if log else _even_labels(low, span))
        ),
        y_ticks=tuple(Tick(_height(share), f"{share * highest:.3g}") for share in FRACTIONS),
        chance=None if chance is None else _height(chance / highest),
    )


def _drawn(name: str, points: Sequence[tuple[float, float]], *, steps: bool) -> DrawnLine:
    """Draw a line through placed points, with dots if they are few."""
    path = _path(_step_points(points) if steps else points)
    return DrawnLine(name, path, tuple(points) if len(points) <= MAX_DOTS else ())


def _path(points: Sequence[tuple[float, float]]) -> str:
    """Write points for SVG; a line of many has whole units, and no point twice."""
    digits = 1 if len(points) <= MAX_DOTS else 0
    rounded = dict.fromkeys((round(x, digits), round(y, digits)) for x, y in points)
    return " ".join(f"{x:g},{y:g}" for x, y in rounded)


def _ends(points: Sequence[tuple[float, float]], label: Callable[[float], str]) -> str:
    """Describe one end of all lines: the range of values, and where they are."""
    values = dict.fromkeys((score(min(y for _, y in points)), score(max(y for _, y in points))))
    where = dict.fromkeys((label(min(x for x, _ in points)), label(max(x for x, _ in points))))
    return f"{' to '.join(values)} at {' to '.join(where)}"


def _point_labels(places: Mapping[float, float]) -> list[tuple[float, float]]:
    """Choose the values to label, each far enough from the previous label."""
    found: list[tuple[float, float]] = []
    for x, place in places.items():
        if (
            not found
            or place - found[-1][0] >= (CHART_WIDTH - LEFT_MARGIN - RIGHT_MARGIN) / TICKS / 1.5
        ):
            found.append((place, x))
    return found


def _even_labels(low: float, span: float) -> list[tuple[float, float]]:
    """Return evenly spaced labels."""
    return [
        (
            round(LEFT_MARGIN + (CHART_WIDTH - LEFT_MARGIN - RIGHT_MARGIN) * n / (TICKS - 1), 1),
            low + span * n / (TICKS - 1),
        )
        for n in range(TICKS)
    ]


def _height(share: float) -> float:
    return round(
        TOP_MARGIN + (CHART_HEIGHT - TOP_MARGIN - BOTTOM_MARGIN) * (1 - min(max(share, 0.0), 1.0)),
        1,
    )


def _step_points(placed: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    corners = [(x, before) for (_, before), (x, _) in pairwise(placed)]
    return [point for pair in zip(placed, [*corners, placed[-1]], strict=True) for point in pair]
