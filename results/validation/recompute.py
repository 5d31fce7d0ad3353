"""Metrics of a record, recomputed from its curves."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import JsonValue

from results.statistics.metrics import (
    bits_metrics,
    probe_metrics,
    stream_metrics,
    task_metrics,
    tracking_metrics,
)

BY_DISTANCE = "accuracy_by_distance"

METRIC_TOLERANCE = 1e-6
"""Largest allowed difference of a metric: machines round sums differently."""


def recomputed(curves: Mapping[str, JsonValue]) -> dict[str, float | None]:
    """Compute every metric that follows from the curves.

    A new metric of records must be computed here, or its records are rejected.

    Raises:
        ValueError: If the curves are malformed, or no metric follows from them.
    """
    given: Mapping[str, Any] = curves
    found: dict[str, float | None] = {}
    try:
        for name, curve in sorted(given.items()):
            if name == BY_DISTANCE:
                found |= task_metrics(curve)
            elif name.startswith(f"{BY_DISTANCE}_"):
                found |= task_metrics(curve, group=name.removeprefix(f"{BY_DISTANCE}_"))
        if "accuracy_matrix" in given:
            found |= stream_metrics(given["accuracy_matrix"], given.get("initial_accuracy"))
        if "accuracy_within" in given:
            found |= tracking_metrics(given["accuracy_within"])
        if "probe_matrix" in given:
            found |= probe_metrics(given["probe_matrix"])
        if "bits_matrix" in given:
            found |= bits_metrics(given["bits_matrix"])
    except (TypeError, OverflowError) as error:
        raise ValueError(f"curves cannot be read: {error}") from error
    if not found:
        raise ValueError(
            f"curves have neither {BY_DISTANCE} nor accuracy_matrix: no metric follows from them"
        )
    return found


def disagreements(
    metrics: Mapping[str, float | None], curves: Mapping[str, JsonValue]
) -> Iterator[str]:
    """Yield each metric that differs from the curves, does not follow from them, or is missing."""
    try:
        expected = recomputed(curves)
    except ValueError as error:
        yield str(error)
        return
    for name, value in metrics.items():
        if name not in expected:
            yield f"metric {name} does not follow from the curves"
        elif not agree(value, expected[name]):
            yield f"metric {name} is {_shown(value)}, and the curves give {_shown(expected[name])}"
    for name in expected.keys() - metrics.keys():
        yield f"metric {name} is missing; the curves give {_shown(expected[name])}"


def agree(one: float | None, other: float | None) -> bool:
    """Whether two values of a metric are equal up to rounding."""
    if one is None or other is None:
        return one is other
    return abs(one - other) <= METRIC_TOLERANCE


def _shown(value: float | None) -> str:
    return "null" if value is None else f"{value:.8g}"
