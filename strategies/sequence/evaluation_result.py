"""The results of an evaluation on a long-dependency task."""

from dataclasses import dataclass, field
from typing import TypeAlias

from pydantic import JsonValue

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
