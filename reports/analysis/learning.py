"""How fast a row learned a task, and its seeds that solved it.

From the validations during training; older records of a fixed number of steps have none. A row
that reached 0.9 in some seeds only has the median over all of its seeds, where a seed that did not
reach it counts as infinitely slow.

Legend: ``S`` seeds, ``G`` points of a grid.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Literal

import numpy as np

from reports.analysis.curves import MAX_ABSOLUTE, Array
from reports.analysis.selection import ResultRow
from results.records.record import Record
from results.records.record_parts import Learning
from results.statistics.learning import THRESHOLD, first_reaching

Against = Literal["examples", "cpu_seconds"]
"""What a learning curve is drawn against."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LearningSummary:
    """How a row learned a task. A number is None if it is not known.

    Attributes:
        seeds: Seeds with validations.
        solved: How many of them solved the task; None if their protocol has no criterion.
        reached: How many of them reached a validation accuracy of 0.9.
        initial_accuracy: Mean accuracy before training.
        final_accuracy: Mean accuracy of the last validation.
        examples_to_90: Median of the examples until 0.9; None if most seeds did not reach it.
        cpu_seconds_to_90: Median of the CPU seconds until then.
        examples: Mean of all training examples.
    """

    seeds: int
    solved: int | None
    reached: int
    initial_accuracy: float | None
    final_accuracy: float | None
    examples_to_90: float | None
    cpu_seconds_to_90: float | None
    examples: float


def learning_summary(entry: ResultRow) -> LearningSummary | None:
    """Return how a row learned its task; None if no seed has validations."""
    found = [one for record in entry.ok if (one := _learning(record)) is not None]
    if not found:
        return None
    rated = [one for one in found if one.solved is not None]
    initial = [one.initial_accuracy for one in found if one.initial_accuracy is not None]
    first = [first_reaching(one.curve, THRESHOLD) for one in found]
    reached = [
        None if place is None else one.curve[place] for one, place in zip(found, first, strict=True)
    ]
    return LearningSummary(
        seeds=len(found),
        solved=None if not rated else sum(one.solved is True for one in rated),
        reached=sum(point is not None for point in reached),
        initial_accuracy=float(np.mean(initial)) if initial else None,
        final_accuracy=float(np.mean([one.curve[-1].accuracy for one in found])),
        examples_to_90=_median([None if one is None else one.examples for one in reached]),
        cpu_seconds_to_90=_median([None if one is None else one.cpu_seconds for one in reached]),
        examples=float(np.mean([one.curve[-1].examples for one in found])),
    )


def solved_seeds(entry: ResultRow) -> ResultRow:
    """Return a row with the records alone that solved the task."""
    solved = tuple(
        record
        for record in entry.ok
        if (one := _learning(record)) is not None and one.solved is True
    )
    return replace(entry, ok=solved)


def learning_curve(entry: ResultRow, against: Against) -> tuple[Array, Array] | None:
    """Return a row's validation accuracy against examples or CPU seconds.

    Args:
        entry: The row.
        against: The quantity.

    Returns:
        The union of all seeds' validations, ``[G]``, and the mean accuracy over seeds there,
        ``[G]``. Between validations a seed's accuracy is linear, and after its last one constant.
        None without validations.
    """
    seeds = [
        (
            np.array(
                [getattr(point, against) if point.step else 0.0 for point in one.curve],
                dtype=np.float64,
            ),
            np.array([point.accuracy for point in one.curve], dtype=np.float64),
        )
        for record in entry.ok
        if (one := _learning(record)) is not None
    ]
    if not seeds:
        return None
    grid = np.unique(np.concatenate([x for x, _ in seeds]))
    return grid, np.mean([np.interp(grid, x, y) for x, y in seeds], axis=0)


def _learning(record: Record) -> Learning | None:
    """Return a record's validations; None if it has none, or numbers that cannot be shown."""
    found = record.learning
    if found is None or not found.curve:
        return None
    plausible = all(max(point.examples, point.cpu_seconds) <= MAX_ABSOLUTE for point in found.curve)
    return found if plausible else None


def _median(values: Sequence[float | None]) -> float | None:
    middle = median([math.inf if value is None else value for value in values])
    return middle if math.isfinite(middle) else None
