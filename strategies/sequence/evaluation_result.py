"""The results of an evaluation on a long-dependency task."""

from dataclasses import dataclass, field
from typing import TypeAlias

from pydantic import JsonValue

from results.statistics.metrics import task_metrics
from strategies.sequence.forgetting import Dynamics

Rows: TypeAlias = list[list[float | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationResult:
    """The results of an evaluation.

    Attributes:
        accuracy_by_distance: Rows of distance, accuracy and number of queries; the accuracy is null
            beyond the longest sequence of a bounded model.
        groups: The same for queries that are scored separately, by the name of their group.
        slots: Slot statistics, or None for models without slots. On streams they cover the tokens
            up to `strategies.sequence.evaluate.FAR_DISTANCE`.
        state_bytes: Peak size of the state of one sequence, in bytes.
        dynamics: What is forgotten, for tasks of item streams.
    """

    accuracy_by_distance: Rows
    groups: dict[str, Rows] = field(default_factory=dict)
    slots: dict[str, JsonValue] | None
    state_bytes: int
    dynamics: Dynamics = field(default_factory=Dynamics)


def result_metrics(result: EvaluationResult) -> dict[str, float | None]:
    """Return the metrics of the task's own queries, then those of each group with its name."""
    metrics = task_metrics(result.accuracy_by_distance)
    for name, rows in result.groups.items():
        metrics |= task_metrics(rows, group=name)
    return metrics | result.dynamics.metrics


def result_curves(result: EvaluationResult) -> dict[str, JsonValue]:
    """Return the curves ``accuracy_by_distance`` and ``accuracy_by_distance_{group}``."""
    groups = {f"accuracy_by_distance_{name}": rows for name, rows in result.groups.items()}
    curves: dict[str, JsonValue] = {
        name: [list(row) for row in rows]
        for name, rows in {"accuracy_by_distance": result.accuracy_by_distance, **groups}.items()
    }
    return curves | result.dynamics.curves
