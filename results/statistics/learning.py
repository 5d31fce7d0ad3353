"""Convergence: how many examples and how much CPU time a model needs to learn a task."""

from collections.abc import Sequence

from results.records.record_parts import Learning, LearningPoint
from results.records.thinning import MAX_POINTS, log_grid

THRESHOLD = 0.9
"""Validation accuracy of ``examples_to_90`` and ``cpu_seconds_to_90``."""


def learning(
    points: Sequence[LearningPoint],
    *,
    initial_accuracy: float | None = None,
    solved: bool | None = None,
) -> Learning:
    """Summarise the validations of a training.

    Args:
        points: All validations, with increasing steps.
        initial_accuracy: Accuracy before training.
        solved: Whether the model reached the protocol's criterion; None if there is none.

    Returns:
        The summary. Its curve has at most 200 points on a logarithmic grid of steps, and always
        includes the first point with an accuracy of 0.9.
    """
    first = first_reaching(points)
    chosen = set(log_grid([point.step for point in points], MAX_POINTS - 1))
    if first is not None:
        chosen.add(first)
    return Learning(
        initial_accuracy=initial_accuracy,
        curve=tuple(points[place] for place in sorted(chosen)),
        solved=solved,
        examples_to_90=None if first is None else points[first].examples,
        cpu_seconds_to_90=None if first is None else points[first].cpu_seconds,
    )


def first_reaching(points: Sequence[LearningPoint], accuracy: float = THRESHOLD) -> int | None:
    """Return the index of the first point with at least this accuracy; None if there is none."""
    return next((place for place, point in enumerate(points) if point.accuracy >= accuracy), None)
